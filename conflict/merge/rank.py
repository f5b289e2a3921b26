"""Ranking: the candidate that the learned weights hold to be right for each clash, and what they make of the file.

Never: a choice that two equal runs would make differently.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conflict.merge.across import all_candidates
from conflict.merge.candidates import Candidate, Clash, Kind, Lines
from conflict.merge.features import OF_THE_FILE, Around, about, around, numbers_of
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


def rank(parts: Sequence[Stretch[str]], path: str, choice: Forest) -> list[Ranked]:
    """The best of each clash, in order."""
    file = around(parts, path)
    clashes = [part for part in parts if part.merged is None]
    found = all_candidates(parts, path)
    return [
        _best(parts, (clash, number), file, some, choice)
        for number, (clash, some) in enumerate(zip(clashes, found, strict=True))
    ]


def ways(ranked: Sequence[Ranked]) -> Iterator[list[Chosen]]:
    """The first choices; then each with the second choice at one clash, where that is nearest first."""
    first = [one.first for one in ranked]
    yield first
    near = sorted((one.first.margin, place) for place, one in enumerate(ranked) if one.second is not None)
    for _, place in near[:OTHER_WAYS]:
        second = ranked[place].second
        if second is not None:
            yield [*first[:place], second, *first[place + 1 :]]


def _best(
    parts: Sequence[Stretch[str]], place: tuple[Clash, int], file: Around, found: Sequence[Candidate], choice: Forest
) -> Ranked:
    clash, order = place
    shared = about(clash, file, order)
    rows = [(*file.numbers, *shared.numbers, *numbers_of(one, clash, shared, len(found))) for one in found]
    ranked = sorted(
        zip(_against_each_other([choice.score(row) for row in rows]), range(len(found)), strict=True),
        key=lambda pair: (-pair[0], pair[1]),
    )
    total = sum(probability for probability, _ in ranked)

    def chosen(place: int, against: int) -> Chosen:
        probability, number = ranked[place]
        margin = probability - (ranked[against][0] if against < len(ranked) else 0.0)
        one = found[number]
        kinds, share, lost = frozenset(one.kinds), probability / total, _loses(parts, clash, one)
        return Chosen(clash, one.lines, kinds, probability, share, margin, lost, rows[number], one.elsewhere)

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
    """The input of the weights for the whole file; `refused` results could not stand before this one."""
    many = len(chosen)
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
    )
