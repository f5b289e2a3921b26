"""The plan as a DAG: its order, its waves, its critical path, and the order in which tasks are to be started.

Never: a recursion (plans are deep), a look at a run. Every function takes a few steps for each task and each need.
"""

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from state.ids import TaskId
from state.light import light
from state.plan import Plan, TaskSpec

DEFAULT_ESTIMATE = 600.0
"""Seconds that a task takes when its plan does not say."""


class CycleFound(ValueError):
    """The needs of a plan run in a circle; the parser refuses such a plan before anyone asks for its order."""


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The chain of needs that takes longest, first task first, and its seconds."""

    tasks: tuple[TaskId, ...]
    seconds: float


def estimate_of(task: TaskSpec) -> float:
    """Seconds of work foreseen; none for an adopted branch, whose work is done."""
    if task.estimate is not None:
        return task.estimate
    return 0.0 if task.adopt is not None else DEFAULT_ESTIMATE


def waves(plan: Plan) -> tuple[tuple[TaskId, ...], ...]:
    """Tasks by the earliest round in which they could run, were there windows for all; each in the plan's order."""
    if not any(task.needs for task in plan.tasks):
        return (tuple(task.id for task in plan.tasks),) if plan.tasks else ()
    import networkx as nx  # a run starts sooner than this is loaded, and asks for no waves

    graph: nx.DiGraph[TaskId, dict[str, object], dict[str, object]] = nx.DiGraph()
    graph.add_nodes_from(task.id for task in plan.tasks)
    graph.add_edges_from((need, task.id) for task in plan.tasks for need in task.needs)
    place = {task.id: at for at, task in enumerate(plan.tasks)}
    try:
        generations = list(nx.topological_generations(graph))
    except nx.NetworkXUnfeasible as error:
        raise _circle(plan) from error
    return tuple(tuple(sorted(wave, key=place.__getitem__)) for wave in generations)


def _circle(plan: Plan) -> CycleFound:
    return CycleFound(f"the needs of plan {plan.name!r} run in a circle")


@light
@dataclass(frozen=True, slots=True)
class _Tail:
    """The longest way from the begin of a task to the end of the plan, and the highest priority on any way there."""

    seconds: float
    tasks: int
    priority: int
    next: TaskId | None


def _tails(plan: Plan) -> dict[TaskId, _Tail]:
    specs = {task.id: task for task in plan.tasks}
    children: dict[TaskId, list[TaskId]] = {task.id: [] for task in plan.tasks}
    for task in plan.tasks:
        for need in task.needs:
            children[need].append(task.id)
    try:
        last_first = tuple(TopologicalSorter(children).static_order())
    except CycleError as error:
        raise _circle(plan) from error
    tails: dict[TaskId, _Tail] = {}
    for name in last_first:
        spec = specs[name]
        seconds, tasks, priority, best = 0.0, 0, spec.priority, None
        for child in children[name]:
            tail = tails[child]
            priority = max(priority, tail.priority)
            if (tail.seconds, tail.tasks) > (seconds, tasks):
                seconds, tasks, best = tail.seconds, tail.tasks, child
        tails[name] = _Tail(estimate_of(spec) + seconds, tasks + 1, priority, best)
    return tails


def critical_path(plan: Plan) -> CriticalPath:
    """The chain that no number of windows makes shorter; the first in the plan's order where several are longest."""
    tails = _tails(plan)
    if not tails:
        return CriticalPath((), 0.0)
    first = max((task.id for task in plan.tasks), key=lambda name: (tails[name].seconds, tails[name].tasks))
    chain: list[TaskId] = []
    at: TaskId | None = first
    while at is not None:
        chain.append(at)
        at = tails[at].next
    return CriticalPath(tuple(chain), tails[first].seconds)


def start_order(plan: Plan) -> tuple[int, ...]:
    """The place of each task, in the order of `plan.tasks`, in the order of starting; 0 starts first.

    The keys, in order:
    1. priority, highest first: the task's own or that of a task that waits for it, whichever is higher, so that what
       is urgent is not held by a need that is not;
    2. seconds on the longest path from the task's begin to the end of the plan, longest first (critical path first);
    3. tasks on that path, most first (it decides only where estimates are 0; with it no task ever stands before
       one that it needs);
    4. the plan's own order.
    """
    tails = _tails(plan)

    def key(at: int) -> tuple[int, float, int, int]:
        tail = tails[plan.tasks[at].id]
        return (-tail.priority, -tail.seconds, -tail.tasks, at)

    places = [0] * len(plan.tasks)
    for place, at in enumerate(sorted(range(len(places)), key=key)):
        places[at] = place
    return tuple(places)
