"""Who descends from whom. The near past is read from the commits themselves; only the far past costs a git process.

Never: guess; a quick look that does not find an answer asks git.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

from state.git.door import Door
from state.git.objects import ObjectStore
from state.ids import Sha
from state.ports import RepositoryFault

_LOOK = 16
_BEHIND = 128
"""Commits behind one that are looked at to know what lies before it and what after."""
_BETWEEN, _FETCHED = 4096, 128
"""Commits that a look for a base goes through at most, and those of them that may have to be read first."""
_KEPT = 20_000


class _TooFar(Exception):
    """A look at the near past has gone too far."""


class History:
    def __init__(self, door: Door, objects: ObjectStore) -> None:
        self._door = door
        self._objects = objects
        self._bases: dict[tuple[Sha, Sha], Sha | None] = {}
        self._sole: dict[tuple[Sha, Sha], Sha | None] = {}

    def is_parent(self, older: Sha, newer: Sha) -> bool:
        """Whether a commit that was read before says so."""
        known = self._objects.known(newer)
        return known is not None and older in known.parents

    def is_ancestor(self, older: Sha, newer: Sha) -> bool:
        if self._near(older, newer):
            return True
        ran = self._door.run(["merge-base", "--is-ancestor", older, newer], ok=(0, 1))
        return ran.code == 0

    def knows(self, left: Sha, right: Sha) -> bool:
        """Whether their merge base was found before."""
        return (left, right) in self._bases

    def merge_base(self, left: Sha, right: Sha) -> Sha | None:
        pair = (left, right)
        if pair in self._bases:
            return self._bases[pair]
        found = self.sole_base(left, right) or self._asked(left, right)
        if len(self._bases) >= _KEPT:
            self._bases.clear()
        self._bases[pair] = found
        return found

    def sole_base(self, left: Sha, right: Sha) -> Sha | None:
        """The merge base, where the near past shows that there is one and no other; None where git has to be asked."""
        pair = (left, right)
        try:
            return self._sole[pair]
        except KeyError:  # looked for by key alone: another thread may clear all of it in between
            found = self._seen_base(left, right)
        if len(self._sole) >= _KEPT:
            self._sole.clear()
        self._sole[pair] = found
        return found

    def _seen_base(self, left: Sha, right: Sha) -> Sha | None:
        if self._near(left, right):
            return left
        if self._near(right, left):
            return right
        return self._fork(left, right) or self._begun_at(right, left) or self._begun_at(left, right)

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
        """The first commit on the way from `tip` down to a merge that `other` contains. A whole look at what `other`
        has and that commit has not shows that it is the first: all that both contain is then behind it."""
        line = list(self._line(tip))
        places = {one: place for place, one in enumerate(line)}
        try:
            nearest = next((places[one] for one in self._breadth(other) if one in places), len(line))
            place = len(line)
            while nearest < place:
                place = nearest
                behind = frozenset(islice(self._breadth(line[place]), _BEHIND))
                between = set(self._breadth(other, behind))
                if line[place] not in between:
                    return None
                nearest = min(places[one] for one in between if one in places)
        except (RepositoryFault, _TooFar):
            return None
        return line[place] if place < len(line) else None

    def _breadth(self, start: Sha, ends: frozenset[Sha] = frozenset()) -> Iterator[Sha]:
        """The commits behind `start`, itself included, nearest first; what lies behind `ends` is not gone into.
        `_TooFar` where there is no end to them."""
        seen = {start}
        todo = deque([start])
        fetched = 0
        while todo:
            here = todo.popleft()
            yield here
            if here not in ends:
                fetched += self._objects.known(here) is None
                fresh = [parent for parent in self._objects.commit(here).parents if parent not in seen]
                seen.update(fresh)
                todo.extend(fresh)
            if len(seen) > _BETWEEN or fetched > _FETCHED:
                raise _TooFar

    def _near(self, older: Sha, newer: Sha) -> bool:
        """Whether `older` is among the nearest commits behind `newer`. Git knows where a shallow clone ends; here a
        commit that is not there only ends the look."""
        try:
            return older in islice(self._breadth(newer), _LOOK)
        except RepositoryFault:
            return False
