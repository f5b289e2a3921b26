"""How a text is written, and what a change makes of that: joints, keys said twice, versions, old and new manners.

Never: a number that needs more than the texts and the path; reorder or remove a number (the weights know them by their
place).
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from conflict.merge.measures import Bag, log_of
from conflict.merge.paths import extension_of
from conflict.merge.three import Stretch
from conflict.merge.tokens import words

Clash = Stretch[str]

_EXTENSIONS = (".py", ".js", ".ts", ".tsx", ".md", ".rst", ".txt", ".json", ".yml", ".html", ".css")
_NAMES = (
    re.compile(r"(^|/)(__init__\.py|index\.[jt]sx?)$"),
    re.compile(r"(^|/)(setup\.(py|cfg)|package\.json|pyproject\.toml|version\.\w+|__about__\.py)$"),
    re.compile(r"(^|/)readme[^/]*$", re.IGNORECASE),
    re.compile(r"(^|/)(docs?|documentation)/"),
    re.compile(r"(^|/)(\.[^/]+)(/|$)"),
)
_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_KEY = re.compile(r"\s*[\"']?([\w.\-/@]+)[\"']?\s*(?::|==?|>=|~=|=>)")
_NEW = frozenset(("const", "let", "async", "await", "yield", "super", "nonlocal", "with", "raises", "export"))
_OLD = frozenset(
    ("var", "six", "unicode", "basestring", "xrange", "iteritems", "prototype", "require", "print", "exec")
)
_NOTES = frozenset("todo fixme xxx".upper().split())
_DEBUG = _NOTES | {"console", "print", "pdb", "debugger", "breakpoint", "skip", "only", "xfail"}
_REMARK = re.compile(r"\s*(#|//|/?\*|<!--|\.\. )")


def of_path(path: str) -> tuple[float, ...]:
    extension = extension_of(path)
    return (
        *(float(extension == one) for one in _EXTENSIONS),
        *(float(one.search(path) is not None) for one in _NAMES),
        float(path.count("/")),
    )


def of_change(clash: Clash, bags: tuple[Bag, Bag, Bag]) -> tuple[float, ...]:
    """`bags` are the words of base, ours and theirs."""
    base, ours, theirs = bags
    texts = ["".join(side) for side in (clash.base, clash.ours, clash.theirs)]
    was, mine, other = (_versions(text) for text in texts)
    years = [max(_YEAR.findall(text), default="") for text in texts]
    return (
        _sign(mine, other),
        _sign(mine, was),
        _sign(other, was),
        float(years[1] > years[2]) - float(years[1] < years[2]),
        *(_many(bag, _NEW) - _many(base, _NEW) for bag in (ours, theirs)),
        *(_many(bag, _OLD) - _many(base, _OLD) for bag in (ours, theirs)),
        *(_many(bag, _DEBUG) - _many(base, _DEBUG) for bag in (ours, theirs)),
        *(_quoted(bag) - _quoted(base) for bag in (ours, theirs)),
        log_of(len(set(ours) ^ set(theirs))),
        log_of(len(set(ours) ^ set(base))),
        log_of(len(set(theirs) ^ set(base))),
        *(_remarks(side) for side in (clash.base, clash.ours, clash.theirs)),
        *(float(_longest(side) - _longest(clash.base)) for side in (clash.ours, clash.theirs)),
        *(float(_twice(side)) for side in (clash.ours, clash.theirs)),
    )


def of_joints(lines: Sequence[str], pairs: frozenset[tuple[str, str]], clash: Clash) -> tuple[float, ...]:
    """`pairs`: neighbouring words of the sides."""
    if len(lines) > 400:
        return (-1.0,) * 6
    found = words("".join(lines))
    new = sum(pair not in pairs for pair in pairwise(found))
    longest = max(_longest(clash.ours), _longest(clash.theirs))
    ends = [line.rstrip()[-1:] for line in lines if line.strip()]
    return (
        log_of(new),
        new / max(1, len(found)),
        float(_longest(lines) - longest),
        float(_twice(lines) - max(_twice(clash.ours), _twice(clash.theirs))),
        float(sum(left == right and len(left) > 1 for left, right in pairwise(found))),
        float(sum((left == ",") != (right == ",") for left, right in pairwise(ends))),
    )


def pairs_of(clash: Clash) -> frozenset[tuple[str, str]]:
    return frozenset(pair for side in (clash.base, clash.ours, clash.theirs) for pair in pairwise(words("".join(side))))


def _versions(text: str) -> tuple[int, ...]:
    found = [tuple(int(part[:9]) for part in one.split(".")) for one in _VERSION.findall(text)]
    return max(found, default=())


def _sign(left: tuple[int, ...], right: tuple[int, ...]) -> float:
    return float(left > right) - float(left < right) if left and right else 0.0


def _many(bag: Bag, known: Iterable[str]) -> float:
    return float(sum(bag[word] for word in known))


def _quoted(bag: Bag) -> float:
    """How far double quotes outweigh single ones."""
    both = bag['"'] + bag["'"]
    return (bag['"'] - bag["'"]) / both if both else 0.0


def _remarks(lines: Sequence[str]) -> float:
    return sum(_REMARK.match(line) is not None for line in lines) / len(lines) if lines else -1.0


def _longest(lines: Sequence[str]) -> int:
    return min(400, max(map(len, lines), default=0))


def _twice(lines: Sequence[str]) -> int:
    """Keys that stand more than once at the same depth."""
    seen = [line[: found.end()] for line in lines if (found := _KEY.match(line))]
    return len(seen) - len(set(seen))
