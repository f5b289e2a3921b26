"""Entries with keys, as JSON, YAML, TOML and INI files hold them: merged by key, comments and form kept.

Only a clash that is nothing but entries is touched: each begins with a key at the same depth, what is deeper below it
and comments above it belong to it. Never: parse or write a document anew; guess between two values of one key, unless
they differ in numbers alone and one is the newer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conflict.merge.paths import extension_of
from conflict.merge.versions import newest

Lines = tuple[str, ...]

_JSON = re.compile(r'[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*:')
_YAML = re.compile(r"[ \t]*(?:- )?(\"[^\"\n]+\"|'[^'\n]+'|[\w./$@*<>\[\]-][^:#\n]*?)[ \t]*:(?=\s)")
_TOML = re.compile(r"[ \t]*(\[+[^\]\n]+\]+|[\w.\"'-]+)[ \t]*(?:=|$)", re.MULTILINE)
_INI = re.compile(r"[ \t]*(\[[^\]\n]+\]|[^=:#;\s][^=:\n]*?)[ \t]*(?:[=:]|$)", re.MULTILINE)
_KEY = {
    ".json": _JSON,
    ".yaml": _YAML,
    ".yml": _YAML,
    ".toml": _TOML,
    ".cfg": _INI,
    ".ini": _INI,
    ".properties": _INI,
    ".env": _INI,
}
_COMMENT = re.compile(r"[ \t]*(#|;|//)")
MOST = 2_000


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    lines: Lines

    @property
    def bare(self) -> Lines:
        """Without the comma that JSON has between entries."""
        return (*self.lines[:-1], self.lines[-1].rstrip().removesuffix(",") + "\n")


def merged_entries(base: Lines, ours: Lines, theirs: Lines, path: str, *, reverse: bool = False) -> Lines | None:
    """The entries of both sides; with `reverse` what theirs adds stands before what ours adds. None where a line is no
    entry's, a key stands twice, or both changed the value of one."""
    key = _KEY.get(extension_of(path))
    if key is None or not (ours and theirs) or max(len(base), len(ours), len(theirs)) > MOST:
        return None
    commas = key is _JSON
    sides = [_read(lines, key, commas) for lines in (base, ours, theirs)]
    was, mine, other = sides
    if was is None or mine is None or other is None:
        return None
    if any(
        (side.get(name) or one) != one
        for name, one in was.items()
        for side in (mine, other)
        if _one_gone(name, mine, other)
    ):
        return None
    first, second = (other, mine) if reverse else (mine, other)
    out: list[_Entry] = []
    for name in _order(list(was), list(first), list(second)):
        one = _value(was.get(name), mine.get(name), other.get(name), commas)
        if one is None:
            return None
        out.append(one)
    return _written(out, ours, theirs, commas)


def _one_gone(name: str, mine: dict[str, _Entry], other: dict[str, _Entry]) -> bool:
    return (name in mine) != (name in other)


def _read(lines: Lines, key: re.Pattern[str], commas: bool) -> dict[str, _Entry] | None:
    if not all(line.endswith("\n") for line in lines):
        return None
    depth = min((_depth(line) for line in lines if key.match(line)), default=0)
    found: dict[str, _Entry] = {}
    open_: list[str] = []
    name = ""
    for line in (*lines, None):
        match = key.match(line) if line is not None and _depth(line) == depth else None
        starts = match is not None or line is None or (_COMMENT.match(line) is not None and _depth(line) == depth)
        if starts and name:
            if name in found or (commas and not _whole(open_)):
                return None
            found[name] = _Entry(name, tuple(open_))
            open_, name = [], ""
        if line is None:
            return None if open_ else found
        if match is None and not name and not _COMMENT.match(line):
            return None
        if match is not None:
            name = match[1].strip("\"'")
        open_.append(line)
    return found


def _whole(lines: Sequence[str]) -> bool:
    text = "".join(lines)
    return all(text.count(opening) == text.count(closing) for opening, closing in ("{}", "[]"))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _value(was: _Entry | None, mine: _Entry | None, other: _Entry | None, commas: bool) -> _Entry | None:
    if mine is None or other is None:
        return mine or other
    left, right, before = (one and (one.bare if commas else one.lines) for one in (mine, other, was))
    if left == right or right == before:
        return mine
    if left == before:
        return other
    later = newest(mine.bare, other.bare) if commas else newest(mine.lines, other.lines)
    return _Entry(mine.key, later) if later is not None else None


def _order(was: Sequence[str], mine: Sequence[str], other: Sequence[str]) -> list[str]:
    """What both keep and either adds: sorted where each side is, else each addition after its neighbour."""
    kept, left, right = set(was), set(mine), set(other)
    gone = {one for one in kept if (one in left) != (one in right)}
    out = [one for one in mine if one not in gone]
    for at, one in enumerate(other):
        if one in gone or one in left:
            continue
        near = next((before for before in reversed(other[:at]) if before in out), None)
        place = 0 if near is None else out.index(near) + 1
        while near is not None and place < len(out) and out[place] not in right and out[place] not in kept:
            place += 1
        out.insert(len(out) if near is None and not kept else place, one)
    ordered = all(list(side) == sorted(side) for side in (mine, other)) and len(mine) + len(other) > 2
    return sorted(out) if ordered else out


def _written(entries: Sequence[_Entry], ours: Lines, theirs: Lines, commas: bool) -> Lines | None:
    if not commas:
        return tuple(line for one in entries for line in one.lines)
    ends = {side[-1].rstrip().endswith(",") for side in (ours, theirs)}
    if len(ends) > 1:
        return None
    out: list[str] = []
    for at, one in enumerate(entries):
        comma = at + 1 < len(entries) or ends == {True}
        bare = one.bare
        out += [*bare[:-1], bare[-1].rstrip("\n") + ("," if comma else "") + "\n"]
    return tuple(out)
