"""Git's trees and commits as bytes: taken apart, put together, edited, compared. Pure; both bodies of the repository
use it, so that the same content has the same sha in either.

Never: know where objects are kept; that is the `Objects` handed in.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from state.candidate import Side
from state.ids import Sha
from state.ports import RepositoryFault

TREE = b"40000"
LINK = b"120000"
SUBMODULE = b"160000"

Path = bytes

_LISTED_KEPT = 400_000
"""Paths of folders that are kept, one in a folder of a folder counted for each."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a tree holds under one name: a mode as git writes it (`100644`, `40000`, …) and a sha of 20 bytes."""

    mode: bytes
    id: bytes

    @property
    def sha(self) -> Sha:
        return Sha(self.id.hex())


Entries = Mapping[bytes, Leaf]


class Source(Protocol):
    """Trees by their sha, of 20 bytes."""

    def entries(self, tree: bytes) -> Entries: ...


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs between two trees; files, links and submodules only."""

    path: Path
    old: Leaf | None
    new: Leaf | None


@dataclass(frozen=True, slots=True)
class CommitParts:
    tree: Sha
    parents: tuple[Sha, ...]


def object_id(kind: bytes, data: bytes) -> bytes:
    """The name git gives an object, as 20 bytes."""
    return hashlib.sha1(b"%b %d\0" % (kind, len(data)) + data, usedforsecurity=False).digest()


EMPTY_TREE = object_id(b"tree", b"")


def parse_tree(data: bytes) -> dict[bytes, Leaf]:
    found: dict[bytes, Leaf] = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        found[data[space + 1 : end]] = Leaf(data[at:space], data[end + 1 : end + 21])
        at = end + 21
    return found


def tree_bytes(entries: Entries) -> bytes:
    """A tree in git's own order, where a folder sorts as if its name ended with a slash."""
    ordered = sorted(entries.items(), key=lambda item: item[0] + b"/" if item[1].mode == TREE else item[0])
    return b"".join(leaf.mode + b" " + name + b"\0" + leaf.id for name, leaf in ordered)


def parse_commit(data: bytes) -> CommitParts:
    lines = data.partition(b"\n\n")[0].split(b"\n")
    parents = tuple(Sha(line[7:47].decode()) for line in lines if line.startswith(b"parent "))
    return CommitParts(Sha(lines[0][5:45].decode()), parents)


def person(name: str, email: str) -> bytes:
    """A name and address as a commit holds them: without the characters that would end them."""

    def clean(text: str) -> bytes:
        kept = "".join(char for char in text if char not in "<>\n\0").strip(" .,:;\"\\'")
        return kept.encode("utf-8", "surrogateescape")

    return clean(name) + b" <" + clean(email) + b">"


def commit_bytes(tree: Sha, parents: tuple[Sha, ...], who: bytes, when: float, message: str) -> bytes:
    text = message.replace("\0", "").encode("utf-8", "surrogateescape").rstrip(b"\n") + b"\n"
    stamp = b"%b %d +0000" % (who, int(when))
    head = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents)]
    return b"\n".join([*head, b"author " + stamp, b"committer " + stamp, b"", text])


def leaf_at(source: Source, tree: bytes, path: Path) -> Leaf | None:
    """What a tree holds at a path, a folder included."""
    here = Leaf(TREE, tree)
    for name in path.split(b"/"):
        if here.mode != TREE:
            return None
        found = source.entries(here.id).get(name)
        if found is None:
            return None
        here = found
    return here


def leaves(source: Source, tree: bytes, prefix: Path = b"") -> Iterator[tuple[Path, Leaf]]:
    """Every path of a tree that is not a folder."""
    for name, leaf in source.entries(tree).items():
        if leaf.mode == TREE:
            yield from leaves(source, leaf.id, prefix + name + b"/")
        else:
            yield prefix + name, leaf


def folders(source: Source, tree: bytes, prefix: Path = b"") -> Iterator[Path]:
    """Every folder of a tree, itself (b"") included."""
    yield prefix
    for name, leaf in source.entries(tree).items():
        if leaf.mode == TREE:
            yield from folders(source, leaf.id, prefix + b"/" + name if prefix else name)


