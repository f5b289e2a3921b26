"""A run that many watch: a thousand short commands over Redis, with a dashboard whose feed is read and listeners at an
MQTT broker, beside the same run with its embedded ledger and nobody watching.

Needs Mosquitto and its clients (Debian: mosquitto, mosquitto-clients). Never: a listener in the process of the run.
"""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from bench.product import environment, tianting
from bench.report import Json, Options, Report, Table, Target
from bench.repositories import fresh, make

TASKS, QUICK_TASKS = 1000, 40
WINDOWS = 8
WATCHERS = 5
GOAL = 1.5
LONG = 1800
TOKEN = "a-token-of-the-bench"


def _plan(folder: Path, tasks: int) -> Path:
    lines = [f"name: many\nwindows: {{backend: {{count: {WINDOWS}}}}}\nlimits: {{windows: {WINDOWS}}}\ntasks:"]
    lines += [
        f'  - {{id: t{number}, role: backend, run: "sleep 0.2; echo {number} > made-{number}.txt"}}'
        for number in range(tasks)
    ]
    path = folder / "plan.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _broker(folder: Path) -> Iterator[int]:
    port = _free_port()
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


@dataclass(slots=True)
class _Reader:
    """Reads the live feed of the one run at a dashboard, from its first event; `seen` counts events."""

    port: int
    seen: int = 0

    def work(self) -> None:
        """Until the dashboard closes."""
        run = self._run()
        ask = Request(f"{self._api}/runs/{run}/feed?after=0", headers={"Authorization": f"Bearer {TOKEN}"})
        with suppress(OSError, HTTPException), urlopen(ask, timeout=LONG) as answer:
            for line in answer:
                self.seen += line.startswith(b"id:")

    @property
    def _api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def _run(self) -> str:
        """The run's id, once the dashboard is there."""
        ask = Request(f"{self._api}/runs", headers={"Authorization": f"Bearer {TOKEN}"})
        for _ in range(600):
            with suppress(OSError), urlopen(ask, timeout=LONG) as answer:
                found: list[dict[str, str]] = json.load(answer)["runs"]
                if found:
                    return found[0]["run"]
            threading.Event().wait(0.1)
        raise RuntimeError("the dashboard does not answer")


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds from start to exit, those of the processor (the run with all its children, not the servers beside it),
    how many events each device heard, and how many the reader of the feed."""

    seconds: float
    processor: float
    heard: int
    read: int


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(folder: Path, tasks: int, *options: str, port: int | None = None) -> Ran:
    """`port`: of the broker, where the run is to be watched."""
    repository = make(folder / "repository", 50)
    screen = _Reader(_free_port())
    seen = ("--no-dashboard",) if port is None else ("--port", str(screen.port))
    command = tianting("run", str(_plan(folder, tasks)), "--repo", str(repository), *seen, *options)
    env = {**environment(folder), "TIANTING_TOKEN": TOKEN}
    reading = threading.Thread(target=screen.work, daemon=True)
    with _listeners(folder, port) as devices:
        began, used = time.perf_counter(), _processor()
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
            if port is not None:
                reading.start()
            code = process.wait(LONG)
        seconds, used = time.perf_counter() - began, _processor() - used
        if code:
            raise RuntimeError(f"the run ended with {code}")
    if port is not None:
        reading.join(LONG)
    heard = [sum(topic.endswith("/events") for topic in path.read_text().splitlines()) for path in devices]
    return Ran(seconds, used, min(heard, default=0), screen.seen)


def bench(options: Options) -> Report:
    """The same plan twice."""
    tasks = QUICK_TASKS if options.quick else TASKS
    alone = _run(fresh(), tasks)
    folder = fresh()
    try:
        with _broker(folder) as port:
            url = f"mqtt://127.0.0.1:{port}"
            shared = _run(folder, tasks, "--store", "redis:embedded", "--mqtt", url, port=port)
    except FileNotFoundError as error:
        target = Target("team: watched over Redis to embedded", None, GOAL)
        return Report("team", (Table("not run", ("missing",), ((str(error),),)),), (target,))
    rows = (
        _row("embedded, nobody watches", alone, tasks),
        _row(f"Redis, dashboard and a reader of it, {WATCHERS} MQTT listeners", shared, tasks),
    )
    columns = ("", "time", "a task", "of the processor", "events heard by each", "read")
    table = Table(f"{tasks} commands of 0.2 s on {WINDOWS} windows", columns, rows)
    target = Target("team: watched over Redis to embedded", shared.seconds / alone.seconds, GOAL)
    data: dict[str, Json] = {"tasks": tasks, "heard": shared.heard, "read": shared.read}
    data |= {"embedded": [alone.seconds, alone.processor], "shared": [shared.seconds, shared.processor]}
    return Report("team", (table,), (target,), data)


def _row(name: str, ran: Ran, tasks: int) -> tuple[str, ...]:
    each, used = (f"{seconds / tasks * 1000:.0f} ms" for seconds in (ran.seconds, ran.processor))
    return name, f"{ran.seconds:.1f} s", each, used, str(ran.heard), str(ran.read)
