"""The simulated agent as a real process, and its runtime against programs that only pretend to speak its language."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from agents.runtime import Asked, Ending, Failed, Finished, Happening, Said, Session, SessionSpec, Started
from agents.runtimes.known import runtime_for
from agents.runtimes.scripted import AGENT, MESSAGE, ScriptedRuntime
from agents.shell import run_shell
from agents.sweep import MARKER, marked
from state.failure import FailureKind
from state.plan import RuntimeName, ScriptStep, StepKind
from state.transcript import EntryKind

K = StepKind


@dataclass
class Stage:
    """A folder to work in, and a run's id that no other test has."""

    folder: Path
    run: str

    def spec(self, *steps: ScriptStep) -> SessionSpec:
        variables = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), MARKER: f"{self.run}/a.1"}
        return SessionSpec(str(self.folder), str(self.folder), variables, script=steps)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, f"test-{uuid4().hex}")


@asynccontextmanager
async def at_work(stage: Stage, *steps: ScriptStep, runtime: ScriptedRuntime | None = None) -> AsyncIterator[Session]:
    session = (runtime or ScriptedRuntime()).open(stage.spec(*steps))
    try:
        await session.prompt("do the steps")
        yield session
    finally:
        await session.close()
        assert marked(stage.run) == []


async def to_the_end(session: Session) -> tuple[list[Happening], Ending]:
    seen: list[Happening] = []
    while not isinstance(happening := await session.next(), Finished | Failed):
        seen.append(happening)
    assert await session.next() == happening, "the ending is given again"
    return seen, happening


async def played(stage: Stage, *steps: ScriptStep) -> tuple[list[Happening], Ending]:
    async with at_work(stage, *steps) as session:
        return await to_the_end(session)


def texts(seen: list[Happening]) -> list[str]:
    return [happening.text for happening in seen if isinstance(happening, Said)]


async def test_it_edits_files_step_by_step_and_says_so(stage: Stage) -> None:
    (stage.folder / "old.txt").write_text("gone soon")
    seen, ending = await played(
        stage,
        ScriptStep(K.SAY, "let me see"),
        ScriptStep(K.WRITE, "src/app.py", text="VALUE = 1\nVALUE = 1\n"),
        ScriptStep(K.APPEND, "src/app.py", text="# 天\n"),
        ScriptStep(K.REPLACE, "src/app.py", text="VALUE = 2", old="VALUE = 1"),
        ScriptStep(K.DELETE, "old.txt"),
        ScriptStep(K.SAY, "VALUE is 2"),
    )
    assert isinstance(seen[0], Started)
    assert texts(seen) == [
        "let me see",
        "wrote src/app.py",
        "appended to src/app.py",
        "edited src/app.py",
        "deleted old.txt",
        "VALUE is 2",
    ]
    assert ending == Finished("VALUE is 2")
    assert (stage.folder / "src/app.py").read_text() == "VALUE = 2\nVALUE = 1\n# 天\n"
    assert not (stage.folder / "old.txt").exists()


