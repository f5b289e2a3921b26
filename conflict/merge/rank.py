"""Ranking: the candidate that the learned weights hold to be right for each clash, and what they make of the file.

Never: a choice that two equal runs would make differently.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conflict.merge.across import all_candidates
from conflict.merge.candidates import Candidate, Clash, Kind, Lines
from conflict.merge.features import OF_THE_CLASH, OF_THE_FILE, about, around, numbers_of, of_all
from conflict.merge.measures import log_of
from conflict.merge.moved import Edit, with_edits
from conflict.merge.three import Stretch
from conflict.merge.veto import loses
from conflict.merge.weights import Forest

OTHER_WAYS = 5
"""Results with a second choice somewhere that are looked at when the first choices make no file that can stand."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate of one clash. `share` is its part of the probability of all; `margin` how much likelier it is than
    the next (below zero for a second choice); `loses`: it drops what a side added, or brings back what a side took
    out; `numbers` are what the weights saw."""

    clash: Clash
    lines: Lines
    kinds: frozenset[Kind]
    probability: float
    share: float
    margin: float
    loses: bool
    numbers: tuple[float, ...]
    elsewhere: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best two candidates of a clash; there is always a first."""

    first: Chosen
    second: Chosen | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A clash, its candidates, which of them lose something, and the row of numbers of each."""

    clash: Clash
    found: Sequence[Candidate]
    lost: Sequence[bool]
    rows: Sequence[tuple[float, ...]]


def weigh(parts: Sequence[Stretch[str]], path: str) -> list[Weighed]:
    """Each clash, in order."""
    file = around(parts, path)
    clashes = [part for part in parts if part.merged is None]
    out: list[Weighed] = []
    for order, (clash, found) in enumerate(zip(clashes, all_candidates(parts, path), strict=True)):
        shared = about(clash, file, order)
        lost = [_loses(parts, clash, one) for one in found]
        beside = of_all(found, lost)
        rows = [
            (*file.numbers, *shared.numbers, *numbers_of(one, clash, shared, len(found)), *numbers)
            for one, numbers in zip(found, beside, strict=True)
        ]
        out.append(Weighed(clash, found, lost, rows))
    return out


def rank(parts: Sequence[Stretch[str]], path: str, choice: Forest) -> list[Ranked]:
    """The best of each clash, in order."""
    return [_best(one, choice) for one in weigh(parts, path)]


def ways(ranked: Sequence[Ranked]) -> Iterator[list[Chosen]]:
    """The first choices; then each with the second choice at one clash, where that is nearest first."""
    first = [one.first for one in ranked]
    yield first
    near = sorted((one.first.margin, place) for place, one in enumerate(ranked) if one.second is not None)
    for _, place in near[:OTHER_WAYS]:
        second = ranked[place].second
        if second is not None:
            yield [*first[:place], second, *first[place + 1 :]]


def _best(known: Weighed, choice: Forest) -> Ranked:
    ranked = sorted(
        zip(_against_each_other([choice.score(row) for row in known.rows]), range(len(known.rows)), strict=True),
        key=lambda pair: (-pair[0], pair[1]),
    )
    total = sum(probability for probability, _ in ranked)

    def chosen(place: int, against: int) -> Chosen:
        probability, number = ranked[place]
        margin = probability - (ranked[against][0] if against < len(ranked) else 0.0)
        one, lost, row = known.found[number], known.lost[number], known.rows[number]
        kinds, share = frozenset(one.kinds), probability / total
        return Chosen(known.clash, one.lines, kinds, probability, share, margin, lost, row, one.elsewhere)

    return Ranked(chosen(0, 1), chosen(1, 0) if len(ranked) > 1 else None)


def _loses(parts: Sequence[Stretch[str]], clash: Clash, one: Candidate) -> bool:
    """Of what is moved, the place that it went to counts with the place that it left."""
    base, ours, theirs, made = clash.base, clash.ours, clash.theirs, one.lines
    for edit in one.elsewhere:
        there = parts[edit.part]
        base, ours, theirs = base + there.base, ours + there.ours, theirs + there.theirs
        made += with_edits(edit.part, there.merged or (), one.elsewhere)
    return loses(Stretch(base, ours, theirs, None), made)


def _against_each_other(scores: Sequence[float]) -> list[float]:
    """Probabilities, with what is left to one for none of them, whose score is 0."""
    top = max(0.0, *scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers) + math.exp(-top)
    return [power / total for power in powers]


_GROUPS = (
    {Kind.OURS},
    {Kind.THEIRS},
    {Kind.OURS_THEIRS, Kind.THEIRS_OURS},
    {Kind.ADJACENT, Kind.TOKENS, Kind.TOKENS_TOUCHING, Kind.LOOSE, Kind.LOOSE_TOUCHING},
    {Kind.IMPORTS, Kind.SORTED, Kind.UNION, Kind.UNION_REVERSED, Kind.EDITS, Kind.EDITS_REVERSED},
    {Kind.NEWEST},
    {Kind.LINES_OURS, Kind.LINES_THEIRS, Kind.TOKENS_OURS, Kind.TOKENS_THEIRS, Kind.LOOSE_OURS, Kind.LOOSE_THEIRS},
)


def trust_numbers(chosen: Sequence[Chosen], refused: int) -> tuple[float, ...]:
    """The input of the weights for the whole file, and for its least likely clash; `refused` results could not stand
    before this one."""
    many = len(chosen)
    least = min(chosen, key=lambda one: one.probability)
    probabilities = [one.probability for one in chosen]
    product = shares = 1.0
    for one in chosen:
        product *= one.probability
        shares *= one.share
    return (
        product,
        shares,
        min(probabilities),
        sum(probabilities) / many,
        min(one.share for one in chosen),
        min(one.margin for one in chosen),
        sum(one.margin for one in chosen) / many,
        sum(one.loses for one in chosen) / many,
        log_of(sum(len(one.clash.base) + len(one.clash.ours) + len(one.clash.theirs) for one in chosen)),
        log_of(sum(len(one.lines) for one in chosen)),
        log_of(max(len(one.lines) for one in chosen)),
        *(sum(bool(one.kinds & group) for one in chosen) / many for group in _GROUPS),
        float(refused),
        *chosen[0].numbers[:OF_THE_FILE],
        *least.numbers[OF_THE_FILE : OF_THE_FILE + OF_THE_CLASH],
        least.probability - least.margin,
        max(probabilities),
    )
