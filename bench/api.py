"""The API under an open load: 500 requests a second over 1,000 connections, whether answers come or not, on a run of
1,000 tasks that goes on meanwhile: 40 % the run, 30 % events, 20 % a task, 10 % intents, the token looked at each time.

A request is late from the moment at which it should have been sent. The clients run on the same machine and take their
share of it. Never: a request that is left out because an answer was slow.
"""

import asyncio
import json
import resource
from collections import Counter, deque
from dataclasses import dataclass, field

from bench.clients import Served, percentile, served
from bench.report import Json, Options, Report, Table, Target
from bench.repositories import fresh
from bench.served import RUN, TOKEN

CONNECTIONS, RATE, TASKS = 1000, 500, 1000
SECONDS, QUICK_SECONDS = 30.0, 5.0
PATIENCE = 60.0
EVENTS_A_SECOND = 5.0
MIX = ("run", "events", "run", "task", "events", "run", "intent", "run", "events", "task")


@dataclass(slots=True)
class Tally:
    late: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    bytes: int = 0


class Connection(asyncio.Protocol):
    """One connection that is kept, with a request on it at a time."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._done(0)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        at = head.index(b"content-length:") + 15
        size = int(head[at:].partition(b"\r\n")[0])
        if len(self.buffer) >= end + 4 + size:
            del self.buffer[: end + 4 + size]
            self._done(int(head[9:12]))

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """The status of the answer; 0 when the connection was lost."""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def _done(self, status: int) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(status)


def requests(port: int) -> dict[str, bytes]:
    shared = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {TOKEN}\r\nAccept-Encoding: gzip\r\n"
    body = json.dumps({"kind": "SteerTask", "task": "task-7", "text": "mind the tests"})
    posted = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    at = f"/api/v1/runs/{RUN}"
    return {
        "run": f"GET {at} HTTP/1.1\r\n{shared}\r\n".encode(),
        "events": f"GET {at}/events?after=0&limit=100 HTTP/1.1\r\n{shared}\r\n".encode(),
        "task": f"GET {at}/tasks/task-7 HTTP/1.1\r\n{shared}\r\n".encode(),
        "intent": f"POST {at}/intents HTTP/1.1\r\n{shared}{posted}".encode(),
    }


async def _load(server: Served, seconds: float) -> tuple[Tally, dict[str, Json], float, float]:
    loop = asyncio.get_running_loop()
    idle: deque[Connection] = deque()
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(Connection, "127.0.0.1", server.port)
        idle.append(connection)
    tally, texts = Tally(), requests(server.port)
    assert await idle[0].ask(texts["run"]) == 200
    server.send(do="steady", seconds=seconds, pace=EVENTS_A_SECOND, bursts=False)
    cpu = server.cpu()

    async def ask(kind: str, due: float) -> None:
        if not idle:
            tally.errors["no connection was free"] += 1
            return
        connection = idle.popleft()
        try:
            async with asyncio.timeout(PATIENCE):
                status = await connection.ask(texts[kind])
        except TimeoutError:
            status = 0
        tally.late.setdefault(kind, []).append(loop.time() - due)
        if status in (200, 202):
            idle.append(connection)
        else:
            tally.errors[str(status)] += 1

    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * RATE)):
            due = began + number / RATE
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            group.create_task(ask(MIX[number % len(MIX)], due))
    spent = server.cpu() - cpu
    return tally, await server.told(), spent, spent / (loop.time() - began)


def bench(options: Options) -> Report:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    seconds = QUICK_SECONDS if options.quick else SECONDS
    with served("ours", fresh(), TASKS) as server:
        tally, told, spent, used = asyncio.run(_load(server, seconds))
    everything = [one for some in tally.late.values() for one in some]
    used_each, most = spent / max(1, len(everything)), float(str(told["most"]))
    failed = sum(tally.errors.values()) / (seconds * RATE)
    rows = tuple(
        (kind, str(len(some)), *(f"{percentile(some, share) * 1e3:.0f}" for share in (0.5, 0.95, 0.99)))
        for kind, some in [*sorted(tally.late.items()), ("all", everything)]
    )
    notes = (
        f"errors: {dict(tally.errors) or 'none'}",
        f"the server used {used:.2f} processors, {used_each * 1e3:.2f} ms a request, and {most:.0f} MB at most",
        "clients and server share the machine",
    )
    p95, p99 = percentile(everything, 0.95), percentile(everything, 0.99)
    targets = (
        Target("P95 of an answer, seconds", p95, 0.2),
        Target("P99 of an answer, seconds", p99, 0.5),
        Target("errors, share of the requests", failed, 0.001),
    )
    title = f"the API: {RATE} requests/s over {CONNECTIONS} connections, a run of {TASKS} tasks"
    table = Table(title, ("request", "asked", "p50 ms", "p95 ms", "p99 ms"), rows, notes)
    return Report(
        "api",
        (table,),
        targets,
        {"p95": p95, "p99": p99, "errors": failed, "cpu": used, "cpu_each": used_each, "server": told},
    )
