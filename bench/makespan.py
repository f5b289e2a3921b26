"""How long plans take in virtual time, under the product's own fold and decisions, when the estimates are wrong.

Over seeded random layered DAGs: the policy with estimates off by lognormal noise, the same policy with true durations,
first in first out, and the lower bound max(critical path, work / windows). Never: a clock; the figures are the same on
every machine.
"""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.report import Json, Options, Report, Table, Target
from scheduler.graph import critical_path, start_order
from scheduler.rehearse import rehearse
from state.footprint import first_meeting
from state.ids import RoleName, TaskId
from state.plan import Limits, Plan, TaskSpec, WindowSpec

DAGS, QUICK_DAGS = 200, 20
SMALLEST, LARGEST, QUICK_LARGEST = 20, 1_000, 100
ROLES = tuple(RoleName(name) for name in ("frontend", "backend", "testing", "docs"))
NOISE = 0.5
"""Sigma of the lognormal factor between what a task takes and its estimate."""
CLAIMING = 0.1
"""Share of the tasks with an exclusive claim."""
GOAL = 1.10


def random_plan(seed: int, largest: int) -> Plan:
    """A layered DAG whose estimates are true: 20 to `largest` tasks (log-uniform), about sqrt(tasks) wide, each task
    with up to three needs in the layers shortly before; four pools of 1 to 4 windows, and roles in proportion; a limit
    of 60 to 100 % of the windows; medians of 10 minutes a task, lognormal with sigma 0.6; 4 to 10 exclusive globs.
    """
    draw = random.Random(seed)
    tasks = round(SMALLEST * (largest / SMALLEST) ** draw.random())
    windows = tuple(WindowSpec(role, draw.randint(1, 4)) for role in ROLES)
    total = sum(spec.count for spec in windows)
    width = max(2, round(tasks ** draw.uniform(0.4, 0.7)))
    globs = [f"shared/{number}/**" for number in range(draw.randint(4, 10))]
    specs: list[TaskSpec] = []
    before: list[TaskId] = []
    layer: list[TaskId] = []
    room = draw.randint(1, 2 * width)
    for number in range(tasks):
        if len(layer) == room:
            before, layer, room = [*before[-2 * width :], *layer], [], draw.randint(1, 2 * width)
        name = TaskId(f"t{number}")
        layer.append(name)
        specs.append(
            TaskSpec(
                name,
                role=draw.choices(ROLES, [spec.count for spec in windows])[0],
                needs=tuple(sorted({draw.choice(before) for _ in range(draw.randint(1, 3))})) if before else (),
                exclusive=(draw.choice(globs),) if draw.random() < CLAIMING else (),
                estimate=draw.lognormvariate(6.4, 0.6),
            )
        )
    limit = max(2, round(total * draw.uniform(0.6, 1.0)))
    return Plan(f"dag-{seed}", tuple(specs), windows=windows, limits=Limits(windows=limit))


def misjudged(plan: Plan, seed: int) -> Plan:
    """The plan as a person would have written it: every estimate off by its own factor."""
    draw = random.Random(f"estimates {seed}")
    off = (replace(task, estimate=true_seconds(task) * draw.lognormvariate(0.0, NOISE)) for task in plan.tasks)
    return replace(plan, tasks=tuple(off))


def true_seconds(task: TaskSpec) -> float:
    return task.estimate or 0.0


def lower_bound(plan: Plan) -> float:
    """max(critical path, work / windows): no order of starting can end before."""
    work = sum(true_seconds(task) for task in plan.tasks)
    return max(critical_path(plan).seconds, work / plan.limits.windows)


