"""The snapshot of a run: its tasks, windows, train, questions and conflicts as plain values for JSON.

Never: IO, a clock, a fact of its own; see `views.py` for the shapes of single tasks.
"""

from collections.abc import Iterator

from typing_extensions import TypedDict

from dashboard.lanes import lanes_of
from dashboard.views import (
    Cost,
    TaskView,
    Trunk,
    is_simulated,
    run_status,
    status_counts,
    tasks_view,
    trunk_view,
)
from state.candidate import Conflict
from state.ids import QuestionId
from state.ports import Forecast
from state.run import RunState
from state.standing import CandidateState, WindowState
from state.transcript import Usage


class WindowView(TypedDict):
    """`busy` are seconds spent in attempts that have ended."""

    id: str
    role: str
    task: str | None
    attempt: str | None
    since: float | None
    note: str
    worktree: str
    attempts: int
    busy: float
    simulated: bool


class CandidateView(TypedDict):
    """One place of the train. `gate`: none, running, green or red; `commit` is the speculative merge onto `onto`.
    Candidates that share a path, also by way of others, have one `lane`."""

    candidate: str
    task: str | None
    branch: str | None
    head: str
    base: str
    onto: str | None
    commit: str | None
    gate: str
    carried: bool
    conflicts: int
    landing: bool
    question: str | None
    drop: str | None
    lane: int


class QuestionView(TypedDict):
    """`choices` empty: the answer is free text. `paths` are those in conflict, where it is about one, and `note` says
    why nothing has settled it so far."""

    id: str
    about: str
    text: str
    choices: list[str]
    task: str | None
    attempt: str | None
    candidate: str | None
    paths: list[str]
    note: str
    simulated: bool


class SideView(TypedDict):
    blob: str
    mode: str


class ConflictView(TypedDict):
    kind: str
    rule: str
    path: str
    symbol: str
    detail: str
    base: SideView | None
    ours: SideView | None
    theirs: SideView | None


class LimitsView(TypedDict):
    """What the plan allows: windows live at once, gates at once, and in all so many seconds, tokens and dollars (None:
    any)."""

    windows: int
    gates: int
    wall: float | None
    tokens: int | None
    usd: float | None


class SpentView(TypedDict):
    """What one model of one runtime has cost, as far as it tells. `tokens` are all of them."""

    model: str
    tokens: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    usd: float


class RunView(TypedDict):
    """`seq` is the last event that this view knows: a feed goes on from there. `refused` is why it could not
    start; `led`: a process leads the run now.
    `remaining` are the seconds to the earliest possible end."""

    run: str
    name: str
    repository: str
    seq: int
    ts: float
    status: str
    refused: str
    led: bool
    paused: bool
    cancelled: bool
    simulated: bool
    launched_by: str
    started: float
    remaining: float
    trunk: Trunk
    cost: Cost
    spent: list[SpentView]
    limits: LimitsView
    resolved: int
    counts: dict[str, int]
    tasks: list[TaskView]
    windows: list[WindowView]
    train: list[CandidateView]
    questions: list[QuestionView]


def run_view(run: RunState, forecast: Forecast, now: float, *, led: bool) -> RunView:
    """A whole run at `run.seq`: the snapshot that a feed goes on from."""
    return {
        "run": run.id,
        "name": run.plan.name,
        "repository": run.repository,
        "seq": run.seq,
        "ts": run.last,
        "status": run_status(run),
        "refused": run.refused,
        "led": led,
        "paused": run.paused,
        "cancelled": run.cancelled,
        "simulated": run.simulated,
        "launched_by": run.launched_by,
        "started": run.started,
        "remaining": 0.0 if run.finished or not run.seq else forecast.remaining(run, now),
        "trunk": trunk_view(run),
        "cost": {"tokens": run.cost.tokens, "usd": run.cost.usd},
        "spent": [_spent(model, usage) for model, usage in run.models.items()],
        "limits": {
            "windows": run.plan.limits.windows,
            "gates": run.plan.limits.gates,
            "wall": run.plan.limits.wall,
            "tokens": run.plan.limits.tokens,
            "usd": run.plan.limits.usd,
        },
        "resolved": len(run.resolved),
        "counts": status_counts(run),
        "tasks": tasks_view(run, forecast, now, led=led),
        "windows": [_window(run, one) for one in run.windows.values()],
        "train": list(train_view(run)),
        "questions": [question_view(run, one) for one in run.questions],
    }


def _spent(model: str, usage: Usage) -> SpentView:
    return {
        "model": model,
        "tokens": usage.tokens,
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "usd": usage.usd,
    }


def _window(run: RunState, window: WindowState) -> WindowView:
    live = None if window.attempt is None else run.live[window.attempt]
    return {
        "id": window.id,
        "role": window.role,
        "task": None if live is None else live.task,
        "attempt": window.attempt,
        "since": None if live is None else live.since,
        "note": "" if live is None else live.note,
        "worktree": "" if live is None else live.worktree,
        "attempts": window.attempts,
        "busy": window.busy,
        "simulated": live is not None and is_simulated(run, live.task),
    }


def train_view(run: RunState) -> Iterator[CandidateView]:
    """The candidates in the order in which they would land."""
    landing = frozenset(() if run.landing is None else run.landing.candidates)
    lanes = lanes_of(state.value for state in run.in_train())
    for state in run.in_train():
        yield _candidate(state, state.value.id in landing, lanes[state.value.id])


def _candidate(state: CandidateState, landing: bool, lane: int) -> CandidateView:
    return {
        "candidate": state.value.id,
        "task": state.value.task,
        "branch": state.value.branch,
        "head": state.value.head,
        "base": state.value.base,
        "onto": state.onto,
        "commit": state.commit,
        "gate": state.gate.value,
        "carried": state.carried,
        "conflicts": len(state.conflicts),
        "landing": landing,
        "question": state.question,
        "drop": state.drop,
        "lane": lane,
    }


def question_view(run: RunState, name: QuestionId) -> QuestionView:
    question = run.questions[name]
    candidate = None if question.candidate is None else run.candidates.get(question.candidate)
    conflicts = () if candidate is None else candidate.conflicts
    return {
        "id": question.id,
        "about": question.about.value,
        "text": question.text,
        "choices": list(question.choices),
        "task": question.task,
        "attempt": question.attempt,
        "candidate": question.candidate,
        "paths": sorted({conflict.path for conflict in conflicts}),
        "note": "" if candidate is None else candidate.note,
        "simulated": question.task is not None and is_simulated(run, question.task),
    }


def conflict_view(conflict: Conflict) -> ConflictView:
    sides = (conflict.base, conflict.ours, conflict.theirs)
    base, ours, theirs = (None if side is None else SideView(blob=side.blob, mode=side.mode) for side in sides)
    return {
        "kind": conflict.kind.value,
        "rule": conflict.rule,
        "path": conflict.path,
        "symbol": conflict.symbol,
        "detail": conflict.detail,
        "base": base,
        "ours": ours,
        "theirs": theirs,
    }
