"""The clocks are real, so the times in here are tiny or endless; nothing is measured."""

import asyncio
from collections.abc import Callable

import pytest

from agents.clocks import Clocks
from state.failure import FailureKind

NEVER = 3600.0


async def for_ever() -> None:
    await asyncio.Event().wait()


async def play(clocks: Clocks, *happenings: Callable[[], None]) -> None:
    async with clocks.wall(), clocks.listening():
        for happening in happenings:
            happening()
        await for_ever()


async def rings(clocks: Clocks, *happenings: Callable[[], None]) -> FailureKind:
    """The verdict on an attempt in which these things happen, and then nothing more."""
    with pytest.raises(TimeoutError):
        await play(clocks, *happenings)
    return clocks.verdict().kind


async def test_a_program_that_says_nothing_at_its_start_fails_by_the_startup_clock() -> None:
    assert await rings(Clocks(0.01, NEVER, NEVER)) is FailureKind.STARTUP


async def test_a_program_that_falls_silent_fails_by_the_idle_clock() -> None:
    clocks = Clocks(NEVER, 0.01, NEVER)
    assert await rings(clocks, clocks.hear) is FailureKind.IDLE


async def test_a_program_that_never_ends_fails_by_the_wall_clock() -> None:
    assert await rings(Clocks(NEVER, NEVER, 0.01)) is FailureKind.TIMEOUT


async def test_when_all_clocks_ring_at_once_one_of_them_is_the_verdict() -> None:
    assert await rings(Clocks(0.0, 0.0, 0.0)) in (FailureKind.TIMEOUT, FailureKind.STARTUP)


async def test_a_later_block_has_what_is_left_of_the_wall_clock() -> None:
    clocks = Clocks(NEVER, NEVER, 0.01)
    await rings(clocks)
    with pytest.raises(TimeoutError):
        async with clocks.wall():
            await for_ever()
    assert clocks.verdict().kind is FailureKind.TIMEOUT


async def test_who_is_stopped_was_cancelled_and_hears_why() -> None:
    clocks = Clocks(NEVER, NEVER, NEVER)
    asyncio.get_running_loop().call_soon(clocks.stop, "the task was cancelled")
    assert await rings(clocks) is FailureKind.CANCELLED
    assert clocks.verdict().detail == "the task was cancelled"
    assert clocks.cancelled() == clocks.verdict()


async def test_a_stop_before_the_block_ends_the_block_at_once() -> None:
    clocks = Clocks(NEVER, NEVER, NEVER)
    clocks.stop("too late")
    assert await rings(clocks) is FailureKind.CANCELLED
    with pytest.raises(TimeoutError):
        async with clocks.limited(NEVER):
            await for_ever()


async def test_the_first_reason_to_stop_is_the_one_that_counts() -> None:
    clocks = Clocks(NEVER, NEVER, NEVER)
    clocks.stop("first")
    clocks.stop("second")
    assert clocks.stopped == "first"


async def test_while_a_person_is_asked_idle_and_wall_stand_still() -> None:
    clocks = Clocks(NEVER, 0.02, 0.05)
    async with clocks.wall(), clocks.listening():
        clocks.hear()
        clocks.hold()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await for_ever()
    clocks.go_on()
    assert await rings(clocks) in (FailureKind.TIMEOUT, FailureKind.IDLE)


async def test_after_the_answer_the_idle_clock_runs_again() -> None:
    clocks = Clocks(NEVER, 0.02, NEVER)
    assert await rings(clocks, clocks.hear, clocks.hold, clocks.go_on) is FailureKind.IDLE


async def test_an_attempt_that_waits_for_a_person_can_be_stopped() -> None:
    clocks = Clocks(NEVER, NEVER, NEVER)
    assert await rings(clocks, clocks.hold, lambda: clocks.stop("cancelled while waiting")) is FailureKind.CANCELLED


async def test_a_cancelled_block_is_cancelled_not_timed_out() -> None:
    clocks = Clocks(NEVER, NEVER, NEVER)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(play(clocks))
        asyncio.get_running_loop().call_later(0.01, task.cancel)
    assert task.cancelled()
