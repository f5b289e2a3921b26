"""Why a task is not further than it is, computed when somebody asks.

Never: asked every turn, a guess. Each reason is read off the same state that the decisions are taken from.
"""

from collections import deque
from typing import assert_never

from scheduler import limits
from scheduler.balance import free_windows
from state import reasons as why
from state.ids import CandidateId, TaskId
from state.lifecycle import Status
from state.plan import OnOverlap
from state.run import RunState
from state.standing import CandidateState, Gate, TaskState

_MOST_NEEDS = 256
"""So many tasks are looked at for the one whose failure holds all that need it."""


def reason_for(run: RunState, name: TaskId, now: float) -> why.Reason:
    """What must change before the task goes on; what a person can change comes before what passes by itself."""
    task = run.tasks[name]
    match task.status:
        case Status.LANDED | Status.FAILED | Status.CANCELLED:
            return why.Ended(task.status)
        case Status.RUNNING:
            return _asked(run, task) or why.AtWork(str(task.window))
        case Status.PROPOSED | Status.GATING | Status.CONFLICTED:
            at_work = None if task.live is None else why.AtWork(str(task.window))
            return _asked(run, task) or at_work or _in_train(run, task)
        case Status.WAITING:
            return _needs(run, task) or _stopped(run, now) or _ready(run, task, now)
        case _:
            assert_never(task.status)


def _asked(run: RunState, task: TaskState) -> why.Reason | None:
    for question in run.questions.values():
        about_attempt = question.attempt is not None and question.attempt == task.live
        about_candidate = question.candidate is not None and question.candidate == task.candidate
        if about_attempt or about_candidate:
            return why.WaitingForYou(question.id, question.text)
    return None


def _in_train(run: RunState, task: TaskState) -> why.Reason:
    name = CandidateId(str(task.candidate))
    candidate = run.candidates[name]
    if candidate.conflicts:
        return why.Conflicts(name, tuple(dict.fromkeys(conflict.path for conflict in candidate.conflicts)))
    return why.InTrain(run.train.index(name), _doing(run, candidate))


def _doing(run: RunState, candidate: CandidateState) -> str:
    if candidate.drop is not None:
        return "about to leave it"
    if run.landing is not None and candidate.value.id in run.landing.candidates:
        return "landing"
    if candidate.commit is None:
        return "to be merged onto what is ahead"
    if run.paused:
        return "held by the pause"
    match candidate.gate:
        case Gate.NONE:
            return "its gate is to run"
        case Gate.RUNNING:
            return "its gate is running"
        case Gate.GREEN:
            return "green, to land in its turn"
        case Gate.RED:
            return "its gate is red"
        case _:
            assert_never(candidate.gate)


def _needs(run: RunState, task: TaskState) -> why.Reason | None:
    missing = _missing(run, task)
    if not missing:
        return None
    gone = _gone(run, missing)
    return why.NeedsNotLanded(missing) if gone is None else why.NeedGone(gone, run.tasks[gone].status)


def _missing(run: RunState, task: TaskState) -> tuple[TaskId, ...]:
    return tuple(need for need in dict.fromkeys(task.spec.needs) if run.tasks[need].status is not Status.LANDED)


def _gone(run: RunState, missing: tuple[TaskId, ...]) -> TaskId | None:
    """The nearest task in the chains of needs that has ended without landing."""
    if not (run.counts[Status.FAILED] or run.counts[Status.CANCELLED]):
        return None
    seen = set(missing)
    todo = deque(missing)
    while todo and len(seen) <= _MOST_NEEDS:
        name = todo.popleft()
        if run.tasks[name].status in (Status.FAILED, Status.CANCELLED):
            return name
        fresh = [need for need in _missing(run, run.tasks[name]) if need not in seen]
        seen.update(fresh)
        todo.extend(fresh)
    return None


def _stopped(run: RunState, now: float) -> why.Reason | None:
    if run.paused:
        return why.Paused()
    wall = run.plan.limits.wall
    if wall is not None and limits.past_wall(run, now):
        return why.TimeUp(wall)
    spent = limits.spent(run)
    return why.BudgetSpent(spent) if spent else None


def _ready(run: RunState, task: TaskState, now: float) -> why.Reason:
    if task.adopted is not None:
        return why.Adopting()
    closed = limits.closed_until(run, task.role)
    if closed is not None:
        return why.QuotaShut(closed)
    if task.not_before > now:
        return why.CoolingDown(task.not_before)
    held = limits.held_by(run, task.spec.exclusive)
    if held is not None:
        return why.ClaimHeld(*held)
    if run.plan.overlaps is OnOverlap.HOLD:
        met = limits.overlapped_by(run, task)
        if met is not None:
            return why.ClaimHeld(*met)
    pool = task.key[0]
    windows = limits.windows_of(run, pool)
    if not free_windows(windows):
        return why.PoolFull(pool, len(windows))
    return why.Next() if limits.room(run) else why.WindowsFull(run.plan.limits.windows)
