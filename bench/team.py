"""A run that many watch: a thousand short commands over Redis, with a dashboard and listeners at an MQTT broker, beside
the same run with its embedded ledger and nobody watching.

Needs Mosquitto. Never: a listener in the process of the run.
"""

import asyncio
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.product import environment, tianting
from bench.report import Json, Options, Report, Table, Target
from bench.repositories import fresh, make
from state.broker import BrokerAway, Line
from state.buses.mqtt_line import MqttBroker

TASKS, QUICK_TASKS = 1000, 40
WINDOWS = 8
WATCHERS = 5
GOAL = 1.5
LONG = 1800


def _plan(folder: Path, tasks: int) -> Path:
    lines = [f"name: many\nwindows: {{backend: {{count: {WINDOWS}}}}}\nlimits: {{windows: {WINDOWS}}}\ntasks:"]
    lines += [
        f'  - {{id: t{number}, role: backend, run: "sleep 0.2; echo {number} > made-{number}.txt"}}'
        for number in range(tasks)
    ]
    path = folder / "plan.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextmanager
def _broker(folder: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise FileNotFoundError("mosquitto")
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n", encoding="utf-8")
    with subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL) as server:
        try:
            yield port
        finally:
            server.send_signal(signal.SIGTERM)


async def _listen(port: int, name: str, heard: list[int]) -> None:
    """One device that listens to all."""

    async def use(line: Line) -> None:
        await line.hear("tianting/#")
        while True:
            message = await line.heard()
            heard[0] += message.topic.endswith("/events")

    await MqttBroker("127.0.0.1", port).keep(name, use)


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds from start to exit, those of the processor (the run with all its children, not the servers beside it),
    and how many events each device heard."""

    seconds: float
    processor: float
    heard: int


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _run(folder: Path, tasks: int, *options: str, port: int | None = None) -> Ran:
    repository, heard = make(folder / "repository", 50), [0]
    command = tianting("run", str(_plan(folder, tasks)), "--repo", str(repository), *options)
    async with asyncio.TaskGroup() as group:
        names = [] if port is None else [(port, f"device-{number}") for number in range(WATCHERS)]
        devices = [group.create_task(_listen(at, name, heard)) for at, name in names]
        began, used = time.perf_counter(), _processor()
        process = await asyncio.create_subprocess_exec(
            *command, env=environment(folder), stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(LONG):
            code = await process.wait()
        seconds, used = time.perf_counter() - began, _processor() - used
        if code:
            raise RuntimeError(f"the run ended with {code}")
        for device in devices:
            device.cancel()
    return Ran(seconds, used, heard[0] // WATCHERS)


async def _measure(options: Options) -> Report:
    tasks = QUICK_TASKS if options.quick else TASKS
    alone = await _run(fresh(), tasks, "--no-dashboard")
    folder = fresh()
    try:
        with _broker(folder) as port:
            url = f"mqtt://127.0.0.1:{port}"
            shared = await _run(folder, tasks, "--store", "redis:embedded", "--mqtt", url, "--port", "0", port=port)
    except (FileNotFoundError, BrokerAway) as error:
        target = Target("team: watched over Redis to embedded", None, GOAL)
        return Report("team", (Table("not run", ("why",), ((str(error),),)),), (target,))
    rows = (
        _row("embedded, nobody watches", alone, tasks),
        _row(f"Redis, dashboard, {WATCHERS} MQTT listeners", shared, tasks),
    )
    columns = ("", "time", "a task", "of the processor", "events heard by each")
    table = Table(f"{tasks} commands of 0.2 s on {WINDOWS} windows", columns, rows)
    target = Target("team: watched over Redis to embedded", shared.seconds / alone.seconds, GOAL)
    data: dict[str, Json] = {"tasks": tasks, "heard": shared.heard}
    data |= {"embedded": [alone.seconds, alone.processor], "shared": [shared.seconds, shared.processor]}
    return Report("team", (table,), (target,), data)


def _row(name: str, ran: Ran, tasks: int) -> tuple[str, ...]:
    each, used = (f"{seconds / tasks * 1000:.0f} ms" for seconds in (ran.seconds, ran.processor))
    return name, f"{ran.seconds:.1f} s", each, used, str(ran.heard)


def bench(options: Options) -> Report:
    """The same plan twice."""
    return asyncio.run(_measure(options))
