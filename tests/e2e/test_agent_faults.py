"""What an agent program may do wrong, each on every runtime that has one: the attempt fails in a clear class or is
corrected, no process is left, nothing is lost."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agents.runtimes.spoken import MESSAGE
from state.failure import FailureKind
from state.ids import TaskId
from state.plan import AGENTS, Defaults, Plan, RuntimeName, TaskSpec, WindowSpec
from tests.support.models import PROGRAMS, Step, pointed_at, scripted, scripted_model
from tests.support.workplace import BACKEND, Ground, ground

TASK = TaskSpec(TaskId("t"), title="Do it", prompt="Do it.")
every_runtime = pytest.mark.parametrize("runtime", sorted(AGENTS))
FLOOD = 100_000_000
LONG_LINE = 10_000_000
quick_ladder = ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.1), (signal.SIGKILL, 30.0))


@asynccontextmanager
async def standing_in(folder: Path, runtime: RuntimeName, *command: str, **times: float) -> AsyncIterator[Ground]:
    """A window whose agent program is this one."""
    usual = replace(Defaults(runtime, timeout=100.0, model="anthropic:m"), **times)  # type: ignore[arg-type]
    plan = Plan("test", (), defaults=usual, windows=(WindowSpec(BACKEND, 1, runtime, command),))
    async with ground(folder, plan) as here:
        yield here


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", code)


WORK = "open('begun.txt', 'w').write('begun')\n"


@every_runtime
async def test_a_program_that_is_missing_is_named(tmp_path: Path, runtime: RuntimeName) -> None:
    async with standing_in(tmp_path, runtime, "no-such-program-here") as here:
        failed = await here.fails(TASK)
        assert failed.failure.kind is FailureKind.STARTUP
        assert "no-such-program-here" in failed.failure.detail


@every_runtime
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import sys; sys.stderr.write('I can not'); sys.exit(3)", FailureKind.EXIT),
        ("import os; os.kill(os.getpid(), 9)", FailureKind.EXIT),
        ("pass", FailureKind.PROTOCOL),
        ("import os, sys; sys.stdout.buffer.write(os.urandom(1_000_000))", FailureKind.PROTOCOL),
        ("print('{' * 100_000); print('[1, 2]'); print('{\"type\": 3}'); print('{\"id\": []}')", FailureKind.PROTOCOL),
        (f"print('x' * {LONG_LINE})", FailureKind.PROTOCOL),
        (f"print('{{\"a\": \"' + 'x' * {MESSAGE} + '\"}}')", FailureKind.PROTOCOL),
    ],
    ids=["fails", "is killed", "says nothing", "garbage", "no messages", "a line of 10 MB", "a message too long"],
)
async def test_a_program_that_dies_or_speaks_no_language_fails_in_a_class(
    tmp_path: Path, runtime: RuntimeName, code: str, kind: FailureKind
) -> None:
    async with standing_in(tmp_path, runtime, *python(WORK + code)) as here:
        failed = await here.fails(TASK)
        assert failed.failure.kind is kind, failed.failure
        [kept] = here.salvage().values()
        assert here.show(kept, "begun.txt") == "begun"
        if "I can not" in code:
            assert "I can not" in failed.failure.output


async def test_a_flood_of_a_hundred_megabytes_takes_no_room(tmp_path: Path) -> None:
    code = f"import sys\nfor _ in range({FLOOD} // 100_000): sys.stdout.write(('y' * 99 + '\\n') * 1000)"
    async with standing_in(tmp_path, RuntimeName.CLAUDE, *python(WORK + code)) as here:
        failed = await here.fails(TASK)
        assert failed.failure.kind is FailureKind.PROTOCOL
        assert sum(len(entry.text) for entry in await here.said()) < 4_000_000


@every_runtime
async def test_a_program_that_never_ends_and_hears_no_signal_is_idle_and_then_gone(
    tmp_path: Path, runtime: RuntimeName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.process.LADDER", quick_ladder)
    monkeypatch.setattr("agents.play._INTERRUPT", 0.1)
    deaf = "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1000)"
    async with standing_in(tmp_path, runtime, *python(deaf), idle=3.0) as here:
        failed = await here.fails(TASK)
        assert failed.failure.kind is FailureKind.IDLE
        assert here.processes() == []


@every_runtime
async def test_a_daemon_of_an_agent_does_not_outlive_it(tmp_path: Path, runtime: RuntimeName) -> None:
    flee = "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)"
    async with standing_in(tmp_path, runtime, *python(flee)) as here:
        await here.fails(TASK)
        assert here.processes() == []


async def test_an_agent_of_another_version_of_the_protocol_is_told_of(tmp_path: Path) -> None:
    code = 'print(\'{"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": 9}}\', flush=True); input(); input()'
    async with standing_in(tmp_path, RuntimeName.ACP, *python(code)) as here:
        failed = await here.fails(TASK)
        assert failed.failure.kind is FailureKind.PROTOCOL
        assert "speaks version 9 of the protocol, not 1" in failed.failure.detail


# ------------------------------------------------------------------------------- real programs, led astray by a model


REAL = ("claude", "acp", "autogen", "acp, Claude", "codex")
real_programs = pytest.mark.parametrize("name", REAL)


@asynccontextmanager
async def at_work(folder: Path, name: str) -> AsyncIterator[Ground]:
    program = PROGRAMS[name]
    if program.missing:
        pytest.skip(program.missing)
    async with scripted_model() as (_, address):
        env = (*pointed_at(address), *program.env)
        usual = Defaults(program.runtime, timeout=100.0, env=env, model=program.model)
        windows = (WindowSpec(BACKEND, 1, program.runtime, program.command),)
        async with ground(folder, Plan("test", (), defaults=usual, windows=windows)) as here:
            yield here


def asked(*steps: Step) -> TaskSpec:
    return TaskSpec(TaskId("t"), title="Do it", prompt=scripted(*steps))


@real_programs
async def test_an_agent_that_deletes_its_git_file_has_worked_all_the_same(tmp_path: Path, name: str) -> None:
    async with at_work(tmp_path, name) as here:
        ended = await here.succeeds(asked({"write": "a.txt", "text": "a"}, {"run": "rm -rf .git"}, {"say": "ok"}))
        assert ended.paths == ("a.txt",)


@real_programs
async def test_an_agent_that_commits_on_its_own_is_a_candidate_with_its_commit(tmp_path: Path, name: str) -> None:
    own = "git add -A && git commit -q -m 'my own'"
    async with at_work(tmp_path, name) as here:
        steps: tuple[Step, ...] = ({"write": "a.txt", "text": "a"}, {"run": own}, {"write": "b.txt", "text": "b"})
        ended = await here.succeeds(asked(*steps, {"say": "ok"}))
        assert ended.paths == ("a.txt", "b.txt")
        assert "my own" in here.git("log", "--format=%s", ended.head)


@real_programs
async def test_a_merge_that_an_agent_leaves_half_done_is_no_candidate(tmp_path: Path, name: str) -> None:
    half = (
        "git checkout -q -b other && echo VALUE = 3 > app.py && git commit -qam other && "
        "git checkout -q --detach HEAD~ && echo VALUE = 4 > app.py && git commit -qam mine; git merge -q other; true"
    )
    async with at_work(tmp_path, name) as here:
        failed = await here.fails(asked({"run": half}, {"say": "ok"}))
        assert failed.failure.kind is FailureKind.PROTOCOL
        assert failed.failure.detail == "the agent left a merge half done"
        assert here.salvage()


@real_programs
async def test_a_model_whose_name_nobody_knows_fails_the_attempt(tmp_path: Path, name: str) -> None:
    async with at_work(tmp_path, name) as here:
        failed = await here.fails(asked({"write": "a.txt", "text": "a"}, {"fault": {"status": 404}, "say": "never"}))
        assert failed.failure.kind is FailureKind.MODEL, failed.failure
        assert here.salvage()
