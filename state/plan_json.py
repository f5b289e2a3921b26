"""The text of a plan that is JSON, taken apart by the standard library; places are looked up only when one is
asked for.

Never: anything about plans; this room knows values and places.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from state.plan_fault import Mishap, Path, Place, Raw, Spot, Tree, key_twice

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_LONGEST_INTEGER = 20


def read_json(text: str) -> Tree | Mishap:
    """The tree of a JSON text, or where and why it is none."""
    pairs = _Pairs()
    try:
        root: Raw = json.loads(text, object_pairs_hook=pairs.take, parse_int=_integer, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return Mishap((error.lineno, error.colno), f"this is not JSON: {error.msg}")
    except _NoNumber as error:
        return Mishap((1, 1), f"{error} is no number of JSON")
    except RecursionError:
        return Mishap((1, 1), "this is nested too deep for a plan")
    mishaps = tuple(_duplicates(text)) if pairs.repeated else ()
    return Tree(root, mishaps, lambda spots: _locate(text, spots))


class _NoNumber(ValueError):
    pass


def _no_constant(name: str) -> Raw:
    raise _NoNumber(name)


def _integer(digits: str) -> Raw:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


@dataclass(slots=True)
class _Pairs:
    """Makes the objects, and notes whether a key stood twice in any."""

    repeated: bool = False

    def take(self, pairs: list[tuple[str, Raw]]) -> Raw:
        found = dict(pairs)
        self.repeated = self.repeated or len(found) != len(pairs)
        return found


@dataclass(slots=True)
class _Open:
    """A list or object that is not closed yet; `at` is the key or place of its present value."""

    at: str | int
    keys: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Found:
    spot: Spot
    offset: int
    repeated: bool = False


def _walk(text: str) -> Iterator[_Found]:
    """Every key and value of a text that is known to be JSON, in order; no recursion."""
    path: list[_Open] = []
    wants_key = False

    def here() -> Path:
        return tuple([level.at for level in path])

    for match in _TOKEN.finditer(text):
        token = match.group()
        if wants_key and token.startswith('"'):
            level = path[-1]
            level.at = key = json.loads(token)
            yield _Found(Spot(here(), key=True), match.start(), repeated=key in level.keys)
            level.keys.add(key)
            wants_key = False
        elif token in "}]":
            path.pop()
            wants_key = False
        elif token == ",":
            level = path[-1]
            wants_key = isinstance(level.at, str)
            level.at = level.at if isinstance(level.at, str) else level.at + 1
        elif token != ":":
            yield _Found(Spot(here()), match.start())
            if token in "{[":
                wants_key = token == "{"
                path.append(_Open("" if wants_key else 0))


def _lines(text: str) -> list[int]:
    """Offsets at which the lines begin."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _place(lines: Sequence[int], offset: int) -> Place:
    line = bisect_right(lines, offset)
    return line, offset - lines[line - 1] + 1


def _duplicates(text: str) -> Iterator[Mishap]:
    lines = _lines(text)
    for found in _walk(text):
        if found.repeated:
            yield Mishap(_place(lines, found.offset), key_twice(str(found.spot.path[-1])))


def _locate(text: str, spots: Sequence[Spot]) -> list[Place]:
    nearest = {spot: [spot, *(Spot(spot.path[:end]) for end in range(len(spot.path), -1, -1))] for spot in spots}
    wanted = {near for chain in nearest.values() for near in chain}
    offsets: dict[Spot, int] = {}
    for found in _walk(text):
        if found.spot in wanted:
            offsets[found.spot] = found.offset
    lines = _lines(text)
    return [_place(lines, next(offsets[near] for near in nearest[spot] if near in offsets)) for spot in spots]
