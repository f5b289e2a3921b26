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
from state.standing import TaskState


@dataclass(frozen=True, slots=True)
class Hold:
    """`text` is None for a task that has landed; `kind` names the class of the reason, `on` what it speaks of."""

    text: str | None
    kind: str
    on: tuple[str, ...] = ()


def hold(run: RunState, task: TaskState, forecast: Forecast, now: float) -> Hold:
    """What holds this task, or how it ended."""
    if task.status is Status.LANDED:
        return Hold(None, "Landed")
    if task.status is Status.FAILED and task.failure is not None:
        return Hold(f"failed ({task.failure.kind.value}): {task.failure.detail}", "Failed", (task.failure.detail,))
    reason = forecast.reason(run, TaskId(task.spec.id), now)
    return Hold(reason.sentence(), type(reason).__name__, tuple(_on(reason)))


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
