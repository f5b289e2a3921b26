"""Lists the conflicted files of real merges: replays the merges of clones with git, keeps object ids and paths alone.

    python -m bench.merge_lists --clones DIR --out DIR

A clone is `DIR/owner+name`, or one folder below that. Never: network; an object written into a clone.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.merge_cases import clone_of
from conflict.merge.paths import extension_of

AT_ONCE = 200
MOST_MERGES = 12_000
"""Merges of one repository that are replayed, evenly spread over its history."""
_ENTRY = re.compile(rb"(\d{6}) ([0-9a-f]{40}) ([123])\t(.*)", re.DOTALL)
_FILES = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class Merge:
    commit: str
    ours: str
    theirs: str


def merges(git_dir: Path) -> list[Merge]:
    """With two parents, each pair of parents once."""
    command = ("rev-list", "--all", "--min-parents=2", "--max-parents=2", "--parents")
    rows = [row.split() for row in _git(git_dir, *command).decode().splitlines()]
    found = list({(ours, theirs): Merge(commit, ours, theirs) for commit, ours, theirs in reversed(rows)}.values())[
        ::-1
    ]
    if len(found) <= MOST_MERGES:
        return found
    return [found[number * len(found) // MOST_MERGES] for number in range(MOST_MERGES)]


def _git(git_dir: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", f"--git-dir={git_dir}", *arguments], capture_output=True, check=True).stdout


Stages = dict[int, tuple[bytes, str]]


def replayed(git_dir: Path, some: list[Merge], scratch: str) -> Iterator[tuple[Merge, dict[str, Stages]]]:
    """What git leaves in conflict, by path: mode and object of base (1), ours (2) and theirs (3)."""
    environment = {
        **os.environ,
        "GIT_OBJECT_DIRECTORY": scratch,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git_dir / "objects"),
    }
    command = ["git", f"--git-dir={git_dir}", "-c", "merge.renameLimit=200", "merge-tree", "--write-tree", "-z"]
    asked = "".join(f"{one.ours} {one.theirs}\n" for one in some).encode()
    done = subprocess.run(
        [*command, "--no-messages", "--stdin"], input=asked, capture_output=True, env=environment, check=False
    )
    told = done.stdout.split(b"\0")
    at = 0
    for one in some:
        at += 2  # whether it is clean, and the tree
        found: dict[str, Stages] = {}
        while at < len(told) and (entry := _ENTRY.fullmatch(told[at])):
            mode, blob, stage, path = entry.groups()
            found.setdefault(path.decode("utf-8", "surrogateescape"), {})[int(stage)] = (mode, blob.decode())
            at += 1
        while at < len(told) and not told[at]:
            at += 1
        if found:
            yield one, found


def rows(repo: str, git_dir: Path) -> Iterator[dict[str, object]]:
    """The rows of a list: files that both sides have, and that the merge commit has under the same name."""
    found = merges(git_dir)
    with tempfile.TemporaryDirectory() as scratch, _objects(git_dir) as look:
        for start in range(0, len(found), AT_ONCE):
            for merge, paths in replayed(git_dir, found[start : start + AT_ONCE], scratch):
                for path, stages in paths.items():
                    plain = all(mode in _FILES for mode, _ in stages.values())
                    if plain and 2 in stages and 3 in stages and "\n" not in path and path.isprintable():
                        yield from _row(repo, merge, path, stages, look)


def _row(repo: str, merge: Merge, path: str, stages: Stages, look: "Look") -> Iterator[dict[str, object]]:
    base, ours, theirs = (stages.get(stage, (b"", None))[1] for stage in (1, 2, 3))
    resolved = look.blob(f"{merge.commit}:{path}")
    # A base that is not in the clone was made by git, of several: nobody ever saw it.
    if resolved is None or any(one is not None and look.blob(one) is None for one in (base, ours, theirs)):
        return
    yield {
        "repo": repo, "merge": merge.commit, "path": path, "ext": extension_of(path),
        "kind": "content" if base else "add/add", "base": base, "ours": ours, "theirs": theirs, "resolved": resolved,
        "binary": False, "virtual_base": False, "resolved_has_markers": False,
    }  # fmt: skip


@contextmanager
def _objects(git_dir: Path) -> "Iterator[Look]":
    command = ["git", f"--git-dir={git_dir}", "cat-file", "--batch-check"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Look(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True, slots=True)
class Look:
    process: subprocess.Popen[str]

    def blob(self, name: str) -> str | None:
        """The id of a file's content, where the clone has it."""
        into, out = self.process.stdin, self.process.stdout
        assert into is not None
        assert out is not None
        into.write(name + "\n")
        into.flush()
        said = out.readline().split()
        return said[0] if len(said) == 3 and said[1] == "blob" else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for place in sorted(args.clones.glob("*+*")):
        repo = place.name.replace("+", "/", 1)
        git_dir = clone_of(repo, args.clones)
        if git_dir is None:
            continue
        text = "".join(json.dumps(row) + "\n" for row in rows(repo, git_dir))
        (args.out / f"conflicts-{place.name.replace('+', '__', 1)}.jsonl").write_text(text, encoding="utf-8")
        print(f"{repo}: {text.count(chr(10))} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
