"""Changelogs: sections under headings, the newest release first, entries in the order of the sides.

Only additions are united. Never: touch a clash in which a side took a line out; drop an entry.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conflict.merge.paths import group_of

Lines = tuple[str, ...]

_RULE = re.compile(r"([=\-~+^*#])\1{2,}\s*\n")
_MARK = re.compile(r"#{1,6}\s+\S|={1,4}\s+\S")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_ANCHOR = re.compile(r"\.\. _[^:\n]+:\s*\n")
_UNRELEASED = re.compile(r"unreleased|upcoming|next|master|develop|\?\?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Section:
    head: Lines
    """With the anchor above the title and the rule below it; empty for what stands before the first heading."""
    body: Lines

    @property
    def title(self) -> str:
        return " ".join(next((line for line in self.head if not _ANCHOR.match(line) and line.strip()), "").split())

    @property
    def rank(self) -> tuple[int, ...]:
        version = _VERSION.search(self.title)
        if version is None:
            return (10**9,) if _UNRELEASED.search(self.title) else ()
        return tuple(map(int, version[0].split(".")))


def merged_sections(base: Lines, ours: Lines, theirs: Lines, path: str, *, reverse: bool = False) -> Lines | None:
    """Both sides' sections; with `reverse` the entries of theirs stand before those of ours."""
    if group_of(path) != "changelog" or not ours or not theirs or set(base) - (set(ours) & set(theirs)):
        return None
    mine, other = _read(ours), _read(theirs)
    if not any(one.head for one in (*mine, *other)):
        return None
    known = {_plain(one): one for one in other}
    out: list[_Section] = []
    for one in mine:
        too = known.pop(_plain(one), None)
        out.append(one if too is None else _Section(one.head, _united(one.body, too.body, reverse)))
    out += known.values()
    loose = [one for one in out if not one.head]
    titled = [one for one in out if one.head]
    if len(loose) > 1 or not all(one.rank for one in titled):
        return None
    titled.sort(key=lambda one: one.rank, reverse=True)
    return _joined([*loose, *titled], max(_gap(mine), _gap(other)))


def _plain(one: _Section) -> str:
    return one.title.lower()


def _read(lines: Lines) -> list[_Section]:
    starts = [at for at, line in enumerate(lines) if _MARK.match(line)]
    starts += [at for at in range(len(lines) - 1) if lines[at].strip() and _RULE.fullmatch(lines[at + 1])]
    found: list[_Section] = []
    begin, head = 0, 0
    for at in [*sorted(set(starts)), None]:
        first = len(lines) if at is None else at
        while (
            at is not None
            and first > begin + head
            and (
                _ANCHOR.match(lines[first - 1])
                or (not lines[first - 1].strip() and first > 1 and _ANCHOR.match(lines[first - 2]))
            )
        ):
            first -= 1
        if first > begin:
            found.append(_Section(lines[begin : begin + head], lines[begin + head : first]))
        if at is not None:
            end = at + 1 + (at + 1 < len(lines) and _RULE.fullmatch(lines[at + 1]) is not None)
            begin, head = first, end - first
    return found


def _united(mine: Lines, other: Lines, reverse: bool) -> Lines:
    top, rest = _lead(mine)
    _, more = _lead(other)
    known = set(rest)
    new = tuple(line for line in more if line not in known or not line.strip())
    rest_, tail = _trail(rest)
    new_, _ = _trail(new)
    while new_ and not new_[0].strip():
        new_ = new_[1:]
    return (*top, *(new_ + rest_ if reverse else rest_ + new_), *tail)


def _lead(lines: Lines) -> tuple[Lines, Lines]:
    count = 0
    while count < len(lines) and not lines[count].strip():
        count += 1
    return lines[:count], lines[count:]


def _trail(lines: Lines) -> tuple[Lines, Lines]:
    count = len(lines)
    while count and not lines[count - 1].strip():
        count -= 1
    return lines[:count], lines[count:]


def _gap(sections: Sequence[_Section]) -> int:
    """The blank lines that part a section from the next."""
    return max((len(_trail(one.body)[1]) for one in sections), default=1) or 1


def _joined(sections: Sequence[_Section], gap: int) -> Lines:
    out: list[str] = []
    for at, one in enumerate(sections):
        body, tail = _trail(one.body)
        last = at + 1 == len(sections)
        out += [*one.head, *body, *(tail if last and tail else ("\n",) * (0 if last else gap))]
    return tuple(line if line.endswith("\n") else line + "\n" for line in out)
