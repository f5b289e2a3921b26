"""Which tasks are foreseen to meet."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scheduler.graph import waves
from scheduler.overlaps import Foreseen, OverlapOptions, foresee_overlaps
from state.footprint import first_meeting
from state.forecast import ForeseenOverlap
from state.ids import TaskId
from state.plan import Plan
from tests.support.playbook import plan, task

USUAL = OverlapOptions()


def foreseen(of: Plan, options: OverlapOptions = USUAL) -> Foreseen:
    return foresee_overlaps(of, waves(of), options)


def pairs(found: Foreseen) -> list[tuple[str, str]]:
    return [(overlap.left, overlap.right) for overlap in found.overlaps]


def test_tasks_that_touch_the_same_paths_are_named_with_the_globs_that_meet() -> None:
    of = plan(
        task("a", touches=("shop/**",)), task("b", touches=("docs/x", "shop/cart.py")), task("c", touches=("web",))
    )
    found = foreseen(of)
    assert found.overlaps == (ForeseenOverlap(TaskId("a"), TaskId("b"), "shop/**", "shop/cart.py", False),)
    assert found.complete


def test_tasks_that_a_chain_of_needs_keeps_apart_are_not_named() -> None:
    x = ("x",)
    of = plan(task("a", touches=x), task("b", needs="a"), task("c", needs="b", touches=x), task("d", touches=x))
    assert pairs(foreseen(of)) == [("a", "d"), ("c", "d")]


def test_two_claims_say_that_the_tasks_will_be_kept_apart() -> None:
    one, other = task("a", exclusive=("db/**",), touches=("x",)), task("b", exclusive=("db/1",), touches=("x",))
    (found,) = foreseen(plan(one, other)).overlaps
    assert (found.glob, found.other, found.exclusive) == ("db/**", "db/1", True)
    (found,) = foreseen(plan(one, replace(other, exclusive=(), touches=("db/1",)))).overlaps
    assert not found.exclusive


GLOBS = st.lists(st.sampled_from(["a/1", "a/2", "a/*", "b/**", "**/1", "*/2", "c", "[ab]/1"]), max_size=2, unique=True)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    specs = []
    for number in range(draw(st.integers(0, 7))):
        needs = [f"t{need}" for need in range(number) if draw(st.integers(0, 3)) == 0]
        claims = tuple(draw(GLOBS)) if draw(st.booleans()) else ()
        specs.append(task(f"t{number}", needs=" ".join(needs), touches=tuple(draw(GLOBS)), exclusive=claims))
    return plan(*draw(st.permutations(specs)))


@given(plans())
def test_all_pairs_are_found_and_no_others(of: Plan) -> None:
    specs = {spec.id: spec for spec in of.tasks}

    def behind(name: TaskId) -> set[TaskId]:
        needs = specs[name].needs
        return set(needs).union(*(behind(need) for need in needs))

    expected = []
    for at, one in enumerate(of.tasks):
        for other in of.tasks[at + 1 :]:
            claimed = first_meeting(one.exclusive, other.exclusive) is not None
            met = first_meeting(one.exclusive + one.touches, other.exclusive + other.touches) is not None
            if met and one.id not in behind(other.id) and other.id not in behind(one.id):
                expected.append((one.id, other.id, claimed))
    found = foreseen(of)
    assert [(overlap.left, overlap.right, overlap.exclusive) for overlap in found.overlaps] == expected
    assert found.complete


def crowd(tasks: int) -> Plan:
    return plan(*(task(f"t{number:03}", touches=("shop/**", f"own/{number}", "own/*")) for number in range(tasks)))


def test_every_bound_is_kept_and_said() -> None:
    of = crowd(30)
    assert len(foreseen(of).overlaps) == 30 * 29 // 2
    assert foreseen(of).complete
    for bound in (
        OverlapOptions(given=10),
        OverlapOptions(pairs_a_glob=10),
        OverlapOptions(task_pairs=10),
        OverlapOptions(glob_pairs=5),
    ):
        found = foreseen(of, bound)
        assert not found.complete
        assert found.overlaps
    assert len(foreseen(of, OverlapOptions(given=10)).overlaps) == 10


def test_following_needs_is_bounded_too() -> None:
    of = plan(task("a", touches=("x",)), task("b", needs="a"), task("c", needs="b", touches=("x",)))
    assert foreseen(of, OverlapOptions(steps=1)) == Foreseen((), complete=False)
    assert foreseen(of) == Foreseen((), complete=True)


def test_neighbours_in_the_plan_are_looked_at_first() -> None:
    found = foreseen(crowd(30), OverlapOptions(pairs_a_glob=29, task_pairs=29))
    assert pairs(found) == [(f"t{number:03}", f"t{number + 1:03}") for number in range(29)]