async def test_the_command_of_a_step_runs_in_the_worktree_and_is_heard(stage: Stage) -> None:
    seen, ending = await played(stage, ScriptStep(K.RUN, "pwd; printf '\\377\\n' >&2"))
    assert texts(seen) == ["$ pwd; printf '\\377\\n' >&2", str(stage.folder), "\ufffd"]
    assert isinstance(ending, Finished)


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        (ScriptStep(K.FAIL, "no way"), "no way"),
        (ScriptStep(K.RUN, "exit 3"), "`exit 3` ended with 3"),
        (ScriptStep(K.REPLACE, "here.txt", text="b", old="a"), "here.txt does not hold the text to replace"),
        (ScriptStep(K.WRITE, "../outside.txt", text="x"), "../outside.txt is outside the worktree"),
        (ScriptStep(K.WRITE, "/tmp/outside.txt", text="x"), "/tmp/outside.txt is outside the worktree"),
        (ScriptStep(K.WRITE, "link/outside.txt", text="x"), "link/outside.txt is outside the worktree"),
    ],
)
async def test_a_step_that_can_not_be_taken_fails_the_attempt(
    stage: Stage, step: ScriptStep, detail: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (stage.folder / "here.txt").write_text("nothing")
    (stage.folder / "link").symlink_to(outside)
    _, ending = await played(stage, step, ScriptStep(K.WRITE, "after.txt", text="x"))
    assert isinstance(ending, Failed)
    assert ending.failure.kind is FailureKind.EXIT
    assert ending.failure.detail == f"the simulated agent gave up: {detail}"
    assert not (stage.folder / "after.txt").exists()
    assert not list(outside.iterdir())


async def test_it_waits_for_the_answer_to_its_question(stage: Stage) -> None:
    steps = (ScriptStep(K.ASK, "which colour?"), ScriptStep(K.WRITE, "done", text="x"))
    async with at_work(stage, *steps) as session:
        while not isinstance(asked := await session.next(), Asked):
            assert isinstance(asked, Started)
        assert asked.text == "which colour?"
        assert not (stage.folder / "done").exists()
        assert not await session.answer(asked.number + 1, "red")
        assert await session.answer(asked.number, "blue")
        assert not await session.answer(asked.number, "too late")
        seen, ending = await to_the_end(session)
    assert texts(seen) == ["answered: blue", "wrote done"]
    assert isinstance(ending, Finished)


async def test_it_hears_a_person_in_the_middle_of_its_work(stage: Stage) -> None:
    async with at_work(stage, ScriptStep(K.ASK, "go on?")) as session:
        assert not await session.steer("nobody is there yet")
        while not isinstance(asked := await session.next(), Asked):
            continue
        assert await session.steer("use integers")
        assert await session.next() == Said(EntryKind.MESSAGE, "heard: use integers")
        assert await session.answer(asked.number, "yes")
        await to_the_end(session)
        assert not await session.steer("too late")


@pytest.mark.parametrize(
    "step", [ScriptStep(K.WAIT, "1000"), ScriptStep(K.RUN, "echo up; sleep 1000"), ScriptStep(K.ASK, "hello?")]
)
async def test_an_interrupt_ends_it_in_the_middle_of_any_step(stage: Stage, step: ScriptStep) -> None:
    async with at_work(stage, ScriptStep(K.SAY, "begin"), step) as session:
        while await session.next() != Said(EntryKind.MESSAGE, "begin"):
            continue
        assert await session.interrupt("the task was cancelled")
        _, ending = await to_the_end(session)
    assert isinstance(ending, Failed)
    assert ending.failure.detail == "the simulated agent gave up: interrupted"


async def test_it_ends_when_whoever_led_it_died_in_the_middle_of_a_word(stage: Stage) -> None:
    leader = (
        "import subprocess, sys\n"
        "agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)\n"
        "agent.stdin.write(b'{\"type\":')\n"
        "agent.stdin.close()\n"
        "sys.exit(agent.wait(60))\n"
    )
    (stage.folder / "leader.py").write_text(leader)
    line = " ".join([sys.executable, "-I", "leader.py", *AGENT])
    end = await run_shell(line, str(stage.folder), stage.spec().environment, 60.0)
    assert end.fault == "ended with exit code 1"


def says(*messages: object, code: int = 0) -> ScriptedRuntime:
    """A program that prints these lines and ends."""
    lines = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    program = f"import sys; sys.stdout.write({chr(10).join([*lines, ''])!r}); sys.exit({code})"
    return ScriptedRuntime((sys.executable, "-I", "-c", program))


STARTED = {"type": "started"}
FINISHED = {"type": "finished", "summary": "all done"}


@pytest.mark.parametrize(
    ("runtime", "kind"),
    [
        (says(code=3), FailureKind.STARTUP),
        (says("Traceback: no module named agent", code=1), FailureKind.STARTUP),
        (says(STARTED), FailureKind.PROTOCOL),
        (says(STARTED, code=2), FailureKind.EXIT),
        (says(STARTED, FINISHED, code=2), FailureKind.EXIT),
        (says(STARTED, {"type": "dance"}), FailureKind.PROTOCOL),
        (says(STARTED, {"type": "said", "kind": "message"}), FailureKind.PROTOCOL),
        (says(STARTED, {"type": "asked", "text": "what?"}), FailureKind.PROTOCOL),
        (ScriptedRuntime(("/nowhere/python",)), FailureKind.STARTUP),
    ],
)
async def test_a_program_that_does_not_speak_the_language_fails_in_a_class(
    stage: Stage, runtime: ScriptedRuntime, kind: FailureKind
) -> None:
    async with at_work(stage, runtime=runtime) as session:
        _, ending = await to_the_end(session)
    assert isinstance(ending, Failed)
    assert ending.failure.kind is kind


async def test_a_line_that_is_no_message_is_shown_and_does_no_harm(stage: Stage) -> None:
    odd = {"type": "said", "kind": "poem", "text": "\x1b[31mred"}
    async with at_work(stage, runtime=says(STARTED, "\x00garbage", "[1, 2]", odd, FINISHED)) as session:
        seen, ending = await to_the_end(session)
    assert seen[1:] == [
        Said(EntryKind.ERROR, "\ufffdgarbage"),
        Said(EntryKind.ERROR, "[1, 2]"),
        Said(EntryKind.OUTPUT, "red"),
    ]
    assert ending == Finished("all done")


def shout(size: int) -> ScriptedRuntime:
    """A program that says one message with a text of that many bytes."""
    program = (
        'import sys; sys.stdout.write(\'{"type": "started"}\\n{"type": "said", "kind": "message", "text": "\'); '
        f"sys.stdout.write('x' * {size}); "
        'sys.stdout.write(\'"}\\n{"type": "finished", "summary": ""}\\n\')'
    )
    return ScriptedRuntime((sys.executable, "-I", "-c", program))


@pytest.mark.parametrize(
    ("size", "fits"), [(MESSAGE - 1000, True), (MESSAGE + 1000, False)], ids=["just fits", "just too long"]
)
async def test_a_message_may_have_ten_megabytes_and_not_more(stage: Stage, size: int, fits: bool) -> None:
    async with at_work(stage, runtime=shout(size)) as session:
        seen, ending = await to_the_end(session)
    if fits:
        assert len(texts(seen)[0]) == size
        assert isinstance(ending, Finished)
    else:
        assert isinstance(ending, Failed)
        assert ending.failure.kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("name", RuntimeName)
async def test_every_runtime_of_the_plan_is_there_and_says_whether_it_is_simulated(name: RuntimeName) -> None:
    runtime = runtime_for(name)
    probe = await runtime.probe()
    if name is RuntimeName.CODEX and not probe.found:
        pytest.skip(f"{probe.detail}; `make agents` installs it")
    assert probe.found
    assert runtime.capabilities().simulated == (name is RuntimeName.SCRIPTED)


async def test_a_runtime_whose_program_is_gone_says_so() -> None:
    assert not (await ScriptedRuntime(("/nowhere/python",)).probe()).found


async def test_an_agent_that_listens_goes_on_as_soon_as_it_is_told_something(stage: Stage) -> None:
    steps = (ScriptStep(K.SAY, "I listen."), ScriptStep(K.LISTEN, "600"), ScriptStep(K.SAY, "I have heard."))
    async with at_work(stage, *steps) as session:
        while not isinstance(happening := await session.next(), Said) or happening.text != "I listen.":
            pass
        assert await session.steer("mind your neighbour")
        seen, ending = await to_the_end(session)
    assert isinstance(ending, Finished)
    said = [one.text for one in seen if isinstance(one, Said)]
    assert said == ["heard: mind your neighbour", "I have heard."]


async def test_an_agent_that_nobody_tells_anything_listens_no_longer_than_it_says(stage: Stage) -> None:
    async with at_work(stage, ScriptStep(K.LISTEN, "0.05")) as session:
        _, ending = await to_the_end(session)
    assert isinstance(ending, Finished)
