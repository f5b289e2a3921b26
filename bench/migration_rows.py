"""Every two-parent merge of a real repository: how many whose sides' migrations make several
heads are found, how many become one, and how many are called a clash and are none.

`python -P bench/migration_rows.py --repo PATH` (a clone, bare or not, with the branches that were merged; it is only
read). The oracle is a reading of its own: revisions and parents by pattern, heads by counting. Published is the side
that the default branch contains. Never: a migration of that repository run.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.report import Options, Report, Table, Target, target_table
from conflict.schema import alembic, django
from conflict.schema.graph import graph_of, heads
from conflict.schema.row import folders, settled
from conflict.schema.values import Files, Sides, applied
from conflict.surface.nouns import Framework

_REVISION = re.compile(rb"^revision(?:\s*:[^=\n]*)?\s*=\s*['\"]([^'\"]+)", re.M)
_PARENTS = re.compile(rb"^down_revision(?:\s*:[^=\n]*)?\s*=\s*([^\n]*(?:\([^)]*\))?)", re.M)
_QUOTED = re.compile(rb"['\"]([^'\"]+)['\"]")
_DEPENDS = re.compile(rb"^\s*dependencies\s*=\s*\[(.*?)\]", re.M | re.S)
_PAIR = re.compile(rb"\(\s*['\"](\w+)['\"]\s*,\s*['\"](\w+)['\"]\s*,?\s*\)")
_KEPT = 20_000
"""Blobs kept in memory."""


class Clone:
    """What is read of the repository."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._blobs: dict[str, bytes] = {}

    def git(self, *args: str, feed: bytes | None = None) -> bytes:
        command = ["git", "-C", self._path, *args]
        return subprocess.run(command, capture_output=True, check=False, input=feed, timeout=600).stdout

    def merges(self) -> Iterator[tuple[str, str, str]]:
        for line in (
            self.git("rev-list", "--all", "--min-parents=2", "--max-parents=2", "--parents").decode().split("\n")
        ):
            if line:
                merge, left, right = line.split()
                yield merge, left, right

    def changed(self, old: str, new: str) -> list[str]:
        found = self.git("diff-tree", "-r", "--name-only", "-z", "--no-renames", old, new)
        return [path for path in found.decode("utf-8", "replace").split("\0") if path]

    def files(self, commit: str, wanted: tuple[str, ...]) -> dict[str, bytes]:
        listed: dict[str, str] = {}
        for line in self.git("ls-tree", "-r", "-z", commit, "--", *wanted).split(b"\0"):
            if line:
                mode, path = line.split(b"\t", 1)
                listed[path.decode("utf-8", "replace")] = mode.split()[2].decode()
        if len(self._blobs) > _KEPT:
            self._blobs.clear()
        missing = [blob for blob in {*listed.values()} if blob not in self._blobs]
        raw, at = self.git("cat-file", "--batch", feed="".join(f"{blob}\n" for blob in missing).encode()), 0
        for blob in missing:
            end = raw.index(b"\n", at)
            size = int(raw[at:end].split()[2])
            self._blobs[blob] = raw[end + 1 : end + 1 + size]
            at = end + size + 2
        return {path: self._blobs[blob] for path, blob in listed.items()}


def alembic_heads(files: Files) -> int:
    """Heads by pattern."""
    names: set[bytes] = set()
    used: set[bytes] = set()
    for path, source in files.items():
        name, parents = _REVISION.search(source), _PARENTS.search(source)
        if path.endswith(".py") and name is not None and parents is not None:
            names.add(name[1])
            used.update(_QUOTED.findall(parents[1]))
    return len(names - used)


