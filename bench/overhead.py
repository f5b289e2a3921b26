"""Scheduling overhead: no-op tasks through the product's own loop, beside asyncio with graphlib, LangGraph and Ray.

Each measurement is a process of its own; the engines take turns within a round, so that a slow minute of the machine
is slow for all of them. Never: a time that is asserted.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.graphs import SHAPES, graph
from bench.product import inherited
from bench.report import Json, Options, Report, Table, Target, median, paired, spread

HERE = Path(__file__).resolve().parent
PEER_PYTHON = HERE / ".peers" / "engines" / "bin" / "python"
SLOTS = 4
PATIENCE = 180.0
"""Seconds that a peer may take for one run; one that would take longer is left out, and said so."""
LONG = 20.0
"""Seconds from which on one round has to do."""

ROUNDS = {1_000: 5, 10_000: 3, 100_000: 1}
QUICK_ROUNDS = {500: 1, 1_000: 1}

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Engine:
    """`measure(shape, tasks)` gives the figures of one run, or a sentence why there are none."""

    name: str
    measure: Callable[[str, int], Figures | str]
    peer: bool = False


def _run(command: list[str], asked: Mapping[str, Json], patience: float) -> Figures | str:
    environment = {**inherited(), "RAY_USAGE_STATS_ENABLED": "0", "LANGSMITH_TRACING": "false"}
    try:
        done = subprocess.run(
            command,
            check=False,
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=patience,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {patience:.0f} s"
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        return f"could not run: {last[:120]}"
    figures: Figures = json.loads(done.stdout.strip().rpartition("\n")[2])
    return figures


def _product(store: str, shape: str, tasks: int, repository: str = "weightless", gate: bool = False) -> Figures | str:
    asked: dict[str, Json] = {
        "shape": shape,
        "tasks": tasks,
        "slots": SLOTS,
        "store": store,
        "gate": gate,
        "repository": repository,
    }
    return _run([sys.executable, "-P", str(HERE / "noop.py")], asked, 1200)


def _peer(name: str, shape: str, tasks: int) -> Figures | str:
    python = sys.executable if name == "graphlib" else str(PEER_PYTHON)
    if not Path(python).exists():
        return "not installed (bench/setup_peers.sh)"
    asked: dict[str, Json] = {"needs": graph(shape, tasks), "slots": SLOTS}
    return _run([python, "-P", str(HERE / "peers" / "engines.py"), name], asked, PATIENCE)


PURE, NORMAL, FULL = "Tianting, log in memory", "Tianting, SQLite NORMAL", "Tianting, SQLite FULL (default)"
LOWER, LANGGRAPH, RAY = "asyncio + graphlib", "LangGraph, no checkpointer", "Ray, futures"

ENGINES = (
    Engine(LOWER, partial(_peer, "graphlib")),
    Engine(PURE, partial(_product, "memory")),
    Engine(NORMAL, partial(_product, "NORMAL")),
    Engine(FULL, partial(_product, "FULL")),
    Engine(LANGGRAPH, partial(_peer, "langgraph"), peer=True),
    Engine(RAY, partial(_peer, "ray"), peer=True),
)


class Results:
    """Figures by (shape, tasks, engine), in the order of the rounds; and why some are missing."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, int, str], list[Figures]] = {}
        self.missing: dict[tuple[str, int, str], str] = {}

    def of(self, shape: str, tasks: int, engine: str, key: str = "seconds") -> list[float]:
        """Per task: microseconds for seconds, else the figure itself divided by the tasks."""
        scale = 1e6 if key.endswith("seconds") else 1.0
        return [found[key] * scale / tasks for found in self.figures.get((shape, tasks, engine), ())]

    def ratio(self, shape: str, tasks: int, mine: str, other: str, key: str = "seconds") -> float | None:
        """`mine` over `other`, round by round; the medians where one has had fewer rounds."""
        left, right = self.of(shape, tasks, mine), self.of(shape, tasks, other, key)
        if not left or not right:
            return None
        return paired(left, right) if len(left) == len(right) else median(left) / median(right)

    def growth(self, shape: str, engine: str, few: int, many: int, key: str = "seconds") -> float | None:
        left, right = self.of(shape, many, engine, key), self.of(shape, few, engine, key)
        return median(left) / median(right) if left and right and median(right) else None


def _would_take(results: Results, shape: str, tasks: int, engine: Engine) -> str:
    """Why a peer need not be tried at this size; "" when it is worth it."""
    smaller = [size for at, size, name in results.figures if at == shape and name == engine.name and size < tasks]
    if not engine.peer or not smaller:
        return ""
    last = max(smaller)
    cost = median(results.of(shape, last, engine.name))
    if cost * tasks / 1e6 > PATIENCE:
        return f"left out: {cost:,.0f} us a task with {last:,}, so more than {PATIENCE:.0f} s with {tasks:,}"
    return ""


def collect(rounds: Mapping[int, int]) -> Results:
    results = Results()
    for shape in SHAPES:
        for tasks, times in rounds.items():
            for turn in range(times):
                for engine in ENGINES:
                    _one(results, shape, tasks, turn, engine)
    return results


