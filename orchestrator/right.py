"""The right to lead one run: its lease, renewed and given back, and what the leader knows of it itself.

Whoever was paused wakes up in the middle of a step. The log and the trunk refuse a stale holder by its token; before
all other steps (a worktree, a branch, a process) it asks here. Never: a step taken on a lease that may have ended
meanwhile.
"""

import asyncio
import threading
import time
from collections.abc import Callable

from state.ports import Held, Lease, StaleLease, StoreAway, StoreError

Tick = Callable[[], float]

_LOOK = 0.2
"""Seconds between two looks of a thread that waits for the loop to hear of the lease."""


def since_boot() -> float:
    """Seconds that go on while this process is stopped, and while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LeaseRight:
    """`since`: when, by `tick`, the lease was asked for. It can not end before `ttl` seconds after that."""

    def __init__(self, lease: Lease, held: Held, ttl: float, since: float, tick: Tick = since_boot) -> None:
        self._lease, self._ttl, self._tick = lease, ttl, tick
        self._until = since + ttl
        self._keeping = False
        self._changed = threading.Event()
        self.held, self.lost = held, False

    async def sure(self) -> None:
        if self._may_be_lost():
            await self._renew()

    async def holds(self) -> bool:
        """Whether this process still leads; False also where that can not be known."""
        try:
            await self.sure()
        except StoreError:
            return False
        return True

    def doubt(self) -> None:
        """Somebody was refused: the next who asks is told what the store says."""
        self._until = self._tick()

    def guard(self) -> None:
        """The same for a thread, which waits for what `keep` hears; `StoreAway` when nothing is to be heard."""
        while self._may_be_lost():
            if self.lost:
                raise self._stale()
            if not self._keeping:
                raise StoreAway(f"nobody knows who leads {self._name}; resume it when the store is back")
            self._changed.wait(_LOOK)
            self._changed.clear()

    async def keep(self) -> None:
        """Renew until cancelled; `StaleLease` when it was lost."""
        self._keeping = True
        try:
            while True:
                await asyncio.sleep(self._ttl / 3)
                await self._renew()
        finally:
            self._keeping = False
            self._changed.set()

    def _may_be_lost(self) -> bool:
        return self.lost or self._tick() >= self._until

    async def _renew(self) -> None:
        asked = self._tick()
        kept = None if self.lost else await self._lease.renew(self.held, self._ttl)
        if kept is None:
            self.lost = True
            self._changed.set()
            raise self._stale()
        self.held, self._until = kept, asked + self._ttl
        self._changed.set()

    def _stale(self) -> StaleLease:
        return StaleLease(f"another process leads {self._name} now; this one stops")

    @property
    def _name(self) -> str:
        return self.held.name.replace(":", " ", 1)

    async def release(self) -> None:
        if not self.lost:
            await self._lease.release(self.held)
