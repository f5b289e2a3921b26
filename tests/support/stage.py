"""A real server on loopback over a hand-made world, and a client that may come in."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx2
from fastapi import FastAPI

from dashboard.app import create_app
from dashboard.ports import Options, PlanFiles, Ports
from dashboard.serve import serve
from state.ids import RunId, Sha
from state.objects import Objects
from state.ports import Forecast, RepositoryFault
from state.stores.memory_cache import MemoryCache
from tests.support.story import PlainForecast, World

TOKEN = "a-token-that-only-programs-of-this-test-know"
PATIENCE = 20.0


class PaperObjects:
    """Diffs as a repository would give them; it has lost the commits in `gone`."""

    def __init__(self, *gone: Sha) -> None:
        self.gone = gone

    async def read(self, commit: Sha, path: str) -> bytes | None:
        return None

    async def read_blob(self, blob: Sha) -> bytes:
        return b""

    async def diff(self, old: Sha, new: Sha, limit: int) -> str:
        if new in self.gone:
            raise RepositoryFault(f"the repository has no commit {new}")
        text = f"diff --git a/orders.py b/orders.py\n--- a/orders.py\n+++ b/orders.py\n@@ -1 +1 @@\n-{old}\n+{new}\n"
        return text[:limit]


class PaperFiles:
    def __init__(self, **files: bytes) -> None:
        self.files = files

    async def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    async def write(self, path: str, data: bytes, before: bytes | None) -> bool:
        if self.files.get(path) != before:
            return False
        self.files[path] = data
        return True


def ports_of(
    world: World, objects: Objects | None = None, files: PlanFiles | None = None, forecast: Forecast | None = None
) -> Ports:
    return Ports(
        store=world.store,
        transcripts=world.store,
        inbox=world.store,
        bus=world.bus,
        lease=world.lease,
        forecast=forecast or PlainForecast(),
        clock=world.clock,
        new_run=lambda name: RunId(f"{name}-new"),
        cache=MemoryCache(),
        objects=objects or PaperObjects(),
        plan_files=files,
    )


@dataclass(slots=True)
class Stage:
    world: World
    app: FastAPI
    port: int
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def feed(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/runs"

    def client(self, token: str | None = TOKEN) -> httpx2.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False)


class _Ear(logging.Handler):
    """Hears what the server complains of."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@contextmanager
def _without_complaint(allowed: bool) -> Iterator[None]:
    ear = _Ear()
    log = logging.getLogger("uvicorn.error")
    log.addHandler(ear)
    try:
        yield
    finally:
        log.removeHandler(ear)
    assert allowed or not ear.heard, "\n".join(ear.heard)


@asynccontextmanager
async def on_stage(
    world: World,
    options: Options | None = None,
    objects: Objects | None = None,
    files: PlanFiles | None = None,
    *,
    forecast: Forecast | None = None,
    may_complain: bool = False,
) -> AsyncIterator[Stage]:
    """Serve a world for as long as the context lasts; it must end by itself soon after, and without a complaint."""
    app = create_app(ports_of(world, objects, files, forecast), options or Options(tokens=(TOKEN,), can_launch=True))
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    with _without_complaint(may_complain):
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(app, "127.0.0.1", 0, lambda _, port: bound.set_result(port), stop))
            try:
                async with asyncio.timeout(PATIENCE):
                    port = await bound
                yield Stage(world, app, port, stop)
            finally:
                stop.set()
