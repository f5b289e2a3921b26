"""Files whose names begin with a running number (SQL scripts, decision records): two that took the same one are told
apart, the candidate's renumbered behind the trunk's.

Never: renumber what is published; take for a row what repeats its numbers anyway.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from conflict.schema.clash import clashes, statements
from conflict.schema.mentions import renamed
from conflict.schema.sql import operations_of_sql
from conflict.schema.values import Files, Finding, Sides, few
from conflict.surface.nouns import PATHS_KEPT, Framework, Migration
from conflict.surface.syntax import decode
from state.candidate import ConflictKind

RULE = "sequence-number"
_NAME = re.compile(r"(?P<mark>[A-Za-z]{0,4}[-_]?)(?P<number>\d{1,7})(?P<gap>[-_. ]+)(?P<rest>[^0-9.][^/]*)")
_SHORT = re.compile(r"(?P<mark>[A-Za-z]{0,4}[-_]?)(?P<number>\d{3,7})(?P<gap>)(?P<rest>\.[a-z]+)")
_SCHEMA = frozenset({".sql", ".cql", ".ddl"})
_FOLDERS = frozenset({"migrations", "migrate", "migration"})
_HEADING = re.compile(
    rb"(?m)\A((?:\s*(?:---\r?\n.*?\r?\n---\r?\n)?\s*)(?:#+|=+)\s*(?:ADR[- ]?|RFC[- ]?)?)(\d+)\b", re.S
)
_FEWEST = 2
"""So many numbers in a folder make a row."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """All files that are one number's: `0004_orders.up.sql` and `0004_orders.down.sql`. `name` is what they share."""

    number: int
    name: str
    paths: tuple[str, ...]


Row = tuple[str, str, str]
"""Folder, what stands before the number, last suffix."""


def findings(sides: Sides) -> list[Finding]:
    """One for each row in which both sides took the same number."""
    base, ours, theirs = _rows(sides.base), _rows(sides.ours), _rows(sides.theirs)
    found = []
    for row, entries in theirs.items():
        mine = ours.get(row, ())
        known = {path for one in base.get(row, ()) for path in one.paths}
        new = [one for one in entries if known.isdisjoint(one.paths) and not _has(mine, one)]
        taken = {one.number: one for one in mine if known.isdisjoint(one.paths)}
        twice = [one for one in new if one.number in taken]
        if twice and is_row(mine) and is_row(entries):
            found.append(_settled(sides, row, mine, new, [(taken[one.number], one) for one in twice]))
    return found


def taken_twice(ours: Iterable[str], theirs: Iterable[str]) -> frozenset[str]:
    """Folders in which both sides changed a file of the same number, by their paths alone: there is nothing to be found
    in any other."""
    mine, other = ({key for path in side if (key := _place(path)) is not None} for side in (ours, theirs))
    return frozenset(key[0] for key in mine & other)


@lru_cache(PATHS_KEPT)
def _place(path: str) -> tuple[str, str, str, int] | None:
    """The row that a path stands in, and its number there."""
    place = PurePosixPath(path)
    match = number_in(place.name)
    if match is None or place.suffix == ".py":  # migrations of Django have a graph, which decides
        return None
    return str(place.parent), match["mark"], place.suffix, int(match["number"])


def _has(entries: Iterable[_Entry], one: _Entry) -> bool:
    return any(other.name == one.name and other.number == one.number for other in entries)


def is_row(entries: Iterable[_Entry]) -> bool:
    numbers = [one.number for one in entries]
    return len(numbers) >= _FEWEST and len(set(numbers)) == len(numbers)


