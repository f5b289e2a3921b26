"""What is foreseen of a plan before it starts, as values that the command line and the screens show.

Never: an algorithm; the scheduler computes these.
"""

from dataclasses import dataclass

from state.ids import RoleName, TaskId


@dataclass(frozen=True, slots=True)
class ForeseenOverlap:
    """Two tasks that nothing keeps apart in time and whose claims meet. `exclusive`: they will be kept apart."""

    left: TaskId
    right: TaskId
    glob: str
    other: str
    exclusive: bool


@dataclass(frozen=True, slots=True)
class PlanForecast:
    """`order`: as tasks are started when all of them can. `waves`: tasks by the earliest round in which they could run.
    `critical_path` takes `critical_seconds`; `makespan` is the foreseen time with the plan's windows; times rest on the
    estimates (600 s where there is none). `overlaps` are not all of them when `overlaps_complete` is false: there were
    too many to look at."""

    order: tuple[TaskId, ...]
    roles: tuple[tuple[TaskId, RoleName], ...]
    waves: tuple[tuple[TaskId, ...], ...]
    critical_path: tuple[TaskId, ...]
    critical_seconds: float
    makespan: float
    overlaps: tuple[ForeseenOverlap, ...]
    overlaps_complete: bool = True
