"""End to end with real processes: 64 independent tasks on 8 windows in a repository of 5,000 files, gate `true`, from
`tianting run` to the last landing; beside a bare script that does the same git steps, and Bernstein.

Never: a no-op; the one run without processes is there for its memory alone, and is called so.
"""

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import bernstein
from bench.overhead import FULL, memory_of
from bench.product import environment, log_of, tianting
from bench.report import Json, Options, Report, Table, Target, median, paired, spread
from bench.repositories import fresh, make

HERE = Path(__file__).resolve().parent
WINDOWS, FILES = 8, 5_000
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Load:
    """`tasks` of `seconds` each, `rounds` times; `patience`: seconds that Bernstein is given, 0 to leave it out."""

    seconds: float
    tasks: int
    rounds: int
    patience: float
    target: float

    @property
    def bound(self) -> float:
        """The critical path is one task; the work is shared by the windows."""
        return max(self.seconds, self.tasks * self.seconds / WINDOWS)

    def command(self, number: int) -> str:
        return f"sleep {self.seconds:g} && mkdir -p out && echo {number} > out/task-{number}.txt"


LOADS = (Load(1, 64, 3, 300, 0.75), Load(5, 64, 2, 300, 0.92))
QUICK = (Load(1, 16, 1, 60, 0.75),)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds from the start of the process to the last landing, and of processor time, all its children included."""

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Led(Took):
    """Also seconds to the first attempt, and peak memory in MB (resident, the orchestrator's process alone)."""

    first: float
    memory: float
    landed: int


def _cpu() -> float:
    """Processor seconds of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_plan(path: Path, commands: Sequence[str], windows: int) -> Path:
    plan = {
        "tianting": 1,
        "name": "bench",
        "windows": {"backend": {"count": windows}},
        "gate": [{"name": "true", "run": "true"}],
        "limits": {"windows": windows},
        "tasks": [{"id": f"t{at}", "role": "backend", "run": command} for at, command in enumerate(commands)],
    }
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def _peak_mb(pid: int) -> float:
    """The most memory that a live process has had resident; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def lead(repository: Path, home: Path, plan: Path, patience: float) -> Led:
    """`tianting run` with its dashboard, to its end; interrupted, as by Ctrl-C, after `patience` seconds."""
    command = tianting("run", str(plan), "--repo", str(repository))
    began, peak, cpu = time.time(), 0.0, _cpu()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment(home))
    try:
        while process.poll() is None:
            peak = max(peak, _peak_mb(process.pid))
            if time.time() - began > patience:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=120)
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()
        process.wait(timeout=60)
    log = log_of(repository)
    landings = [event.ts for event in log if event.name == "Landed"]
    first = next(event.ts for event in log if event.name == "AttemptStarted")
    return Led(landings[-1] - began, _cpu() - cpu, first - began, peak, len(landings))


def bare(repository: Path, folder: Path, commands: Sequence[str]) -> Took:
    """The bare script, from the start of its process."""
    folder.mkdir()
    script = [sys.executable, "-P", str(HERE / "bare_script.py"), str(repository), str(folder), str(WINDOWS)]
    began, cpu = time.time(), _cpu()
    done = subprocess.run(
        script,
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=True,
        timeout=1200,
        env=environment(folder),
    )
    last: float = json.loads(done.stdout)["last"]
    return Took(last - began, _cpu() - cpu)


@dataclass(frozen=True, slots=True)
class Found:
    load: Load
    mine: list[Led]
    script: list[Took]
    other: bernstein.Outcome | str


def measure(load: Load, folder: Path) -> Found:
    commands = [load.command(number) for number in range(load.tasks)]
    mine: list[Led] = []
    script: list[Took] = []
    for turn in range(load.rounds):
        place = folder / f"{load.seconds:g}s-{turn}"
        place.mkdir()
        led = lead(make(place / "mine", FILES), place, write_plan(place / "plan.json", commands, WINDOWS), 1200)
        assert led.landed == load.tasks, f"{led.landed} of {load.tasks} tasks landed"
        mine.append(led)
        script.append(bare(make(place / "bare", FILES), place / "worktrees", commands))
    place = folder / f"{load.seconds:g}s-bernstein"
    place.mkdir()
    repository = make(place / "repository", FILES)
    other = bernstein.run(place, repository, load.tasks, WINDOWS, load.seconds, load.patience)
    return Found(load, mine, script, other)


