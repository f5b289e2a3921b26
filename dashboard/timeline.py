"""What a run did when, as plain values for JSON: one bar an attempt, one span a gate, for lanes drawn over time.

Never: IO, a clock, a length that the log does not give.
"""

from typing_extensions import TypedDict

from dashboard.history import Attempt, GateRun, History
from state.ids import TaskId
from state.run import RunState


class Bar(TypedDict):
    """One attempt: it waited for its program from `dispatched` to `started`, and was at work until `ended`.

    `ready` is when nothing that it needs stood in its way any more. `outcome` is live, succeeded or the failure's kind.
    """

    task: str
    attempt: str
    number: int
    window: str
    ready: float
    dispatched: float
    started: float | None
    ended: float | None
    outcome: str
    simulated: bool
    tokens: int
    usd: float


class Span(TypedDict):
    """One gate; `passed` is None while it runs, and where it was `stopped`, since its candidate was not to land as it
    was any more. `gate` names the check that failed."""

    task: str
    candidate: str
    commit: str
    since: float
    seconds: float | None
    passed: bool | None
    stopped: bool
    carried: bool
    gate: str


class Drop(TypedDict):
    """A candidate that left the train without landing; `kind` is the class of the failure."""

    task: str | None
    candidate: str
    at: float
    kind: str
    detail: str


class Clash(TypedDict):
    task: str | None
    candidate: str
    found: float
    ended: float | None
    settled: str


class TimelineView(TypedDict):
    """`landed` says when each task landed. Times are unix seconds; `ended` is None while the run goes on."""

    run: str
    seq: int
    started: float
    ended: float | None
    bars: list[Bar]
    gates: list[Span]
    clashes: list[Clash]
    drops: list[Drop]
    landed: dict[str, float]


def timeline_view(run: RunState, history: History) -> TimelineView:
    """Everything that took time in a run, in the order of its plan."""
    pasts = [(name, history.of(name)) for name in run.tasks]
    return {
        "run": run.id,
        "seq": run.seq,
        "started": run.started,
        "ended": run.last if run.finished else None,
        "bars": [_bar(run, history, name, one) for name, past in pasts for one in past.attempts],
        "gates": [_span(name, one) for name, past in pasts for one in past.gates],
        "clashes": [
            {
                "task": one.task,
                "candidate": one.candidate,
                "found": one.found,
                "ended": one.ended,
                "settled": one.settled,
            }
            for one in history.conflicts
        ],
        "drops": [
            {
                "task": one.task,
                "candidate": one.candidate,
                "at": one.at,
                "kind": one.failure.kind.value,
                "detail": one.failure.detail,
            }
            for one in history.drops
        ],
        "landed": {name: past.landed for name, past in pasts if past.landed is not None},
    }


def _bar(run: RunState, history: History, task: TaskId, one: Attempt) -> Bar:
    return {
        "task": task,
        "attempt": one.id,
        "number": one.number,
        "window": one.window,
        "ready": _ready(run, history, task, one),
        "dispatched": one.dispatched,
        "started": one.started,
        "ended": one.ended,
        "outcome": one.outcome,
        "simulated": one.simulated,
        "tokens": one.usage.tokens,
        "usd": one.usage.usd,
    }


def _ready(run: RunState, history: History, task: TaskId, one: Attempt) -> float:
    """When its needs had landed, and the attempt before it had ended."""
    needs = [history.of(need).landed or run.started for need in run.tasks[task].spec.needs]
    before = [past.retry_at or past.ended for past in history.of(task).attempts if past.number < one.number]
    return min(one.dispatched, max([run.started, *needs, *(at for at in before if at is not None)]))


def _span(task: TaskId, one: GateRun) -> Span:
    return {
        "task": task,
        "candidate": one.candidate,
        "commit": one.commit,
        "since": one.since,
        "seconds": one.seconds,
        "passed": one.passed,
        "stopped": one.stopped,
        "carried": one.carried,
        "gate": one.gate,
    }
