"""Numbers that are given out one after the other in file names (decisions, chapters, scripts), taken by both branches.

Never: a number that means something else: the folder must count already.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from conflict.rules.meeting import Meeting
from conflict.surface.nouns import PATHS_KEPT
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_NUMBERED = re.compile(r"^([A-Za-z]{0,4}[-_]?)(\d{2,6})([-_.]).*[^.]")
_ENOUGH = 2
"""So many numbered files make a folder one that counts."""


def clashes(meeting: Meeting) -> Iterator[Clash]:
    mine = _new(meeting.ours.blobs, meeting.by_ours, meeting.base.blobs)
    other = _new(meeting.theirs.blobs, meeting.by_theirs, meeting.base.blobs)
    for key in sorted(mine.keys() & other.keys()):
        folder, prefix, number, end = key
        left, right = mine[key], other[key]
        if left == right or _is_migration(meeting, left, right):
            continue
        row = [path for path in meeting.base.blobs if _key(path)[:2] == (folder, prefix) and path.endswith(end)]
        if len(row) < _ENOUGH:
            continue
        yield Clash(
            ConflictKind.RESOURCE,
            "sequence-number-twice",
            f"{folder}: {prefix}{number}",
            Spot(left),
            Spot(right),
            f"takes number {number}",
            f"takes number {number}",
            f"{left} and {right} have the same number",
            "renumber",
        )


def may_clash(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether there can be anything to say about two branches that changed these paths."""
    mine, other = ({key for path in side if (key := _key(path))[2]} for side in (ours, theirs))
    return not mine.isdisjoint(other)


def _is_migration(meeting: Meeting, left: str, right: str) -> bool:
    surfaces = (meeting.ours.surface(left), meeting.theirs.surface(right))
    return any(one is not None and one.migration is not None for one in surfaces)


@lru_cache(PATHS_KEPT)
def _key(path: str) -> tuple[str, str, str, str]:
    folder, _, name = path.rpartition("/")
    found = _NUMBERED.match(name)
    if found is None:
        return "", "", "", ""
    return folder, found.group(1), found.group(2).lstrip("0"), name.rpartition(".")[2]


def _new(
    blobs: Mapping[str, str], changed: frozenset[str], base: Mapping[str, str]
) -> dict[tuple[str, str, str, str], str]:
    found = {_key(path): path for path in sorted(changed) if path in blobs and path not in base}
    return {key: path for key, path in found.items() if key[2]}
