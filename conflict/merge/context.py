"""How a candidate fits what stands around it: the file as it is merged outside the clashes, and the lines at its ends.

Never: a number that needs more than the three texts; reorder or remove a number (the weights know them by their place).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from conflict.merge.measures import log_of
from conflict.merge.three import Stretch
from conflict.merge.tokens import words

MOST_AROUND = 20_000
"""Lines outside the clashes that are looked at: a bound on time."""

_QUOTES = re.compile(r"[\"'`,;()\s]")
_NUMBER = re.compile(r"\d+")
_NEAR = 12
"""Lines from a clash within which a change of one side alone says whose neighbourhood this is."""

Clash = Stretch[str]
Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Rest:
    """What is outside the clashes: its words and lines; the words that a side has nowhere in the file any more; and
    for each clash the line before and after it and who changed its neighbourhood."""

    words: Words
    lines: Words
    gone_ours: Words
    gone_theirs: Words
    places: tuple["Place", ...]


@dataclass(frozen=True, slots=True)
class Place:
    before: str
    after: str
    blanks_before: int
    blanks_after: int
    numbers: tuple[float, ...]


def rest(parts: Sequence[Stretch[str]]) -> Rest:
    kept: set[str] = set()
    was, mine, other = set[str](), set[str](), set[str]()
    for part in parts:
        kept.update((part.merged or ())[:MOST_AROUND])
        if part.changed:
            was.update(part.base)
            mine.update(part.ours)
            other.update(part.theirs)
    common = {line for part in parts if not part.changed for line in part.base[:MOST_AROUND]}
    known, left, right = (_words(lines) for lines in (common, mine - common, other - common))
    gone = _words(was - common) - known
    return Rest(
        _words(kept),
        frozenset(line.strip() for line in kept),
        frozenset(gone - left),
        frozenset(gone - right),
        tuple(_places(parts)),
    )


def _words(lines: set[str]) -> Words:
    return frozenset(
        word for word in words("".join(sorted(lines)[:MOST_AROUND])) if word[0].isalnum() or word[0] == "_"
    )


def _places(parts: Sequence[Stretch[str]]) -> list[Place]:
    found: list[Place] = []
    many = max(1, sum(len(part.base) for part in parts))
    above = 0
    for number, part in enumerate(parts):
        if part.merged is None:
            before = [line for one in parts[max(0, number - 2) : number] for line in (one.merged or ())[-4:]]
            after = [line for one in parts[number + 1 : number + 3] for line in (one.merged or ())[:4]]
            numbers = (above / many, _whose(parts, number, -1), _whose(parts, number, 1))
            found.append(Place(_first(before[::-1]), _first(after), _blanks(before[::-1]), _blanks(after), numbers))
        above += len(part.base)
    return found


def _whose(parts: Sequence[Stretch[str]], number: int, step: int) -> float:
    """1: the nearest change beyond is ours alone, -1: theirs alone, 0: of both, a clash, or far away."""
    away = 0
    at = number + step
    while 0 <= at < len(parts) and away <= _NEAR:
        part = parts[at]
        if part.merged is None:
            return 0.0
        if part.changed:
            return 1.0 if part.theirs == part.base else -1.0 if part.ours == part.base else 0.0
        away += len(part.base)
        at += step
    return 0.0


def _first(lines: Sequence[str]) -> str:
    return next((line.strip() for line in lines if line.strip()), "")


def _blanks(lines: Sequence[str]) -> int:
    count = 0
    for line in lines:
        if line.strip():
            break
        count += 1
    return count


def of_clash(clash: Clash, sides: tuple[Words, Words, Words], file: Rest, order: int) -> tuple[float, ...]:
    """`sides` are the words of base, ours and theirs. Shared by all candidates."""
    base, ours, theirs = sides
    only, only_too = ours - theirs, theirs - ours
    was, mine, other = (_QUOTES.sub("", "".join(side)) for side in (clash.base, clash.ours, clash.theirs))
    return (
        _in(only & file.words, only),
        _in(only_too & file.words, only_too),
        log_of(len(ours & file.gone_theirs)),
        log_of(len(theirs & file.gone_ours)),
        log_of(len(only - base - file.words)),
        log_of(len(only_too - base - file.words)),
        float(was == mine),
        float(was == other),
        float(mine == other),
        _newer(mine, other),
        *file.places[order].numbers,
    )


def of_candidate(
    lines: Sequence[str], bag: Words, clash: Clash, sides: tuple[Words, Words, Words], file: Rest, order: int
) -> tuple[float, ...]:
    _, ours, theirs = sides
    place = file.places[order]
    own, missed = bag - (ours & theirs), (ours | theirs) - bag
    first, last = _first(lines), _first(lines[::-1])
    head, tail = place.blanks_before + _blanks(lines), place.blanks_after + _blanks(lines[::-1])
    heads = [place.blanks_before + _blanks(side) for side in (clash.ours, clash.theirs)]
    tails = [place.blanks_after + _blanks(side[::-1]) for side in (clash.ours, clash.theirs)]
    return (
        _in(own & file.words, own),
        _in(missed & file.words, missed),
        log_of(len(bag & file.gone_ours)),
        log_of(len(bag & file.gone_theirs)),
        log_of(len(own - file.words)),
        float(bool(first) and first == place.before),
        float(bool(last) and last == place.after),
        float(head - max(heads)),
        float(tail - max(tails)),
        float(sum(len(line.strip()) > 8 and line.strip() in file.lines for line in lines)),
        len(lines) / max(1, len(clash.ours) + len(clash.theirs)),
        *_runs(lines, clash),
    )


def _runs(lines: Sequence[str], clash: Clash) -> tuple[float, float]:
    """How often the result changes from lines of one side to lines of the other, and how many are of neither."""
    if len(lines) > 400:
        return -1.0, -1.0
    mine, other = set(clash.ours), set(clash.theirs)
    whose = [(line in mine) - (line in other) for line in lines if (line in mine) != (line in other)]
    changes = sum(left != right for left, right in pairwise(whose))
    return float(changes), float(sum(line not in mine and line not in other for line in lines))


def _newer(mine: str, other: str) -> float:
    """1: where only numbers differ, ours is the greater at the first difference; -1: theirs; 0: neither."""
    if _NUMBER.sub("", mine) != _NUMBER.sub("", other):
        return 0.0
    pairs = zip(_NUMBER.findall(mine), _NUMBER.findall(other), strict=False)
    left, right = next(((left, right) for left, right in pairs if left != right), ("0", "0"))
    return float((len(left), left) > (len(right), right)) - float((len(left), left) < (len(right), right))


def _in(some: Words, of: Words) -> float:
    return len(some) / len(of) if of else -1.0
