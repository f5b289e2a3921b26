"""A decision costs what the capacity is, not what the plan is: counted in calls, which no machine makes slower."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from scheduler.decide import decide_starts
from scheduler.rehearse import rehearse
from state import events as ev
from state.fold import apply
from state.ids import BranchName, RoleName, RunId, Seq, Sha
from state.plan import Plan, TaskSpec
from state.run import RunState
from tests.support.playbook import plan, task

SMALL, LARGE, HUGE = 1_000, 10_000, 100_000
ROUNDS = 12
WINDOWS = 4

SHAPES: dict[str, Callable[[int], TaskSpec]] = {
    "tasks that claim nothing": lambda n: task(f"t{n}"),
    "tasks that touch their own files": lambda n: task(f"t{n}", touches=(f"shop/{n}.py",)),
    "tasks that claim their own files": lambda n: task(f"t{n}", exclusive=(f"shop/{n}.py",)),
    "tasks that all claim the lock file": lambda n: task(f"t{n}", exclusive=("lock",), touches=(f"shop/{n}.py",)),
    "tasks that claim their own files and the lock file": lambda n: task(f"t{n}", exclusive=(f"shop/{n}.py", "lock")),
    "one that claims the folder of all others": lambda n: task(
        f"t{n}", exclusive=(f"shop/{n}.py" if n else "shop/**",)
    ),
}


class Calls:
    """Counts the calls that Python makes while it is open."""

    def __enter__(self) -> "Calls":
        self.count = 0
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.count += event in ("call", "c_call")


def launched(of: Plan) -> RunState:
    run, size = RunState(), len(of.tasks)
    roles, order = tuple(spec.role or RoleName("") for spec in of.tasks), tuple(range(size))
    hear(run, ev.PlanAccepted(RunId("r"), of, "", BranchName("main"), "", Sha("T"), roles, order))
    return run


def hear(run: RunState, event: ev.Event) -> None:
    apply(run, ev.Recorded(Seq(run.seq + 1), 0.0, event))


def decisions(run: RunState) -> list[int]:
    """Calls made by each of some decisions in a row; between them all that was started ends, without landing."""
    found: list[int] = []
    for _ in range(ROUNDS):
        with Calls() as calls:
            starts = decide_starts(run, 0.0)
        found.append(calls.count)
        assert starts
        for one in starts:
            hear(run, ev.AttemptDispatched(one.task.id, one.attempt, one.number, one.window, one.base))
        assert not decide_starts(run, 0.0)
        for one in starts:
            head, branch = Sha(f"h-{one.attempt}"), BranchName("b")
            hear(run, ev.AttemptSucceeded(one.task.id, one.attempt, one.window, head, one.base, branch, ()))
            hear(run, ev.Landed(run.train[0], one.task.id, head, run.trunk, head, ""))
    return found


def growth(shape: str, size: int) -> float:
    """Calls of the later decisions in a plan of `size`, for each call in a small one. What blocks a task is found once,
    and the first decisions of some of these plans find most of that."""
    small, large = (
        sum(decisions(launched(plan(*map(SHAPES[shape], range(tasks)), windows=WINDOWS)))[3:])
        for tasks in (SMALL, size)
    )
    return large / small


@pytest.mark.parametrize("shape", SHAPES)
def test_a_decision_does_not_grow_with_the_plan(shape: str) -> None:
    assert growth(shape, LARGE) <= 1.3


def test_a_decision_does_not_grow_up_to_a_hundred_thousand_tasks() -> None:
    assert growth("tasks that claim nothing", HUGE) <= 1.3


@pytest.mark.soak
@pytest.mark.parametrize("shape", SHAPES)
def test_a_decision_does_not_grow_up_to_a_hundred_thousand_tasks_of_any_shape(shape: str) -> None:
    assert growth(shape, HUGE) <= 1.3


@pytest.mark.parametrize("shape", SHAPES)
def test_a_task_costs_the_same_in_a_plan_of_ten_times_the_size(shape: str) -> None:
    a_task: list[float] = []
    for size in (200, 2_000):
        of = plan(*map(SHAPES[shape], range(size)), windows=WINDOWS)
        roles = tuple(spec.role or RoleName("") for spec in of.tasks)
        with Calls() as calls:
            found = rehearse(of, roles, tuple(range(size)), [1.0] * size)
        assert len(found.turns) == size
        a_task.append(calls.count / size)
    assert a_task[1] <= 1.3 * a_task[0]
