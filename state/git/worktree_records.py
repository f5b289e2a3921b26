"""Git's records of worktrees (`worktrees/<id>/` in the common directory) and what each has checked out, as files.

Read here and not asked of `git worktree list`, which leaves out half-made records and costs a process.
Never: write.
"""

import os
from dataclasses import dataclass

from state.git.door import Door

REASON = "tianting "
"""How the lock of a worktree of ours begins; the worktree's path follows, so that a half-made record names it too."""


@dataclass(frozen=True, slots=True)
class Record:
    """One linked worktree. `admin` is git's folder for it; `path` is "" when the record does not say."""

    admin: str
    path: str
    locked: str | None

    @property
    def ours(self) -> bool:
        return self.locked is not None and self.locked.startswith(REASON)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A work tree (linked or the main one) and the branch its HEAD names; "" when HEAD is detached. Where it is not
    known where the work tree is, `path` is that of its record, and it is not `present`."""

    path: str
    admin: str
    branch: str
    present: bool
    rebasing: str
    """The branch that a rebase under way there will move at its end, or ""."""


def _text(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return None


def records(common_dir: str) -> list[Record]:
    folder = os.path.join(common_dir, "worktrees")
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [_record(os.path.join(folder, name)) for name in names if os.path.isdir(os.path.join(folder, name))]


def _record(admin: str) -> Record:
    locked = _text(os.path.join(admin, "locked"))
    locked = None if locked is None else locked.removesuffix("\n")
    pointer = (_text(os.path.join(admin, "gitdir")) or "").removesuffix("\n")
    if pointer:
        path = os.path.dirname(os.path.normpath(os.path.join(admin, pointer)))
    elif locked is not None and locked.startswith(REASON):
        path = locked.removeprefix(REASON)
    else:
        path = ""
    return Record(admin, path, locked)


def branch_of(admin: str) -> str:
    """The ref that the HEAD in an admin folder names, or "" when it is detached or unreadable."""
    head = _text(os.path.join(admin, "HEAD")) or ""
    return head.removeprefix("ref:").strip() if head.startswith("ref:") else ""


def _rebasing(admin: str) -> str:
    for place in ("rebase-merge", "rebase-apply"):
        name = _text(os.path.join(admin, place, "head-name"))
        if name is not None:
            return name.strip()
    return ""


def checkouts(door: Door) -> list[Checkout]:
    """All work trees of the repository, the main one first. A linked one whose folder is gone counts only when it is
    locked: git takes such a record for one on a disk that is not mounted."""
    found: list[Checkout] = []
    if not door.bare:
        found.append(_checkout(door.work_tree, door.common_dir))
    for record in records(door.common_dir):
        seen = _checkout(record.path, record.admin) if record.path else None
        if seen is not None and (seen.present or record.locked is not None):
            found.append(seen)
    return found


def _checkout(path: str, admin: str) -> Checkout:
    present = bool(path) and os.path.lexists(os.path.join(path, ".git"))
    return Checkout(path or admin, admin, branch_of(admin), present, _rebasing(admin))
