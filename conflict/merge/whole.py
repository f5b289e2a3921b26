"""A whole file, merged: git's own merge first, then the candidates for what clashes, the veto, and the confidence.

Never: IO; a result with markers that calls itself clean; a byte outside the clashes other than the sides have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conflict.merge.contents import Declined, texts
from conflict.merge.lines import split_lines
from conflict.merge.markers import Labels, ended, marked
from conflict.merge.moved import with_edits
from conflict.merge.paths import group_of
from conflict.merge.rank import Chosen, rank, trust_numbers, ways
from conflict.merge.three import Stretch, stretches
from conflict.merge.veto import broken, too_long, veto
from conflict.merge.weights import Weights
from state.candidate import Rung

_PLAIN = Labels()

MOST_CLASHES = 80
MOST_CLASHING = 150_000
"""Clashes in one file, and characters in them, above which they are left: the bound on time would not hold, and nobody
would believe the result."""

_UNCHECKED = frozenset({"generated", "markup", "changelog"})
"""Kinds of file that never land by themselves: what a program wrote, and prose, of which neither a parser nor a gate
says whether it still makes sense."""


class Lane(StrEnum):
    """What may be done with a result, surest first."""

    LAND = "land"
    PROPOSE = "propose"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Merged:
    """`content` holds markers unless `clean`. `chosen` is what was taken for each clash (empty where none was ranked);
    `why` says in a few words why a result was not given."""

    content: str
    clean: bool
    rung: Rung
    lane: Lane
    confidence: float
    chosen: tuple[Chosen, ...] = ()
    why: str = ""


def merge_texts(
    base: str, ours: str, theirs: str, path: str, weights: Weights, lane: Lane, labels: Labels = _PLAIN
) -> Merged:
    """`lane` is the least that a result must be fit for, to be given without markers."""
    sides = [split_lines(text) for text in (base, ours, theirs)]
    parts = stretches(*sides)
    clashes = [part for part in parts if part.merged is None]
    if not clashes:
        content = joined(parts, ())
        if broken(path, ours, theirs, content):
            return _left(_one_clash(parts), labels, "it does not parse", 0.0, ())
        return Merged(content, True, Rung.TRIVIAL, Lane.LAND, 1.0)
    if len(clashes) > MOST_CLASHES or _size(clashes) > MOST_CLASHING:
        return _left(parts, labels, "there is too much that clashes", 0.0, ())
    if too_long(path, ours, theirs):
        return _left(parts, labels, "it is too long to be checked", 0.0, ())
    judge = veto(path, ours, theirs)
    why, chosen, content, refused = "", [], "", 0
    for chosen in ways(rank(parts, path, weights.choice)):
        content = joined(parts, chosen)
        why = judge(content)
        if not why:
            break
        refused += 1
    confidence = 0.0 if why else weights.trust.probability(trust_numbers(chosen, refused))
    if why or confidence < weights.propose:
        return _left(parts, labels, why or "no candidate is likely enough", confidence, chosen)
    sure = confidence >= weights.land and not any(one.loses for one in chosen) and group_of(path) not in _UNCHECKED
    if not sure and lane is Lane.LAND:
        return _left(parts, labels, "it is not sure enough to land by itself", confidence, chosen, Lane.PROPOSE)
    return Merged(content, True, Rung.STRUCTURAL, Lane.LAND if sure else Lane.PROPOSE, confidence, tuple(chosen))


def _left(
    parts: Sequence[Stretch[str]],
    labels: Labels,
    why: str,
    confidence: float,
    chosen: Sequence[Chosen],
    lane: Lane = Lane.ASK,
) -> Merged:
    return Merged(marked(parts, labels), False, Rung.PERSON, lane, confidence, tuple(chosen), why)


def _one_clash(parts: Sequence[Stretch[str]]) -> list[Stretch[str]]:
    """From the first change to the last, as one clash: what is fine line by line and not as a whole."""
    places = [at for at, part in enumerate(parts) if part.changed]
    first, last = places[0], places[-1] + 1
    span = parts[first:last]
    base = tuple(line for part in span for line in part.base)
    ours = tuple(line for part in span for line in part.ours)
    theirs = tuple(line for part in span for line in part.theirs)
    return [*parts[:first], Stretch(base, ours, theirs, None), *parts[last:]]


def _size(clashes: Sequence[Stretch[str]]) -> int:
    return sum(len(line) for part in clashes for side in (part.base, part.ours, part.theirs) for line in side)


def joined(parts: Sequence[Stretch[str]], taken: Sequence[Chosen]) -> str:
    """The file, with what was taken for each of its clashes."""
    rest = iter(taken)
    edits = [edit for one in taken for edit in one.elsewhere]
    lines: list[str] = []
    for number, part in enumerate(parts):
        lines += next(rest).lines if part.merged is None else with_edits(number, part.merged, edits)
    return "".join([*ended(lines[:-1]), *lines[-1:]])


@dataclass(frozen=True, slots=True)
class MergedFile:
    """The same in bytes. `content` is None where the file was declined: then nothing may be written."""

    content: bytes | None
    clean: bool
    rung: Rung
    lane: Lane
    confidence: float
    chosen: tuple[Chosen, ...] = ()
    why: str = ""
    generated: bool = False

    @property
    def loses_nothing(self) -> bool:
        """Whether every word that a side added is there, nothing that one took out is back, and no program wrote it."""
        return not self.generated and not any(one.loses for one in self.chosen)


def merge_contents(
    base: bytes, ours: bytes, theirs: bytes, path: str, weights: Weights, lane: Lane, labels: Labels = _PLAIN
) -> MergedFile:
    if ours == theirs or theirs == base:
        return MergedFile(ours, True, Rung.TRIVIAL, Lane.LAND, 1.0)
    if ours == base:
        return MergedFile(theirs, True, Rung.TRIVIAL, Lane.LAND, 1.0)
    read = texts(base, ours, theirs)
    if isinstance(read, Declined):
        return MergedFile(None, False, Rung.PERSON, Lane.ASK, 0.0, why=read.why)
    one = merge_texts(read.base, read.ours, read.theirs, path, weights, lane, labels)
    return MergedFile(
        read.encode(one.content),
        one.clean,
        one.rung,
        one.lane,
        one.confidence,
        one.chosen,
        one.why,
        group_of(path) == "generated",
    )
