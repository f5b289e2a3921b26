"""What is foreseen of the merges that a clone holds: how many that git calls clean are flagged, which, and how long it
takes; and, of merges that a list names, how many are found.

    python -P bench/foresight.py --repo CLONE [--list FILE.jsonl] [--most N] [--every K] [--first F]

A line of the list has `merge` (its sha) and, perhaps, `repo`; `--repo` may be given several times. Only reads: a
scratch clone shares the objects. Without a list every K-th merge of two parents is looked at, from the F-th on.
Two-sided is a merge both of whose sides changed something.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from conflict.foresee import Foreseen, Foresight
from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import RepositoryFault


def git(repo: Path, *args: str) -> str:
    done = subprocess.run(["git", "-C", str(repo), *args], check=True, capture_output=True, text=True, timeout=600)
    return done.stdout


def merges(repo: Path, wanted: list[str], most: int, every: int, first: int) -> list[tuple[str, str, str]]:
    """(merge, first parent, second parent)."""
    if wanted:
        found = [git(repo, "rev-list", "--parents", "-n", "1", sha).split() for sha in wanted]
    else:
        rows = git(repo, "rev-list", "--all", "--merges", "--parents").splitlines()
        found = [row.split() for row in rows][first::every]
    return [(row[0], row[1], row[2]) for row in found if len(row) == 3][: most or None]


async def look(repo: Path, rows: list[tuple[str, str, str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "repo.git"
        git(repo, "clone", "-q", "--bare", "--shared", str(repo), str(bare))
        repository = GitRepository(str(bare))
        try:
            foresight = Foresight(repository)
            for merge, ours, theirs in rows:
                started = time.perf_counter()
                try:
                    seen = await foresight.between(Sha(ours), Sha(theirs))
                except RepositoryFault as fault:
                    print(f"{merge[:10]} skipped: {fault}")
                    continue
                times.append(time.perf_counter() - started)
                tell(merge, seen, counts, await two_sided(repository, Sha(ours), Sha(theirs)))
        finally:
            await repository.close()
    if times:
        times.sort()
        print(f"seconds: median {times[len(times) // 2]:.2f}, longest {times[-1]:.2f}")
    return counts


async def two_sided(repository: GitRepository, ours: Sha, theirs: Sha) -> bool:
    base = await repository.merge_base(ours, theirs)
    if base is None:
        return False
    trees = [await repository.tree_of(one) for one in (base, ours, theirs)]
    return trees[0] not in trees[1:]


def tell(merge: str, seen: Foreseen, counts: Counter[str], both: bool) -> None:
    certain = [one for one in seen.clashes if one.certain]
    counts["merges"] += 1
    counts["in conflict as text"] += bool(seen.conflicts)
    counts["clean as text"] += not seen.conflicts
    counts["clean and two-sided"] += both and not seen.conflicts
    counts["clean as text and flagged"] += bool(certain) and not seen.conflicts
    counts["flagged"] += bool(certain or seen.conflicts)
    for rule in {one.rule for one in certain}:
        counts[f"rule {rule}"] += 1
    for one in certain if not seen.conflicts else ():
        print(f"{merge[:10]} {one.kind} {one.rule} {one.symbol}: {one.detail}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, action="append", required=True)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    total: Counter[str] = Counter()
    listed = [json.loads(row) for row in given.list.read_text().splitlines()] if given.list else []
    for repo in given.repo:
        name = repo.resolve().name if repo.resolve().name != "repo" else repo.resolve().parent.name
        wanted = [row["merge"] for row in listed if str(row.get("repo", name)).replace("/", "+") == name]
        if given.list and not wanted:
            print(f"{name}: nothing of it is on the list")
            continue
        counts = asyncio.run(look(repo, merges(repo, wanted, given.most, given.every, given.first)))
        print(name, json.dumps(counts))
        total.update(counts)
    print("all", json.dumps(total))
    sys.exit(0)


if __name__ == "__main__":
    main()
