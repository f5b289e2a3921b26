"""Every body of every port, each behind one function: a further body is one more entry in a table here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from state.buses.file import FileBus
from state.buses.local import LocalBus
from state.buses.redis import RedisBus
from state.ids import RunId
from state.leases.memory import MemoryLease
from state.leases.redis import RedisLease
from state.leases.sqlite import SqliteLease
from state.ports import Bus, Clock, EventStore, Held, Inbox, Lease, TranscriptStore
from state.stores.memory import MemoryStore
from state.stores.redis import RedisStore
from state.stores.redis_embedded import EmbeddedRedis
from state.stores.redis_link import RedisLink
from state.stores.sqlite import SqliteStore


class Store(EventStore, TranscriptStore, Inbox, Protocol):
    """All that is kept, behind one door."""


@dataclass
class HandClock:
    """Stands still until a test moves it."""

    time: float = 1_000.0

    def now(self) -> float:
        return self.time


@dataclass(frozen=True)
class Body:
    """Two doors to the same state; where there is one only (memory), both are it."""

    store: Store
    lease: Lease
    other_store: Store
    other_lease: Lease

    async def lead(self, run: str, holder: str = "here") -> Held:
        """Create the run and take its lease."""
        await self.store.create(RunId(run), "a plan", "a repository", 1.0)
        held = await self.lease.take(f"run:{run}", holder, ttl=60.0)
        assert held is not None
        return held


Opening = Callable[[Path, Clock], AbstractAsyncContextManager[Body]]


@asynccontextmanager
async def memory(_folder: Path, clock: Clock) -> AsyncIterator[Body]:
    lease = MemoryLease(clock)
    store = MemoryStore(lease.newest)
    yield Body(store, lease, store, lease)


@asynccontextmanager
async def sqlite(folder: Path, clock: Clock) -> AsyncIterator[Body]:
    store, other = (SqliteStore.open(str(folder / "ledger.sqlite")) for _ in range(2))
    yield Body(store, SqliteLease(store.file, clock), other, SqliteLease(other.file, clock))
    store.close()
    other.close()


@contextmanager
def server(folder: Path) -> Iterator[EmbeddedRedis]:
    """A real server with its files in the folder."""
    used = asyncio.run(EmbeddedRedis.open(str(folder)))
    yield used
    used.close()


@asynccontextmanager
async def links(folder: Path, count: int) -> AsyncIterator[list[RedisLink]]:
    """Connections to the server of the folder, with nothing in it."""
    async with AsyncExitStack() as stack:
        used = await EmbeddedRedis.open(str(folder))
        stack.callback(used.close)
        opened = []
        for _ in range(count):
            opened.append(await RedisLink.open(used.url, name=used.name, revive=used.start))
            stack.push_async_callback(opened[-1].close)
        await opened[0].client.flushall()
        yield opened


@asynccontextmanager
async def redis(folder: Path, clock: Clock) -> AsyncIterator[Body]:
    async with links(folder, 2) as (one, other):
        yield Body(RedisStore(one), RedisLease(one, clock), RedisStore(other), RedisLease(other, clock))


@asynccontextmanager
async def local_bus(_folder: Path) -> AsyncIterator[Bus]:
    yield LocalBus()


@asynccontextmanager
async def file_bus(folder: Path) -> AsyncIterator[Bus]:
    yield FileBus(str(folder / "ledger.sqlite"))


@asynccontextmanager
async def redis_bus(folder: Path) -> AsyncIterator[Bus]:
    async with links(folder, 1) as (link,):
        bus = RedisBus(link)
        async with bus.at_work():
            yield bus


BODIES: dict[str, Opening] = {"memory": memory, "sqlite": sqlite, "redis": redis}

BUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[Bus]]] = {
    "local": local_bus,
    "file": file_bus,
    "redis": redis_bus,
}

OF_A_SERVER = {"redis"}
"""Bodies whose folder is the one of the session's server."""
