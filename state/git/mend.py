"""Mending, after a crash in the middle of a landing: the locks it left, and the work tree it left half moved.

Never: take away a lock that a living process may hold; touch a file that is neither of the two commits'.
"""

import os

from state.git import worktree_records
from state.git.door import Door
from state.git.half_moved import HalfMoved
from state.git.history import History
from state.git.holders import release
from state.git.objects import ObjectStore
from state.git.refs import Refs
from state.git.worktree_records import Checkout
from state.ports import LandingOrder

_WAIT = 5.0


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
        release([common, place.path if place else ""], locks, _WAIT)
