"""Tokens, links and sessions: what is right comes in, what is wrong is slowed down, and nothing is kept in clear."""

import asyncio

from dashboard.auth import Access, Verdict
from tests.support.story import HandClock

ADDRESS = "127.0.0.1"


def access(clock: HandClock, *tokens: str) -> Access:
    return Access(tokens, clock, login_seconds=600, session_seconds=3600)


def test_the_right_token_comes_in_and_no_other() -> None:
    door = access(HandClock(), "right")
    assert door.check_token(ADDRESS, "right") is Verdict.RIGHT
    assert door.check_token(ADDRESS, "righ") is Verdict.WRONG
    assert door.check_token(ADDRESS, "") is Verdict.WRONG


def test_an_empty_token_in_the_settings_is_no_token() -> None:
    door = access(HandClock(), "", "  ")
    assert door.check_token(ADDRESS, "") is Verdict.WRONG
    assert door.check_token(ADDRESS, "  ") is Verdict.WRONG


def test_different_wrong_tokens_are_slowed_down_and_the_minute_ends() -> None:
    clock = HandClock()
    door = access(clock, "right")
    for number in range(10):
        assert door.check_token(ADDRESS, f"guess {number}") is Verdict.WRONG
    assert door.check_token(ADDRESS, "right") is Verdict.SLOW_DOWN
    assert door.check_token("10.0.0.9", "right") is Verdict.RIGHT
    clock.at += 61
    assert door.check_token(ADDRESS, "right") is Verdict.RIGHT


def test_a_program_with_an_old_token_does_not_lock_its_machine_out() -> None:
    door = access(HandClock(), "right")
    for _ in range(1000):
        assert door.check_token(ADDRESS, "old") is Verdict.WRONG
    assert door.check_token(ADDRESS, "right") is Verdict.RIGHT


def test_addresses_are_remembered_in_bounded_number() -> None:
    door = access(HandClock(), "right")
    for number in range(5000):
        door.check_token(f"10.0.{number // 256}.{number % 256}", "wrong")
    assert len(door._guesses._wrong) <= 1024


def test_a_link_works_once() -> None:
    door = access(HandClock())
    once = door.new_login()
    assert door.redeem(ADDRESS, once) is Verdict.RIGHT
    assert door.redeem(ADDRESS, once) is Verdict.WRONG


def test_a_link_ends_by_time() -> None:
    clock = HandClock()
    door = access(clock)
    once = door.new_login()
    clock.at += 601
    assert door.redeem(ADDRESS, once) is Verdict.WRONG


def test_a_session_ends_by_time_and_by_logging_out() -> None:
    clock = HandClock()
    door = access(clock)
    first, second = door.open_session(), door.open_session()
    assert door.is_session(first)
    door.close_session(first)
    assert not door.is_session(first)
    clock.at += 3601
    assert not door.is_session(second)


async def test_who_follows_by_a_session_hears_of_its_end() -> None:
    clock = HandClock()
    door = access(clock)
    left, late, old = door.open_session(), door.open_session(), door.open_session()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = {name: group.create_task(door.ended(name)) for name in (left, old, "never opened")}
        await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED)
        assert [name for name, task in waiting.items() if task.done()] == ["never opened"]
        door.close_session(left)
        await waiting[left]
        assert not waiting[old].done()
        for _ in range(1024):
            door.open_session()  # the oldest give way
        await waiting[old]
        clock.at += 3601
        await door.ended(late)


def test_stale_sessions_are_no_guesses() -> None:
    door = access(HandClock(), "right")
    assert not any(door.is_session(f"stale {number}") for number in range(100))
    assert door.check_token(ADDRESS, "right") is Verdict.RIGHT


def test_no_secret_is_kept_in_clear() -> None:
    door = access(HandClock(), "right")
    once, session = door.new_login(), door.open_session()
    kept = repr([getattr(door, name) for name in vars(door)])
    assert all(secret not in kept for secret in ("right", once, session))
