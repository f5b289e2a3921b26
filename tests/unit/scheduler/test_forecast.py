"""What is foreseen of plans and runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.forecast import Foresight
from scheduler.graph import start_order
from scheduler.rehearse import Turn, rehearse
from state import reasons as why
from state.failure import FailureKind
from state.ids import RoleName, TaskId
from state.plan import Plan
from state.ports import Forecast
from tests.support.playbook import (
    Playbook,
    adopted,
    cancelled,
    failed,
    finished,
    later,
    plan,
    start,
    stop,
    succeeded,
    task,
)

SEEN: Forecast = Foresight()
"""Also shows mypy that it is a body of the port."""


def test_a_plan_is_foreseen_from_order_to_overlaps() -> None:
    of = plan(
        task("a", estimate=100.0),
        task("b", estimate=300.0, touches=("x",)),
        task("c", needs="a", estimate=50.0, touches=("x",)),
        windows=1,
    )
    seen = SEEN.plan(of)
    assert seen.order == ("b", "a", "c")
    assert seen.roles == (("a", "backend"), ("b", "backend"), ("c", "backend"))
    assert seen.waves == (("a", "b"), ("c",))
    assert (seen.critical_path, seen.critical_seconds) == (("b",), 300.0)
    assert seen.makespan == 450.0
    assert [(overlap.left, overlap.right) for overlap in seen.overlaps] == [("b", "c")]
    assert seen.overlaps_complete


def test_an_empty_plan_is_foreseen_too() -> None:
    seen = SEEN.plan(Plan("p", ()))
    assert (seen.order, seen.waves, seen.critical_path, seen.makespan) == ((), (), (), 0.0)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    specs = []
    for number in range(draw(st.integers(1, 10))):
        needs = [f"t{need}" for need in range(number) if draw(st.integers(0, 2)) == 0]
        claims = tuple(draw(st.lists(st.sampled_from(["db", "db/**", "lock"]), max_size=1)))
        role = draw(st.sampled_from(["backend", "docs"]))
        estimate = draw(st.sampled_from([1.0, 3.0, 10.0]))
        specs.append(task(f"t{number}", needs=" ".join(needs), exclusive=claims, role=role, estimate=estimate))
    windows = {"backend": draw(st.integers(1, 3)), "docs": draw(st.integers(1, 2))}
    return plan(*specs, windows=windows, limit=draw(st.integers(1, 4)), wall=1.0)


@given(plans())
def test_a_rehearsal_plays_every_task_once_within_windows_claims_and_needs(of: Plan) -> None:
    chosen = tuple(spec.role or RoleName("") for spec in of.tasks)
    seconds = [spec.estimate or 0.0 for spec in of.tasks]
    found = rehearse(of, chosen, start_order(of), seconds)
    turns = {turn.task: turn for turn in found.turns}
    specs = {spec.id: spec for spec in of.tasks}
    assert sorted(turns) == sorted(specs)
    assert found.makespan == max(turn.end for turn in found.turns)
    for name, turn in turns.items():
        assert all(turns[need].end <= turn.begin for need in specs[name].needs)
        at_once = [other for other in found.turns if other.begin <= turn.begin < other.end]
        assert len(at_once) <= of.limits.windows
        assert len({other.window for other in at_once}) == len(at_once)
        same = [other for other in at_once if specs[other.task].exclusive == specs[name].exclusive != ()]
        assert len(same) <= 1
    assert found.makespan >= Foresight().plan(of).critical_seconds


def test_a_rehearsal_uses_windows_as_a_run_does() -> None:
    of = plan("a", "b", task("c", needs="a"), windows=2)
    found = rehearse(of, (RoleName("backend"),) * 3, start_order(of), [5.0, 9.0, 1.0])
    assert found.turns == (
        Turn(TaskId("a"), "backend-1", 0.0, 5.0),
        Turn(TaskId("c"), "backend-1", 5.0, 6.0),
        Turn(TaskId("b"), "backend-2", 0.0, 9.0),
    )


def test_adopted_branches_cost_nothing_in_a_rehearsal() -> None:
    of = plan(task("a", adopt="x"), task("b", adopt="y", needs="a"), task("c", needs="b"))
    found = rehearse(of, (RoleName("backend"),) * 3, start_order(of), [0.0, 0.0, 7.0])
    assert (found.makespan, [turn.task for turn in found.turns]) == (7.0, ["c"])


def test_a_task_without_a_window_ends_a_rehearsal_without_a_turn() -> None:
    of = plan("a", task("b", role="nobody"))
    found = rehearse(of, (RoleName("backend"), RoleName("nobody")), start_order(of), [5.0, 5.0])
    assert [turn.task for turn in found.turns] == ["a"]


def test_what_remains_is_the_longest_chain_that_is_left() -> None:
    specs = [task("a", estimate=100.0), task("b", needs="a", estimate=50.0), task("c", estimate=20.0)]
    book = Playbook(plan(*specs)) << start("a") << start("c")
    assert SEEN.remaining(book.run, book.now) == 150.0
    book >> later(30)
    assert SEEN.remaining(book.run, book.now) == 120.0
    book >> later(500)
    assert SEEN.remaining(book.run, book.now) == 50.0
    book >> succeeded("a")
    assert SEEN.remaining(book.run, book.now) == 50.0
    book >> finished("c")
    assert SEEN.remaining(book.run, book.now) == 50.0


def test_what_remains_is_shared_out_over_the_windows() -> None:
    specs = [task(name, estimate=100.0) for name in "abcd"]
    assert SEEN.remaining(Playbook(plan(*specs, windows=2)).run, 1000.0) == 200.0
    assert SEEN.remaining(Playbook(plan(*specs, windows=4, limit=1)).run, 1000.0) == 400.0


def test_a_wait_before_the_next_try_counts() -> None:
    book = Playbook(plan(task("a", estimate=10.0), task("b", needs="a", estimate=1.0))) << start("a") >> failed("a")
    wait = book.run.tasks[TaskId("a")].not_before - book.now
    assert SEEN.remaining(book.run, book.now) == pytest.approx(wait + 11.0)


def test_what_can_not_land_any_more_does_not_count() -> None:
    specs = [task("a", estimate=5.0), task("b", needs="a", estimate=50.0), task("c", needs="b d"), task("d", adopt="x")]
    book = Playbook(plan(*specs, retries=0)) << start("a")
    assert SEEN.remaining(book.run, book.now) == 655.0
    book >> cancelled("a") << stop("a") >> failed("a", FailureKind.CANCELLED) >> adopted("d")
    assert SEEN.remaining(book.run, book.now) == 0.0


def test_a_reason_is_given_when_asked() -> None:
    book = Playbook(plan("a"))
    assert SEEN.reason(book.run, TaskId("a"), book.now) == why.Next()
