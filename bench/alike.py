"""How well it is told what a task will touch: the commits of a clone taken for tasks, each asked about with the 100
before it as the past, its message as title and prompt, beside the same question answered by equal titles alone.

    python -P bench/alike.py --repo CLONE [--commits N]

A message is written after the work and a prompt before it, so this flatters. Never: a commit asked about with itself,
or with a later one, in the past.
"""

import argparse
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduler.alike import MOST_PATHS, Likeness, words_of
from state.ids import RoleName, TaskId
from state.past import PastTask
from state.plan import TaskSpec

PAST = 100
ROLE = RoleName("backend")


@dataclass(frozen=True, slots=True)
class Commit:
    task: TaskSpec
    paths: tuple[str, ...]


def commits(repo: Path, most: int) -> list[Commit]:
    """Oldest first."""
    form = ["--no-merges", f"-n{most}", "--name-only", "-z", "--format=%x01%s%x02%b%x03"]
    out = subprocess.run(["git", "-C", str(repo), "log", *form], check=True, capture_output=True, timeout=600).stdout
    found: list[Commit] = []
    for part in out.decode("utf-8", "replace").split("\x01")[1:]:
        message, _, files = part.partition("\x03")
        title, _, body = message.partition("\x02")
        paths = tuple(path for one in files.split("\0") if (path := one.strip("\n")))
        found.append(Commit(TaskSpec(TaskId(str(len(found))), title=title, prompt=body), paths))
    return found[::-1]


def by_words(past: Sequence[Commit], one: Commit) -> tuple[str, ...]:
    return Likeness([PastTask(ROLE, words_of(old.task), old.paths) for old in past]).expected(one.task, ROLE)


def by_title(past: Sequence[Commit], one: Commit) -> tuple[str, ...]:
    same = [old.paths for old in past if old.task.title.casefold() == one.task.title.casefold()]
    return same[-1] if same and len(same[-1]) <= MOST_PATHS else ()


def score(rows: Sequence[Commit], ask: Callable[[Sequence[Commit], Commit], tuple[str, ...]]) -> str:
    told, right, found = 0, 0.0, 0.0
    for at in range(PAST, len(rows)):
        paths = {*ask(rows[at - PAST : at], rows[at])}
        both = paths & {*rows[at].paths}
        if paths and rows[at].paths:
            told += 1
            right += len(both) / len(paths)
            found += len(both) / len(rows[at].paths)
    asked, some = len(rows) - PAST, max(1, told)
    return (
        f"told of {told} of {asked}; of the files told {right / some:.0%} changed, of those changed {found / some:.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--commits", type=int, default=1000)
    given = parser.parse_args()
    rows = commits(given.repo, given.commits)
    print("alike:      ", score(rows, by_words))
    print("same title: ", score(rows, by_title))


if __name__ == "__main__":
    main()
