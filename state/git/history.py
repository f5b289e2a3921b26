"""Who descends from whom. The near past is read from the commits themselves; only the far past costs a git process.

Never: guess; a quick look that does not find an answer asks git.
"""

from collections import deque

from state.git.door import Door
from state.git.objects import ObjectStore
from state.ids import Sha
from state.ports import RepositoryFault

_LOOK = 16
_LOOK_BASE = 128
_KEPT = 20_000


class History:
    def __init__(self, door: Door, objects: ObjectStore) -> None:
        self._door = door
        self._objects = objects
        self._bases: dict[tuple[Sha, Sha], Sha | None] = {}

    def is_ancestor(self, older: Sha, newer: Sha) -> bool:
        if self._near(older, newer):
            return True
        ran = self._door.run(["merge-base", "--is-ancestor", older, newer], ok=(0, 1))
        return ran.code == 0

    def merge_base(self, left: Sha, right: Sha) -> Sha | None:
        pair = (left, right)
        if pair in self._bases:
            return self._bases[pair]
        if self._near(left, right):
            found: Sha | None = left
        elif self._near(right, left):
            found = right
        elif (both := self._fork(left, right)) is not None:
            found = both
        else:
            found = self._begun_at(right, left) or self._begun_at(left, right) or self._asked(left, right)
        if len(self._bases) >= _KEPT:
            self._bases.clear()
        self._bases[pair] = found
        return found

    def _fork(self, left: Sha, right: Sha) -> Sha | None:
        """Where two histories without a merge part, near by: all that is behind both is behind that commit."""
        behind = self._line(left)
        return next((one for one in self._line(right) if one in behind), None)

    def _line(self, tip: Sha) -> dict[Sha, None]:
        """The nearest commits behind one, itself first, down to the first with several parents or none that is here."""
        line = {tip: None}
        try:
            while len(line) < _LOOK:
                parents = self._objects.commit(next(reversed(line))).parents
                if len(parents) != 1:
                    break
                line[parents[0]] = None
        except RepositoryFault:
            pass  # a shallow clone ends there; what came before it was read
        return line

    def _asked(self, left: Sha, right: Sha) -> Sha | None:
        ran = self._door.run(["merge-base", left, right], ok=(0, 1))
        return Sha(ran.out.split(b"\n", 1)[0].decode()) if ran.code == 0 else None

    def _begun_at(self, tip: Sha, other: Sha) -> Sha | None:
        """The one parent of `tip`, where `other` contains it and, as a whole look at what lies between shows, not
        `tip`: all that both contain is then behind it. None where that is not seen."""
        try:
            parents = self._objects.commit(tip).parents
            if len(parents) != 1:
                return None
            behind = self._walk(parents[0], frozenset())
            between = self._walk(other, behind)
        except RepositoryFault:
            return None
        seen = len(between) < _LOOK_BASE and tip not in between and parents[0] in between
        return parents[0] if seen else None

    def _walk(self, start: Sha, ends: frozenset[Sha]) -> frozenset[Sha]:
        """The nearest commits behind `start`, itself included; what lies behind `ends` is not gone into."""
        seen = {start}
        todo = deque([start])
        while todo and len(seen) < _LOOK_BASE:
            here = todo.popleft()
            if here not in ends:
                fresh = [parent for parent in self._objects.commit(here).parents if parent not in seen]
                seen.update(fresh)
                todo.extend(fresh)
        return frozenset(seen)

    def _near(self, older: Sha, newer: Sha) -> bool:
        """Whether `older` is among the nearest commits behind `newer`. Git knows where a shallow clone ends; here a
        commit that is not there only ends the look."""
        seen = {newer}
        todo = deque([newer])
        for _ in range(_LOOK):
            if not todo:
                return False
            here = todo.popleft()
            if here == older:
                return True
            try:
                parents = self._objects.commit(here).parents
            except RepositoryFault:
                return False
            fresh = [parent for parent in parents if parent not in seen]
            seen.update(fresh)
            todo.extend(fresh)
        return False
