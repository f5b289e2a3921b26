"""Merging trees in memory, path by path, without renames. Pure but for the objects it writes.

Never: be taken for git's merge; it serves the simulation and keeps the same promises in the contract suite.
"""

import os
from dataclasses import dataclass, field
from typing import Protocol

from state.candidate import Conflict, ConflictKind, Side
from state.git import text_merge, trees
from state.git.trees import Leaf, Path
from state.ids import Sha
from state.ports import Merge, MergeClean, MergeConflicted

_BINARY_LOOK = 8000
_FILES = (b"100644", b"100755")


class Store(Protocol):
    def entries(self, tree: bytes) -> trees.Entries: ...

    def content(self, sha: str, kind: bytes) -> bytes: ...

    def put(self, kind: bytes, data: bytes) -> bytes: ...


def is_binary(*texts: bytes) -> bool:
    return any(b"\0" in text[:_BINARY_LOOK] for text in texts)


@dataclass(slots=True)
class _Work:
    store: Store
    names: tuple[str, str]
    edits: dict[Path, Leaf | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def clash(self, rule: str, path: Path, sides: tuple[Leaf | None, Leaf | None, Leaf | None]) -> None:
        base, ours, theirs = (None if leaf is None else Side(leaf.sha, leaf.mode.decode()) for leaf in sides)
        name = os.fsdecode(path)
        text = f"{rule}: {name}"
        self.conflicts.append(Conflict(ConflictKind.TEXT, rule, name, base, ours, theirs, detail=text))


def merge(store: Store, base: bytes, ours: bytes, theirs: bytes, names: tuple[str, str]) -> Merge:
    """Merge `theirs` into `ours`, three trees; `names` label the sides in marked text."""
    work = _Work(store, names)
    mine = {change.path: change for change in trees.changes(store, base, ours)}
    other = {change.path: change for change in trees.changes(store, base, theirs)}
    for path in sorted(other):
        if path not in mine:
            work.edits[path] = other[path].new
        elif mine[path].new != other[path].new:
            _both(work, path, mine[path].old, mine[path].new, other[path].new)
    _give_way(work, ours)
    tree = trees.edited(store, lambda data: store.put(b"tree", data), ours, work.edits)
    if work.conflicts:
        return MergeConflicted(Sha(tree.hex()), tuple(sorted(work.conflicts, key=lambda found: found.path)))
    return MergeClean(Sha(tree.hex()))


def _both(work: _Work, path: Path, base: Leaf | None, ours: Leaf | None, theirs: Leaf | None) -> None:
    """Both sides changed a path, differently."""
    if ours is None or theirs is None:
        work.clash("CONFLICT (modify/delete)", path, (base, ours, theirs))
        if ours is None:
            work.edits[path] = theirs
        return
    if ours.mode not in _FILES or theirs.mode not in _FILES:
        work.clash("CONFLICT (distinct modes)", path, (base, ours, theirs))
        return
    was_text = base is not None and base.mode in _FILES
    left, right = work.store.content(ours.sha, b"blob"), work.store.content(theirs.sha, b"blob")
    before = work.store.content(base.sha, b"blob") if base is not None and was_text else b""
    mode = ours.mode if base is None or ours.mode != base.mode else theirs.mode
    if is_binary(before, left, right):
        work.clash("CONFLICT (binary)", path, (base, ours, theirs))
        return
    merged, clean = text_merge.merge(before, left, right, None, work.names)
    work.edits[path] = Leaf(mode, work.store.put(b"blob", merged))
    if not clean:
        rule = "CONFLICT (contents)" if was_text else "CONFLICT (add/add)"
        work.clash(rule, path, (base, ours, theirs))


def _give_way(work: _Work, ours: bytes) -> None:
    """Where one side has a file and the other a folder of that name, the file moves aside, as git does it."""
    added = [path for path, leaf in work.edits.items() if leaf is not None]
    ahead = trees.edited(
        work.store, lambda data: work.store.put(b"tree", data), ours, {p: e for p, e in work.edits.items() if e is None}
    )
    for path in sorted(added):
        leaf = work.edits[path]
        here = trees.leaf_at(work.store, ahead, path)
        if here is not None and here.mode == trees.TREE:
            work.clash("CONFLICT (file/directory)", path, (None, None, leaf))
            work.edits[path + b"~" + work.names[1].encode()] = work.edits.pop(path)
        parts = path.split(b"/")
        for size in range(1, len(parts)):
            above = b"/".join(parts[:size])
            found = trees.leaf_at(work.store, ahead, above)
            if found is not None and found.mode != trees.TREE:
                aside = above + b"~" + work.names[0].encode()
                if aside not in work.edits:
                    work.clash("CONFLICT (file/directory)", above, (None, found, None))
                    work.edits[above] = None
                    work.edits[aside] = found
                break
