"""What is foreseen of a plan, as plain values for JSON: waves, critical path, lower bound, overlaps, before it runs.

Never: IO, an algorithm; the scheduler's `Forecast` computes all of it.
"""

from typing_extensions import TypedDict

from state.forecast import PlanForecast
from state.ids import RoleName
from state.plan import Plan, RuntimeName, TaskSpec


class PlannedTask(TypedDict):
    """One task as the plan has it. `estimate` None: the plan says nothing of it."""

    id: str
    title: str
    role: str
    needs: list[str]
    touches: list[str]
    exclusive: list[str]
    estimate: float | None
    priority: int
    approve: bool
    adopt: str | None
    simulated: bool


class PlannedWindow(TypedDict):
    role: str
    count: int


class OverlapView(TypedDict):
    """Two tasks that nothing keeps apart in time and whose claims meet. `exclusive`: they will be kept apart."""

    left: str
    right: str
    glob: str
    other: str
    exclusive: bool


class ForecastView(TypedDict):
    """`waves`: tasks by the earliest round in which they could run. No order could be quicker than
    `critical_seconds`; `makespan` is what the windows and claims of the plan make of it. All times rest on the
    estimates (600 s where there is none)."""

    name: str
    trunk: str | None
    order: list[str]
    waves: list[list[str]]
    critical_path: list[str]
    critical_seconds: float
    makespan: float
    overlaps: list[OverlapView]
    overlaps_complete: bool
    windows: list[PlannedWindow]
    limit: int
    tasks: list[PlannedTask]


def forecast_view(plan: Plan, foreseen: PlanForecast) -> ForecastView:
    """A plan and what is foreseen of it."""
    roles = dict(foreseen.roles)
    return {
        "name": plan.name,
        "trunk": plan.trunk,
        "order": list(foreseen.order),
        "waves": [list(wave) for wave in foreseen.waves],
        "critical_path": list(foreseen.critical_path),
        "critical_seconds": foreseen.critical_seconds,
        "makespan": foreseen.makespan,
        "overlaps": [
            {
                "left": one.left,
                "right": one.right,
                "glob": one.glob,
                "other": one.other,
                "exclusive": one.exclusive,
            }
            for one in foreseen.overlaps
        ],
        "overlaps_complete": foreseen.overlaps_complete,
        "windows": [{"role": one.role, "count": one.count} for one in plan.windows],
        "limit": plan.limits.windows,
        "tasks": [_task(plan, one, str(roles.get(one.id, one.role or ""))) for one in plan.tasks],
    }


def _task(plan: Plan, task: TaskSpec, role: str) -> PlannedTask:
    return {
        "id": task.id,
        "title": task.title,
        "role": role,
        "needs": list(task.needs),
        "touches": list(task.touches),
        "exclusive": list(task.exclusive),
        "estimate": task.estimate,
        "priority": task.priority,
        "approve": task.approve,
        "adopt": task.adopt,
        "simulated": task.adopt is None and plan.runtime_of(task, RoleName(role)) is RuntimeName.SCRIPTED,
    }
