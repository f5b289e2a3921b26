"""Candidates: every way that a rule knows to settle one clash. Which of them is right is asked elsewhere.

Never: choose; write a line that neither side and no rule's own convention accounts for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain

from conflict.merge import tokens
from conflict.merge.entries import merged_entries
from conflict.merge.imports import merged_imports
from conflict.merge.lines import matching, split_lines
from conflict.merge.moved import Edit
from conflict.merge.sections import merged_sections
from conflict.merge.three import Stretch, stretches
from conflict.merge.tokens import Policy
from conflict.merge.versions import newest

Lines = tuple[str, ...]
Clash = Stretch[str]


class Kind(IntEnum):
    """The rules. The numbers are columns of the learned weights: never renumber, only add."""

    OURS = 0
    THEIRS = 1
    BASE = 2
    NONE = 3
    OURS_THEIRS = 4
    THEIRS_OURS = 5
    ADJACENT = 6
    LINES_OURS = 7
    LINES_THEIRS = 8
    LINES_BOTH = 9
    LINES_BOTH_REVERSED = 10
    TOKENS = 11
    TOKENS_TOUCHING = 12
    TOKENS_OURS = 13
    TOKENS_THEIRS = 14
    TOKENS_BOTH = 15
    TOKENS_BOTH_REVERSED = 16
    LOOSE = 17
    LOOSE_TOUCHING = 18
    LOOSE_OURS = 19
    LOOSE_THEIRS = 20
    LOOSE_BOTH = 21
    UNION = 22
    UNION_REVERSED = 23
    EDITS = 24
    EDITS_REVERSED = 25
    SORTED = 26
    IMPORTS = 27
    NEWEST = 28
    PARTED = 29
    PARTED_REVERSED = 30
    ENTRIES = 31
    ENTRIES_REVERSED = 32
    SECTIONS = 33
    SECTIONS_REVERSED = 34
    UNITS = 35
    UNITS_REVERSED = 36
    MOVED = 37


@dataclass(slots=True)
class Candidate:
    """`elsewhere` are edits that go with it, outside the clash."""

    lines: Lines
    kinds: set[Kind] = field(default_factory=set)
    elsewhere: tuple[Edit, ...] = ()

    @property
    def all_lines(self) -> Lines:
        return (*self.lines, *(line for edit in self.elsewhere for line in edit.lines))


Found = Iterator[tuple[Kind, Sequence[str] | None]]


def candidates(clash: Clash, path: str, more: Iterable[tuple[Kind, Sequence[str] | None]] = ()) -> list[Candidate]:
    """All different results, each with the rules that arrive at it; `more` are those of rules that see the file."""
    found: dict[Lines, Candidate] = {}
    for kind, lines in chain(_all(clash, path), more):
        if lines is not None:
            key = tuple(lines)
            found.setdefault(key, Candidate(key)).kinds.add(kind)
    return list(found.values())


def _all(clash: Clash, path: str) -> Found:
    base, ours, theirs = clash.base, clash.ours, clash.theirs
    yield Kind.OURS, ours
    yield Kind.THEIRS, theirs
    yield Kind.BASE, base
    yield Kind.NONE, ()
    yield Kind.OURS_THEIRS, _ended(ours) + theirs
    yield Kind.THEIRS_OURS, _ended(theirs) + ours
    yield from _by_lines(clash)
    yield from _by_tokens(clash)
    yield from _by_sets(clash)
    yield Kind.IMPORTS, merged_imports(base, ours, theirs, path)
    yield Kind.NEWEST, newest(ours, theirs)
    for reverse, entries, sections in (
        (False, Kind.ENTRIES, Kind.SECTIONS),
        (True, Kind.ENTRIES_REVERSED, Kind.SECTIONS_REVERSED),
    ):
        yield entries, merged_entries(base, ours, theirs, path, reverse=reverse)
        yield sections, merged_sections(base, ours, theirs, path, reverse=reverse)


def _ended(lines: Lines) -> Lines:
    """So that what follows starts a line of its own."""
    return lines if not lines or lines[-1].endswith("\n") else (*lines[:-1], lines[-1] + "\n")


def _by_lines(clash: Clash) -> Found:
    parts = stretches(clash.base, clash.ours, clash.theirs, apart=False)
    yield Kind.ADJACENT, tokens.settle(parts, Policy.STOP)
    yield Kind.LINES_OURS, tokens.settle(parts, Policy.OURS)
    yield Kind.LINES_THEIRS, tokens.settle(parts, Policy.THEIRS)
    yield Kind.LINES_BOTH, tokens.settle(parts, Policy.BOTH)
    yield Kind.LINES_BOTH_REVERSED, tokens.settle(parts, Policy.BOTH_REVERSED)


_EXACT = (
    (Kind.TOKENS_OURS, Policy.OURS),
    (Kind.TOKENS_THEIRS, Policy.THEIRS),
    (Kind.TOKENS_BOTH, Policy.BOTH),
    (Kind.TOKENS_BOTH_REVERSED, Policy.BOTH_REVERSED),
)
_LOOSE = ((Kind.LOOSE_OURS, Policy.OURS), (Kind.LOOSE_THEIRS, Policy.THEIRS), (Kind.LOOSE_BOTH, Policy.BOTH))


def _by_tokens(clash: Clash) -> Found:
    base, ours, theirs = ("".join(side) for side in (clash.base, clash.ours, clash.theirs))
    apart = tokens.exact(base, ours, theirs, apart=True)
    touching = tokens.exact(base, ours, theirs, apart=False)
    if apart is None or touching is None:
        return
    yield Kind.TOKENS, _lined(tokens.settle(apart, Policy.STOP))
    yield Kind.TOKENS_TOUCHING, _lined(tokens.settle(touching, Policy.STOP))
    for kind, policy in _EXACT:
        yield kind, _lined(tokens.settle(touching, policy))
    loose = tokens.loose(base, ours, theirs, apart=True)
    if loose is not None:
        yield Kind.LOOSE, _lined(loose(Policy.STOP))
    loose = tokens.loose(base, ours, theirs, apart=False)
    if loose is not None:
        yield Kind.LOOSE_TOUCHING, _lined(loose(Policy.STOP))
        for kind, policy in _LOOSE:
            yield kind, _lined(loose(policy))


def _lined(text: Sequence[str] | str | None) -> Lines | None:
    return None if text is None else tuple(split_lines("".join(text)))


def _by_sets(clash: Clash) -> Found:
    base, ours, theirs = set(clash.base), clash.ours, clash.theirs
    shared = matching(ours, theirs)
    union, union_reversed = _interleaved(ours, theirs, shared)
    yield Kind.UNION, union
    yield Kind.UNION_REVERSED, union_reversed
    mine, other = set(ours), set(theirs)
    gone = {line for line in base if (line in mine) != (line in other)}
    kept, kept_reversed = ([line for line in lines if line not in gone] for lines in (union, union_reversed))
    yield Kind.EDITS, kept
    yield Kind.EDITS_REVERSED, kept_reversed
    yield Kind.SORTED, _sorted(clash, kept)
    if clash.base or min(len(ours), len(theirs)) < 3:  # entries of a list are not set apart
        return
    gap = "\n"
    if ours[-1].strip() and theirs[0].strip():
        yield Kind.PARTED, (*_ended(ours), gap, *theirs)
    if theirs[-1].strip() and ours[0].strip():
        yield Kind.PARTED_REVERSED, (*_ended(theirs), gap, *ours)


def _interleaved(ours: Lines, theirs: Lines, shared: list[tuple[int, int, int]]) -> tuple[Lines, Lines]:
    """What both share once; what only one has in its place, ours first and theirs first."""
    first: list[str] = []
    second: list[str] = []
    o = t = 0
    for at, to, size in [*shared, (len(ours), len(theirs), 0)]:
        mine, other = ours[o:at], theirs[t:to]
        first += [*_ended(mine), *other, *ours[at : at + size]] if other else [*mine, *ours[at : at + size]]
        second += [*_ended(other), *mine, *ours[at : at + size]] if mine else [*other, *ours[at : at + size]]
        o, t = at + size, to + size
    return tuple(first), tuple(second)


def _sorted(clash: Clash, kept: Sequence[str]) -> Lines | None:
    """The lines of both in order, where each side keeps an order."""
    for key in (str, str.lower):
        order = list(map(key, kept))
        if order == sorted(order):
            return None
        if all(list(map(key, side)) == sorted(map(key, side)) for side in (clash.base, clash.ours, clash.theirs)):
            return tuple(sorted(dict.fromkeys(_ended(tuple(kept))), key=key))
    return None
