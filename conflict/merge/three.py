"""Three-way comparison: what both sides left alone, what one of them changed, and where they clash.

Never: settle a clash; everything outside the clashes is decided here and by nobody else.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from conflict.merge.lines import matching

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """One stretch of the merge, as each side has it. `merged` is None where the sides clash."""

    base: tuple[T, ...]
    ours: tuple[T, ...]
    theirs: tuple[T, ...]
    merged: tuple[T, ...] | None

    @property
    def changed(self) -> bool:
        return self.merged is None or not (self.base == self.ours == self.theirs)


Edit = tuple[int, int, int]
"""(start in the base, end in the base, end in the base moved by what the side has grown until then)."""


def stretches(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T], *, apart: bool = True) -> list[Stretch[T]]:
    """The whole of three sequences in stretches, in order. With `apart`, two changes that touch are one clash, as in
    git; without it, changes of neighbouring elements both hold, and only two insertions at one place clash."""
    mine, others = _edits(base, ours), _edits(base, theirs)
    out: list[Stretch[T]] = []
    b = grown = grown_too = i = j = 0
    while i < len(mine) or j < len(others):
        low, high = min((edits[at] for edits, at in ((mine, i), (others, j)) if at < len(edits)))[:2]
        first_i, first_j = i, j
        started = False
        while True:
            if i < len(mine) and _meets(mine[i], low, high, started, apart):
                high, i, started = max(high, mine[i][1]), i + 1, True
            elif j < len(others) and _meets(others[j], low, high, started, apart):
                high, j, started = max(high, others[j][1]), j + 1, True
            else:
                break
        after = mine[i - 1][2] - mine[i - 1][1] if i > first_i else grown
        after_too = others[j - 1][2] - others[j - 1][1] if j > first_j else grown_too
        same = tuple(base[b:low])
        if same:
            out.append(Stretch(same, same, same, same))
        was, left = tuple(base[low:high]), tuple(ours[low + grown : high + after])
        out.append(_judged(was, left, tuple(theirs[low + grown_too : high + after_too])))
        b, grown, grown_too = high, after, after_too
    rest = tuple(base[b:])
    if rest:
        out.append(Stretch(rest, rest, rest, rest))
    return out


def _meets(edit: Edit, low: int, high: int, started: bool, apart: bool) -> bool:
    if not started:
        return edit[:2] == (low, high)
    if apart:
        return edit[0] <= high
    return edit[0] < high or (low == high == edit[0] == edit[1])


def _edits(base: Sequence[T], side: Sequence[T]) -> list[Edit]:
    found: list[Edit] = []
    b = s = 0
    for at, to, size in [*matching(base, side), (len(base), len(side), 0)]:
        if at > b or to > s:
            found.append((b, at, to))
        b, s = at + size, to + size
    return _slid(base, side, found)


def _slid(base: Sequence[T], side: Sequence[T], edits: list[Edit]) -> list[Edit]:
    """Where an insertion or deletion could as well stand further down, it does, as in git: which changes touch each
    other must not depend on which of several equal lines was taken for the new one."""
    limit = len(base)
    for number in range(len(edits) - 1, -1, -1):
        start, end, stop = edits[number]
        grown = edits[number - 1][2] - edits[number - 1][1] if number else 0
        first = start + grown
        if start == end:
            while end < limit and base[end] == side[first]:
                start, end, first, stop = start + 1, end + 1, first + 1, stop + 1
        elif first == stop:
            while end < limit and base[end] == base[start]:
                start, end, stop = start + 1, end + 1, stop + 1
        edits[number] = (start, end, stop)
        limit = start
    return edits


def _judged(base: tuple[T, ...], ours: tuple[T, ...], theirs: tuple[T, ...]) -> Stretch[T]:
    if ours == theirs or theirs == base:
        return Stretch(base, ours, theirs, ours)
    return Stretch(base, ours, theirs, theirs if ours == base else None)