class Fifo:
    """The peer: tasks start in the order in which they became ready, those that can not being passed over."""

    def __init__(self, plan: Plan) -> None:
        self._specs = {task.id: task for task in plan.tasks}
        self._missing = {task.id: set(task.needs) for task in plan.tasks}
        self._queue = [task.id for task in plan.tasks if not task.needs]
        self._free = {spec.role: spec.count for spec in plan.windows}
        self._room = plan.limits.windows
        self._live: list[tuple[float, TaskId]] = []

    def makespan(self) -> float:
        now = 0.0
        while self._queue or self._live:
            self._queue = [name for name in self._queue if not self._start(name, now)]
            now, ended = heapq.heappop(self._live)
            self._end(ended)
        return now

    def _start(self, name: TaskId, now: float) -> bool:
        spec = self._specs[name]
        role = spec.role or ROLES[0]
        claimed = any(first_meeting(spec.exclusive, self._specs[live].exclusive) for _, live in self._live)
        if not self._room or not self._free[role] or claimed:
            return False
        self._room -= 1
        self._free[role] -= 1
        heapq.heappush(self._live, (now + true_seconds(spec), name))
        return True

    def _end(self, name: TaskId) -> None:
        self._room += 1
        self._free[self._specs[name].role or ROLES[0]] += 1
        for other, missing in self._missing.items():
            if name in missing:
                missing.remove(name)
                if not missing:
                    self._queue.append(other)


@dataclass(frozen=True, slots=True)
class Figures:
    """Makespans of one plan in virtual seconds."""

    tasks: int
    estimated: float
    true: float
    fifo: float
    bound: float


def measure(seed: int, largest: int) -> Figures:
    plan = random_plan(seed, largest)
    seconds = [true_seconds(task) for task in plan.tasks]
    chosen = tuple(task.role or ROLES[0] for task in plan.tasks)
    estimated = rehearse(plan, chosen, start_order(misjudged(plan, seed)), seconds)
    true = rehearse(plan, chosen, start_order(plan), seconds)
    return Figures(len(plan.tasks), estimated.makespan, true.makespan, Fifo(plan).makespan(), lower_bound(plan))


def quantile(values: Sequence[float], share: float) -> float:
    """The least value that `share` of them do not exceed."""
    return sorted(values)[max(0, -(-int(share * 1000) * len(values) // 1000) - 1)]


RATIOS: dict[str, Callable[[Figures], float]] = {
    "estimates / true durations": lambda one: one.estimated / one.true,
    "first in first out / true durations": lambda one: one.fifo / one.true,
    "estimates / lower bound": lambda one: one.estimated / one.bound,
    "true durations / lower bound": lambda one: one.true / one.bound,
    "first in first out / lower bound": lambda one: one.fifo / one.bound,
}


def bench(options: Options) -> Report:
    dags, largest = (QUICK_DAGS, QUICK_LARGEST) if options.quick else (DAGS, LARGEST)
    all_of_them = [measure(seed, largest) for seed in range(dags)]
    ratios = {name: [ratio(one) for one in all_of_them] for name, ratio in RATIOS.items()}
    shares = (("median", 0.5), ("p90", 0.9), ("p95", 0.95), ("most", 1.0))
    found = {name: {said: quantile(values, share) for said, share in shares} for name, values in ratios.items()}
    rows = tuple((name, *(f"{figures[said]:.3f}" for said, _ in shares)) for name, figures in found.items())
    sizes = [one.tasks for one in all_of_them]
    notes = (
        f"{dags} layered DAGs of {min(sizes)} to {max(sizes)} tasks, four pools, claims; seeds 0 to {dags - 1}",
        f"estimates are off by a lognormal factor of sigma {NOISE}; attempts, landings and gates cost nothing",
        "the lower bound knows of no pools and no claims: nobody can reach it in most of these plans",
    )
    table = Table("makespan in virtual time", ("ratio", *(said for said, _ in shares)), rows, notes)
    measured = found["estimates / true durations"]["p95"]
    target = Target("p95 of makespan, with estimates / with true durations", measured, GOAL)
    plans: list[Json] = [[one.tasks, one.estimated, one.true, one.fifo, one.bound] for one in all_of_them]
    columns: list[Json] = ["tasks", "estimates", "true durations", "first in first out", "lower bound"]
    return Report("makespan", (table,), (target,), {"ratios": found, "columns": columns, "plans": plans})
