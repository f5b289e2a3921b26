"""Records a log: `python -P tests/golden/record.py NAME` writes `NAME.jsonl` and `NAME.state.json` beside itself.

A recording is made once, with the release whose logs it stands for, and is not made anew: that the logs of yesterday
can be read, replayed and gone on with is what it is for.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from state import events as ev
from state import intents
from state.candidate import Candidate, Conflict, ConflictKind, Proposal, Rung, Side
from state.codec import SCHEMA_VERSION, Json, encode, name_of
from state.failure import Failure, FailureKind
from state.ids import AttemptId, CandidateId, IntentId, QuestionId, RoleName, RunId, Sha, TaskId, WindowId
from state.plan import GateSpec, Limits, Plan, ScriptStep, StepKind, WindowSpec
from state.question import About
from state.run import RunState
from state.transcript import Usage
from tests.support.playbook import (
    ROLE,
    Playbook,
    Report,
    adopted,
    asked,
    cancelled,
    dropped,
    failed,
    finished,
    landed,
    later,
    succeeded,
    task,
    wish,
)

HERE = Path(__file__).resolve().parent
TASKS = ("schema", "seed", "orders", "页面", "form", "search", "notes", "idle", "late")
SCHEMA, SEED, ORDERS, PAGE, FORM, SEARCH, NOTES, IDLE, LATE = (TaskId(name) for name in TASKS)


def the_plan() -> Plan:
    script = (ScriptStep(StepKind.WRITE, "web/页.tsx", "<main/>\n"), ScriptStep(StepKind.FAIL, "no", attempt=1))
    return Plan(
        "书店 bookshop",
        (
            task("schema", exclusive=("migrations/**",), estimate=1200.0, verify=("pytest -q",)),
            task("seed", needs="schema", env=(("LEVEL", "3"),)),
            task("orders", needs="schema", touches=("shop/**",), exclusive=("migrations/**",)),
            task("页面", role="frontend", touches=("web/**",), script=script, run=None),
            task("form", role="frontend", touches=("web/form.tsx",), priority=1, approve=True),
            task("search", adopt="feature/search"),
            task("notes", role="docs", window="docs-1", retries=0),
            task("idle", needs="notes"),
            task("late", needs="seed orders"),
        ),
        windows=(WindowSpec(ROLE, 2), WindowSpec(RoleName("frontend")), WindowSpec(RoleName("docs"))),
        gate=(GateSpec("tests", "pytest -q", 60.0),),
        limits=Limits(windows=3, gates=1, wall=7200.0),
    )


def story() -> Iterator[ev.Event | Report]:
    """What the world reports in a run in which every event happens; what is decided in between follows from it."""
    yield from _at_work()
    yield from _in_the_train()
    yield from _wishes()
    yield from _to_the_end()


def _at_work() -> Iterator[ev.Event | Report]:
    first, window = AttemptId("schema.1"), WindowId("backend-1")
    ports = (("web", 20001),)
    yield ev.AttemptStarted(SCHEMA, first, window, 4711, "/state/w/backend-1", "command", False, ports)
    yield later(2)
    yield ev.AttemptProgressed(SCHEMA, first, window, "writes migrations/001.sql", Usage(1200, 0.25))
    yield ev.FootprintSeen(SCHEMA, first, window, ("migrations/001.sql",))
    both = ev.Overlap(ConflictKind.API, "call-signature", "web/form.tsx", "place", "it needs buyer", False)
    yield ev.OverlapSeen(SCHEMA, first, window, FORM, (both,))
    yield ev.OverlapGone(SCHEMA, FORM, "they do not meet any more")
    yield asked("schema")
    yield ev.QuestionAnswered(QuestionId("q1"), "integer cents", "ann")
    yield ev.SnapshotTaken(SCHEMA, first, Sha("5" * 40), "refs/tianting/salvage/schema.1", "it was stopped")
    yield failed("schema", FailureKind.VERIFY)
    yield later(30)
    yield succeeded("schema", "migrations/001.sql", "shop/models.py")
    yield failed("notes", FailureKind.TIMEOUT)
    yield ev.QuotaClosed("00c0ffee", 1e9, "the provider answered 429")
    yield ev.QuotaOpened("00c0ffee")
    yield ev.ClaimsElsewhere((("infra/**", "other-1"),))
    yield ev.ClaimsElsewhere(())


def _in_the_train() -> Iterator[ev.Event | Report]:
    schema, trunk = CandidateId("schema.2"), Sha("T")
    sides = Side(Sha("a" * 40), "100644"), Side(Sha("b" * 40), "100755"), None
    clash = (Conflict(ConflictKind.TEXT, "CONFLICT (contents)", "shop/models.py", *sides, detail="both changed"),)
    yield ev.ConflictFound(schema, SCHEMA, trunk, clash)
    proposal = Proposal("shop/models.py", Sha("c" * 40), "the lines of both sides")
    yield ev.ResolverCalled(schema, SCHEMA, trunk, Sha("d" * 40), (proposal,))
    yield asked("schema", About.CONFLICT)
    yield wish(intents.ResolveConflict(schema, "both"))
    head, new = Sha("head-schema.2"), Sha("head-schema.3")
    yield ev.ConflictResolved(schema, SCHEMA, Rung.PERSON, "ann", "took both", trunk, head, new, ("shop/models.py",))
    yield ev.CandidateProbed(schema, SCHEMA, trunk, Sha("T+s"))
    yield ev.GateStarted(schema, SCHEMA, Sha("T+s"))
    yield ev.ChecksFailed(schema, SCHEMA, Sha("T+s"), "tests", Failure(FailureKind.GATE, "1 failed", "E  assert"), 2.5)
    yield dropped("schema")
    yield later(60)
    yield succeeded("schema", "migrations/001.sql")
    yield ev.LandingDispatched((CandidateId("schema.3"),), "refs/heads/main", trunk, Sha("T+s"), "/shop")
    yield ev.LandingRefused((CandidateId("schema.3"),), "checkout", trunk, "refs/tianting/trunk/main")
    yield landed("schema")
    yield adopted("search")
    yield landed("search")


def _wishes() -> Iterator[ev.Event | Report]:
    strange = intents.LaunchRun(RunId("run"), "tianting: 1", "plan.yaml")
    yield ev.IntentRefused(IntentId(1), "bob", strange, "this run has been launched")
    yield wish(intents.PauseRun())
    yield ev.RunPaused("ann")
    theirs = Candidate(CandidateId("trunk@1"), Sha("7" * 40), Sha("T"), None, ("README.md",))
    yield ev.TrunkMoved(Sha("T+schema+search"), Sha("U"))
    yield ev.CandidateProposed(theirs)
    yield wish(intents.ReorderTrain((theirs.id,)))
    yield ev.CandidateDropped(theirs.id, None, Failure(FailureKind.CANCELLED, "given up"), None)
    yield wish(intents.ResumeRun())
    yield ev.RunResumed("ann")
    yield wish(intents.SteerTask(ORDERS, "keep it small"))
    yield finished("form")
    yield wish(intents.ApproveTask(PAGE))
    yield ev.ApprovalGiven(PAGE, "ann")
    yield failed("页面", FailureKind.LOST)
    yield ev.LeaseTaken("host:2", 2)
    yield wish(intents.RetryTask(NOTES))


def _to_the_end() -> Iterator[ev.Event | Report]:
    yield succeeded("页面", "web/页.tsx")
    yield asked("页面", About.APPROVAL)
    yield wish(intents.AnswerQuestion(QuestionId("q3"), "drop"))
    yield ev.QuestionAnswered(QuestionId("q3"), "drop", "ann")
    yield dropped("页面", FailureKind.CANCELLED)
    yield finished("orders")
    yield cancelled("seed")
    yield failed("seed", FailureKind.CANCELLED)
    yield wish(intents.CancelTask(IDLE))
    yield cancelled("idle")
    yield succeeded("notes", "docs/notes.md")
    yield wish(intents.DropCandidate(CandidateId("notes.2")))
    yield dropped("notes", FailureKind.CANCELLED)
    yield wish(intents.CancelRun())
    landed_then = (SCHEMA, SEARCH, FORM, ORDERS)
    cost, resolved = Usage(1200, 0.25), (CandidateId("schema.2"),)
    yield ev.RunFinished(Sha("T"), Sha("U+form+orders"), landed_then, resolved, cost, cancelled=True)


def recorded() -> Playbook:
    book = Playbook(the_plan())
    book.hear(ev.LeaseTaken("host:1", 1))
    for report in story():
        book.settle()
        book >> report
    return book.settle()


def line(one: ev.Recorded) -> str:
    return (
        f'{{"seq":{one.seq},"ts":{one.ts},"name":"{name_of(one.event)}","version":{SCHEMA_VERSION},'
        f'"data":{encode(one.event)}}}'
    )


def digest(run: RunState) -> Json:
    """What a log comes to, in words that a later version keeps."""
    return {
        "seq": run.seq,
        "trunk": run.trunk,
        "trunk_ref": run.trunk_ref,
        "ends": [run.paused, run.cancelled, run.finished],
        "tasks": {
            name: [state.status, state.attempts, state.failures, state.window, state.landed, list(state.steers)]
            for name, state in run.tasks.items()
        },
        "windows": {name: [window.attempts, window.busy] for name, window in run.windows.items()},
        "live": list(run.live),
        "train": list(run.train),
        "claims": list(run.claims),
        "questions": list(run.questions),
        "landed": list(run.landed),
        "resolved": list(run.resolved),
        "cost": [run.cost.tokens, run.cost.usd],
    }


def main(name: str) -> None:
    book = recorded()
    log, state = HERE / f"{name}.jsonl", HERE / f"{name}.state.json"
    if log.exists():
        raise SystemExit(f"{log} stands; a recording is not made anew")
    log.write_text("".join(f"{line(one)}\n" for one in book.log), encoding="utf-8")
    text = json.dumps(digest(book.run), ensure_ascii=False, indent=1)
    state.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