def _rows(found: Found) -> list[tuple[str, ...]]:
    load, other = found.load, found.other
    name, tasks = f"{load.tasks} x {load.seconds:g} s", str(load.tasks)
    rows: list[tuple[str, ...]] = [(f"{name}: lower bound", f"{load.bound:.1f} s", "1.00", "-", tasks)]
    for what, runs in (("bare script, the same git steps", found.script), ("tianting run", found.mine)):
        seconds = [one.seconds for one in runs]
        cpu = f"{median([one.cpu for one in runs]) * 1000 / load.tasks:.0f} ms"
        rows.append((f"{name}: {what}", spread(seconds, "s"), _share(load, seconds), cpu, tasks))
    if isinstance(other, str):
        return [*rows, (f"{name}: Bernstein", "-", "-", "-", "0")]
    share = _share(load, [other.seconds]) if other.landed == load.tasks else "-"
    return [*rows, (f"{name}: Bernstein", f"{other.seconds:.0f} s", share, "-", str(other.landed))]


def _share(load: Load, seconds: Sequence[float]) -> str:
    return f"{load.bound / median(seconds):.2f}"


def many_tasks(folder: Path, many: int, patience: float) -> tuple[Led, float | None]:
    """Memory with a large plan: of a real run, ended after `patience` seconds, and of a whole run on no-op windows."""
    place = folder / "many"
    place.mkdir()
    commands = [f"mkdir -p out && echo {at} > out/task-{at}.txt" for at in range(many)]
    plan = write_plan(place / "plan.json", commands, WINDOWS)
    led = lead(make(place / "mine", 50), place, plan, patience)
    return led, memory_of(FULL, "layered", many)


def bench(options: Options) -> Report:
    rows: list[tuple[str, ...]] = []
    notes = [bernstein.NOTE]
    targets: list[Target] = []
    data: dict[str, Json] = {}
    folder = fresh()
    for load in QUICK if options.quick else LOADS:
        found = measure(load, folder)
        seconds = [led.seconds for led in found.mine]
        rows += _rows(found)
        what = f"{load.tasks} x {load.seconds:g} s"
        if isinstance(found.other, str):
            notes.append(f"Bernstein, {what}: {found.other}")
        shares = [load.bound / one for one in seconds]
        targets.append(Target(f"{what}: lower bound / makespan", median(shares), load.target, at_most=False))
        script = [one.seconds for one in found.script]
        rate = paired(script, seconds)
        targets.append(Target(f"{what}: rate / that of the bare script", rate, 0.90, at_most=False))
        data[what] = {
            "bound": load.bound,
            "tianting": seconds,
            "first_attempt": [led.first for led in found.mine],
            "memory_mb": [led.memory for led in found.mine],
            "bare_script": script,
            "cpu": [one.cpu for one in found.mine],
            "bare_script_cpu": [one.cpu for one in found.script],
            "bernstein": found.other if isinstance(found.other, str) else [found.other.seconds, found.other.landed],
        }
    many = 1_000 if options.quick else MANY
    led, noop = many_tasks(folder, many, 20 if options.quick else 120)
    columns = (
        f"{WINDOWS} windows, {FILES:,} files, gate `true`",
        "to the last landing",
        "bound / that",
        "CPU a task",
        "landed",
    )
    memory = Table(
        "memory of the orchestrator",
        ("resident, at its most", "MB", "tasks landed"),
        (
            (f"tianting run, a plan of {many:,} tasks, ended after a while", f"{led.memory:.0f}", f"{led.landed:,}"),
            (f"{many:,} tasks on no-op windows, SQLite FULL", "-" if noop is None else f"{noop:.0f}", f"{many:,}"),
        ),
    )
    worst = max(led.memory, noop or 0.0)
    targets.append(Target(f"MB with a {many:,}-task run", worst, 200.0))
    data["memory"] = {"real_mb": led.memory, "real_landed": led.landed, "real_seconds": led.seconds, "noop_mb": noop}
    table = Table("end to end", columns, tuple(rows), tuple(notes))
    return Report("end_to_end", (table, memory), tuple(targets), data)
