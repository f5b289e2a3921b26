"""The right to lead: asked of the store as soon as the lease may have ended, and never again once it is lost."""

import asyncio
import threading

import pytest

from orchestrator.right import LeaseRight
from state.leases.memory import MemoryLease
from state.ports import StaleLease, StoreAway


class HandClock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time


async def leading(clock: HandClock) -> tuple[MemoryLease, LeaseRight]:
    lease = MemoryLease(clock)
    held = await lease.take("run:r", "me", 10.0)
    assert held is not None
    return lease, LeaseRight(lease, held, 10.0, clock.now(), clock.now)


async def test_within_its_lease_a_leader_is_sure_without_asking() -> None:
    clock = HandClock()
    lease, right = await leading(clock)
    await lease.release(right.held)  # the store would say no
    clock.time += 9.9
    await right.sure()
    right.guard()
    assert not right.lost


async def test_a_lease_that_ended_and_nobody_took_is_renewed_by_asking() -> None:
    clock = HandClock()
    lease, right = await leading(clock)
    clock.time += 100.0
    await right.sure()
    held = await lease.holder("run:r")
    assert held is not None
    assert (held.token, held.expires) == (right.held.token, clock.time + 10.0)


async def test_who_was_overtaken_is_told_so_and_gives_nothing_back_that_is_not_his() -> None:
    clock = HandClock()
    lease, right = await leading(clock)
    clock.time += 100.0
    other = await lease.take("run:r", "you", 10.0)
    with pytest.raises(StaleLease, match="another process leads run r"):
        await right.sure()
    assert right.lost
    assert not await right.holds()
    with pytest.raises(StaleLease):
        right.guard()
    await right.release()
    assert await lease.holder("run:r") == other


async def test_a_thread_waits_until_it_is_known_who_leads() -> None:
    clock = HandClock()
    _, right = await leading(clock)
    keeping = asyncio.get_running_loop().create_task(right.keep())
    await asyncio.sleep(0)
    clock.time += 100.0
    asked = threading.Event()

    def step() -> str:
        asked.set()
        right.guard()
        return "done"

    waiting = asyncio.get_running_loop().run_in_executor(None, step)
    await asyncio.to_thread(asked.wait, 10.0)
    await right.sure()
    assert await waiting == "done"
    keeping.cancel()


async def test_a_thread_that_nobody_will_tell_is_not_kept_waiting() -> None:
    clock = HandClock()
    _, right = await leading(clock)
    clock.time += 100.0
    with pytest.raises(StoreAway, match="nobody knows who leads run r"):
        await asyncio.to_thread(right.guard)


async def test_a_doubt_is_settled_by_asking() -> None:
    clock = HandClock()
    lease, right = await leading(clock)
    await lease.release(right.held)
    right.doubt()
    assert not await right.holds()
