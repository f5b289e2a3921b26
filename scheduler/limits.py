"""How much may run at once, and which claims are held: pools of windows, the run's own limits, exclusive globs.

Never: choose a task or a window.
"""

from state.footprint import first_meeting
from state.ids import TaskId
from state.plan import TaskSpec
from state.run import RunState
from state.standing import WindowState


def past_wall(run: RunState, now: float) -> bool:
    """Whether the run has used up the time that its plan gives it."""
    wall = run.plan.limits.wall
    return wall is not None and now >= run.started + wall


def may_start(run: RunState, now: float) -> bool:
    """Whether anything at all may start now."""
    return not (run.paused or run.cancelled or run.finished or past_wall(run, now))


def room(run: RunState) -> int:
    """How many attempts more may be live at once, by the limit of the run."""
    return max(0, run.plan.limits.windows - len(run.live))


def windows_of(run: RunState, pool: str) -> tuple[WindowState, ...]:
    """The windows that serve a pool; a task may also name one window, which then is a pool of its own."""
    of_role = tuple(window for window in run.windows.values() if window.role == pool)
    return of_role or tuple(window for window in run.windows.values() if window.id == pool)


def held_by(run: RunState, exclusive: tuple[str, ...]) -> tuple[str, TaskId] | None:
    """The first of these globs that is not free, and the task that holds what it meets; None when all are free.

    A claim is held from dispatch until the work has landed or is given back.
    """
    for by, claim in run.claims.items():
        met = first_meeting(exclusive, claim)
        if met is not None:
            return met[0], by
    return None


def footprint(task: TaskSpec) -> tuple[str, ...]:
    """All that a task says it will touch, claimed or not."""
    return task.exclusive + task.touches
