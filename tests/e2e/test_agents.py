"""What every agent program is held to: the real program in a real worktree, against the scripted model alone."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agents.model_server.app import ScriptedModel
from agents.prompt import Brief
from agents.runtime import Capabilities
from agents.runtimes.known import runtime_for
from state.events import (
    AttemptFailed,
    AttemptProgressed,
    AttemptSucceeded,
    QuestionAnswered,
    QuestionAsked,
    QuotaClosed,
    SnapshotTaken,
)
from state.failure import FailureKind
from state.ids import TaskId, attempt_id
from state.plan import Defaults, Permissions, Plan, RuntimeName, TaskSpec, WindowSpec
from state.transcript import EntryKind, Usage
from tests.support.models import KEY, PROGRAMS, Program, Step, pointed_at, scripted, scripted_model
from tests.support.workplace import BACKEND, Ground, ground

CANARY = "a-canary-that-must-not-sing"
ATTEMPT = attempt_id(TaskId("t"), 1)


@dataclass
class Court:
    """A window with an agent in it, and the model that it works with."""

    here: Ground
    model: ScriptedModel
    program: Program

    @property
    def can(self) -> Capabilities:
        return runtime_for(self.program.runtime).capabilities()

    def task(self, *steps: Step, **more: object) -> TaskSpec:
        return TaskSpec(TaskId("t"), title="Do it", prompt=scripted(*steps), **more)  # type: ignore[arg-type]

    async def succeeds(self, *steps: Step, **more: object) -> AttemptSucceeded:
        return await self.here.succeeds(self.task(*steps, **more))

    async def fails(self, *steps: Step, **more: object) -> AttemptFailed:
        return await self.here.fails(self.task(*steps, **more))

    async def told(self, kind: EntryKind) -> list[str]:
        return [entry.text for entry in await self.here.said() if entry.kind is kind]

    def spent(self) -> Usage:
        return sum((event.usage for event in self.here.seen(AttemptProgressed)), Usage())

    def pipe(self, name: str) -> Path:
        """A named pipe by which a tool of the agent and the test wait for each other."""
        path = self.here.top.parent / name
        os.mkfifo(path)
        return path


THROUGH_ALL = ("claude", "acp", "autogen", "acp, Claude", "codex")
every_program = pytest.mark.parametrize("court", sorted(PROGRAMS), indirect=True)
"""AutoGen with its other provider differs in what is said, not in what is made of it."""


@pytest.fixture(params=THROUGH_ALL)
async def court(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Court]:
    program = PROGRAMS[request.param]
    if program.missing:
        pytest.skip(program.missing)
    for name in ("TIANTING_CANARY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_ORG_ID"):
        monkeypatch.setenv(name, CANARY)
    async with scripted_model() as (model, address):
        env = (*pointed_at(address), *program.env)
        usual = Defaults(program.runtime, timeout=90.0, env=env, model=program.model)
        windows = (WindowSpec(BACKEND, 1, program.runtime, program.command),)
        async with ground(tmp_path, Plan("test", (), defaults=usual, windows=windows)) as here:
            yield Court(here, model, program)


QUESTION = {
    "question": "Which colour?",
    "header": "Colour",
    "options": [{"label": "red", "description": "r"}, {"label": "blue", "description": "b"}],
    "multiSelect": False,
}
CLAUDE_ASKS: Step = {"tool": "AskUserQuestion", "input": {"questions": [QUESTION]}}
ASK: dict[str, Step] = {
    "claude": CLAUDE_ASKS,
    "acp, Claude": CLAUDE_ASKS,
    "acp": {"tool": "ask", "input": {"question": "Which colour?"}},
    "autogen": {"tool": "ask_person", "input": {"question": "Which colour?"}},
    "autogen, OpenAI": {"tool": "ask_person", "input": {"question": "Which colour?"}},
}
"""How each program is made to ask: by a tool of its own."""

WORK: tuple[Step, ...] = (
    {"say": "Reading first.", "read": "app.py"},
    {"replace": "app.py", "old": "VALUE = 1", "text": "VALUE = 2"},
    {"write": "docs/new.md", "text": "# New\n"},
    {"say": "VALUE is 2."},
)


@every_program
async def test_an_agent_edits_its_worktree_and_is_heard_and_counted(court: Court) -> None:
    ended = await court.succeeds(*WORK)
    assert ended.paths == ("app.py", "docs/new.md")
    assert court.here.show(ended.head, "app.py") == "VALUE = 2"
    assert ended.summary == "VALUE is 2."
    assert await court.told(EntryKind.MESSAGE) == ["Reading first.", "VALUE is 2."]
    assert len(await court.told(EntryKind.TOOL)) == 3
    if court.can.counts:
        spent = court.spent()
        assert spent.input > 0
        assert spent.output > 0
        assert spent.cache_read > 0
        assert spent.tokens == spent.input + spent.output + spent.cache_read + spent.cache_write
    assert {heard.key for heard in court.model.heard} == {KEY[-4:]}


@pytest.mark.parametrize("court", ["claude", "autogen", "codex"], indirect=True)
async def test_what_an_agent_uses_is_told_while_it_works(court: Court) -> None:
    await court.succeeds(*WORK)
    replies = [event.usage for event in court.here.seen(AttemptProgressed) if event.usage.output]
    assert len(replies) == len(WORK)
    assert sum(one.tokens for one in replies[:-1]) > replies[-1].output


@every_program
async def test_no_agent_and_no_tool_of_it_sees_a_variable_of_ours(court: Court) -> None:
    ended = await court.succeeds({"run": "env > seen.txt; cat /proc/$PPID/environ >> seen.txt"}, {"say": "{result}"})
    seen = court.here.show(ended.head, "seen.txt")
    assert CANARY not in seen
    assert "TIANTING_ATTEMPT=" in seen
    assert f"HOME={court.here.site.folder}" in seen
    assert os.environ["TIANTING_CANARY"] == CANARY


@every_program
async def test_an_agent_that_is_stopped_leaves_its_work_and_no_process(court: Court) -> None:
    begun = court.pipe("begun")
    long = f"echo begun > begun.txt; echo > '{begun}'; python3 -c 'import time; time.sleep(100)' & wait"
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(court.fails({"run": long}))
        await asyncio.to_thread(begun.read_text)
        await court.here.windows.interrupt(ATTEMPT, "a person said so")
    ended = ending.result()
    assert ended.failure.kind is FailureKind.CANCELLED
    assert court.here.processes() == []
    [sha] = court.here.salvage().values()
    assert court.here.show(sha, "begun.txt") == "begun"


async def test_a_question_waits_for_a_person_and_gets_the_answer(court: Court) -> None:
    if not court.can.asks:
        pytest.skip(f"{court.program.name} can not ask")
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(court.succeeds(ASK[court.program.name], {"write": "a.txt", "text": "{result}"}))
        [asked] = await court.here.until(QuestionAsked)
        assert asked.question.text == "Which colour?"
        assert await court.here.windows.steer(ATTEMPT, "blue", asked.question.id)
    assert "blue" in court.here.show(ending.result().head, "a.txt")


async def test_a_sentence_in_the_middle_reaches_the_agent(court: Court) -> None:
    if not court.can.steers:
        pytest.skip(f"{court.program.name} can not be steered")
    begun, go = court.pipe("begun"), court.pipe("go")
    async with asyncio.TaskGroup() as group:
        group.create_task(court.succeeds({"run": f"echo > '{begun}'; cat '{go}'"}, {"say": "On it."}))
        await asyncio.to_thread(begun.read_text)
        assert await court.here.windows.steer(ATTEMPT, "Make it green.", None)
        await asyncio.to_thread(go.write_text, "go")
    assert any("Make it green." in turn for turn in await court.told(EntryKind.STEER))
    assert any(heard.turns > 3 for heard in court.model.heard)


async def test_an_agent_may_not_write_outside_of_its_worktree(court: Court) -> None:
    if not court.can.permits:
        pytest.skip(f"{court.program.name} does not ask before it writes")
    outside = court.here.top / "outside.txt"
    await court.succeeds({"write": str(outside), "text": "x"}, {"write": "in.txt", "text": "y"}, {"say": "ok"})
    assert not outside.exists()
    assert any("outside of your worktree" in line for line in await court.told(EntryKind.ERROR))


@every_program
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 401}, FailureKind.AUTH),
        ({"status": 400}, FailureKind.MODEL),
        ({"status": 429}, FailureKind.QUOTA),
        ({"status": 529, "times": 2, "retry_after": 0.1}, None),
        ({"cut": True, "times": 1}, None),
    ],
    ids=["401", "400", "429", "529 twice", "cut once"],
)
async def test_what_a_provider_does_wrong_has_its_class(court: Court, fault: Step, kind: FailureKind | None) -> None:
    steps: tuple[Step, ...] = ({"write": "a.txt", "text": "a"}, {"fault": fault, "say": "I went on."})
    if kind is None:
        ended = await court.succeeds(*steps)
        assert ended.summary == "I went on."
    else:
        failed = await court.fails(*steps)
        assert failed.failure.kind is kind, failed.failure
        assert court.here.salvage()


async def test_an_agent_that_hears_nothing_from_its_model_is_idle(court: Court) -> None:
    plan = court.here.site.plan
    object.__setattr__(plan, "defaults", replace(plan.defaults, idle=2.0))
    failed = await court.fails({"write": "a.txt", "text": "a"}, {"fault": {"stall": 100}, "say": "late"})
    assert failed.failure.kind is FailureKind.IDLE


async def test_the_brief_reaches_the_agent(court: Court) -> None:
    task = court.task({"say": "ok"}, verify=("true",))
    await court.here.run(task, brief=Brief(BACKEND, steers=("mind the gap",)))
    [prompt] = {heard.prompt for heard in court.model.heard if heard.prompt and heard.tools}
    for words in ("You are the backend window", "mind the gap", "`true`", "Work only inside the current folder"):
        assert words in prompt


@every_program
async def test_an_interrupted_agent_goes_on_with_what_it_had_done(court: Court) -> None:
    begun, once = court.pipe("begun"), court.here.top.parent / "once"
    slow = f"test -e '{once}' || {{ touch '{once}'; echo > '{begun}'; sleep 100 & wait; }}"
    then: Step = {"write": "b.txt", "text": "b"}
    task = court.task({"write": "a.txt", "text": "a"}, {"run": slow}, then, {"say": "Both."})
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(court.here.fails(task))
        await asyncio.to_thread(begun.read_text)
        await court.here.windows.interrupt(ATTEMPT, "the orchestrator was stopped")
    assert ending.result().failure.kind is FailureKind.CANCELLED
    [taken] = court.here.seen(SnapshotTaken)
    session = next(event.session for event in court.here.seen(AttemptProgressed) if event.session)
    order = replace(court.here.order(task, 2, "backend-1"), work=taken.commit, session=session)
    ended = await court.here.windows.run(order, Brief(BACKEND), court.here.emit)
    assert isinstance(ended, AttemptSucceeded), ended
    assert (ended.paths, ended.base) == (("a.txt", "b.txt"), court.here.base)
    sessions = {event.session for event in court.here.seen(AttemptProgressed) if event.session}
    assert (sessions == {session}) is (court.program.name != "acp"), "the small agent remembers nothing"


# --------------------------------------------------------------------------- leave, questions that lapse, closed doors


RUNS: Step = {"run": "echo run > ran.txt"}


def rule(court: Court, rules: Permissions, answer: float | None = None) -> None:
    if not court.can.permits:
        pytest.skip(f"{court.program.name} does not ask before it uses a tool")
    plan = court.here.site.plan
    object.__setattr__(plan, "permissions", rules)
    object.__setattr__(plan, "defaults", replace(plan.defaults, answer=answer))


@pytest.mark.parametrize("said", ["allow", "deny"])
async def test_a_person_is_asked_for_leave_where_the_plan_says_so(court: Court, said: str) -> None:
    rule(court, Permissions(ask=("run(echo *)",)))
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(court.succeeds({"write": "a.txt", "text": "a"}, RUNS, {"say": "ok"}))
        [asked] = await court.here.until(QuestionAsked)
        assert "echo run > ran.txt" in asked.question.text
        assert asked.question.choices == ("allow", "deny")
        assert await court.here.windows.steer(ATTEMPT, said, asked.question.id)
    assert ("ran.txt" in ending.result().paths) is (said == "allow")


async def test_what_the_plan_denies_is_not_done_and_the_agent_is_told_why(court: Court) -> None:
    rule(court, Permissions(deny=("run",)))
    ended = await court.succeeds(RUNS, {"write": "a.txt", "text": "{result}"}, {"say": "ok"})
    assert ended.paths == ("a.txt",)
    if court.program.runtime is not RuntimeName.ACP:  # whose protocol has no word for it
        assert "the plan does not allow run" in court.here.show(ended.head, "a.txt")


async def test_a_question_that_nobody_answers_lapses(court: Court) -> None:
    rule(court, Permissions(ask=("run",)), answer=0.3)
    ended = await court.succeeds(ASK[court.program.name], {"write": "a.txt", "text": "{result}"}, RUNS, {"say": "ok"})
    assert ended.paths == ("a.txt",)
    answered = court.here.seen(QuestionAnswered)
    assert [one.by for one in answered] == ["nobody", "nobody"]
    assert "Nobody has answered" in court.here.show(ended.head, "a.txt")


@pytest.mark.parametrize("court", ["claude", "autogen"], indirect=True)
async def test_a_provider_that_closes_its_door_is_told_to_all_at_once(court: Court) -> None:
    fault = {"status": 429, "retry_after": 120}
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(court.fails({"write": "a.txt", "text": "a"}, {"fault": fault, "say": "late"}))
        [closed] = await court.here.until(QuotaClosed)
        await court.here.windows.interrupt(ATTEMPT, "the provider's limit is reached", FailureKind.QUOTA)
    assert closed.credential == court.here.site.plan.credential_of(BACKEND)
    assert closed.until > court.here.site.clock.now() + 30
    assert ending.result().failure.kind is FailureKind.QUOTA
    assert court.here.salvage()


async def test_a_repository_has_its_own_words_for_a_role(court: Court) -> None:
    own = court.here.top / ".tianting" / "roles"
    own.mkdir(parents=True)
    (own / "backend.md").write_text("You write COBOL here.\n")
    await court.succeeds({"say": "ok"})
    assert any("You write COBOL here." in heard.prompt for heard in court.model.heard)
    (court.here.top / ".git" / "info" / "exclude").write_text(".tianting/\n")
