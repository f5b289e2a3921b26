"""One task with its whole past, and a run's conflicts, open and settled, as plain values for JSON.

Never: IO, a clock, a fact of its own.
"""

from typing_extensions import TypedDict

from dashboard.history import LIVE, Attempt, GateRun, History, PastConflict
from dashboard.snapshot import ConflictView, conflict_view
from dashboard.views import Resolution, TaskView, is_simulated, resolution_view, task_view
from state.failure import Failure
from state.ids import TaskId
from state.ports import Forecast
from state.radar_events import Overlap
from state.run import RunState


class FailureView(TypedDict):
    """`output` is the tail of what the program printed."""

    kind: str
    detail: str
    output: str


class KeptWork(TypedDict):
    ref: str
    commit: str
    why: str


class AttemptView(TypedDict):
    """`outcome` is live, interrupted (no process leads the run now), succeeded or the kind of the failure."""

    attempt: str
    number: int
    window: str
    base: str
    head: str | None
    dispatched: float
    started: float | None
    ended: float | None
    outcome: str
    runtime: str
    simulated: bool
    worktree: str
    note: str
    summary: str
    paths: list[str]
    failure: FailureView | None
    retry_at: float | None
    tokens: int
    usd: float
    kept: list[KeptWork]


class GateView(TypedDict):
    """`passed` is None while it runs, and where it was `stopped`, since its candidate was not to land as it was any
    more; `gate` names the check that failed."""

    candidate: str
    commit: str
    since: float
    seconds: float | None
    passed: bool | None
    stopped: bool
    carried: bool
    gate: str
    failure: FailureView | None


class Diff(TypedDict):
    """A unified diff; `cut` when there is more of it."""

    base: str
    head: str
    text: str
    cut: bool


class Line(TypedDict):
    """One entry of a transcript; `no` counts from 1 within the attempt."""

    no: int
    ts: float
    kind: str
    text: str
    simulated: bool


class Transcript(TypedDict):
    attempt: str | None
    lines: list[Line]


class GateOutput(TypedDict):
    """What the checks at a commit print, line by line; there may be more as long as `running`."""

    commit: str
    running: bool
    lines: list[Line]


class TaskDetail(TaskView):
    """A task with what the plan says of it, its attempts and gates, its work and the end of its transcript."""

    run: str
    seq: int
    prompt: str
    touches: list[str]
    exclusive: list[str]
    verify: list[str]
    priority: int
    approve: bool
    approved: bool
    steers: list[str]
    failure: FailureView | None
    landed_at: float | None
    history: list[AttemptView]
    gates: list[GateView]
    diff: Diff | None
    transcript: Transcript


class ConflictCase(TypedDict):
    """`settled` is "" while open, then resolved, gone (it merges by now) or dropped. `note` says why what was tried
    last did not settle it."""

    candidate: str
    task: str | None
    onto: str
    found: float
    ended: float | None
    settled: str
    question: str | None
    note: str
    simulated: bool
    conflicts: list[ConflictView]
    resolution: Resolution | None
    diff: Diff | None


class SeenOverlap(TypedDict):
    """One thing that both sides want, see `Overlap` of the events."""

    kind: str
    rule: str
    path: str
    symbol: str
    detail: str
    certain: bool


class SeenPair(TypedDict):
    """Work of `task` that meets, while it is under way, that of `other`, or (null) what the trunk holds by now."""

    task: str
    other: str | None
    overlaps: list[SeenOverlap]


class ConflictsView(TypedDict):
    """`seen` are the overlaps of live windows, as the radar sees them now."""

    run: str
    seq: int
    open: list[ConflictCase]
    settled: list[ConflictCase]
    seen: list[SeenPair]


def task_detail(
    run: RunState, history: History, task: TaskId, forecast: Forecast, now: float, *, led: bool
) -> TaskDetail:
    """Everything about a task but its diff and transcript, which are not in the log."""
    state, past = run.tasks[task], history.of(task)
    return {
        **task_view(run, task, forecast, now, led=led),
        "run": run.id,
        "seq": run.seq,
        "prompt": state.spec.prompt,
        "touches": list(state.spec.touches),
        "exclusive": list(state.spec.exclusive),
        "verify": list(state.spec.verify),
        "priority": state.spec.priority,
        "approve": state.spec.approve,
        "approved": state.approved,
        "steers": list(state.steers),
        "failure": failure_view(state.failure or past.dropped),
        "landed_at": past.landed,
        "history": [_attempt(one, led) for one in past.attempts],
        "gates": [_gate(one) for one in past.gates],
        "diff": None,
        "transcript": {"attempt": None, "lines": []},
    }


def failure_view(failure: Failure | None) -> FailureView | None:
    if failure is None:
        return None
    return {"kind": failure.kind.value, "detail": failure.detail, "output": failure.output}


def _attempt(one: Attempt, led: bool) -> AttemptView:
    return {
        "attempt": one.id,
        "number": one.number,
        "window": one.window,
        "base": one.base,
        "head": one.head,
        "dispatched": one.dispatched,
        "started": one.started,
        "ended": one.ended,
        "outcome": "interrupted" if one.outcome == LIVE and not led else one.outcome,
        "runtime": one.runtime,
        "simulated": one.simulated,
        "worktree": one.worktree,
        "note": one.note,
        "summary": one.summary,
        "paths": list(one.paths),
        "failure": failure_view(one.failure),
        "retry_at": one.retry_at,
        "tokens": one.usage.tokens,
        "usd": one.usage.usd,
        "kept": [{"ref": ref, "commit": commit, "why": why} for ref, commit, why in one.kept],
    }


def _gate(one: GateRun) -> GateView:
    return {
        "candidate": one.candidate,
        "commit": one.commit,
        "since": one.since,
        "seconds": one.seconds,
        "passed": one.passed,
        "stopped": one.stopped,
        "carried": one.carried,
        "gate": one.gate,
        "failure": failure_view(one.failure),
    }


def conflicts_view(run: RunState, history: History) -> ConflictsView:
    """Every conflict that the run has met, each once, oldest first."""
    cases = [_case(run, past) for past in history.conflicts]
    return {
        "run": run.id,
        "seq": run.seq,
        "open": [case for case in cases if not case["settled"]],
        "settled": [case for case in cases if case["settled"]],
        "seen": [
            {"task": task, "other": other, "overlaps": [_seen(one) for one in overlaps]}
            for (task, other), overlaps in run.overlaps.items()
        ],
    }


def _seen(one: Overlap) -> SeenOverlap:
    return {
        "kind": one.kind.value,
        "rule": one.rule,
        "path": one.path,
        "symbol": one.symbol,
        "detail": one.detail,
        "certain": one.certain,
    }


def _case(run: RunState, past: PastConflict) -> ConflictCase:
    state = run.candidates.get(past.candidate) if not past.settled else None
    resolution = None if past.resolution is None else resolution_view(past.resolution)
    return {
        "candidate": past.candidate,
        "task": past.task,
        "onto": past.onto,
        "found": past.found,
        "ended": past.ended,
        "settled": past.settled,
        "question": None if state is None else state.question,
        "note": past.note,
        "simulated": past.task is not None and is_simulated(run, past.task),
        "conflicts": [conflict_view(one) for one in past.conflicts],
        "resolution": resolution,
        "diff": None,
    }
