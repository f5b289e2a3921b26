"""`tianting land` of 100 clean branches, no gate, trunk checked out, beside the same merges by `git merge` in a loop.

Never: a branch that conflicts; that is `real_repository.py`.
"""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.product import environment, git, log_of, tianting
from bench.report import Json, Options, Report, Table, Target, median, paired, spread
from bench.repositories import add_branches, fresh, make

SIZES = (50, 5_000)


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds a branch. `whole` counts the process from start to exit; `led` from the first event to the last
    landing; `merge` is the median of the single `git merge` commands, `loop` their sum divided by the branches."""

    whole: float
    led: float
    merge: float
    loop: float


def _merge_all(repository: Path, branches: list[str]) -> list[float]:
    """Seconds of each plain merge."""
    taken: list[float] = []
    for branch in branches:
        began = time.perf_counter()
        git(repository, "merge", "--no-ff", "--no-edit", "-q", branch)
        taken.append(time.perf_counter() - began)
    return taken


def _land_all(repository: Path, home: Path, branches: list[str]) -> tuple[float, float]:
    began = time.perf_counter()
    subprocess.run(
        tianting("land", *branches, "--repo", str(repository)),
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment(home),
        timeout=600,
    )
    whole = time.perf_counter() - began
    log = log_of(repository)
    landings = [event.ts for event in log if event.name == "Landed"]
    assert len(landings) == len(branches), f"{len(landings)} of {len(branches)} branches landed"
    return whole, landings[-1] - log[0].ts


def one_round(folder: Path, origin: Path, branches: list[str], turn: int) -> Round:
    mine, plain = (folder / f"{kind}-{origin.name}-{turn}" for kind in ("mine", "plain"))
    for copy in (mine, plain):
        shutil.copytree(origin, copy, symlinks=True)
        git(copy, "status")  # both begin with an index that fits its files
    merges = _merge_all(plain, branches)
    whole, led = _land_all(mine, folder / "home", branches)
    assert git(mine, "rev-parse", "main^{tree}") == git(plain, "rev-parse", "main^{tree}"), "the trees differ"
    assert not git(mine, "status", "--porcelain"), "the checkout did not move with its branch"
    scale = 1000 / len(branches)
    return Round(whole * scale, led * scale, median(merges) * 1000, sum(merges) * scale)


def bench(options: Options) -> Report:
    rounds, count = (1, 20) if options.quick else (5, 100)
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    data: dict[str, Json] = {}
    folder = fresh()
    (folder / "home").mkdir()
    for files in SIZES:
        origin = make(folder / f"origin-{files}", files)
        branches = add_branches(origin, count, files)
        found = [one_round(folder, origin, branches, turn) for turn in range(rounds)]
        led, whole = [one.led for one in found], [one.whole for one in found]
        merge, loop = [one.merge for one in found], [one.loop for one in found]
        rows += [
            (f"{files:,} files: git merge --no-ff", spread(merge, "ms"), "1.00"),
            (
                f"{files:,} files: tianting land, first event to last landing",
                spread(led, "ms"),
                f"{paired(led, merge):.2f}",
            ),
            (f"{files:,} files: tianting land, whole process", spread(whole, "ms"), f"{paired(whole, merge):.2f}"),
        ]
        targets.append(Target(f"{files:,} files: landing / git merge, a branch", paired(led, merge), 1.2))
        data[str(files)] = {"whole_ms": whole, "led_ms": led, "merge_ms": merge, "merge_loop_ms": loop}
    columns = (f"{count} clean branches, no gate, trunk checked out", "a branch", "/ git merge")
    notes = (
        "the resulting trees are equal",
        "the whole process is divided by the branches, its start and end included",
    )
    return Report("landing", (Table("landing", columns, tuple(rows), notes),), tuple(targets), data)
