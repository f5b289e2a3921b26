"""Landing: the trunk, its fence and the work tree that has it checked out move together or not at all.

Never: move the trunk past a refusal of the work tree; take a lock away (that is `mend.py`, after a crash).
"""

import os

from state.git import checkout as work_tree
from state.git import trees, worktree_records
from state.git.door import Door, shown
from state.git.half_moved import HalfMoved
from state.git.holders import release
from state.git.objects import ObjectStore
from state.git.refs import Refs, Refused
from state.git.trees import Change
from state.git.worktree_records import Checkout
from state.ports import LandingOrder, Moved, NotMoved


def _same(left: str, right: str) -> bool:
    return bool(right) and os.path.realpath(left) == os.path.realpath(right)


_WAIT = 5.0

Changed = dict[bytes, Change]


class Landing:
    def __init__(self, door: Door, objects: ObjectStore, refs: Refs) -> None:
        self._door = door
        self._objects = objects
        self._refs = refs

    def land(self, order: LandingOrder) -> Moved | NotMoved:
        place = self._place(order)
        if isinstance(place, NotMoved):
            return place
        changed: Changed = {}
        if place is not None:
            old, new = self._objects.tree_id(order.old), self._objects.tree_id(order.new)
            changed = {change.path: change for change in trees.changes(self._objects, old, new)}
            path = work_tree.obstacle(self._door, place, changed)
            if path is not None:
                return NotMoved("checkout", f"{shown(path)} is in the way in {shown(place.path)}")
        orders = (f"verify {order.fence} {order.token}", f"update {order.ref} {order.new} {order.old}")
        answers: list[NotMoved | None] = []

        def carry() -> str | None:
            answers.append(None if place is None else self._carry(order, place, changed))
            return None if answers[0] is None else answers[0].detail

        outcome = self._refs.transact(orders, carry)
        if outcome is None:
            return Moved()
        answer = answers[0] if answers else None
        return answer or self._why(order, place if answers else None, outcome)

    def _place(self, order: LandingOrder) -> Checkout | NotMoved | None:
        """The checkout to carry along; a refusal where the world is not as the order says."""
        all_of_them = worktree_records.checkouts(self._door)
        rebase = next((tree for tree in all_of_them if tree.rebasing == order.ref), None)
        if rebase is not None:
            return NotMoved("checkout", f"a rebase of {order.ref} is under way in {shown(rebase.path)}")
        having = [tree for tree in all_of_them if tree.branch == order.ref]
        if not having and not order.checkout:
            return None
        if len(having) == 1 and _same(having[0].path, order.checkout):
            if not having[0].present:
                return NotMoved("checkout", f"the worktree {shown(order.checkout)} can not be reached")
            return having[0]
        where = ", ".join(shown(tree.path) for tree in having) or "no worktree"
        return NotMoved("checkout", f"{order.ref} is checked out in {where} now")

    def _carry(self, order: LandingOrder, place: Checkout, changed: Changed) -> NotMoved | None:
        """Done while the locks are held: between this and the commit nobody else can move the trunk."""
        if worktree_records.branch_of(place.admin) != order.ref:
            return NotMoved("checkout", f"{shown(place.path)} has another branch checked out now")
        before = work_tree.looks(place, changed)
        stayed = work_tree.move(self._door, place, order.old, order.new)
        if stayed is None:
            return None
        if stayed.killed:
            release([place.path], [os.path.join(place.admin, "index.lock")], _WAIT)
        after = work_tree.looks(place, changed)
        touched = {path for path in changed if before[path] != after[path]}
        if touched:  # git looks first and writes then: only a disk or a filter that fails stops it in between
            HalfMoved(self._door, self._objects, place, order.old, order.new).put_right(landed=False, only=touched)
        return self._who_is_in_the_way(order, place, changed, stayed.said)

    def _who_is_in_the_way(self, order: LandingOrder, place: Checkout, changed: Changed, said: str) -> NotMoved:
        lock = os.path.join(place.admin, "index.lock")
        if os.path.lexists(lock):
            return NotMoved("checkout", f"another git process works in {shown(place.path)} ({shown(lock)} exists)")
        dirty = sorted(changed.keys() & work_tree.dirty_paths(self._door, place, order.old))
        if dirty:
            return NotMoved("checkout", f"{shown(dirty[0])} has changes of yours in {shown(place.path)}")
        return NotMoved("checkout", f"{shown(place.path)} could not be moved: {said}")

    def _why(self, order: LandingOrder, carried: Checkout | None, outcome: Refused) -> Moved | NotMoved:
        """The refs tell why the transaction failed. Where they stand as ordered, somebody holds a lock."""
        now = self._refs.value(order.ref)
        if now == order.new:
            return Moved()
        if self._refs.value(order.fence) != order.token:  # then it was for the new holder to put the work tree right
            return NotMoved("fence", f"{order.fence} is not at {order.token} any more")
        if carried is not None:
            work_tree.move(self._door, carried, order.new, order.old)
        if now != order.old:
            return NotMoved("trunk-moved", f"{order.ref} stands at {now or 'nothing'}, not at {order.old}")
        return NotMoved("busy", f"git could not lock {order.ref}: {outcome.said}")
