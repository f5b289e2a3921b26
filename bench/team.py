"""A run that many watch: a thousand short commands over Redis, with a dashboard and listeners at an MQTT broker, beside
the same run with its embedded ledger and nobody watching.

Needs Mosquitto and its clients (Debian: mosquitto, mosquitto-clients). Never: a listener in the process of the run.
"""

import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.product import environment, tianting
from bench.report import Json, Options, Report, Table, Target
from bench.repositories import fresh, make

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


@contextmanager
def _listeners(folder: Path, port: int | None) -> Iterator[list[Path]]:
    """Devices that listen to all; the files in which each notes the topics of what it hears."""
    program = shutil.which("mosquitto_sub")
    if port is not None and program is None:
        raise FileNotFoundError("mosquitto_sub")
    heard = [folder / f"device-{number}" for number in range(0 if port is None else WATCHERS)]
    command = [str(program), "-p", str(port), "-V", "5", "-q", "1", "-t", "tianting/#", "-F", "%t"]
    with ExitStack() as stack:
        devices = [
            stack.enter_context(subprocess.Popen(command, stdout=stack.enter_context(path.open("wb"))))
            for path in heard
        ]
        try:
            yield heard
        finally:
            for device in devices:
                device.send_signal(signal.SIGTERM)


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


def _run(folder: Path, tasks: int, *options: str, port: int | None = None) -> Ran:
    repository = make(folder / "repository", 50)
    command = tianting("run", str(_plan(folder, tasks)), "--repo", str(repository), *options)
    with _listeners(folder, port) as devices:
        began, used = time.perf_counter(), _processor()
        subprocess.run(command, check=True, env=environment(folder), stdout=subprocess.DEVNULL, timeout=LONG)
        seconds, used = time.perf_counter() - began, _processor() - used
    heard = [sum(topic.endswith("/events") for topic in path.read_text().splitlines()) for path in devices]
    return Ran(seconds, used, min(heard, default=0))


def bench(options: Options) -> Report:
    """The same plan twice."""
    tasks = QUICK_TASKS if options.quick else TASKS
    alone = _run(fresh(), tasks, "--no-dashboard")
    folder = fresh()
    try:
        with _broker(folder) as port:
            url = f"mqtt://127.0.0.1:{port}"
            shared = _run(folder, tasks, "--store", "redis:embedded", "--mqtt", url, "--port", "0", port=port)
    except FileNotFoundError as error:
        target = Target("team: watched over Redis to embedded", None, GOAL)
        return Report("team", (Table("not run", ("missing",), ((str(error),),)),), (target,))
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
