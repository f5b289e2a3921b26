"""The server under load, a process of its own: `python -P -m bench.served KIND FOLDER TASKS`. It says where it listens,
then does what it is told, a line of JSON each: `steady` (events at a pace, with bursts), `flood`, `end`.

`ours` is the product: an SQLite ledger, its bus, the dashboard. `bare` broadcasts frames that it is handed with nothing
but the `websockets` library. Never: a shortcut that the product does not take.
"""

import asyncio
import cProfile
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_sockets

from bench.report import Json
from dashboard.app import create_app
from dashboard.ports import Options, Ports
from dashboard.serve import serve
from scheduler.forecast import Foresight
from state import events as ev
from state.buses.file import FileBus
from state.ids import AttemptId, BranchName, RoleName, RunId, Seq, Sha, TaskId, WindowId
from state.leases.sqlite import SqliteLease
from state.plan import Plan, TaskSpec
from state.ports import Held
from state.stores.memory_cache import MemoryCache
from state.stores.sqlite import SqliteStore

RUN = RunId("bench-1")
TOKEN = "a-token-of-the-bench"
NOTE = "reads shop/models/orders.py and writes the migration for it; " * 2
BURST, BURST_EVERY, PACE = 200, 5.0, 20.0


class WallClock:
    def now(self) -> float:
        return time.time()


def usage() -> dict[str, Json]:
    """Seconds of processor, and memory in MB: now, and at most."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    now = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
    return {"cpu": used.ru_utime + used.ru_stime, "rss": now, "most": used.ru_maxrss / 1e3}


def tell(**fields: Json) -> None:
    print(json.dumps(fields), flush=True)


class Writer:
    """Writes the run's log as who leads it would."""

    def __init__(self, store: SqliteStore, bus: FileBus, held: Held) -> None:
        self.store, self.bus, self.held, self.last, self.count = store, bus, held, Seq(0), 0

    async def tell(self, *events: ev.Event) -> None:
        now = time.time()
        self.last = await self.store.append(RUN, [(now, one) for one in events], self.last, self.held)
        self.bus.publish(RUN)

    def progress(self, count: int) -> list[ev.Event]:
        self.count += count
        window, attempt, task = WindowId("backend-1"), AttemptId("task-0.1"), TaskId("task-0")
        return [ev.AttemptProgressed(task, attempt, window, f"{self.count}-{at} {NOTE}") for at in range(count)]

    async def begin(self, tasks: int) -> None:
        specs = tuple(
            TaskSpec(TaskId(f"task-{at}"), f"Build part {at}", "Do it well.", needs=_needs(at), run="true")
            for at in range(tasks)
        )
        roles = tuple(RoleName("backend") for _ in specs)
        base = Sha("b" * 40)
        plan = Plan("bench", specs)
        opened = ev.PlanAccepted(
            RUN, plan, "/srv/bench", BranchName("main"), "refs/heads/main", base, roles, tuple(range(tasks))
        )
        first = (TaskId("task-0"), AttemptId("task-0.1"))
        await self.tell(
            opened,
            ev.LeaseTaken("bench", self.held.token),
            ev.AttemptDispatched(*first, 1, WindowId("backend-1"), base),
            ev.AttemptStarted(*first, WindowId("backend-1"), 4711, "/srv/windows/backend-1", "command"),
        )

    async def steady(self, seconds: float, pace: float, bursts: bool) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        sent, burst_at = 0, began + BURST_EVERY / 2
        while (now := loop.time()) < began + seconds:
            due = int((now - began) * pace) - sent
            if due > 0:
                await self.tell(*self.progress(due))
                sent += due
            if bursts and now >= burst_at:
                await self.tell(*self.progress(BURST))
                burst_at += BURST_EVERY
            await asyncio.sleep(1 / pace)

    async def flood(self, bursts: int) -> None:
        for _ in range(bursts):
            await self.tell(*self.progress(BURST))
            await asyncio.sleep(0)


def _needs(at: int) -> tuple[TaskId, ...]:
    return () if at < 20 else (TaskId(f"task-{at - 20}"), TaskId(f"task-{at // 2}"))


async def ours(folder: Path, tasks: int) -> None:
    path = str(folder / "ledger.sqlite")
    store = SqliteStore.open(path)
    clock = WallClock()
    lease, bus = SqliteLease(store.file, clock), FileBus(path)
    await store.create(RUN, "bench", "/srv/bench", clock.now())
    held = await lease.take(f"run:{RUN}", "bench", 3600.0)
    assert held is not None
    writer = Writer(store, bus, held)
    await writer.begin(tasks)
    ports = Ports(
        store=store, transcripts=store, inbox=store, bus=bus, lease=lease, forecast=Foresight(), clock=clock,
        new_run=RunId, cache=MemoryCache(),
    )  # fmt: skip
    stop = asyncio.Event()
    app = create_app(ports, Options(tokens=(TOKEN,), rates={}))
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(app, "127.0.0.1", 0, lambda _, port: tell(port=port), stop))
        async for order in orders():
            match order["do"]:
                case "steady":
                    pace, bursts = order.get("pace", PACE), order.get("bursts", True)
                    assert isinstance(pace, int | float)
                    await writer.steady(_float(order, "seconds"), pace, bool(bursts))
                case "flood":
                    await writer.flood(int(_float(order, "bursts")))
                case _:
                    pass
            tell(last=writer.last, **usage())
        stop.set()
    store.close()


def _float(order: dict[str, Json], key: str) -> float:
    found = order[key]
    assert isinstance(found, int | float)
    return float(found)


async def bare(folder: Path) -> None:
    """Frames lie in `FOLDER/frames.json`."""
    clients: set[ServerConnection] = set()

    async def take(client: ServerConnection) -> None:
        clients.add(client)
        try:
            await client.wait_closed()
        finally:
            clients.discard(client)

    async with serve_sockets(take, "127.0.0.1", 0, compression=None, ping_interval=None, max_queue=None) as server:
        tell(port=next(iter(server.sockets)).getsockname()[1])
        async for order in orders():
            if order["do"] == "flood":
                for frame in json.loads((folder / "frames.json").read_text("utf-8")):
                    broadcast(clients, frame)
                    await asyncio.sleep(0)
            tell(**usage())


async def orders() -> AsyncIterator[dict[str, Json]]:
    """What stands on standard input, until it ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def _profiled(work: Coroutine[None, None, None]) -> None:
    """With BENCH_PROFILE=FILE, where the server's time goes."""
    into = os.environ.get("BENCH_PROFILE")
    if not into:
        asyncio.run(work)
        return
    profile = cProfile.Profile()
    profile.runcall(asyncio.run, work)
    profile.dump_stats(into)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    folder = Path(sys.argv[2])
    _profiled(ours(folder, int(sys.argv[3])) if sys.argv[1] == "ours" else bare(folder))


if __name__ == "__main__":
    main()
