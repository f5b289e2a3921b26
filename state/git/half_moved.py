"""A work tree that stopped somewhere on its way between two commits, put right file by file.

Never: touch a file that is neither of the two commits' nor the beginning of one of theirs.
"""

import os
import stat
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from state.git import checkout as work_tree
from state.git import trees
from state.git.door import ANY, LONG, Door, Ran
from state.git.objects import ObjectStore
from state.git.trees import Change, Leaf
from state.git.worktree_records import Checkout
from state.ids import Sha

_FILES = (b"100644", b"100664", b"100755")


@dataclass(frozen=True, slots=True)
class _Entry:
    leaf: Leaf
    skipped: bool
    """Left out of the work tree by a sparse checkout."""


class HalfMoved:
    """A work tree that stopped somewhere on the way between two commits, and is to hold `target`."""

    def __init__(self, door: Door, objects: ObjectStore, place: Checkout, target: Sha, other: Sha) -> None:
        self._door = door
        self._objects = objects
        self._place = place
        self._top = os.fsencode(place.path)
        self._env = work_tree.environment(place)
        self._target = target
        self._other = other

    def _git(self, args: list[str], feed: bytes | None = None, ok: Iterable[int] = (0,)) -> Ran:
        codes = frozenset(ok)
        return self._door.run(args, env=self._env, cwd=self._place.path, feed=feed, ok=codes, timeout=LONG)

    def put_right(self, landed: bool, only: Collection[bytes] | None = None) -> None:
        """Bring the work tree to `target`, at the paths in `only` or, with None, at all. `landed`: the trunk is there,
        so that a work tree whose index is there too was moved to the end before the person went on."""
        target, other = self._objects.tree_id(self._target), self._objects.tree_id(self._other)
        changed = {change.path: change for change in trees.changes(self._objects, other, target)}
        index = self._index()
        at_target = [path for path, change in changed.items() if _holds(index.get(path), change.new)]
        at_other = [path for path, change in changed.items() if _holds(index.get(path), change.old)]
        if landed and len(at_target) == len(changed):
            return  # the landing was whole; what differs since is the person's
        whole = len(at_other) == len(changed)
        if only is None and whole and self._git(["read-tree", "-m", "-u", self._other, self._target], ok=ANY).code == 0:
            return
        known = {path: changed[path] for path in {*at_target, *at_other} if only is None or path in only}
        ours = self._ours(known)
        for path in sorted(ours, reverse=True):
            self._unlink(path)
        self._set_index(known, index)
        absent = [
            path
            for path, change in sorted(known.items())
            if change.new is not None
            and change.new.mode != trees.SUBMODULE
            and not (path in index and index[path].skipped)
            and self._free(path)
        ]
        if absent:  # without -f: it writes only what is not there
            self._git(["checkout-index", "-u", "-q", "-z", "--stdin"], _list(absent), ok=ANY)
        self._git(["update-index", "-q", "--refresh"], ok=ANY)

    def _index(self) -> dict[bytes, _Entry]:
        found: dict[bytes, _Entry] = {}
        for item in self._git(["ls-files", "-s", "-t", "-z"]).out.split(b"\0"):
            about, _, path = item.partition(b"\t")
            if path:
                tag, mode, sha, stage = about.split(b" ")
                if stage == b"0":
                    found[path] = _Entry(Leaf(mode, bytes.fromhex(sha.decode())), tag == b"S")
        return found

    def _ours(self, known: dict[bytes, Change]) -> set[bytes]:
        """Paths whose file is the other commit's, or the beginning of either's: written by us, to be taken away."""
        there: dict[bytes, os.stat_result] = {}
        for path in known:
            found = work_tree.look(self._top, path)
            if found is not None:
                there[path] = found
        hashes = self._hashes([path for path, found in there.items() if stat.S_ISREG(found.st_mode)])
        ours: set[bytes] = set()
        for path, found in there.items():
            old, new = known[path].old, known[path].new
            if stat.S_ISLNK(found.st_mode):
                link = trees.object_id(b"blob", os.readlink(os.path.join(self._top, path)))
                if old == Leaf(trees.LINK, link) and new != old:
                    ours.add(path)
            elif stat.S_ISREG(found.st_mode):
                same = _same((new, old), hashes.get(path), found.st_mode)
                if same is old if same is not None else self._begun(path, known[path], found.st_size):
                    ours.add(path)
        return ours

    def _hashes(self, paths: list[bytes]) -> dict[bytes, bytes]:
        """What each file would be in the repository, its filters applied."""
        plain = [path for path in paths if b"\n" not in path and not path.startswith(b'"')]
        found: dict[bytes, bytes] = {}
        if plain:
            ran = self._git(["hash-object", "--stdin-paths"], b"\n".join(plain) + b"\n", ok=ANY)
            if ran.code == 0:
                found = {path: bytes.fromhex(sha.decode()) for path, sha in zip(plain, ran.out.split(), strict=True)}
        for path in set(paths).difference(found):
            ran = self._git(["hash-object", "--", os.fsdecode(path)], ok=ANY)
            if ran.code == 0:
                found[path] = bytes.fromhex(ran.out.strip().decode())
        return found

    def _begun(self, path: bytes, change: Change, size: int) -> bool:
        """Whether a file is the beginning of what either commit has there, as it is stored or as it is written out."""
        if size == 0:
            return True
        with open(os.path.join(self._top, path), "rb") as file:
            content = file.read()
        for leaf, commit in ((change.old, self._other), (change.new, self._target)):
            if leaf is None or leaf.mode in (trees.SUBMODULE, trees.LINK):
                continue
            if self._objects.blob(leaf).startswith(content):
                return True
            ran = self._git(["cat-file", "--filters", f"{commit}:{os.fsdecode(path)}"], ok=ANY)
            if ran.code == 0 and ran.out.startswith(content):
                return True
        return False

    def _free(self, path: bytes) -> bool:
        """Whether nothing lies at a path, once folders with nothing in them (made for files to come) are gone."""
        found = work_tree.look(self._top, path)
        if found is not None and stat.S_ISDIR(found.st_mode):
            for folder, _, _ in os.walk(os.path.join(self._top, path), topdown=False):
                with suppress(OSError):
                    os.rmdir(folder)
            found = work_tree.look(self._top, path)
        return found is None

    def _unlink(self, path: bytes) -> None:
        full = os.path.join(self._top, path)
        os.unlink(full)
        folder = os.path.dirname(full)
        while folder != self._top:
            try:
                os.rmdir(folder)
            except OSError:
                return
            folder = os.path.dirname(folder)

    def _set_index(self, known: dict[bytes, Change], index: dict[bytes, _Entry]) -> None:
        stale = {path: change.new for path, change in known.items() if not _holds(index.get(path), change.new)}
        gone = [b"0 %b\t%b" % (b"0" * 40, path) for path, leaf in stale.items() if leaf is None]
        set_to = [b"%b %b\t%b" % (leaf.mode, leaf.sha.encode(), path) for path, leaf in stale.items() if leaf]
        if stale:
            self._git(["update-index", "-z", "--index-info"], _list([*gone, *set_to]))
        skipped = [path for path, leaf in stale.items() if leaf and path in index and index[path].skipped]
        if skipped:
            self._git(["update-index", "--skip-worktree", "-z", "--stdin"], _list(skipped))


def _same(leaves: Sequence[Leaf | None], content: bytes | None, mode: int) -> Leaf | None:
    """Which of two leaves a file is; where they differ in the right to be run alone, that tells."""
    found = [leaf for leaf in leaves if leaf is not None and leaf.mode in _FILES and leaf.id == content]
    run = [leaf for leaf in found if (leaf.mode == b"100755") == bool(mode & stat.S_IXUSR)]
    return next(iter(run or found), None)


def _holds(entry: _Entry | None, leaf: Leaf | None) -> bool:
    return (entry is None and leaf is None) or (entry is not None and entry.leaf == leaf)


def _list(items: list[bytes]) -> bytes:
    return b"\0".join(items) + b"\0"
