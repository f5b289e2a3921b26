"""Where two sides differ in numbers alone, the newer of each.

Never: compare what is no number.
"""

import re

_NUMBER = re.compile(r"\d+(?:\.\d+)*(?:\.?(?:a|b|rc|dev|post)\d+)?")
_PART = re.compile(r"\d+|[a-z]+")


def newest(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...] | None:
    """Ours with each number the greater of both; None when more than numbers differ, or nothing does."""
    if len(ours) != len(theirs) or ours == theirs:
        return None
    out: list[str] = []
    for mine, other in zip(ours, theirs, strict=True):
        if mine == other:
            out.append(mine)
            continue
        if _NUMBER.split(mine) != _NUMBER.split(other):
            return None
        pairs = zip(_NUMBER.findall(mine), _NUMBER.findall(other), strict=True)
        between = _NUMBER.split(mine)
        numbers = [*(max(pair, key=_rank) for pair in pairs), ""]
        out.append("".join(text + number for text, number in zip(between, numbers, strict=True)))
    return tuple(out)


_BEFORE = {"dev": -4, "a": -3, "b": -2, "rc": -1, "post": 1}


def _rank(version: str) -> tuple[tuple[int, int], ...]:
    parts = _PART.findall(version)
    return (*((0, int(part)) if part.isdigit() else (_BEFORE.get(part, 0), 0) for part in parts), (0, 0))
