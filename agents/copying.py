"""Copies the files that the plan's `copy` names from the user's checkout into a worktree.

They are what a project needs beside its commits (`.env`, local settings). Never: over a file that is there already
by other means, out of the worktree through a link, into a candidate (see `hide`).
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Copied = dict[str, tuple[int, int]]
"""Relative path to size and time of change as the copy was made."""


class CopyFault(Exception):
    """A file that the plan names could not be copied; one sentence."""


def copy_files(source: Path, target: Path, patterns: Sequence[str], before: Copied) -> Copied:
    """Bring the copies up to date; `before` is what an earlier call made here. Globs as in the plan, folders whole."""
    copied = dict(before)
    for pattern in patterns:
        names = sorted(_matches(source, pattern))
        if not names:
            raise CopyFault(f"copy: nothing in {source} matches {pattern}")
        for name in names:
            _copy(source / name, target / name, target, name, copied)
    return copied


def _matches(source: Path, pattern: str) -> Iterator[str]:
    for found in source.glob(pattern):
        files = (_below(found)) if found.is_dir() else iter([found])
        for file in files:
            name = file.relative_to(source).as_posix()
            if name.split("/", 1)[0] != ".git":
                yield name


def _below(folder: Path) -> Iterator[Path]:
    for root, _folders, files in os.walk(folder):
        yield from (Path(root) / file for file in files)


def _copy(source: Path, target: Path, top: Path, name: str, copied: Copied) -> None:
    if os.path.lexists(target) and (name not in copied or _is_as_made(target, _as_made(source))):
        return
    if not target.parent.resolve().is_relative_to(top.resolve()):
        raise CopyFault(f"copy: {name} leads out of the worktree")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    except OSError as fault:
        raise CopyFault(f"copy: {name}: {fault}") from fault
    copied[name] = _as_made(target)


def _as_made(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def hide(target: Path, copied: Copied, names: Iterable[str]) -> bool:
    """Delete those of the copies in `names` that nobody changed since, so that a snapshot does not take them for work.

    Whether any was; the next `copy_files` brings them back.
    """
    hidden = [name for name in names if name in copied and _is_as_made(target / name, copied[name])]
    for name in hidden:
        (target / name).unlink()
        del copied[name]
    return bool(hidden)


def _is_as_made(file: Path, made: tuple[int, int]) -> bool:
    return os.path.lexists(file) and _as_made(file) == made
