"""A real repository of other people: the branches behind 30 consecutive merges of its trunk, landed by
`tianting land --ladder off`, beside the same merges by plain `git merge`.

`python -P bench/real_repository.py --repo PATH` (a clone, bare or not; it is only read). The window is the newest one
in which at least 5 and at most half of the branches conflict when they are merged in order, those that conflict being
left out. Whether a branch conflicts is the exit code of git, never its words.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.product import environment, git, log_of, tianting
from bench.report import Json, Options, Report, Table, Target
from bench.repositories import fresh, workplace

MERGES = 30
CONFLICTING = range(5, MERGES // 2 + 1)
STEP = 5
"""Merges by which the window moves on when it holds too few conflicts."""
TRUNK = "bench-trunk"


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge on the first-parent line of the trunk: itself, the trunk before it, the branch's tip."""

    sha: str
    before: str
    tip: str


@dataclass(frozen=True, slots=True)
class Plain:
    """What plain merges give: which branches conflict, the tree at the end, seconds for each that merged."""

    conflicting: tuple[int, ...]
    tree: str
    seconds: float


def trunk_merges(repository: Path) -> list[Merge]:
    """Oldest first; octopus merges are left out."""
    lines = git(repository, "rev-list", "--first-parent", "--min-parents=2", "--max-parents=2", "--parents", "HEAD")
    return [Merge(*line.split()) for line in reversed(lines.splitlines())]


def _conflicts_in(repository: Path, window: Sequence[Merge]) -> int:
    """How many of the branches do not merge, in the object store alone."""
    stands, found = window[0].before, 0
    for merge in window:
        command = ["git", "-C", str(repository), "merge-tree", "--write-tree", "--no-messages", stands, merge.tip]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode > 1:
            raise RuntimeError(f"{merge.tip} has nothing in common with {stands}: {done.stderr.strip()}")
        if done.returncode == 1:
            found += 1
        else:
            tree = done.stdout.split()[0]
            stands = git(repository, "commit-tree", tree, "-p", stands, "-p", merge.tip, "-m", "merge")
    return found


def find_window(repository: Path, merges: Sequence[Merge]) -> Sequence[Merge] | None:
    for end in range(len(merges), MERGES - 1, -STEP):
        window = merges[end - MERGES : end]
        if _conflicts_in(repository, window) in CONFLICTING:
            return window
    return None


def _clone(source: Path, folder: Path, window: Sequence[Merge]) -> list[str]:
    """A clone with the trunk as it was before the first merge, checked out, and a branch for each merged tip."""
    git(source, "clone", "-q", "--no-checkout", "--shared", str(source), str(folder))
    names = [f"pr/{number:02d}" for number in range(1, len(window) + 1)]
    for name, merge in zip(names, window, strict=True):
        git(folder, "branch", name, merge.tip)
    git(folder, "checkout", "-q", "-b", TRUNK, window[0].before)
    return names


def merge_plainly(folder: Path, names: Sequence[str]) -> Plain:
    conflicting: list[int] = []
    seconds = 0.0
    for number, name in enumerate(names):
        began = time.perf_counter()
        done = subprocess.run(
            ["git", "-C", str(folder), "merge", "-q", "--no-ff", "--no-edit", name],
            capture_output=True,
            check=False,
            timeout=60,
            env=environment(folder.parent),
        )
        if done.returncode:
            git(folder, "merge", "--abort")
            conflicting.append(number)
        else:
            seconds += time.perf_counter() - began
    return Plain(tuple(conflicting), git(folder, "rev-parse", "HEAD^{tree}"), seconds)


def land(folder: Path, names: Sequence[str]) -> tuple[int, float]:
    began = time.perf_counter()
    command = tianting("land", *names, "--ladder", "off", "--trunk", TRUNK, "--repo", str(folder))
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=600, env=environment(folder.parent))
    return done.returncode, time.perf_counter() - began


def _outcome(folder: Path) -> tuple[set[str], dict[str, str]]:
    """Refs that landed; and those that were dropped, with the paths in conflict."""
    plan: dict[str, str] = {}
    landed: set[str] = set()
    dropped: dict[str, str] = {}
    for event in log_of(folder):
        task = str(event.data.get("task"))
        if event.name == "PlanAccepted":
            accepted = json.loads(json.dumps(event.data["plan"]))
            plan = {one["id"]: one["adopt"] for one in accepted["tasks"]}
        elif event.name == "Landed":
            landed.add(plan[task])
        elif event.name == "CandidateDropped":
            failure = json.loads(json.dumps(event.data["failure"]))
            dropped[plan[task]] = f"{failure['kind']}: {failure['detail']}"
    return landed, dropped