def _rows(files: Files) -> dict[Row, tuple[_Entry, ...]]:
    found: dict[Row, dict[tuple[int, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in files:
        place, match = _place(path), number_in(PurePosixPath(path).name)
        if place is not None and match is not None:
            found[place[:3]][place[3], _shared(match["rest"])].append(path)
    return {
        row: tuple(_Entry(number, name, tuple(sorted(paths))) for (number, name), paths in sorted(rest.items()))
        for row, rest in found.items()
    }


def number_in(name: str) -> re.Match[str] | None:
    """The parts of a name that begins with a running number; None for any other name."""
    return _NAME.fullmatch(name) or _SHORT.fullmatch(name)


def _shared(rest: str) -> str:
    """The name without the suffixes that tell up from down."""
    return rest.partition(".")[0]


def _settled(
    sides: Sides, row: Row, mine: Iterable[_Entry], new: list[_Entry], twice: list[tuple[_Entry, _Entry]]
) -> Finding:
    kind = ConflictKind.SCHEMA if row[2] in _SCHEMA or _FOLDERS & {*row[0].split("/")} else ConflictKind.RESOURCE
    first, second = twice[0]
    said = f"{_file(first)} of the trunk and {_file(second)} of the candidate took the same number in {row[0]}"
    if kind is ConflictKind.SCHEMA:
        fresh = [one for one in mine if not any(path in sides.base for path in one.paths)]
        found = clashes([_script(sides.ours, one) for one in fresh], [_script(sides.theirs, one) for one in new])
        if found:
            return Finding(kind, RULE, second.paths[0], _file(second), f"{said}; {statements(found)}")
    moved, last = dict[str, str](), max(one.number for one in mine)
    lowest = min(one.number for _, one in twice)
    for one in sorted(new, key=lambda one: one.number):
        if one.number >= lowest:
            last = max(last + 1, one.number)
            moved.update((path, _numbered(path, last)) for path in one.paths)
    how = f"{few([PurePosixPath(path).name for path in moved])} renumbered to {few([_name(p) for p in moved.values()])}"
    return Finding(kind, RULE, second.paths[0], _file(second), said, _edits(sides, moved), how)


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _file(one: _Entry) -> str:
    return _name(one.paths[0])


def _numbered(path: str, number: int) -> str:
    """The path with another number, as wide as it was."""
    place = PurePosixPath(path)
    match = number_in(place.name)
    if match is None:
        raise ValueError(f"{path} has no number")
    width = len(match["number"])
    return str(place.with_name(f"{match['mark']}{number:0{width}}{match['gap']}{match['rest']}"))


def _script(files: Files, one: _Entry) -> Migration:
    """What a script does; of a pair, the one that goes up."""
    up = next((path for path in one.paths if not re.search(r"[._](?:down|undo)\.", path)), one.paths[0])
    text = decode(files[up]) or ""
    steps = tuple(operations_of_sql(text))
    return Migration(Framework.SQL, _name(up), "", up, (), operations=steps)


def _edits(sides: Sides, moved: Mapping[str, str]) -> dict[str, bytes | None]:
    stems = {_stem(old): _stem(new) for old, new in moved.items()}
    files = {**sides.mentions, **{path: sides.theirs[path] for path in moved}}
    spoken = {path: text for path, text in renamed(files, stems).items() if text is not None}
    edits: dict[str, bytes | None] = {path: text for path, text in spoken.items() if path not in moved}
    for old, new in moved.items():
        text = spoken.get(old, sides.theirs[old])
        edits[new] = text if PurePosixPath(old).suffix in _SCHEMA else _headed(text, _digits(old), _digits(new))
    for old in moved:
        edits.setdefault(old, None)
    return edits


def _stem(path: str) -> str:
    return PurePosixPath(path).name.partition(".")[0]


def _digits(path: str) -> str:
    found = re.search(r"\d+", PurePosixPath(path).name)
    return found[0] if found else ""


def _headed(text: bytes, old: str, new: str) -> bytes:
    """A record with the number of its first heading changed too, as wide as it is written there."""
    match = _HEADING.match(text)
    if match is None or int(match[2]) != int(old):
        return text
    return text[: match.start(2)] + f"{int(new):0{len(match[2])}}".encode() + text[match.end(2) :]
