"""Two branches and their base, seen at once; and the frame in which every rule asks: one side uses, the other changes.

Never: a verdict; that is each rule's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from conflict.rules.view import View
from conflict.surface.nouns import Surface
from state.candidate import ConflictKind
from state.clash import Clash, Spot


@dataclass(frozen=True, slots=True)
class Meeting:
    """`merged` is git's merge of both; what it could not merge (`unmerged`) has marks in it there, and counts as not
    readable."""

    base: View
    ours: View
    theirs: View
    merged: View
    unmerged: frozenset[str]
    by_ours: frozenset[str]
    by_theirs: frozenset[str]

    def directions(self) -> Iterator["Direction"]:
        yield Direction(self, self.theirs, self.ours, self.by_theirs, self.by_ours, at_ours=False)
        yield Direction(self, self.ours, self.theirs, self.by_ours, self.by_theirs, at_ours=True)

    def wanted(self) -> tuple[set[str], set[str], set[str], set[str]]:
        """Paths to be read yet, of base, ours, theirs and merged."""
        return self.base.wanted, self.ours.wanted, self.theirs.wanted, self.merged.wanted

    def both(self) -> Iterator[tuple[str, Surface | None, Surface, Surface]]:
        """(path, base, ours, theirs) of files that both sides changed and that can be read on both."""
        for path in sorted(self.by_ours & self.by_theirs):
            ours, theirs, base = self.ours.surface(path), self.theirs.surface(path), self.base.surface(path)
            if ours is not None and theirs is not None:
                yield path, base, ours, theirs


@dataclass(frozen=True, slots=True)
class Direction:
    """One way round: `user` adds something that leans on what `changer` changes. `at_ours`: the user is ours."""

    meeting: Meeting
    user: View
    changer: View
    used_in: frozenset[str]
    changed_in: frozenset[str]
    at_ours: bool

    @property
    def base(self) -> View:
        return self.meeting.base

    def after(self, path: str) -> View:
        """Where a definition in `path` is to be looked up as both branches together have it."""
        return self.changer if path in self.meeting.unmerged else self.meeting.merged

    def now_at(self, path: str) -> str:
        """Where both branches together have what the user has in `path`: there, or where git carried the user's edit
        because the changer moved the file; "" when that does not show."""
        merged = self.meeting.merged.blobs
        if path in merged or path in self.meeting.unmerged:
            return path
        found = [
            one
            for one in self.changed_in
            if one in merged and one not in self.user.blobs and merged[one] != self.changer.blobs.get(one)
        ]
        name = path.rpartition("/")[2]
        named = [one for one in found if one.rpartition("/")[2] == name] or found
        return named[0] if len(named) == 1 else ""

    def files(self) -> Iterator[tuple[str, Surface, Surface | None]]:
        """(path, the user's surface, the base's) of files that the user changed."""
        for path in sorted(self.used_in):
            surface, before = self.user.surface(path), self.base.surface(path)
            if surface is not None:
                yield path, surface, before

    def clash(
        self,
        kind: ConflictKind,
        rule: str,
        symbol: str,
        user: Spot,
        changer: Spot,
        wants: tuple[str, str],
        detail: str,
        remedy: str = "",
    ) -> Clash:
        """`wants`: what the user's and what the changer's side wants."""
        found = Clash(kind, rule, symbol, changer, user, wants[1], wants[0], detail, remedy)
        return found.turned() if self.at_ours else found
