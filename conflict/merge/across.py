"""All candidates of all clashes of a file: those of each clash for itself, and those that need the whole file.

Never: choose; change a line outside the clashes but where moved code takes an edit along.
"""

from collections.abc import Sequence

from conflict.merge.candidates import Candidate, Kind, candidates
from conflict.merge.moved import moves
from conflict.merge.remembered import settled
from conflict.merge.three import Stretch
from conflict.merge.units import HOLE, cut, merged_units

Parts = Sequence[Stretch[str]]

MOST_LINES = 20_000
"""Lines of a file above which definitions are not looked at: a bound on time."""


def all_candidates(parts: Parts, path: str) -> list[list[Candidate]]:
    """By clash, in order."""
    places = [number for number, part in enumerate(parts) if part.merged is None]
    more: list[list[tuple[Kind, list[str] | None]]] = [[] for _ in places]
    for kind, whole in _by_units(parts, path):
        there = settled(parts, whole)
        if sum((lines or []).count(HOLE) for lines in there) < whole.count(HOLE):
            continue  # what clashes between definitions is not where the lines clash: nothing can be told
        for into, lines in zip(more, there, strict=True):
            into.append((kind, None if lines is None or HOLE in lines else lines))
    out: list[list[Candidate]] = []
    for number, extra in zip(places, more, strict=True):
        found = candidates(parts[number], path, extra)
        found += [Candidate(move.lines, {Kind.MOVED}, (move.edit,)) for move in moves(parts, number)]
        out.append(found)
    return out


def _by_units(parts: Parts, path: str) -> list[tuple[Kind, list[str]]]:
    """The file merged by its definitions."""
    sides = [
        [line for part in parts for line in part.base],
        [line for part in parts for line in part.ours],
        [line for part in parts for line in part.theirs],
    ]
    if max(map(len, sides)) > MOST_LINES:
        return []
    mine, other = cut(sides[1], path), cut(sides[2], path)
    was = cut(sides[0], path) if mine is not None and other is not None else None
    if was is None or mine is None or other is None:
        return []
    first = merged_units(was, mine, other)
    second = merged_units(was, mine, other, reverse=True)
    return [(Kind.UNITS, first)] + ([(Kind.UNITS_REVERSED, second)] if second != first else [])
