"""Merging trees whose changes lie apart: what one side alone has changed is taken from it, without asking git.

Where this answers it is git's answer, renames or not. Git pairs what a side took out with what it put in, and carries
along what the *other* side did there: to the file that was moved, or in the folder that is gone. Both then changed one
entry of a tree, and such an entry is left to git, unless both are folders that can be gone into, or both gave one file
the same new content. Pure. Never: the inside of a file; an answer where there are several common ancestors.
"""

from collections.abc import Mapping

from state.git.trees import EMPTY_TREE, TREE, Entries, Leaf, Source, Write, tree_bytes

_Folder = Mapping[bytes, "Leaf | _Folder"]
"""What a folder is to hold; a leaf may stand for a folder that is there already."""


class _Meet(Exception):
    """Both sides changed something that can not be told apart here."""


def merged(source: Source, write: Write, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The tree in which both sides' changes of `base` stand; None, and nothing written, where git has to be asked."""
    try:
        folder = _folder(source, base, ours, theirs)
    except _Meet:
        return None
    return _written(write, folder) or write(b"")


def _folder(source: Source, base: bytes, ours: bytes, theirs: bytes) -> _Folder:
    before, mine, other = source.entries(base), source.entries(ours), source.entries(theirs)
    found: dict[bytes, Leaf | _Folder] = {}
    for name in {**before, **mine, **other}:
        here = _entry(source, before.get(name), mine.get(name), other.get(name))
        if here is not None:
            found[name] = here
    return found


def _entry(source: Source, before: Leaf | None, mine: Leaf | None, other: Leaf | None) -> "Leaf | _Folder | None":
    if other == before:
        return mine
    if mine == before:
        return other
    if mine is None or other is None:
        raise _Meet
    folders = [leaf.mode == TREE for leaf in (mine, other)]
    if all(folders) and (before is None or before.mode == TREE):
        return _folder(source, EMPTY_TREE if before is None else before.id, mine.id, other.id)
    if any(folders) or mine != other or before is None or before.mode == TREE:
        raise _Meet
    return mine


def _written(write: Write, folder: _Folder) -> bytes | None:
    """The tree, its folders first; None for one with nothing in it, which git does not keep."""
    entries: Entries = {
        name: leaf
        for name, here in folder.items()
        if (leaf := here if isinstance(here, Leaf) else _leaf(write, here)) is not None
    }
    return write(tree_bytes(entries)) if entries else None


def _leaf(write: Write, folder: _Folder) -> Leaf | None:
    tree = _written(write, folder)
    return None if tree is None else Leaf(TREE, tree)
