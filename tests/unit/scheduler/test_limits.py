"""Pools, claims, and the window that takes a task."""

from scheduler.balance import free_windows
from scheduler.limits import held_by, may_start, past_wall, room, windows_of
from state import events as ev
from state import intents
from state.ids import AttemptId, RoleName, WindowId
from state.standing import WindowState
from state.transcript import Usage
from tests.support.playbook import TRUNK, Playbook, finished, later, plan, start, stop, succeeded, task, wish


def test_a_pool_is_a_roles_windows_or_one_window() -> None:
    run = Playbook(plan("a", windows={"backend": 2, "docs": 1})).run
    assert [window.id for window in windows_of(run, "backend")] == ["backend-1", "backend-2"]
    assert [window.id for window in windows_of(run, "backend-2")] == ["backend-2"]
    assert windows_of(run, "nobody") == ()


def test_a_role_comes_before_a_window_of_the_same_name() -> None:
    run = Playbook(plan("a", windows={"backend": 1, "backend-1": 1})).run
    assert [window.id for window in windows_of(run, "backend-1")] == ["backend-1-1"]


def test_the_glob_that_is_not_free_is_named_with_its_holder_until_the_work_has_landed() -> None:
    book = Playbook(plan(task("a", exclusive=("db/**",)), "b")) << start("a") << start("b")
    assert held_by(book.run, ("free", "db/1.sql")) == ("db/1.sql", "a")
    assert held_by(book.run, ("free",)) is None
    assert held_by(book.run, ()) is None
    book >> succeeded("a")
    assert held_by(book.run, ("db/1.sql",)) == ("db/1.sql", "a")


def test_room_is_what_the_limit_leaves() -> None:
    book = Playbook(plan("a", "b", "c", windows=3, limit=2))
    assert room(book.run) == 2
    book << start("a") << start("b")
    assert room(book.run) == 0
    book >> finished("a") << start("c")


def test_the_wall_counts_from_the_launch() -> None:
    book = Playbook(plan("a", wall=60)) << start("a") >> later(59)
    assert may_start(book.run, book.now)
    assert past_wall(book.run, book.now + 1)
    assert not may_start(book.run, book.now + 1)


def test_nothing_may_start_in_a_run_that_is_paused_cancelled_or_finished() -> None:
    book = Playbook(plan("a")) << start("a")
    assert may_start(book.run, book.now)
    assert not may_start((book >> ev.RunPaused("ann")).run, book.now)
    assert may_start((book >> ev.RunResumed("ann")).run, book.now)
    assert not may_start((book >> ev.RunFinished(TRUNK, TRUNK, (), (), Usage())).run, book.now)
    assert may_start((book >> ev.LeaseTaken("next", 2)).run, book.now)
    assert not may_start((book >> wish(intents.CancelRun()) << stop("a")).run, book.now)


def window(name: str, busy: float = 0.0, attempts: int = 0, at_work: bool = False) -> WindowState:
    attempt = AttemptId("t.1") if at_work else None
    return WindowState(WindowId(name), RoleName("w"), attempt, attempts, busy)


def chosen(*windows: WindowState, wanted: str = "") -> str | None:
    found = free_windows(windows, {wanted})
    return found[0].id if found else None


def test_the_least_burdened_window_is_chosen_by_seconds_then_attempts_then_name() -> None:
    assert chosen(window("w-1", 9.0, 1), window("w-2", 8.0, 7)) == "w-2"
    assert chosen(window("w-1", 8.0, 2), window("w-2", 8.0, 1)) == "w-2"
    assert chosen(window("w-10"), window("w-2")) == "w-2"


def test_a_window_at_work_is_never_chosen() -> None:
    assert chosen(window("w-1", at_work=True), window("w-2")) == "w-2"
    assert chosen(window("w-1", at_work=True)) is None
    assert chosen() is None


def test_a_window_that_another_task_waits_for_is_taken_last() -> None:
    assert chosen(window("w-1"), window("w-2", 99.0, 9), wanted="w-1") == "w-2"
    assert chosen(window("w-1"), wanted="w-1") == "w-1"
