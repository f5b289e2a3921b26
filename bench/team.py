"""A run that many watch: a thousand short commands over Redis, with a dashboard and listeners at an MQTT broker, beside
the same run with its embedded ledger and nobody watching.

Needs Mosquitto. Never: a listener in the process of the run.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.product import environment, tianting
from bench.report import Options, Report, Table, Target
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


async def _run(folder: Path, tasks: int, *options: str, port: int | None = None) -> tuple[float, int]:
    """Seconds from start to exit, and how many events each device heard."""
    repository, heard = make(folder / "repository", 50), [0]
    command = tianting("run", str(_plan(folder, tasks)), "--repo", str(repository), *options)
    async with asyncio.TaskGroup() as group:
        names = [] if port is None else [(port, f"device-{number}") for number in range(WATCHERS)]
        devices = [group.create_task(_listen(at, name, heard)) for at, name in names]
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command, env=environment(folder), stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(LONG):
            code = await process.wait()
        seconds = time.perf_counter() - began
        if code:
            raise RuntimeError(f"the run ended with {code}")
        for device in devices:
            device.cancel()
    return seconds, heard[0] // WATCHERS


async def _measure(options: Options) -> Report:
    tasks = QUICK_TASKS if options.quick else TASKS
    alone, _ = await _run(fresh(), tasks, "--no-dashboard")
    folder = fresh()
    try:
        with _broker(folder) as port:
            url = f"mqtt://127.0.0.1:{port}"
            shared, heard = await _run(
                folder, tasks, "--store", "redis:embedded", "--mqtt", url, "--port", "0", port=port
            )
    except (FileNotFoundError, BrokerAway) as error:
        target = Target("team: watched over Redis to embedded", None, GOAL)
        return Report("team", (Table("not run", ("why",), ((str(error),),)),), (target,))
    rows = (
        ("embedded, nobody watches", f"{alone:.1f} s", f"{alone / tasks * 1000:.0f} ms", "-"),
        (
            f"Redis, dashboard, {WATCHERS} MQTT listeners",
            f"{shared:.1f} s",
            f"{shared / tasks * 1000:.0f} ms",
            str(heard),
        ),
    )
    table = Table(
        f"{tasks} commands of 0.2 s on {WINDOWS} windows", ("", "time", "a task", "events heard by each"), rows
    )
    target = Target("team: watched over Redis to embedded", shared / alone, GOAL)
    return Report("team", (table,), (target,), {"embedded": alone, "shared": shared, "heard": heard, "tasks": tasks})


def bench(options: Options) -> Report:
    """The same plan twice."""
    return asyncio.run(_measure(options))
