"""A run's windows as programs outside may read them: one small value a window, from the fold and from nothing else.

Never: a field that is only ours to understand; these names are promised.
"""

from dataclasses import dataclass

from state import codec
from state.ids import AttemptId, RoleName, TaskId, WindowId
from state.plan import RuntimeName
from state.run import RunState
from state.standing import AttemptState, TaskState, WindowState


@dataclass(frozen=True, slots=True)
class WindowView:
    """`task`, `attempt`, `title`, `since` (unix seconds) and `note` speak of the live attempt; without one `working` is
    false. `attempts` counts those begun, `busy` the seconds spent in those that ended."""

    window: WindowId
    role: RoleName
    working: bool
    attempts: int
    busy: float
    task: TaskId | None = None
    attempt: AttemptId | None = None
    title: str = ""
    since: float | None = None
    note: str = ""
    simulated: bool = False


def windows_json(run: RunState) -> dict[WindowId, str]:
    """Each window of a run as one line of JSON."""
    return {window.id: codec.encode(_view(run, window)) for window in run.windows.values()}


def _view(run: RunState, window: WindowState) -> WindowView:
    live = None if window.attempt is None else run.live.get(window.attempt)
    if live is None:
        return WindowView(window.id, window.role, False, window.attempts, window.busy)
    task = run.tasks[live.task]
    return WindowView(
        window=window.id,
        role=window.role,
        working=True,
        attempts=window.attempts,
        busy=window.busy,
        task=live.task,
        attempt=live.id,
        title=task.spec.title,
        since=live.since,
        note=live.note,
        simulated=_simulated(run, live, task),
    )


def _simulated(run: RunState, live: AttemptState, task: TaskState) -> bool:
    if live.candidate is not None:
        return run.plan.simulates_conflicts
    return run.plan.runtime_of(task.spec, task.role) is RuntimeName.SCRIPTED