class Listings:
    """Lists trees. A folder that was listed before is not gone through again: the next commit's are hardly others."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._folders: dict[tuple[bytes, Path], dict[str, Side]] = {}
        self._size = 0

    def of(self, tree: bytes, prefix: Path = b"") -> dict[str, Side]:
        """Every path of a tree that is not a folder, with its content and mode."""
        found: dict[str, Side] = {}
        for name, leaf in self._source.entries(tree).items():
            path = prefix + name
            if leaf.mode == TREE:
                found.update(self._folder(leaf.id, path + b"/"))
            else:
                found[os.fsdecode(path)] = Side(leaf.sha, leaf.mode.decode())
        return found

    def _folder(self, tree: bytes, prefix: Path) -> dict[str, Side]:
        known = self._folders.get((tree, prefix))
        if known is None:
            known = self.of(tree, prefix)
            if self._size > _LISTED_KEPT:
                self._folders.clear()
                self._size = 0
            self._folders[tree, prefix] = known
            self._size += len(known) + 1
        return known


def changes(source: Source, old: bytes, new: bytes, prefix: Path = b"") -> Iterator[Change]:
    """The paths that differ, at a cost of the folders that differ."""
    if old == new:
        return
    before, after = source.entries(old), source.entries(new)
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        path = prefix + name
        was_tree = was.id if was is not None and was.mode == TREE else None
        now_tree = now.id if now is not None and now.mode == TREE else None
        if was_tree is not None or now_tree is not None:
            yield from changes(source, was_tree or EMPTY_TREE, now_tree or EMPTY_TREE, path + b"/")
        left = None if was_tree is not None else was
        right = None if now_tree is not None else now
        if left is not None or right is not None:
            yield Change(path, left, right)


def sides(source: Source, old: bytes, new: bytes) -> dict[str, Side | None]:
    """The paths that differ, each as the new tree has it."""
    found: dict[str, Side | None] = {}
    for one in changes(source, old, new):
        now = one.new
        found[os.fsdecode(one.path)] = None if now is None else Side(now.sha, now.mode.decode())
    return found


Edits = Mapping[Path, Leaf | None]
Write = Callable[[bytes], bytes]
"""Stores the bytes of an object and gives its sha of 20 bytes."""


def path_fault(path: Path) -> str | None:
    """Why a path can not stand in a tree, or None when it can."""
    parts = path.split(b"/")
    if b"\0" in path or b"" in parts or b"." in parts or b".." in parts:
        return "is not a plain relative path"
    if any(part.lower() == b".git" for part in parts):
        return "names a .git"
    return None


def prepare_edits(edits: Mapping[str, tuple[str, bytes] | None], write_blob: Write) -> dict[Path, Leaf | None]:
    """Edits as the port takes them, checked, their contents stored."""
    prepared: dict[Path, Leaf | None] = {}
    for path, edit in edits.items():
        raw = path.encode("utf-8", "surrogateescape")
        fault = path_fault(raw)
        if fault is not None:
            raise RepositoryFault(f"{path!r} {fault}")
        prepared[raw] = None if edit is None else Leaf(edit[0].encode(), write_blob(edit[1]))
    return prepared


def edited(source: Source, write: Write, tree: bytes, edits: Edits) -> bytes:
    """The tree with some paths set or, with None, taken out (a folder with all that is in it).

    A file in the way of a folder gives way to it; a folder that ends up empty is gone.
    """
    return _edited(source, write, tree, {tuple(path.split(b"/")): leaf for path, leaf in edits.items()}) or write(b"")


def _edited(
    source: Source, write: Write, tree: bytes | None, edits: Mapping[tuple[bytes, ...], Leaf | None]
) -> bytes | None:
    entries = dict(source.entries(tree)) if tree is not None else {}
    below: dict[bytes, dict[tuple[bytes, ...], Leaf | None]] = {}
    for parts, leaf in edits.items():
        if len(parts) > 1:
            below.setdefault(parts[0], {})[parts[1:]] = leaf
        elif leaf is None:
            entries.pop(parts[0], None)
        else:
            entries[parts[0]] = leaf
    for name, inner in below.items():
        here = entries.get(name)
        if here is not None and here.mode != TREE and all(leaf is None for leaf in inner.values()):
            continue
        folder = here.id if here is not None and here.mode == TREE else None
        made = _edited(source, write, folder, inner)
        if made is None:
            entries.pop(name, None)
        else:
            entries[name] = Leaf(TREE, made)
    return write(tree_bytes(entries)) if entries else None
