"""Wake-ups for what this process publishes, and for what other processes write into the same SQLite ledger.

SQLite tells nobody that a file has grown, and inotify does not see writes through every file system (nor is
it in the standard library), so while somebody waits, the ledger and its -wal file are looked at every 50 ms:
two `stat` calls, whatever the number of waiters, and none when nobody waits. Never: opening the ledger;
closing any descriptor of it would drop the locks that SQLite holds for this process.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from state.buses.local import LocalBus
from state.ids import RunId
from state.ports import Wakeups

POLL_SECONDS = 0.05

# File times move in ticks of the kernel's clock (at most 10 ms). A write within the tick of the last look
# leaves no trace, so a file that was fresh when looked at counts as changed once more.
_TICK_NS = 20_000_000

_Trace = tuple[tuple[int, int, int], ...]


@dataclass(slots=True, eq=False)
class FileBus:
    """`path` is the ledger's file."""

    path: str
    _local: LocalBus = field(default_factory=LocalBus)
    _waiting: int = 0
    _timer: asyncio.TimerHandle | None = None
    _seen: _Trace = ()
    _fresh: bool = False

    def publish(self, run: RunId, but: Wakeups | None = None) -> None:
        self._local.publish(run, but.bell if isinstance(but, _Watched) else None)

    def subscribe(self, run: RunId | None) -> AbstractAsyncContextManager[Wakeups]:
        return self._subscribed(run)

    @asynccontextmanager
    async def _subscribed(self, run: RunId | None) -> AsyncIterator[Wakeups]:
        self._look()
        async with self._local.subscribe(run) as bell:
            yield _Watched(self, bell)

    @property
    def looking(self) -> bool:
        """Whether the files are looked at now: somebody waits."""
        return self._timer is not None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at the files until the block ends; several blocks share one look."""
        self._waiting += 1
        try:
            if self._timer is None:
                self._tick()
            yield
        finally:
            self._waiting -= 1
            if not self._waiting and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(POLL_SECONDS, self._tick)
        self._look()

    def _look(self) -> None:
        trace = tuple([_trace(f"{self.path}{suffix}") for suffix in ("", "-wal")])
        changed = trace != self._seen
        if changed or self._fresh:
            self._local.publish_all()
        self._seen = trace
        self._fresh = changed and time.time_ns() - max(written for _, _, written in trace) < _TICK_NS


def _trace(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(slots=True, eq=False)
class _Watched:
    bus: FileBus
    bell: Wakeups

    async def wait(self, timeout: float) -> bool:
        with self.bus.watched():
            return await self.bell.wait(timeout)
