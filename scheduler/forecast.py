"""What is foreseen: of a plan before it runs, and of a run what is left. The body of the port `Forecast`.

Never: asked every turn, taken for a promise; all times rest on estimates.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from scheduler.classify import roles
from scheduler.graph import critical_path, estimate_of, start_order, waves
from scheduler.held import reason_for
from scheduler.overlaps import foresee_overlaps
from scheduler.rehearse import rehearse
from state.forecast import PlanForecast
from state.ids import TaskId
from state.lifecycle import ENDED, Status
from state.plan import Plan
from state.reasons import Reason
from state.run import RunState
from state.standing import TaskState


@dataclass(frozen=True, slots=True)
class Foresight:
    """`state.ports.Forecast`, answered by the rules that the decisions go by."""

    def plan(self, plan: Plan) -> PlanForecast:
        """What is foreseen of a plan; the makespan is that of a rehearsal with its windows, limits and claims."""
        chosen, order, rounds, critical = roles(plan), start_order(plan), waves(plan), critical_path(plan)
        names = [task.id for task in plan.tasks]
        overlaps = foresee_overlaps(plan, rounds)
        return PlanForecast(
            order=tuple(name for _, name in sorted(zip(order, names, strict=True))),
            roles=tuple(zip(names, chosen, strict=True)),
            waves=rounds,
            critical_path=critical.tasks,
            critical_seconds=critical.seconds,
            makespan=rehearse(plan, chosen, order, [estimate_of(task) for task in plan.tasks]).makespan,
            overlaps=overlaps.overlaps,
            overlaps_complete=overlaps.complete,
        )

    def reason(self, run: RunState, task: TaskId, now: float) -> Reason:
        """Why this task is not further than it is."""
        return reason_for(run, task, now)

    def remaining(self, run: RunState, now: float) -> float:
        """Seconds until the run can end at the earliest.

        The longest chain of needs that is left, or the work that is left shared out evenly over the windows of a pool
        or of the run, whichever takes longest. Tasks that need one which has failed or was cancelled are left out.
        """
        ends: dict[TaskId, float] = {}
        work: defaultdict[str, float] = defaultdict(float)
        for task, begin in _to_come(run, ends, now):
            left = _left(run, task, now)
            ends[task.spec.id] = begin + left
            work[task.role] += left
        sizes = {role: sum(1 for window in run.windows.values() if window.role == role) for role in work}
        shares = [seconds / sizes[role] for role, seconds in work.items() if sizes[role]]
        shared = sum(work.values()) / max(1, run.plan.limits.windows)
        return max([shared, *shares, *ends.values()], default=0.0)


def _to_come(run: RunState, ends: dict[TaskId, float], now: float) -> Iterator[tuple[TaskState, float]]:
    """The tasks that can still land, each behind those it needs, and when it can begin in seconds from now. The end of
    each is to be put into `ends` before the next is asked for."""
    open_needs = {name: task.needs_left for name, task in run.tasks.items() if task.status not in ENDED}
    todo = [name for name, count in open_needs.items() if not count]
    while todo:
        task = run.tasks[todo.pop()]
        ready = max((ends[need] for need in task.spec.needs if need in ends), default=0.0)
        yield task, max(ready, task.not_before - now)
        for child in run.children.get(task.spec.id, ()):
            if child in open_needs:
                open_needs[child] -= 1
                if not open_needs[child]:
                    todo.append(child)


def _left(run: RunState, task: TaskState, now: float) -> float:
    match task.status:
        case Status.WAITING:
            return estimate_of(task.spec)
        case Status.RUNNING if task.live is not None:
            return max(0.0, estimate_of(task.spec) - (now - run.live[task.live].since))
        case _:
            return 0.0