def measure(repository: Path, folder: Path) -> Report:
    source = folder / "source"
    git(repository, "clone", "-q", "--bare", "--shared", str(repository), str(source))
    merges = trunk_merges(source)
    window = find_window(source, merges)
    if window is None:
        wanted = f"{CONFLICTING.start} to {CONFLICTING.stop - 1}"
        return _skipped(f"no {MERGES} consecutive merges in {repository} have {wanted} that conflict")
    names = _clone(source, folder / "mine", window)
    _clone(source, folder / "plain", window)
    plain = merge_plainly(folder / "plain", names)
    code, seconds = land(folder / "mine", names)
    landed, dropped = _outcome(folder / "mine")
    return _report(window, names, plain, Landed(code, seconds, landed, dropped, folder / "mine"))


@dataclass(frozen=True, slots=True)
class Landed:
    code: int
    seconds: float
    landed: set[str]
    dropped: dict[str, str]
    folder: Path


def _report(window: Sequence[Merge], names: Sequence[str], plain: Plain, mine: Landed) -> Report:
    clean = {name for number, name in enumerate(names) if number not in plain.conflicting}
    same_tree = git(mine.folder, "rev-parse", f"{TRUNK}^{{tree}}") == plain.tree
    tidy = not git(mine.folder, "status", "--porcelain")
    rows = tuple(
        (
            name,
            merge.sha[:12],
            merge.tip[:12],
            "merges" if name in clean else "conflicts",
            "landed" if name in mine.landed else mine.dropped.get(name, "not landed")[:70],
        )
        for name, merge in zip(names, window, strict=True)
    )
    facts = (
        f"trunk before: {window[0].before}",
        f"exit code {mine.code} (1: not all landed)",
        f"{mine.seconds:.2f} s for the whole command; {plain.seconds:.2f} s for the plain merges that were clean",
        f"the checkout is {'clean and at the trunk' if tidy else 'NOT clean'}",
    )
    table = Table(
        "real repository: 30 consecutive merges", ("ref", "merge", "branch", "git merge", "tianting land"), rows, facts
    )
    targets = (
        Target(
            "branches that conflict with plain git", float(len(plain.conflicting)), CONFLICTING.start, at_most=False
        ),
        Target("branches whose outcome differs from plain git's", float(len(clean ^ mine.landed)), 0),
        Target("conflicting branches not reported", float(len(set(names) - clean - set(mine.dropped))), 0),
        Target("resulting trees that differ", float(not same_tree), 0),
    )
    data: dict[str, Json] = {
        "trunk_before": window[0].before,
        "merges": [{"merge": one.sha, "before": one.before, "branch": one.tip} for one in window],
        "conflicting": [window[number].tip for number in plain.conflicting],
        "landed": sorted(mine.landed),
        "dropped": mine.dropped,
        "same_tree": same_tree,
        "seconds": mine.seconds,
        "plain_seconds": plain.seconds,
    }
    return Report("real_repository", (table,), targets, data)


def _skipped(why: str) -> Report:
    return Report("real_repository", (Table("real repository", ("skipped",), (), (why,)),), (), {"skipped": why})


def bench(options: Options) -> Report:
    if options.repo is None:
        return _skipped("no clone was named: --repo PATH")
    repository = Path(options.repo).resolve()
    if not repository.is_dir():
        return _skipped(f"there is nothing at {repository}")
    return measure(repository, fresh())


def main() -> int:
    parser = argparse.ArgumentParser(description="Land the branches behind 30 real merges.")
    parser.add_argument("--repo", metavar="PATH", help="a clone of the repository; without it nothing is measured")
    asked = parser.parse_args()
    with workplace():
        report = bench(Options(repo=asked.repo))
    for table in report.tables:
        print(table.text())
    for target in report.targets:
        print(f"{target.what}: {target.measured:g} ({'as it should be' if target.met else 'WRONG'})")
    return int(any(target.met is False for target in report.targets))


if __name__ == "__main__":
    sys.exit(main())