def _one(results: Results, shape: str, tasks: int, turn: int, engine: Engine) -> None:
    key = (shape, tasks, engine.name)
    before = results.figures.get(key, [])
    if key in results.missing or (turn and before and before[0]["seconds"] > LONG):
        return
    found = _would_take(results, shape, tasks, engine) or engine.measure(shape, tasks)
    if isinstance(found, str):
        results.missing[key] = found
    else:
        results.figures.setdefault(key, []).append(found)
    said = found if isinstance(found, str) else f"{found['seconds'] * 1e6 / tasks:.1f} us a task"
    print(f"  {shape} {tasks:,} {engine.name}: {said}", file=sys.stderr, flush=True)


def _ratio_text(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def _cost_table(results: Results, shape: str, tasks: int) -> Table:
    rows: list[tuple[str, ...]] = []
    for engine in ENGINES:
        cost = results.of(shape, tasks, engine.name)
        if not cost:
            rows.append((engine.name, "-", "-", "-", "-", "-", "-", "-"))
            continue
        events, decisions = (
            results.of(shape, tasks, engine.name, key) if not engine.peer and engine.name != LOWER else []
            for key in ("events", "decisions")
        )
        rows.append(
            (
                engine.name,
                spread(cost, ""),
                spread(results.of(shape, tasks, engine.name, "cpu_seconds"), ""),
                _ratio_text(results.ratio(shape, tasks, engine.name, LOWER)),
                _ratio_text(results.ratio(shape, tasks, engine.name, LANGGRAPH)),
                f"{median(events):.1f}" if events else "-",
                f"{median(decisions):.1f}" if decisions else "-",
                f"{median(results.of(shape, tasks, engine.name, 'peak_kib')):.1f}",
            )
        )
    notes = [f"{name}: {why}" for (at, size, name), why in results.missing.items() if (at, size) == (shape, tasks)]
    columns = (
        "engine",
        "us a task",
        "of its processor time",
        "/ graphlib",
        "/ LangGraph",
        "events",
        "decisions",
        "KiB a task",
    )
    return Table(f"overhead: {tasks:,} no-op tasks, {shape}, {SLOTS} slots", columns, tuple(rows), tuple(notes))


def _bare_rows(results: Results, rounds: Mapping[int, int]) -> Iterator[tuple[str, ...]]:
    for shape in SHAPES:
        for tasks in rounds:
            for engine in (NORMAL, FULL):
                bare = results.of(shape, tasks, engine, "bare_seconds")
                if bare:
                    commits = median(results.of(shape, tasks, engine, "batches"))
                    ratio = results.ratio(shape, tasks, engine, engine, "bare_seconds")
                    cost = spread(results.of(shape, tasks, engine), "")
                    yield f"{shape} {tasks:,} {engine}", f"{commits:.2f}", spread(bare, ""), cost, _ratio_text(ratio)


def _growth_rows(results: Results, few: int, many: int) -> Iterator[tuple[str, ...]]:
    for shape in SHAPES:
        for engine in ENGINES:
            time, memory = (results.growth(shape, engine.name, few, many, key) for key in ("seconds", "peak_kib"))
            calls = (
                results.growth(shape, engine.name, few, many, "decisions")
                if engine.name in (PURE, NORMAL, FULL)
                else None
            )
            yield f"{shape} {engine.name}", _ratio_text(time), _ratio_text(memory), _ratio_text(calls)


def _targets(results: Results, rounds: Mapping[int, int]) -> tuple[Target, ...]:
    sizes = sorted(rounds)
    few, middle, many = sizes[0], sizes[min(1, len(sizes) - 1)], sizes[-1]
    found: list[Target] = []
    for shape in SHAPES:
        at = f"{shape} {middle:,}"
        found.append(Target(f"{at}: SQLite NORMAL / LangGraph", results.ratio(shape, middle, NORMAL, LANGGRAPH), 0.5))
        bare = results.ratio(shape, middle, FULL, FULL, "bare_seconds")
        found.append(Target(f"{at}: SQLite FULL / its bare inserts and commits", bare, 1.5))
        for engine in (PURE, NORMAL, FULL):
            growth = results.growth(shape, engine, few, many)
            found.append(Target(f"{shape} {many:,} / {few:,} a task: {engine}", growth, 1.5))
    return tuple(found)


def bench(options: Options) -> Report:
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    results = collect(rounds)
    tables = [_cost_table(results, shape, tasks) for shape in SHAPES for tasks in rounds]
    bare_columns = ("the same rows in the same transactions", "commits", "bare us", "Tianting us", "ratio")
    tables.append(
        Table("overhead: against bare inserts and commits, a task", bare_columns, tuple(_bare_rows(results, rounds)))
    )
    few, many = min(rounds), max(rounds)
    columns = (f"{many:,} tasks / {few:,} tasks", "time a task", "memory a task", "decisions a task")
    tables.append(Table("overhead: growth", columns, tuple(_growth_rows(results, few, many))))
    data: dict[str, Json] = {
        "slots": SLOTS,
        "runs": [
            {"shape": shape, "tasks": tasks, "engine": name, "rounds": [dict(one) for one in found]}
            for (shape, tasks, name), found in results.figures.items()
        ],
        "missing": [
            {"shape": shape, "tasks": tasks, "engine": name, "why": why}
            for (shape, tasks, name), why in results.missing.items()
        ],
    }
    return Report("overhead", tuple(tables), _targets(results, rounds), data)


def memory_of(engine: str, shape: str, tasks: int) -> float | None:
    """Megabytes that the process of one run of the product has had resident at its most."""
    found = next(one for one in ENGINES if one.name == engine).measure(shape, tasks)
    return None if isinstance(found, str) else found["rss_kib"] / 1024
