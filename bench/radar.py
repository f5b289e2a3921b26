"""The radar over 20 live windows of a repository of 5,000 files, each of which has one file written every 20 s: how
long after a write an overlap is told on the feed, and what share of one core it takes, all child processes counted;
and what one probe costs beside the bare `git merge-tree` of the same two commits.

The windows' commands sleep, and the files are written from here, so that what is counted is Tianting's own.
Never: a latency of an event that the write did not cause: what is waited for names the function that was written.
"""

import asyncio
import json
import os
import resource
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from bench.clients import percentile
from bench.product import environment, git, tianting
from bench.report import Json, Options, Report, Table, Target, spread
from bench.repositories import fresh, make
from conflict.foresee import Foresight
from state.git.repository import GitRepository
from state.ids import Sha

FILES, QUICK_FILES = 5_000, 200
WINDOWS, QUICK_WINDOWS = 20, 4
EVERY, QUICK_EVERY = 20.0, 3.0
ROUNDS, QUICK_ROUNDS = 6, 2
PROBES, QUICK_PROBES = 40, 5
PATIENCE = 300.0
LEAVING = 900.0
"""Twenty worktrees are snapshotted when a run is stopped."""
_TICK = os.sysconf("SC_CLK_TCK")


def shared(pair: int) -> str:
    return f"src/shared{pair:02d}.py"


def text(changed: dict[int, str]) -> str:
    """A module of functions apart from each other; those named return something else."""
    bodies = (
        f"def function_{at}(value):\n    first = {at}\n    return {changed.get(at, 'first')}\n" for at in range(12)
    )
    return "\n\n".join(bodies)


def processors(root: int) -> float:
    """Seconds of processor that a process and all its descendants have used so far, those that have ended included."""
    rows: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parts = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            rows[int(entry.name)] = (int(parts[1]), sum(map(int, parts[11:15])) / _TICK)
    used, todo = 0.0, [root]
    while todo:
        here = todo.pop()
        used += rows.get(here, (0, 0.0))[1]
        todo += [pid for pid, (parent, _) in rows.items() if parent == here]
    return used


@dataclass
class Feed:
    """The events that a run prints, with the moment at which each was read."""

    run: subprocess.Popen[str]
    told: deque[tuple[float, dict[str, object]]] = field(default_factory=deque)
    news: threading.Condition = field(default_factory=threading.Condition)
    over: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.run.stdout is not None
        for line in self.run.stdout:
            with self.news:
                self.told.append((time.perf_counter(), json.loads(line)))
                self.news.notify_all()
        self.over.set()

    def rest(self, until: float) -> None:
        assert not self.over.wait(max(0.0, until - time.perf_counter())), "the run has ended too early"

    def until(self, count: int, name: str) -> list[dict[str, object]]:
        """The data of so many events of a type."""
        with self.news:
            enough = self.news.wait_for(lambda: len(self._of(name)) >= count, PATIENCE)
            assert enough, f"{len(self._of(name))} of {count} {name} after {PATIENCE:.0f} s"
            return [data for _, data in self._of(name)]

    def _of(self, name: str) -> list[tuple[float, dict[str, object]]]:
        return [(at, data) for at, one in self.told if one["type"] == name and isinstance(data := one["data"], dict)]

    def told_of(self, path: str, symbol: str, since: float) -> float | None:
        """When an overlap in that function was told."""
        for at, data in self._of("OverlapSeen"):
            rows = data["overlaps"]
            assert isinstance(rows, list)
            if at >= since and any(row["path"] == path and row["symbol"] == symbol for row in rows):
                return at
        return None


