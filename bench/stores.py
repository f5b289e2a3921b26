"""What sharing a run costs: appends, reads, wake-ups and locks on SQLite and Redis, beside the bare thing of each.

One append per commit, both sides durable (`synchronous=FULL`, `appendfsync always`), in rounds that take turns, so that
what slows the machine slows both. Never: a body that the product does not use.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bench.report import Json, Options, Report, Table, Target, paired, spread
from bench.repositories import fresh
from state import codec
from state.buses.file import FileBus
from state.buses.local import LocalBus
from state.buses.redis import RedisBus
from state.events import AttemptProgressed
from state.ids import AttemptId, RunId, Seq, TaskId, WindowId
from state.leases.redis import RedisLease
from state.leases.sqlite import SqliteLease
from state.ports import Bus, EventStore, Held, Lease
from state.stores.redis import RedisStore
from state.stores.redis_embedded import EmbeddedRedis
from state.stores.redis_link import RedisLink
from state.stores.sqlite import SqliteStore

RUN = RunId("bench")
EVENT = AttemptProgressed(
    TaskId("task"), AttemptId("task.1"), WindowId("backend-1"), "a note of what is being done " * 3
)
ROUNDS, QUICK_ROUNDS = 9, 2
EVENTS, QUICK_EVENTS = 300, 50
BATCH, BATCHES = 100, 20
READERS = (1, 10, 100)
WAKES, QUICK_WAKES = 100, 10
GOAL = 2.0

Work = Callable[[int], Awaitable[None]]
"""Does a thing so many times."""


@dataclass(frozen=True, slots=True)
class Side:
    """One store with its leases, and the same by hand."""

    name: str
    store: EventStore
    lease: Lease
    held: Held
    bare_append: Work
    bare_lock: Work


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Side]:
    store = SqliteStore.open(str(folder / "ledger.sqlite"))
    lease = SqliteLease(store.file, _Clock())
    with closing(store), closing(sqlite3.connect(folder / "bare.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, ts REAL, name TEXT, version INTEGER, data TEXT)")

        async def insert(count: int) -> None:
            for _ in range(count):
                db.execute("BEGIN IMMEDIATE")
                row = (time.time(), "AttemptProgressed", 1, codec.encode(EVENT))
                db.execute("INSERT INTO t (ts, name, version, data) VALUES (?, ?, ?, ?)", row)
                db.execute("COMMIT")

        yield Side("SQLite", store, lease, await _begun(store, lease), insert, insert)


@asynccontextmanager
async def _redis(folder: Path) -> AsyncIterator[Side]:
    async with AsyncExitStack() as stack:
        used = await EmbeddedRedis.open(str(folder))
        stack.callback(used.close)
        link = await RedisLink.open(used.url, name=used.name, revive=used.start)
        stack.push_async_callback(link.close)
        client, store, lease = link.client, RedisStore(link), RedisLease(link)

        async def xadd(count: int) -> None:
            for _ in range(count):
                entry = {
                    "ts": repr(time.time()),
                    "name": "AttemptProgressed",
                    "version": 1,
                    "data": codec.encode(EVENT),
                }
                await client.xadd("bare", entry)  # type: ignore[arg-type]

        async def set_nx(count: int) -> None:
            for number in range(count):
                await client.set(f"lock:{time.monotonic_ns()}:{number}", "me", nx=True, px=15_000)

        yield Side("Redis", store, lease, await _begun(store, lease), xadd, set_nx)


class _Clock:
    def now(self) -> float:
        return time.time()


async def _begun(store: EventStore, lease: Lease) -> Held:
    await store.create(RUN, "bench", "/", 0.0)
    held = await lease.take(f"run:{RUN}", "bench", 3600.0)
    assert held is not None
    return held


async def _seconds(work: Awaitable[None]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _append(side: Side, count: int, at_once: int = 1) -> None:
    seq = await side.store.last_seq(RUN)
    for _ in range(0, count, at_once):
        seq = await side.store.append(RUN, [(time.time(), EVENT)] * at_once, seq, side.held)


async def _read(side: Side) -> int:
    seq = Seq(0)
    while page := await side.store.read(RUN, seq, 1000):
        seq = page[-1].seq
    return seq


@dataclass(slots=True)
class _Locks:
    """Locks of names that nobody had, then the same renewed."""

    lease: Lease
    taken: list[Held]

    async def take(self, count: int) -> None:
        for number in range(count):
            held = await self.lease.take(f"port:{time.monotonic_ns()}{number}", "bench", 600.0)
            assert held is not None
            self.taken.append(held)

    async def renew(self, count: int) -> None:
        for held in self.taken[-count:]:
            assert await self.lease.renew(held, 600.0)


async def _side(side: Side, options: Options) -> tuple[tuple[str, ...], list[Target], dict[str, Json]]:
    count = QUICK_EVENTS if options.quick else EVENTS
    locks = _Locks(side.lease, [])
    told: dict[str, list[float]] = {name: [] for name in ("append", "bare", "take", "renew", "lock", "batch")}
    for _ in range(QUICK_ROUNDS if options.quick else ROUNDS):
        told["bare"].append(count / await _seconds(side.bare_append(count)))
        told["append"].append(count / await _seconds(_append(side, count)))
        told["batch"].append(BATCHES * BATCH / await _seconds(_append(side, BATCHES * BATCH, BATCH)))
        told["lock"].append(count / await _seconds(side.bare_lock(count)))
        told["take"].append(count / await _seconds(locks.take(count)))
        told["renew"].append(count / await _seconds(locks.renew(count)))
    began = time.perf_counter()
    read = await _read(side) / (time.perf_counter() - began)
    ratios = {
        f"{side.name}: append to bare": paired(told["bare"], told["append"]),
        f"{side.name}: lock taken to bare": paired(told["lock"], told["take"]),
        f"{side.name}: lock renewed to bare": paired(told["lock"], told["renew"]),
    }
    columns = [spread(told[name], "", 0) for name in ("bare", "append", "batch")]
    columns += [f"{read:.0f}", *(spread(told[name], "", 0) for name in ("lock", "take", "renew"))]
    targets = [Target(what, ratio, GOAL) for what, ratio in ratios.items()]
    return (side.name, *columns), targets, {**{key: list(value) for key, value in told.items()}, "read": read}


async def _wakes(bus: Bus, publisher: Bus, write: Callable[[], None], readers: int, count: int) -> list[float]:
    """Milliseconds from each publish to each reader's waking."""
    found: list[float] = []
    async with AsyncExitStack() as stack:
        bells = [await stack.enter_async_context(bus.subscribe(RUN)) for _ in range(readers)]
        for bell in bells:
            while await bell.wait(0.1):
                pass
        for _ in range(count):
            async with asyncio.TaskGroup() as group:
                waiting = [group.create_task(bell.wait(10.0)) for bell in bells]
                await asyncio.sleep(0.003)
                began = time.perf_counter()
                for task in waiting:
                    task.add_done_callback(lambda _: found.append((time.perf_counter() - began) * 1000))  # noqa: B023
                write()
                publisher.publish(RUN)
                await asyncio.wait(waiting)
    return sorted(found)


