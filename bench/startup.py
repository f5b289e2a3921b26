"""How long a person waits: for `tianting --help`, and for the first window of `tianting demo` to be at work."""

import subprocess
import time
from pathlib import Path

from bench.product import environment, log_of, tianting
from bench.report import Options, Report, Table, Target, median, spread
from bench.repositories import fresh


def help_seconds(home: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        tianting("--help"),
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=environment(home),
        timeout=60,
    )
    return time.perf_counter() - began


def demo_seconds(folder: Path, home: Path) -> tuple[float, float]:
    """From the start of the process to the first `AttemptStarted`, and to its end."""
    began = time.time()
    subprocess.run(
        tianting("demo", "--keep", str(folder)),
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=environment(home),
        timeout=300,
    )
    ended = time.time()
    first = next(event.ts for event in log_of(folder) if event.name == "AttemptStarted")
    return first - began, ended - began


def bench(options: Options) -> Report:
    times, demos = (3, 1) if options.quick else (10, 5)
    home = fresh()
    help_seconds(home)  # byte code is written once
    helps = [help_seconds(home) for _ in range(times)]
    found = [demo_seconds(home / f"demo-{turn}", home) for turn in range(demos)]
    firsts, wholes = [first for first, _ in found], [whole for _, whole in found]
    rows = (
        ("tianting --help", spread(helps, "s", 2), str(times)),
        ("tianting demo: first window at work", spread(firsts, "s", 2), str(demos)),
        ("tianting demo: to its end", spread(wholes, "s", 1), str(demos)),
    )
    targets = (
        Target("tianting --help, seconds", median(helps), 0.3),
        Target("tianting demo: first window at work, seconds", median(firsts), 2.0),
        Target("tianting demo: to its end, seconds", median(wholes), 30.0),
    )
    data = {"help": helps, "demo_first_window": firsts, "demo": wholes}
    return Report("startup", (Table("start", ("what", "median (least-most)", "runs"), rows),), targets, data)