def start(folder: Path, repository: Path, windows: int) -> Feed:
    tasks = [
        {"id": f"w{at:02d}", "role": "backend", "timeout": "1h", "run": "exec sleep 3600"} for at in range(windows)
    ]
    plan = {
        "tianting": 1,
        "name": "radar",
        "windows": {"backend": {"runtime": "command", "count": windows}},
        "limits": {"windows": windows},
        "tasks": tasks,
    }
    file = folder / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    run = subprocess.Popen(
        tianting("run", str(file), "--repo", str(repository), "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**environment(folder / "home"), "TIANTING_SANDBOX": "off"},
        start_new_session=True,
    )
    feed = Feed(run)
    feed.begin()
    return feed


@dataclass(frozen=True, slots=True)
class Seen:
    latencies: list[float]
    missed: int
    share: float
    writes: int


def watch(options: Options) -> Seen:
    """Windows in pairs: the second of each has changed every function of a file, the first changes one after the
    other, so that each of its writes makes a new overlap. The second goes on with files of its own."""
    windows, every, rounds = (QUICK_WINDOWS, QUICK_EVERY, QUICK_ROUNDS) if options.quick else (WINDOWS, EVERY, ROUNDS)
    folder = fresh()
    repository = make(folder / "repo", QUICK_FILES if options.quick else FILES)
    for pair in range(windows // 2):
        (repository / shared(pair)).write_text(text({}), encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "shared files")
    feed = start(folder, repository, windows)
    try:
        places = {str(one["task"]): Path(str(one["worktree"])) for one in feed.until(windows, "AttemptStarted")}
        top = [places[f"w{at:02d}"] for at in range(windows)]
        for pair in range(windows // 2):
            (top[2 * pair + 1] / shared(pair)).write_text(text(dict.fromkeys(range(12), "'two'")), encoding="utf-8")
        feed.until(windows // 2, "FootprintSeen")
        return _write(feed, top, every, rounds)
    finally:
        feed.run.terminate()
        feed.run.wait(LEAVING)


def _write(feed: Feed, top: list[Path], every: float, rounds: int) -> Seen:
    written: list[tuple[str, str, float]] = []
    used, began = processors(feed.run.pid), time.perf_counter()
    for turn in range(rounds):
        for at, place in enumerate(top):
            feed.rest(began + every * (turn + at / len(top)))
            if at % 2:
                (place / f"src/own{at:02d}.py").write_text(text({turn: "'own'"}), encoding="utf-8")
            else:
                path = shared(at // 2)
                (place / path).write_text(text({turn: f"'one {turn}'"}), encoding="utf-8")
                written.append((path, f"function_{turn}", time.perf_counter()))
    feed.rest(began + every * rounds)
    share = (processors(feed.run.pid) - used) / (time.perf_counter() - began)
    with feed.news:
        found = [(feed.told_of(path, symbol, at), at) for path, symbol, at in written]
    latencies = [seen - at for seen, at in found if seen is not None]
    return Seen(latencies, len(found) - len(latencies), share, rounds * len(top))


# --------------------------------------------------------------------------------------------------- one probe


@dataclass(frozen=True, slots=True)
class Probes:
    """Seconds of processor, round by round; a window has written since the last. `probe` is the merge in the object
    store, `bare` one by `git merge-tree` of another write of that window, since what is merged a second time is not
    written a second time; `look` is the probe with the changed file read and all rules asked."""

    probe: list[float]
    bare: list[float]
    look: list[float]


async def probes(options: Options) -> Probes:
    repository = make(fresh() / "repo", QUICK_FILES if options.quick else FILES)
    (repository / shared(0)).write_text(text({}), encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "shared file")
    base = git(repository, "rev-parse", "HEAD")
    rounds = QUICK_PROBES if options.quick else PROBES
    (repository / shared(0)).write_text(text(dict.fromkeys(range(12), "'two'")), encoding="utf-8")
    other = _commit(repository, base)
    mine = []
    for turn in range(2 * rounds + 1):
        (repository / shared(0)).write_text(text({turn // 2 % 12: f"'one {turn}'"}), encoding="utf-8")
        mine.append(_commit(repository, base))
    door = GitRepository(str(repository))
    try:
        foresight = Foresight(door)
        await foresight.between(Sha(mine[0]), Sha(other))  # what a radar has read before
        found = Probes([], [], [])
        for turn, (commit, beside) in enumerate(zip(mine[1::2], mine[2::2], strict=True)):
            used = own()
            await door.merge(Sha(commit), Sha(other))
            found.probe.append(own() - used)
            used = own()
            _bare(repository, beside, other)
            found.bare.append(own() - used)
            used = own()
            seen = await foresight.between(Sha(commit), Sha(other))
            found.look.append(own() - used)
            assert seen.conflicts, f"probe {turn} saw nothing"
        return found
    finally:
        await door.close()


def own() -> float:
    """Seconds of processor of this process and of its children that have ended."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def _bare(repository: Path, ours: str, theirs: str) -> None:
    command = ["git", "-C", str(repository), "merge-tree", "--write-tree", "-z", ours, theirs]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1, "the two do not clash"


def _commit(repository: Path, parent: str) -> str:
    git(repository, "add", "-A")
    return git(repository, "commit-tree", git(repository, "write-tree"), "-p", parent, text="seen\n")


def _milliseconds(seconds: list[float]) -> str:
    return f"{1e3 * sum(seconds) / len(seconds):.1f} ms"


def bench(options: Options) -> Report:
    seen = watch(options)
    each = asyncio.run(probes(options))
    late = percentile(seen.latencies, 0.95) if seen.latencies else None
    ratio = sum(each.probe) / sum(each.bare) if sum(each.bare) else None
    rows = (
        ("writes, of these that make a new overlap", f"{seen.writes}, {len(seen.latencies) + seen.missed}"),
        ("overlaps that were never told", str(seen.missed)),
        ("seconds from the write to the feed", spread(seen.latencies, "s", 2) if seen.latencies else "-"),
        ("at the 95th percentile", "-" if late is None else f"{late:.2f} s"),
        ("share of one core, children included", f"{seen.share:.1%}"),
        ("one probe, processor time", _milliseconds(each.probe)),
        ("bare git merge-tree, processor time", _milliseconds(each.bare)),
        ("one probe with the written file read and the rules asked", _milliseconds(each.look)),
    )
    targets = (
        Target("seconds to the feed, 95th percentile", late, 2.0),
        Target("overlaps never told", float(seen.missed), 0.0),
        Target("share of one core", seen.share, 0.10),
        Target("a probe, in bare merges", ratio, 1.5),
    )
    data: dict[str, Json] = {"latencies": seen.latencies, "share": seen.share, "probe": each.probe, "bare": each.bare}
    return Report("radar", (Table("the radar over live windows", ("what", ""), rows),), targets, data)
