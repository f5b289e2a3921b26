"""Mending, after a crash in the middle of a landing: the locks it left, and the work tree it left half moved.

Never: take away a lock that a living process may hold; touch a file that is neither of the two commits'.
"""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from state.git import checkout as work_tree
from state.git import trees, worktree_records
from state.git.door import LONG, Door, Ran, shown
from state.git.history import History
from state.git.holders import settle
from state.git.objects import ObjectStore
from state.git.refs import Refs
from state.git.trees import Change, Leaf
from state.git.worktree_records import Checkout
from state.ids import Sha
from state.ports import LandingOrder, RepositoryFault

_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class _Entry:
    leaf: Leaf
    skipped: bool
    """Left out of the work tree by a sparse checkout."""


class Mending:
    def __init__(self, door: Door, objects: ObjectStore, refs: Refs, history: History) -> None:
        self._door = door
        self._objects = objects
        self._refs = refs
        self._history = history

    def mend(self, order: LandingOrder) -> None:
        having = [tree for tree in worktree_records.checkouts(self._door) if tree.branch == order.ref]
        place = next((tree for tree in having if tree.present), None)
        self._unlock(order, place)
        now = self._refs.value(order.ref)
        landed = now is not None and (now == order.new or self._history.is_ancestor(order.new, now))
        if place is None or not order.checkout or (landed and now != order.new):
            return  # no work tree was moved; or it was moved to the end, for others have landed on top
        target, other = (order.new, order.old) if landed else (order.old, order.new)
        HalfMoved(self._door, self._objects, place, target, other).put_right(landed)

    def _unlock(self, order: LandingOrder, place: Checkout | None) -> None:
        """`git update-ref` locks the refs it is told of and the HEAD that names one; `git read-tree` the index."""
        common = self._door.common_dir
        names = [order.ref, order.fence, "HEAD", "packed-refs"]
        locks = [os.path.join(common, f"{name}.lock") for name in names]
        if place is not None:
            locks.append(os.path.join(place.admin, "index.lock"))
        holder = settle([common, place.path if place else ""], locks, _WAIT)
        for lock in locks:
            if os.path.lexists(lock):
                if holder is not None:
                    raise RepositoryFault(f"{shown(lock)} may be held by process {holder}, which still runs")
                os.unlink(lock)


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

    def put_right(self, landed: bool) -> None:
        target, other = self._objects.tree_id(self._target), self._objects.tree_id(self._other)
        changed = {change.path: change for change in trees.changes(self._objects, other, target)}
        index = self._index()
        at_target = [path for path, change in changed.items() if _holds(index.get(path), change.new)]
        at_other = [path for path, change in changed.items() if _holds(index.get(path), change.old)]
        if landed and len(at_target) == len(changed):
            return  # the landing was whole; what differs since is the person's
        whole = len(at_other) == len(changed)
        if whole and self._git(["read-tree", "-m", "-u", self._other, self._target], ok=range(256)).code == 0:
            return
        known = {path: changed[path] for path in {*at_target, *at_other}}
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
            self._git(["checkout-index", "-u", "-q", "-z", "--stdin"], _list(absent), ok=range(256))
        self._git(["update-index", "-q", "--refresh"], ok=range(256))

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
                if old is not None and (old.mode, old.id) == (trees.LINK, link) and old != new:
                    ours.add(path)
            elif stat.S_ISREG(found.st_mode):
                same = [leaf for leaf in (new, old) if leaf is not None and leaf.id == hashes.get(path)]
                if (same and same[0] is old) or (not same and self._begun(path, known[path], found.st_size)):
                    ours.add(path)
        return ours

    def _hashes(self, paths: list[bytes]) -> dict[bytes, bytes]:
        """What each file would be in the repository, its filters applied."""
        plain = [path for path in paths if b"\n" not in path and not path.startswith(b'"')]
        found: dict[bytes, bytes] = {}
        if plain:
            ran = self._git(["hash-object", "--stdin-paths"], b"\n".join(plain) + b"\n", ok=range(256))
            if ran.code == 0:
                found = {path: bytes.fromhex(sha.decode()) for path, sha in zip(plain, ran.out.split(), strict=True)}
        for path in set(paths).difference(found):
            ran = self._git(["hash-object", "--", os.fsdecode(path)], ok=range(256))
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
            ran = self._git(["cat-file", "--filters", f"{commit}:{os.fsdecode(path)}"], ok=range(256))
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


def _holds(entry: _Entry | None, leaf: Leaf | None) -> bool:
    return (entry is None and leaf is None) or (entry is not None and entry.leaf == leaf)


def _list(items: list[bytes]) -> bytes:
    return b"\0".join(items) + b"\0"
