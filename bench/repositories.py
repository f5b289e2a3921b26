"""Repositories to measure on, made from nothing: so many files, so many branches; and the place where they stand.

Never: a repository of a person.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.product import git

FOLDER = 100
"""Files in one folder."""


@contextmanager
def workplace() -> Iterator[None]:
    """All that is made inside is deleted together at the end: ext4 makes files slowly for minutes after it has deleted
    many, so that a bench that tidies up after itself would slow the next one."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="tianting-bench-") as name:
        tempfile.tempdir = name
        try:
            yield
        finally:
            tempfile.tempdir = before


def fresh() -> Path:
    """A new empty folder in the workplace."""
    return Path(tempfile.mkdtemp())


def path_of(number: int) -> str:
    return f"src/part{number // FOLDER:03d}/module{number:05d}.py"


def _text(number: int) -> str:
    """About 1.5 KiB that differs from file to file."""
    lines = [
        f"def function_{number}_{at}(value: int) -> int:\n    return value * {number} + {at}\n" for at in range(20)
    ]
    return "\n".join(lines)


def make(folder: Path, files: int) -> Path:
    """A repository on `main` with `files` files, checked out and clean."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "gc.auto", "0")
    for number in range(files):
        path = folder / path_of(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(number), encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", f"{files} files")
    return folder


def add_branches(repository: Path, branches: int, files: int) -> list[str]:
    """Branches from `main` that merge cleanly with each other: each changes one file and adds one."""
    names = [f"topic/{number:03d}" for number in range(branches)]
    stream: list[str] = []
    for number, name in enumerate(names):
        stream += [
            f"commit refs/heads/{name}\ncommitter Bench <bench@example.invalid> {1_800_000_000 + number} +0000\n",
            _data(f"work of {name}\n"),
            "from refs/heads/main\n",
            f"M 100644 inline notes/{number:03d}.md\n",
            _data(f"# {name}\n"),
        ]
        if number < files:
            stream += [f"M 100644 inline {path_of(number)}\n", _data(_text(number) + f"# changed by {name}\n")]
    git(repository, "fast-import", "--quiet", text="".join(stream))
    return names


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
