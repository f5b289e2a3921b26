"""Every body of every port, each behind one function: a further body is one more entry in a table here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from state.buses.file import FileBus
from state.buses.local import LocalBus
from state.buses.mqtt import MqttBus
from state.buses.mqtt_line import MqttBroker
from state.buses.redis import RedisBus
from state.ids import RunId
from state.kept import Cache, Checkpoints
from state.leases.memory import MemoryLease
from state.leases.redis import RedisLease
from state.leases.sqlite import SqliteLease
from state.memory import Memory
from state.ports import Bus, Clock, EventStore, Held, Inbox, Lease, TranscriptStore
from state.stores.memory import MemoryStore
from state.stores.memory_cache import MemoryCache
from state.stores.redis import Arg, RedisStore, Reply
from state.stores.redis_cache import RedisCache
from state.stores.redis_embedded import EmbeddedRedis
from state.stores.redis_link import RedisLink
from state.stores.sqlite import SqliteStore


class Store(EventStore, Checkpoints, TranscriptStore, Inbox, Memory, Protocol):
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


@dataclass
class Doubling:
    """A way on which every call arrives twice: at once, as when a reply was lost (`late` False), or a second time after
    the next one, as when a request was held up on its way."""

    link: RedisLink
    late: bool
    _before: tuple[str, Sequence[str], Sequence[Arg]] | None = None

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        answer = await self.link.call(script, keys, args)
        if not self.late:
            return await self.link.call(script, keys, args)
        if self._before is not None:
            await self.link.call(*self._before)
        self._before = script, keys, args
        return answer


def doubling(late: bool) -> Opening:
    @asynccontextmanager
    async def opened(folder: Path, clock: Clock) -> AsyncIterator[Body]:
        async with links(folder, 2) as pair:
            one, other = (Doubling(link, late) for link in pair)
            yield Body(RedisStore(one), RedisLease(one, clock), RedisStore(other), RedisLease(other, clock))

    return opened


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


@asynccontextmanager
async def mqtt_bus(folder: Path) -> AsyncIterator[Bus]:
    bus = MqttBus(MqttBroker("127.0.0.1", int((folder / "port").read_text(encoding="utf-8"))))
    async with bus.at_work():
        async with bus.subscribe(RunId("before")) as connected:  # everybody is woken once when the broker answers
            await connected.wait(30.0)
        yield bus


@asynccontextmanager
async def memory_cache(_folder: Path) -> AsyncIterator[tuple[Cache, Cache]]:
    cache = MemoryCache()
    yield cache, cache


@asynccontextmanager
async def redis_cache(folder: Path) -> AsyncIterator[tuple[Cache, Cache]]:
    async with links(folder, 2) as (one, other):
        here, there = RedisCache(one), RedisCache(other)
        async with here.at_work(), there.at_work():
            yield here, there


CACHES: dict[str, Callable[[Path], AbstractAsyncContextManager[tuple[Cache, Cache]]]] = {
    "memory": memory_cache,
    "redis": redis_cache,
}
"""Two doors to one cache."""

BODIES: dict[str, Opening] = {
    "memory": memory,
    "sqlite": sqlite,
    "redis": redis,
    "redis twice": doubling(False),
    "redis late": doubling(True),
}

BUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[Bus]]] = {
    "local": local_bus,
    "file": file_bus,
    "redis": redis_bus,
    "mqtt": mqtt_bus,
}

OF_A_SERVER = {
    "redis": "redis_folder",
    "redis twice": "redis_folder",
    "redis late": "redis_folder",
    "mqtt": "mqtt_folder",
}
"""Bodies whose folder is the one of the session's server, and the fixture that has it."""