def django_heads(files: Files) -> int:
    """The most leaves that one app has, by pattern; 0 where a migration replaces others."""
    apps: dict[str, set[str]] = {}
    used: dict[str, set[str]] = {}
    for path, source in files.items():
        folder, _, name = path.rpartition("/")
        depends = _DEPENDS.search(source)
        if not folder.endswith("migrations") or depends is None or b"class Migration" not in source:
            continue
        app = folder.rpartition("/")[0].rpartition("/")[2]
        apps.setdefault(app, set()).add(name.removesuffix(".py"))
        for other, parent in _PAIR.findall(depends[1]):
            used.setdefault(other.decode(), set()).add(parent.decode())
        if b"replaces" in source:
            return 0
    return max((len(names - used.get(app, set())) for app, names in apps.items()), default=0)


def look(sides: Sides, told: Counter[str]) -> None:
    """One merge of which both sides changed the same folder of migrations."""
    merged = sides.merged()
    for framework, rule, count in (
        (Framework.ALEMBIC, alembic.findings, alembic_heads),
        (Framework.DJANGO, django.findings, django_heads),
    ):
        several = count(merged) > max(count(sides.ours), count(sides.theirs), 1)
        found = rule(sides)
        told["several heads"] += several
        told["found"] += several and bool(found)
        told["false alarms"] += bool(found) and not several
        if not several or not found:
            continue
        if any(not one.edits for one in found):
            told["asked"] += 1
            continue
        after = applied(merged, settled(found))
        told["one head"] += _is_one(framework, after, count)
        told["published files touched"] += any(path in sides.ours for one in found for path in one.edits)


def _is_one(framework: Framework, after: Mapping[str, bytes], count: object) -> bool:
    graph = graph_of(after, framework)
    groups = {node.group for node in graph.values()}
    return (
        len(heads(graph)) == 1
        if framework is Framework.ALEMBIC
        else all(
            len(heads({name: node for name, node in graph.items() if node.group == group})) == 1 for group in groups
        )
    )


def count_all(path: str, most: int) -> Counter[str]:
    clone, told = Clone(path), Counter[str]()
    published = set(clone.git("rev-list", "HEAD").decode().split())
    for number, (_, left, right) in enumerate(clone.merges()):
        if number >= most:
            break
        told["merges"] += 1
        ours, theirs = (right, left) if left not in published and right in published else (left, right)
        base = clone.git("merge-base", ours, theirs).decode().strip()
        if not base or base in (ours, theirs):
            continue
        wanted = folders(clone.changed(base, ours), clone.changed(base, theirs))
        python = tuple(folder for folder in wanted if folder != ".")
        if python:
            told["both sides change a folder of migrations or numbers"] += 1
            look(Sides(*(clone.files(commit, python) for commit in (base, ours, theirs))), told)
    return told


def bench(options: Options) -> Report:
    """Without a clone nothing is measured, and that is said."""
    if options.repo is None:
        note = "no clone was given (--repo PATH), so nothing was measured"
        return Report("migration_rows", (Table("migrations in a row", ("what", "merges"), (), (note,)),))
    told = count_all(options.repo, 200 if options.quick else sys.maxsize)
    rows = tuple((what, str(count)) for what, count in told.items())
    several, apart = told["several heads"], told["merges"] - told["several heads"]
    targets = (
        Target("share of merges with several heads that are found", _share(told["found"], several), 1.0, at_most=False),
        Target("share of them brought to one head", _share(told["one head"], several), 0.9, at_most=False),
        Target("share of other merges called a clash", _share(told["false alarms"], apart), 0.01),
        Target("published files touched", float(told["published files touched"]), 0.0),
    )
    return Report("migration_rows", (Table("migrations in a row", ("what", "merges"), rows),), targets, dict(told))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def main() -> int:
    parser = argparse.ArgumentParser(description="Migrations of both sides of every merge of a clone, put in a row.")
    parser.add_argument("--repo", metavar="PATH", help="a clone, bare or not")
    parser.add_argument("--quick", action="store_true", help="the first 200 merges")
    asked = parser.parse_args()
    report = bench(Options(asked.quick, str(Path(asked.repo).resolve()) if asked.repo else None))
    for table in report.tables:
        print(table.text())
    if report.targets:
        print(target_table(report.targets).text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
