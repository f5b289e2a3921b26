"""How clashes were settled before: a key for each clash, what to keep of a resolution, and the same clash met again.

Never: a guess. A clash is the same when its three sides are, in whatever file and whichever side is whose.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from conflict.merge.contents import Declined, Texts, texts
from conflict.merge.lines import matching, split_lines
from conflict.merge.markers import ended
from conflict.merge.three import Stretch, stretches
from conflict.merge.veto import loses

Parts = Sequence[Stretch[str]]


def keys(base: bytes, ours: bytes, theirs: bytes) -> list[str]:
    """The keys of all clashes of a file, in order; none for what is no text."""
    read = texts(base, ours, theirs)
    return [] if isinstance(read, Declined) else [_key(part) for part in _clashes(_parts(read))]


def recalled(base: bytes, ours: bytes, theirs: bytes, known: Mapping[str, str]) -> bytes | None:
    """The merge with every clash settled as it was before; None where one of them is new."""
    read = texts(base, ours, theirs)
    if isinstance(read, Declined):
        return None
    lines: list[str] = []
    for part in _parts(read):
        if part.merged is not None:
            lines.extend(part.merged)
        elif _key(part) in known:
            lines.extend(split_lines(known[_key(part)]))
        else:
            return None
    return read.encode("".join([*ended(lines[:-1]), *lines[-1:]]))


def learned(base: bytes, ours: bytes, theirs: bytes, result: bytes, *, whole: bool = False) -> dict[str, str]:
    """What a resolution says about each clash that can be found again in it, for `Memory`. `whole`: without the clashes
    whose lines alone do not keep all that both sides did."""
    read = texts(base, ours, theirs)
    if isinstance(read, Declined):
        return {}
    again = texts(base, ours, result)
    if isinstance(again, Declined) or again.encoding != read.encoding:
        return {}
    parts = _parts(read)
    found = settled(parts, split_lines(again.theirs))
    pairs = zip(_clashes(parts), found, strict=True)
    kept = [(part, lines) for part, lines in pairs if lines is not None and not (whole and loses(part, lines))]
    return {_key(part): "".join(lines) for part, lines in kept}


def settled(parts: Parts, result: Sequence[str]) -> list[list[str] | None]:
    """The lines that stand in `result` for each clash; None where the lines around it have changed too."""
    before: list[str | None] = []
    places: list[int] = []
    for part in parts:
        if part.merged is None:
            places.append(len(before))
            before.append(None)
        else:
            before.extend(part.merged)
    to = [-1] * len(before)
    for at, there, size in matching(before, result):
        to[at : at + size] = range(there, there + size)
    return [_between(to, place, result) for place in places]


def _between(to: list[int], place: int, result: Sequence[str]) -> list[str] | None:
    start = 0 if place == 0 else to[place - 1] + 1
    end = len(result) if place + 1 == len(to) else to[place + 1]
    known = (place == 0 or to[place - 1] >= 0) and (place + 1 == len(to) or to[place + 1] >= 0)
    return list(result[start:end]) if known and start <= end else None


def _parts(read: Texts) -> list[Stretch[str]]:
    return stretches(*(split_lines(text) for text in (read.base, read.ours, read.theirs)))


def _clashes(parts: Parts) -> list[Stretch[str]]:
    return [part for part in parts if part.merged is None]


def _key(part: Stretch[str]) -> str:
    sides = ["".join(part.base), *sorted(("".join(part.ours), "".join(part.theirs)))]
    return "clash:" + sha256(json.dumps(sides).encode()).hexdigest()
