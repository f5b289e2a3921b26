"""Moving a work tree of the user from one commit to another, when nothing of theirs is in the way.

Never: overwrite or remove a file whose content is not in the old commit; move HEAD or a ref.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from state.git import trees
from state.git.door import ANY, LONG, Door, sentence
from state.git.trees import Change
from state.git.worktree_records import Checkout
from state.ports import RepositoryFault


def environment(checkout: Checkout) -> dict[str, str]:
    return {"GIT_DIR": checkout.admin, "GIT_WORK_TREE": checkout.path}


def look(root: bytes, path: bytes) -> os.stat_result | None:
    """What lies at a path below `root`; None when nothing does, or when a parent is not a real folder (a link
    is not followed out of the work tree)."""
    here = root
    for part in path.split(b"/")[:-1]:
        here = os.path.join(here, part)
        try:
            if not stat.S_ISDIR(os.lstat(here).st_mode):
                return None
        except OSError:
            return None
    try:
        return os.lstat(os.path.join(root, path))
    except OSError:
        return None


def looks(checkout: Checkout, paths: Iterable[bytes]) -> dict[bytes, tuple[int, ...] | None]:
    """By which each path can be told to be the same as before."""
    found: dict[bytes, tuple[int, ...] | None] = {}
    for path in paths:
        seen = look(os.fsencode(checkout.path), path)
        found[path] = seen and (seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns)
    return found


def obstacle(door: Door, checkout: Checkout, changed: Mapping[bytes, Change]) -> bytes | None:
    """The first path at which moving the work tree would meet something that the old commit does not know, or would
    bring back a file that the person deleted. Git itself looks at untracked files only, overwrites ignored ones and
    writes deleted ones anew."""
    top = os.fsencode(checkout.path)
    missing: list[bytes] = []
    for path, change in sorted(changed.items()):
        found = look(top, path)
        if change.old is None:
            hit = _in_the_way(top, path, changed, found)
            if hit is not None:
                return hit
        elif found is None and change.new is not None and change.old.mode != trees.SUBMODULE:
            missing.append(path)
    if not missing:
        return None
    sparse = set(_sparse(door, checkout))
    return next((path for path in missing if path not in sparse), None)


def _sparse(door: Door, checkout: Checkout) -> Iterator[bytes]:
    """Paths that a sparse checkout leaves out of the work tree."""
    ran = door.run(["ls-files", "-t", "-z"], env=environment(checkout), cwd=checkout.path, timeout=LONG)
    for item in ran.out.split(b"\0"):
        if item.startswith(b"S "):
            yield item[2:]


def _leaves(change: Change | None) -> bool:
    return change is not None and change.old is not None and change.new is None


def _in_the_way(top: bytes, path: bytes, changed: Mapping[bytes, Change], found: os.stat_result | None) -> bytes | None:
    parts = path.split(b"/")
    for size in range(1, len(parts)):
        above = b"/".join(parts[:size])
        try:
            kind = os.lstat(os.path.join(top, above)).st_mode
        except OSError:
            return None
        if not stat.S_ISDIR(kind):
            return None if _leaves(changed.get(above)) else above
    if found is None:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return path
    for folder, _, names in os.walk(os.path.join(top, path)):
        for name in names:
            inside = os.path.relpath(os.path.join(folder, name), top)
            if not _leaves(changed.get(inside)):
                return inside
    return None


@dataclass(frozen=True, slots=True)
class Stayed:
    """A work tree that git did not move; what it said. `killed`: it was ended in the middle and left its lock."""

    said: str
    killed: bool


def move(door: Door, checkout: Checkout, old: str, new: str) -> Stayed | None:
    """`git read-tree -m -u`; None when it moved. Entries that only look changed (touched, copied) are refreshed and
    tried once more."""
    env = environment(checkout)
    steps = (
        ["read-tree", "-m", "-u", old, new],
        ["update-index", "-q", "--refresh"],
        ["read-tree", "-m", "-u", old, new],
    )
    said = ""
    for step in steps:
        try:
            ran = door.run(step, env=env, cwd=checkout.path, ok=ANY, timeout=LONG)
        except RepositoryFault as error:  # it took too long, and was ended
            return Stayed(str(error), killed=True)
        if ran.code < 0:
            return Stayed(f"git {step[0]} was ended by signal {-ran.code}", killed=True)
        if step[0] == "read-tree":
            if ran.code == 0:
                return None
            said = sentence(ran.err)
    return Stayed(said, killed=False)


def dirty_paths(door: Door, checkout: Checkout, commit: str) -> set[bytes]:
    """Tracked paths at which the work tree or the index differs from a commit."""
    env = environment(checkout)
    found: set[bytes] = set()
    for step in (
        ["diff-files", "--name-only", "-z"],
        ["diff-index", "--cached", "--name-only", "-z", commit],
    ):
        ran = door.run(step, env=env, cwd=checkout.path, timeout=LONG)
        found.update(path for path in ran.out.split(b"\0") if path)
    return found
