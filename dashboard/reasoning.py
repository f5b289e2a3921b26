"""Why a task is not further than it is, as the screens say it: a sentence, and the same in parts for a screen that
speaks another language.

Never: a reason of its own; the scheduler's `Forecast` finds it.
"""

from dataclasses import dataclass
from typing import assert_never

from state import reasons as why
from state.ids import TaskId
from state.lifecycle import Status
from state.ports import Forecast
from state.run import RunState
from state.standing import Gate, TaskState

INTERRUPTED = "interrupted: no process leads the run now"


@dataclass(frozen=True, slots=True)
class Hold:
    """`text` is None for a task that has landed; `kind` names the class of the reason, `on` what it speaks of."""

    text: str | None
    kind: str
    on: tuple[str, ...] = ()


def hold(run: RunState, task: TaskState, forecast: Forecast, now: float, *, led: bool) -> Hold:
    """What holds this task, or how it ended. What was under way is not any more when no process leads the run."""
    if task.status is Status.LANDED:
        return Hold(None, "Landed")
    if task.status is Status.FAILED and task.failure is not None:
        return Hold(f"failed ({task.failure.kind.value}): {task.failure.detail}", "Failed", (task.failure.detail,))
    if not led and _under_way(run, task):
        return Hold(INTERRUPTED, "Interrupted")
    reason = forecast.reason(run, TaskId(task.spec.id), now)
    return Hold(reason.sentence(), type(reason).__name__, tuple(_on(reason)))


def _under_way(run: RunState, task: TaskState) -> bool:
    if task.candidate is None:
        return task.live is not None
    landing = () if run.landing is None else run.landing.candidates
    return task.candidate in landing or run.candidates[task.candidate].gate is Gate.RUNNING


def _on(reason: why.Reason) -> tuple[str, ...]:
    match reason:
        case why.Ended(status=status):
            return (status.value,)
        case why.AtWork(window=window):
            return (window,)
        case why.NeedsNotLanded(needs=needs):
            return needs
        case why.NeedGone(need=need, status=status):
            return (need, status.value)
        case why.ClaimHeld(claim=claim, by=by):
            return (claim, by)
        case why.PoolFull(pool=pool, size=size):
            return (pool, str(size))
        case why.WindowsFull(limit=limit):
            return (str(limit),)
        case why.TimeUp(wall=wall):
            return (f"{wall:g}",)
        case why.BudgetSpent(what=what):
            return (what,)
        case why.QuotaShut(until=until):
            return (f"{until:g}",)
        case why.WaitingForYou(question=question, text=text):
            return (question, text)
        case why.InTrain(ahead=ahead, doing=doing):
            return (str(ahead), doing)
        case why.Conflicts(paths=paths):
            return paths
        case why.CoolingDown() | why.Paused() | why.Adopting() | why.Next():
            return ()
        case _:
            assert_never(reason)
