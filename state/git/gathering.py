"""What a dead run left where the repository, or the folder for worktrees, was when it began: brought to where it
belongs now, so that it is found.

Never: touch what is not ours, or stands where it belongs; take the place of something else.
"""

import os
import shutil
from contextlib import suppress

from state.git.worktree_records import REASON, Record, records


def gather(common_dir: str, under: str) -> None:
    """Blocks; `OSError` when something can not be moved. Done again after a crash it goes on where it was."""
    strays = [record for record in records(common_dir) if _is_stray(record, under)]
    for folder in sorted({os.path.dirname(record.path) for record in strays}):
        if os.path.isdir(folder):
            _move(folder, under)
    for record in strays:
        _point(record, os.path.join(under, os.path.basename(record.path)))


def _is_stray(record: Record, under: str) -> bool:
    folder = os.path.dirname(record.path)
    same = os.path.basename(folder) == os.path.basename(under)
    return record.ours and same and os.path.realpath(folder) != os.path.realpath(under)


def _move(folder: str, under: str) -> None:
    os.makedirs(under, mode=0o700, exist_ok=True)
    for name in sorted(os.listdir(folder)):
        if not os.path.lexists(os.path.join(under, name)):
            shutil.move(os.path.join(folder, name), os.path.join(under, name))
    with suppress(OSError):  # not empty: something was in the way, or others use the place
        os.rmdir(folder)
        os.rmdir(os.path.dirname(folder))


def _point(record: Record, place: str) -> None:
    """Make worktree and record name each other, where it is the worktree of this record that stands there now."""
    if os.path.lexists(record.path) or not os.path.isdir(place):
        return
    _write(os.path.join(place, ".git"), f"gitdir: {record.admin}")
    _write(os.path.join(record.admin, "locked"), REASON + place)
    _write(os.path.join(record.admin, "gitdir"), os.path.join(place, ".git"))


def _write(file: str, text: str) -> None:
    """Whole or not at all."""
    with open(file + ".tianting", "wb") as new:
        new.write(os.fsencode(text) + b"\n")
    os.replace(file + ".tianting", file)
