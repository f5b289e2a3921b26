"""Order, waves and critical path of a plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.graph import CycleFound, critical_path, start_order, waves
from state.ids import TaskId
from state.plan import Plan, TaskSpec
from tests.support.playbook import plan, task


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any DAG of up to 12 tasks, the tasks in any order."""
    names = draw(st.permutations([f"t{number}" for number in range(draw(st.integers(0, 12)))]))
    specs: list[TaskSpec] = []
    for at, name in enumerate(names):
        needs = " ".join(draw(st.lists(st.sampled_from(names[:at]), max_size=3, unique=True))) if at else ""
        estimate = draw(st.sampled_from([None, 0.0, 1.0, 50.0]))
        specs.append(task(name, needs=needs, estimate=estimate, priority=draw(st.integers(-1, 1))))
    return plan(*draw(st.permutations(specs)))


def started(of: Plan) -> list[str]:
    return [spec.id for _, spec in sorted(zip(start_order(of), of.tasks, strict=True), key=lambda pair: pair[0])]


@given(plans())
def test_no_task_stands_before_one_that_it_needs(of: Plan) -> None:
    needs = {spec.id: spec.needs for spec in of.tasks}
    for order in (started(of), [name for wave in waves(of) for name in wave]):
        assert sorted(order) == sorted(needs)
        place = {name: at for at, name in enumerate(order)}
        assert all(place[TaskId(need)] < place[name] for name in place for need in needs[TaskId(name)])


@given(plans())
def test_a_wave_holds_what_needs_the_wave_before(of: Plan) -> None:
    wave_of = {name: number for number, wave in enumerate(waves(of)) for name in wave}
    for spec in of.tasks:
        assert wave_of[spec.id] == max((wave_of[need] + 1 for need in spec.needs), default=0)


@given(plans())
def test_the_critical_path_is_the_longest_of_all_chains(of: Plan) -> None:
    specs = {spec.id: spec for spec in of.tasks}

    def longest(name: TaskId) -> float:
        estimate = specs[name].estimate
        own = 600.0 if estimate is None else estimate
        return own + max((longest(need) for need in specs[name].needs), default=0.0)

    found = critical_path(of)
    assert found.seconds == pytest.approx(max((longest(name) for name in specs), default=0.0))
    assert all(one in specs[other].needs for one, other in zip(found.tasks, found.tasks[1:], strict=False))


def test_the_keys_of_the_order_count_one_after_the_other() -> None:
    specs = [
        task("last"),
        task("later", estimate=700.0),
        task("chain", estimate=100.0),
        task("end", needs="chain", estimate=650.0),
        task("urgent", priority=1, estimate=1.0),
    ]
    assert started(plan(*specs)) == ["urgent", "chain", "later", "end", "last"]


def test_a_need_is_as_urgent_as_the_task_that_waits_for_it() -> None:
    specs = [task("big", estimate=9e9), task("need"), task("urgent", needs="need", priority=5)]
    assert started(plan(*specs)) == ["need", "urgent", "big"]


def test_an_adopted_branch_takes_no_time_unless_its_plan_says_so() -> None:
    assert critical_path(plan(task("a", adopt="x"))).seconds == 0.0
    assert critical_path(plan(task("a", adopt="x", estimate=5.0))).seconds == 5.0


def test_a_circle_is_refused_in_one_sentence() -> None:
    circle = plan(task("a", needs="b"), task("b", needs="a"))
    for ask in (waves, start_order, critical_path):
        with pytest.raises(CycleFound, match="circle"):
            ask(circle)


def test_a_chain_of_thousands_is_no_matter_of_recursion() -> None:
    chain = plan(task("t0"), *(task(f"t{n}", needs=f"t{n - 1}") for n in range(1, 5_000)))
    assert start_order(chain) == tuple(range(5_000))
    assert critical_path(chain).seconds == 5_000 * 600.0