@asynccontextmanager
async def _buses(folder: Path) -> AsyncIterator[list[tuple[str, Bus, Bus, Callable[[], None]]]]:
    """For each way: the bus of the readers, that of another process, and what that one writes."""
    async with AsyncExitStack() as stack:
        ledger = folder / "wakes.sqlite"
        db = stack.enter_context(closing(sqlite3.connect(ledger, isolation_level=None)))
        db.execute("CREATE TABLE t (x)")
        used = await EmbeddedRedis.open(str(folder))
        stack.callback(used.close)
        two: list[Bus] = []
        for _ in range(2):
            link = await RedisLink.open(used.url, name=used.name, revive=used.start)
            stack.push_async_callback(link.close)
            bus = RedisBus(link)
            await stack.enter_async_context(bus.at_work())
            two.append(bus)
        local = LocalBus()
        yield [
            ("one process", local, local, lambda: None),
            (
                "SQLite, by its file",
                FileBus(str(ledger)),
                LocalBus(),
                lambda: void(db.execute("INSERT INTO t VALUES (1)")),
            ),
            ("Redis", two[0], two[1], lambda: None),
        ]


def void(_: object) -> None:
    pass


async def _measure(options: Options) -> Report:
    rows, targets, data = [], [], dict[str, Json]()
    for opening in (_sqlite, _redis):
        async with opening(fresh()) as side:
            row, wanted, figures = await _side(side, options)
        rows.append(row)
        targets += wanted
        data[side.name] = figures
    wakes: list[tuple[str, ...]] = []
    async with _buses(fresh()) as buses:
        for name, bus, publisher, write in buses:
            cells = []
            for readers in READERS:
                found = await _wakes(bus, publisher, write, readers, QUICK_WAKES if options.quick else WAKES)
                cells.append(f"{found[len(found) // 2]:.2f} / {found[int(len(found) * 0.99)]:.2f}")
                data[f"{name}, {readers} readers"] = [found[len(found) // 2], found[int(len(found) * 0.99)]]
            wakes.append((name, *cells))
    stores = Table(
        "a second, one append a commit",
        ("", "bare write", "append", f"in batches of {BATCH}", "read", "bare lock", "lock taken", "lock renewed"),
        tuple(rows),
        ("bare: INSERT and COMMIT on SQLite; XADD, and SET NX PX, on Redis with appendfsync always",),
    )
    latency = Table(
        "wake-up of a reader, ms (half / 99 of 100)", ("", *(f"{count} readers" for count in READERS)), tuple(wakes)
    )
    return Report("stores", (stores, latency), tuple(targets), data)


def bench(options: Options) -> Report:
    """Appends, reads, locks and wake-ups."""
    return asyncio.run(_measure(options))
