"""Code that one side moved, within the file, and the other edited where it stood: the edit goes along.

A moved block may have been indented anew and changed on its way, its name too. Never: guess between two places; carry
what clashes with a change that the move itself brought.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conflict.merge import tokens
from conflict.merge.lines import matching, split_lines
from conflict.merge.three import Stretch, stretches
from conflict.merge.tokens import Policy

Lines = tuple[str, ...]
Part = Stretch[str]

LONGEST = 1_500
"""Lines of a block, and of a place that it may have gone to, above which nothing is looked for: a bound on time."""
ALIKE = 0.6
"""The share of a block's lines that must stand again where it went to."""
FEWEST = 2
"""Lines that say something which must stand again there."""


@dataclass(frozen=True, slots=True)
class Edit:
    """In the stretch number `part`, `lines` in the place of lines `start` to before `end` of what it merged to."""

    part: int
    start: int
    end: int
    lines: Lines


@dataclass(frozen=True, slots=True)
class Move:
    """What stands where the block was, and the edit where it went to."""

    lines: Lines
    edit: Edit


def moves(parts: Sequence[Part], number: int) -> Iterator[Move]:
    """The ways to settle the clash `parts[number]` as an edit of what the other side moved away."""
    clash = parts[number]
    if max(len(clash.base), len(clash.ours), len(clash.theirs)) > LONGEST:
        return
    for edited, mover, by_ours in ((clash.ours, clash.theirs, False), (clash.theirs, clash.ours, True)):
        run = _taken_out(clash.base, mover)
        if run is None:
            continue
        here = _same_place(clash.base, edited, run)
        places = list(_places(parts, clash.base[run[0] : run[1]], by_ours))
        if here is None or len(places) != 1:
            continue
        start, end = here
        left = _settled((*clash.base[: run[0]], *clash.base[run[1] :]), (*edited[:start], *edited[end:]), mover)
        edit = _carried(parts, places[0], clash.base[run[0] : run[1]], edited[start:end])
        if left is not None and edit is not None:
            yield Move(left, edit)


def with_edits(part: int, lines: Lines, edits: Sequence[Edit]) -> Lines:
    """What a stretch merged to, with the edits that are for it; two that meet leave the later one out."""
    mine = sorted((one for one in edits if one.part == part), key=lambda one: (one.start, one.end))
    if not mine:
        return lines
    out: list[str] = []
    at = 0
    for edit in mine:
        if edit.start >= at:
            out += [*lines[at : edit.start], *edit.lines]
            at = edit.end
    return (*out, *lines[at:])


def _said(line: str) -> str:
    """What a line says, whatever its indentation; "" where that is next to nothing."""
    text = line.strip()
    return text if len(text) > 3 else ""


def _taken_out(base: Lines, mover: Lines) -> tuple[int, int] | None:
    """The longest run of lines that a side no longer has."""
    best = (0, 0)
    at = 0
    for start, _, size in [*matching(base, mover), (len(base), len(mover), 0)]:
        if start - at > best[1] - best[0]:
            best = (at, start)
        at = start + size
    return best if sum(bool(_said(line)) for line in base[best[0] : best[1]]) >= FEWEST else None


def _same_place(base: Lines, edited: Lines, run: tuple[int, int]) -> tuple[int, int] | None:
    """Where the run stands in the side that edited it; None where its ends can not be told."""
    to = {at + step: there + step for at, there, size in matching(base, edited) for step in range(size)}
    start = 0 if run[0] == 0 else to.get(run[0] - 1, -2) + 1
    end = len(edited) if run[1] == len(base) else to.get(run[1], -1)
    return (start, end) if 0 <= start <= end else None


@dataclass(frozen=True, slots=True)
class _Place:
    part: int
    start: int
    end: int


def _places(parts: Sequence[Part], run: Lines, by_ours: bool) -> Iterator[_Place]:
    """Where the mover alone has put it."""
    said = [_said(line) for line in run]
    known = set(said) - {""}
    many = sum(map(bool, said))
    for number, part in enumerate(parts):
        side, still = (part.ours, part.theirs) if by_ours else (part.theirs, part.ours)
        if part.merged != side or still != part.base or side == part.base or len(side) > LONGEST:
            continue
        there = [_said(line) for line in side]
        if len(known.intersection(there)) < max(FEWEST, ALIKE * len(known)):
            continue
        blocks = matching(said, there)
        again = sum(bool(said[at + step]) for at, _, size in blocks for step in range(size))
        if again < max(FEWEST, ALIKE * many):
            continue
        first, last = blocks[0], blocks[-1]
        after = len(run) - (last[0] + last[2])
        yield _Place(number, max(0, first[1] - first[0]), min(len(side), last[1] + last[2] + after))


def _carried(parts: Sequence[Part], place: _Place, run: Lines, edited: Lines) -> Edit | None:
    there = (parts[place.part].merged or ())[place.start : place.end]
    step = _indent(there) - _indent(run)
    was, now = _indented(run, step), _indented(edited, step)
    if was is None or now is None:
        return None
    lines = _settled(was, now, there)
    return None if lines is None or lines == there else Edit(place.part, place.start, place.end, lines)


def _indent(lines: Lines) -> int:
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def _indented(lines: Lines, step: int) -> Lines | None:
    """Deeper by so many characters; None where a line can not be moved out as far."""
    if step >= 0:
        with_tabs = any(line.startswith("\t") for line in lines)
        return tuple((("\t" if with_tabs else " ") * step + line) if line.strip() else line for line in lines)
    if any(line.strip() and line[:-step].strip() for line in lines):
        return None
    return tuple(line[-step:] if line.strip() else line for line in lines)


def _settled(base: Lines, left: Lines, right: Lines) -> Lines | None:
    """The merge of three, by lines and else by words; None where they clash."""
    if left == base:
        return right
    merged = tokens.settle(stretches(base, left, right), Policy.STOP)
    if merged is not None:
        return tuple(merged)
    found = tokens.exact("".join(base), "".join(left), "".join(right), apart=True)
    words = None if found is None else tokens.settle(found, Policy.STOP)
    return None if words is None else tuple(split_lines("".join(words)))
