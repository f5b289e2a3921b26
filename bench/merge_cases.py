"""Real conflicted files, from lists of object ids and clones of the repositories.

A list is `conflicts-*.jsonl`; a line has repo, merge, path, ext, kind, the ids base, ours, theirs and resolved, and
flags. Never: network; a case without all of its four objects.
"""

import ast
import hashlib
import json
import re
import subprocess
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KINDS = ("content", "add/add")


@dataclass(frozen=True, slots=True)
class Case:
    repo: str
    merge: str
    path: str
    ext: str
    base: bytes
    ours: bytes
    theirs: bytes
    resolved: bytes

    @property
    def half(self) -> str:
        """Split by merge, so that no merge is in both."""
        return "dev" if int(hashlib.sha256(self.merge.encode()).hexdigest()[:8], 16) % 2 == 0 else "test"


def clone_of(repo: str, clones: Path) -> Path | None:
    """The git directory of `owner/name` in `clones/owner+name`, or one folder below that."""
    place = clones / repo.replace("/", "+")
    below: list[Path] = sorted(place.glob("*")) if place.is_dir() else []
    for folder in [place, *below]:
        if (folder / "objects").is_dir():
            return folder
        if (folder / ".git").is_dir():
            return folder / ".git"
    return None


@contextmanager
def objects(git_dir: Path) -> "Iterator[Reader]":
    command = ["git", f"--git-dir={git_dir}", "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Reader(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True, slots=True)
class Reader:
    process: subprocess.Popen[bytes]

    def read(self, blob: str | None) -> bytes | None:
        if blob is None:
            return b""
        into, out = self.process.stdin, self.process.stdout
        assert into is not None
        assert out is not None
        into.write(blob.encode() + b"\n")
        into.flush()
        head = out.readline().split()
        if head[-1] == b"missing":
            return None
        data = out.read(int(head[2]))
        out.read(1)
        return data


def cases(listing: Path, git_dir: Path) -> Iterator[Case]:
    """The cases of one list that can be scored, each once."""
    seen: set[tuple[str, frozenset[str], str]] = set()
    with objects(git_dir) as reader:
        for line in listing.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            bad = row["binary"] or not row["resolved"] or row["virtual_base"] or row["resolved_has_markers"]
            key = (row["base"], frozenset((row["ours"], row["theirs"])), row["resolved"])
            if row["kind"] not in KINDS or bad or key in seen:
                continue
            seen.add(key)
            found = [reader.read(row[name]) for name in ("base", "ours", "theirs", "resolved")]
            base, ours, theirs, resolved = found
            if base is None or ours is None or theirs is None or resolved is None:
                continue
            yield Case(row["repo"], row["merge"], row["path"], row["ext"], base, ours, theirs, resolved)


def judged(merged: bytes, case: Case) -> str:
    """`same` as the developers committed (white space aside, in Python and JSON by meaning), `order` when only the
    order of the lines differs, else `different`."""
    human = case.resolved
    if _plain(merged) == _plain(human):
        return "same"
    ours, theirs = _meaning(merged, case.ext), _meaning(human, case.ext)
    if ours is not None and ours == theirs:
        return "same"
    if re.sub(rb"\s+", b"", merged) == re.sub(rb"\s+", b"", human) and (case.ext != ".py" or theirs is None):
        return "same"
    return "order" if _bag(merged) == _bag(human) else "different"


def unparsable(merged: bytes, case: Case) -> bool:
    return (
        case.ext in (".py", ".json")
        and _meaning(case.resolved, case.ext) is not None
        and _meaning(merged, case.ext) is None
    )


def _plain(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").rstrip(b"\n")


def _bag(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.split(b"\n") if line.strip())


def _meaning(content: bytes, ext: str) -> str | None:
    try:
        if ext == ".py":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.dump(ast.parse(content))
        if ext == ".json":
            return json.dumps(json.loads(content), sort_keys=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return None
