"""Merging below the line: words and signs, with or without the white space between them.

Never: look at more tokens than the bound of the caller allows; call a clash settled unless the caller names a policy.
"""

import re
from collections.abc import Callable, Sequence
from enum import Enum

from conflict.merge.three import Stretch, stretches

_EXACT = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")
_WORDS = re.compile(r"\w+|[^\w\s]")
_LOOSE = re.compile(r"(\s*)(\w+|[^\w\s]|\Z)")

MOST_TOKENS = 6_000
"""Tokens of all three sides together above which a clash is left to the rules for lines."""


class Policy(Enum):
    """What becomes of a clash that is left inside a clash."""

    STOP = "stop"
    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"
    BOTH_REVERSED = "both-reversed"


def words(text: str) -> list[str]:
    """Words and signs without white space."""
    return _WORDS.findall(text)


def settle(parts: Sequence[Stretch[str]], policy: Policy) -> list[str] | None:
    """The elements of the merge, clashes settled by `policy`; None where it settles nothing."""
    out: list[str] = []
    for part in parts:
        if part.merged is not None:
            out.extend(part.merged)
            continue
        taken = _taken(part, policy)
        if taken is None:
            return None
        out.extend(taken)
    return out


def _taken(part: Stretch[str], policy: Policy) -> Sequence[str] | None:
    match policy:
        case Policy.STOP:
            return None
        case Policy.OURS:
            return part.ours
        case Policy.THEIRS:
            return part.theirs
        case Policy.BOTH | Policy.BOTH_REVERSED:
            if part.base:
                return None
            return part.ours + part.theirs if policy is Policy.BOTH else part.theirs + part.ours


Parts = list[Stretch[str]]


def exact(base: str, ours: str, theirs: str, *, apart: bool) -> Parts | None:
    """The stretches of words, signs and white space; None when there are too many."""
    sides = [_EXACT.findall(text) for text in (base, ours, theirs)]
    if sum(map(len, sides)) > MOST_TOKENS:
        return None
    return stretches(*sides, apart=apart)


Loose = Callable[[Policy], str | None]


def loose(base: str, ours: str, theirs: str, *, apart: bool) -> Loose | None:
    """Merge words and signs, then the white space before each of them: a side that only moved the text about does not
    clash with one that changed it. None when there are too many tokens."""
    pairs = [_LOOSE.findall(text) for text in (base, ours, theirs)]
    if sum(map(len, pairs)) > MOST_TOKENS:
        return None
    parts = stretches(*([sign for _, sign in side] for side in pairs), apart=apart)
    spaces = [[space for space, _ in side] for side in pairs]

    def merged(policy: Policy) -> str | None:
        return _spaced(parts, spaces, policy)

    return merged


def _spaced(parts: Parts, spaces: list[list[str]], policy: Policy) -> str | None:
    out: list[str] = []
    b = o = t = 0
    for part in parts:
        was, mine, other = (
            spaces[0][b : b + len(part.base)],
            spaces[1][o : o + len(part.ours)],
            spaces[2][t : t + len(part.theirs)],
        )
        b, o, t = b + len(part.base), o + len(part.ours), t + len(part.theirs)
        if part.ours == part.theirs == part.base:
            out.extend(_one(*place) for place in zip(was, mine, other, part.base, strict=True))
        elif part.merged is not None:
            out.extend(_plain(mine if part.merged == part.ours else other, part.merged))
        elif policy is Policy.OURS:
            out.extend(_plain(mine, part.ours))
        elif policy is Policy.THEIRS:
            out.extend(_plain(other, part.theirs))
        elif policy is Policy.STOP or part.base:
            return None
        else:
            both = [*_plain(mine, part.ours), *_plain(other, part.theirs)]
            out.extend(both if policy is Policy.BOTH else both[len(part.ours) :] + both[: len(part.ours)])
    return "".join(out)


def _one(was: str, mine: str, other: str, sign: str) -> str:
    return (other if mine == was else mine) + sign


def _plain(spaces: Sequence[str], signs: Sequence[str]) -> list[str]:
    return [space + sign for space, sign in zip(spaces, signs, strict=True)]
