"""Merging by definition: functions, methods and classes are matched by their names wherever they stand, and each is
merged for itself.

What both keep and either adds is there, in the order of the sides; a definition that one side renamed takes the edits
of the other under its new name. Never: settle what clashes within a definition; drop one that a side edited.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from conflict.merge import tokens
from conflict.merge.lines import split_lines
from conflict.merge.measures import alike
from conflict.merge.spans import Span, spans
from conflict.merge.three import stretches
from conflict.merge.tokens import Policy

Lines = tuple[str, ...]

HOLE = "\0\n"
"""Stands in a merge for what still clashes. No text has it: what holds a zero byte is no text."""

RENAMED = 0.6
"""How far two definitions must be alike, in words, to be one with two names."""

_REMARK = re.compile(r"\s*(#|//|/\*|\*|<!--)")


@dataclass(frozen=True, slots=True)
class Unit:
    """`lead` are blank lines and comments before it, `head` its lines up to the first definition in it (all of them
    where there is none), `tail` those after the last. Statements between definitions make a unit of their own."""

    key: str
    lead: Lines = ()
    head: Lines = ()
    inner: tuple["Unit", ...] = ()
    tail: Lines = ()

    @property
    def lines(self) -> Lines:
        """Without its lead."""
        return (*self.head, *(line for one in self.inner for line in (*one.lead, *one.lines)), *self.tail)


_NONE = Unit("")


def cut(text: Sequence[str], path: str) -> Unit | None:
    """The file as one unit; None where its language is not known, or there is no definition in it."""
    found = spans(text, path)
    return None if not found else _unit(text, Span("", 0, len(text), found), 0)


def merged_units(base: Unit, ours: Unit, theirs: Unit, *, reverse: bool = False) -> list[str]:
    """The whole file, with a `HOLE` for each thing that clashes. With `reverse` what theirs adds stands before what
    ours adds in the same place."""
    return _merged(base, ours, theirs, reverse)


def _unit(text: Sequence[str], span: Span, above: int) -> Unit:
    """`above`: lines of its lead."""
    lead = tuple(text[span.start - above : span.start])
    if not span.inner:
        return Unit(span.key, lead, tuple(text[span.start : span.end]))
    first = span.inner[0].start
    first_lead = _lead(text, span.start + 1 if span.key else span.start, first)
    head = tuple(text[span.start : first - first_lead])
    inner = [_unit(text, span.inner[0], first_lead)]
    for before, one in zip(span.inner, span.inner[1:], strict=False):
        above_it = _lead(text, before.end, one.start)
        inner += _between(text, before, one.start - above_it)
        inner.append(_unit(text, one, above_it))
    return Unit(span.key, lead, head, tuple(inner), tuple(text[span.inner[-1].end : span.end]))


def _between(text: Sequence[str], before: Span, end: int) -> list[Unit]:
    """The statements that follow a definition and belong to none, as a unit."""
    start = before.end
    while start < end and not text[start].strip():
        start += 1
    if start == end:
        return []
    return [Unit(f"after {before.key}", tuple(text[before.end : start]), tuple(text[start:end]))]


def _lead(text: Sequence[str], low: int, start: int) -> int:
    """Blank lines and comments just above a line."""
    count = 0
    while start - count > low and (not text[start - count - 1].strip() or _REMARK.match(text[start - count - 1])):
        count += 1
    return count


def _merged(was: Unit, mine: Unit, other: Unit, reverse: bool) -> list[str]:
    """A unit that all three have, or that both sides have added."""
    if mine.lines == other.lines or other.lines == was.lines:
        return list(mine.lines)
    if mine.lines == was.lines:
        return list(other.lines)
    if not mine.inner or not other.inner or (was.head and not was.inner):
        return _text(was.lines, mine.lines, other.lines)
    head, tail = _text(was.head, mine.head, other.head), _text(was.tail, mine.tail, other.tail)
    return [*head, *_inner(was.inner, mine.inner, other.inner, reverse), *tail]


def _text(was: Lines, mine: Lines, other: Lines) -> list[str]:
    if mine == other or other == was:
        return list(mine)
    if mine == was:
        return list(other)
    merged = tokens.settle(stretches(was, mine, other), Policy.STOP)
    if merged is not None:
        return merged
    found = tokens.exact("".join(was), "".join(mine), "".join(other), apart=True)
    words = None if found is None else tokens.settle(found, Policy.STOP)
    return [HOLE] if words is None else split_lines("".join(words))


Units = tuple[Unit, ...]


def _inner(was: Units, mine: Units, other: Units, reverse: bool) -> list[str]:
    known, left, right = ({one.key: one for one in side} for side in (was, mine, other))
    renamed = _renamed(known, left, right), _renamed(known, right, left)
    out: list[str] = []
    for key in _order([*known], [*left], [*right], reverse):
        before, one, two = known.get(key), left.get(key), right.get(key)
        if one is not None and two is not None:
            base = before or _NONE
            out += [*_text(base.lead, one.lead, two.lead), *_merged(base, one, two, reverse)]
        elif before is None:
            out += _added(key, one or two or _NONE, renamed[0 if one is not None else 1])
        elif key not in renamed[0].gone and key not in renamed[1].gone and (one or two or _NONE).lines != before.lines:
            out.append(HOLE)
    return out


@dataclass(frozen=True, slots=True)
class _Renamed:
    """`new`: what a side's new name was before, and what the other side made of that; `gone`: the old names."""

    new: dict[str, tuple[Unit, Unit]]
    gone: frozenset[str]


def _renamed(was: dict[str, Unit], side: dict[str, Unit], against: dict[str, Unit]) -> _Renamed:
    """What a side renamed, of that which the other side edited under its old name."""
    fresh = {key: Counter(tokens.words("".join(side[key].lines))) for key in side if key not in was | against}
    found: dict[str, tuple[Unit, Unit]] = {}
    gone: set[str] = set()
    for key, before in was.items():
        now = against.get(key)
        if key in side or now is None or now.lines == before.lines or not fresh:
            continue
        bag = Counter(tokens.words("".join(before.lines)))
        name, likeness = max(((name, alike(bag, one)) for name, one in fresh.items()), key=lambda pair: pair[1])
        if likeness >= RENAMED:
            found[name] = before, now
            gone.add(key)
            del fresh[name]
    return _Renamed(found, frozenset(gone))


def _added(key: str, one: Unit, renamed: _Renamed) -> list[str]:
    pair = renamed.new.get(key)
    if pair is None:
        return [*one.lead, *one.lines]
    return [*one.lead, *_text(pair[0].lines, one.lines, pair[1].lines)]


def _order(was: list[str], mine: list[str], other: list[str], reverse: bool) -> list[str]:
    """Every name of either side: in the order of the side that moved some of them (ours where both did, or neither),
    what the other one adds after its neighbour."""
    kept, left, right = set(was), set(mine), set(other)
    moved = [key for key in mine if key in kept] != [key for key in was if key in left]
    moved_too = [key for key in other if key in kept] != [key for key in was if key in right]
    first, second = (other, mine) if moved_too and not moved else (mine, other)
    later = (first is other) if not reverse else (first is mine)
    out, place, shared = list(first), set(first), kept | set(second)
    for at, key in enumerate(second):
        if key in place:
            continue
        to = next((out.index(near) + 1 for near in reversed(second[:at]) if near in place), 0)
        while not later and to < len(out) and out[to] not in shared:
            to += 1
        out.insert(to, key)
        place.add(key)
    return out
