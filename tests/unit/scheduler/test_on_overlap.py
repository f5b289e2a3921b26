"""What a plan says about tasks that would change the same: they wait, give way, or start in their turn."""

from dataclasses import replace

from scheduler.decide import decide_starts
from scheduler.held import reason_for
from state import reasons as why
from state.ids import AttemptId, TaskId
from state.plan import OnOverlap
from tests.support.playbook import Playbook, landed, plan, succeeded, task


def shop(policy: OnOverlap, windows: int = 2) -> Playbook:
    one, two = task("one", touches=("shop/**",)), task("two", touches=("shop/cart.py",))
    return Playbook(replace(plan(one, two, task("apart", touches=("web/**",)), windows=windows), overlaps=policy))


def started(book: Playbook) -> list[str]:
    return [str(start.task.id) for start in decide_starts(book.run, book.now)]


def test_who_goes_in_turn_starts_beside_whom_it_meets() -> None:
    assert started(shop(OnOverlap.GO)) == ["one", "two"]


def test_who_gives_way_starts_after_those_that_meet_nobody() -> None:
    assert started(shop(OnOverlap.REORDER)) == ["one", "apart"]
    assert started(shop(OnOverlap.REORDER, windows=3)) == ["one", "apart", "two"]


def test_who_is_held_waits_until_the_other_has_landed() -> None:
    book = shop(OnOverlap.HOLD, windows=3).settle()
    assert [one.task for one in book.run.live.values()] == ["one", "apart"]
    assert reason_for(book.run, TaskId("two"), book.now) == why.ClaimHeld("shop/cart.py", "one")
    book >> succeeded("one", "shop/cart.py")
    assert started(book) == []
    book >> landed("one")
    assert started(book) == ["two"]


def test_who_is_held_is_held_by_what_the_other_has_really_touched_too() -> None:
    free, two = task("free"), task("two", touches=("shop/cart.py",))
    book = Playbook(replace(plan(free, two, windows=2, limit=1), overlaps=OnOverlap.HOLD)).settle()
    book.run.plan = replace(book.run.plan, limits=replace(book.run.plan.limits, windows=2))
    assert started(book) == ["two"]
    book.run.live[AttemptId("free.1")].touched = ("shop/cart.py",)
    assert started(book) == []


def test_a_pool_that_is_all_held_does_not_hold_another_pool() -> None:
    tasks = (task("one", touches=("a",)), task("two", touches=("a",)), task("page", role="web", touches=("b",)))
    book = Playbook(replace(plan(*tasks, windows={"backend": 2, "web": 1}), overlaps=OnOverlap.HOLD))
    assert sorted(started(book)) == ["one", "page"]
