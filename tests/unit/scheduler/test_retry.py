"""When a failed task is tried again."""

import pytest

from scheduler.retry import RetryOptions, retry_at
from state import intents
from state.failure import Failure, FailureKind
from state.ids import TaskId
from tests.support.playbook import Playbook, adopted, cancelled, failed, later, plan, start, stop, succeeded, task, wish

COUNTED = [
    FailureKind.EXIT,
    FailureKind.VERIFY,
    FailureKind.GATE,
    FailureKind.STARTUP,
    FailureKind.IDLE,
    FailureKind.TIMEOUT,
    FailureKind.PROTOCOL,
    FailureKind.ENVIRONMENT,
    FailureKind.BUG,
]

USUAL = RetryOptions()


def live(name: str = "a", retries: int = 2) -> Playbook:
    return Playbook(plan(name, retries=retries)) << start(name)


def when(book: Playbook, kind: FailureKind, options: RetryOptions = USUAL, name: str = "a") -> float | None:
    """Seconds until the next try."""
    found = retry_at(book.run, book.run.tasks[TaskId(name)], Failure(kind, ""), book.now, options)
    return None if found is None else found - book.now


@pytest.mark.parametrize("kind", COUNTED)
def test_every_failure_that_counts_is_tried_again_after_a_while_and_at_last_no_more(kind: FailureKind) -> None:
    book, waits = live(retries=9), list[float]()
    while (wait := when(book, kind)) is not None:
        waits.append(wait)
        book >> failed("a", kind) >> later(300) << start("a")
    assert len(waits) == 9
    for wait, full in zip(waits, (5, 10, 20, 40, 80, 160, 300, 300, 300), strict=True):
        assert 0.8 * full <= wait <= full


def test_the_jitter_differs_from_task_to_task_and_from_try_to_try_but_never_by_chance() -> None:
    first, again, other = live("a"), live("a"), live("b")
    assert when(first, FailureKind.EXIT) == when(again, FailureKind.EXIT)
    assert when(first, FailureKind.EXIT) != when(other, FailureKind.EXIT, name="b")
    flat = RetryOptions(base=100.0, cap=100.0)
    before = when(first, FailureKind.EXIT, flat)
    first >> failed("a") >> later(300) << start("a")
    assert when(first, FailureKind.EXIT, flat) != before


def test_the_options_say_how_long() -> None:
    assert when(live(), FailureKind.EXIT, RetryOptions(base=0.01, jitter=0.0)) == pytest.approx(0.01)
    assert when(live(), FailureKind.EXIT, RetryOptions(base=9.0, cap=3.0, jitter=0.0)) == pytest.approx(3.0)


def test_thousands_of_failures_wait_no_longer_than_the_cap() -> None:
    book = live(retries=10_000)
    book.run.tasks[TaskId("a")].failures = 9_999
    assert when(book, FailureKind.EXIT, RetryOptions(jitter=0.0)) == 300.0


def test_a_task_says_itself_how_often() -> None:
    book = Playbook(plan(task("a", retries=0), retries=5)) << start("a")
    assert when(book, FailureKind.EXIT) is None


def test_work_lost_with_its_leader_is_done_again_at_once() -> None:
    assert when(live(retries=0), FailureKind.LOST) == 0.0


def test_a_person_who_wants_it_done_again_is_not_asked_how_often_it_failed() -> None:
    book = live(retries=0) >> succeeded("a")
    assert when(book, FailureKind.CONFLICT) == 0.0


def test_where_no_conflict_is_settled_one_counts_as_any_failure() -> None:
    book = live(retries=1) >> succeeded("a")
    book.run.ladder = False
    assert (when(book, FailureKind.CONFLICT) or 0.0) >= 4.0


def test_what_was_cancelled_or_given_up_is_not_tried_again() -> None:
    book = live() >> cancelled("a") << stop("a")
    assert when(book, FailureKind.CANCELLED) is None
    assert when(book, FailureKind.EXIT) is None
    assert when(live() >> wish(intents.CancelRun()) << stop("a"), FailureKind.LOST) is None
    assert when(live() >> succeeded("a"), FailureKind.CANCELLED) is None


def test_an_attempt_that_was_stopped_with_the_whole_run_is_taken_up_again() -> None:
    assert when(live(retries=0), FailureKind.CANCELLED) == 0.0


def test_what_has_used_up_its_budget_is_not_tried_again() -> None:
    assert when(live(), FailureKind.BUDGET) is None


@pytest.mark.parametrize("kind", [FailureKind.GATE, FailureKind.CONFLICT, FailureKind.LOST])
def test_an_adopted_branch_is_not_tried_again_by_itself(kind: FailureKind) -> None:
    book = Playbook(plan(task("a", adopt="feature/a"))) >> adopted("a")
    assert when(book, kind) is None
