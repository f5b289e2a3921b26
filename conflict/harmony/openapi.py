"""OpenAPI documents of two sides merged by path, operation and schema, whatever their text does.

What only one side adds or changes is taken; lists are merged by what their items are (parameters by name and place,
tags by name, servers by address). Never: a value chosen where both sides want another; a document whose form would
change beyond the merge; a result that is less valid than the sides were.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ruamel.yaml.comments import CommentedMap

from conflict.harmony.documents import Document, Node
from conflict.harmony.openapi_faults import faults

_MARK = re.compile(rb"[\"']?(?:openapi|swagger)[\"']?\s*:")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Merged:
    """`text` is the document, None where `clashes` says what both want otherwise, or why it can not be written."""

    text: bytes | None
    clashes: tuple[str, ...] = ()


def is_document(data: bytes) -> bool:
    """Whether it looks like an OpenAPI (or Swagger) document."""
    return _MARK.search(data) is not None and b"paths" in data


def merge(path: str, base: bytes, ours: bytes, theirs: bytes) -> Merged | None:
    """None where one of them is no such document."""
    sides = [Document.read(path, data) for data in (base, ours, theirs)]
    before, mine, other = sides
    if mine is None or other is None or not isinstance(mine.root, dict) or not isinstance(other.root, dict):
        return None
    if not _is_spec(mine.root) or not _is_spec(other.root):
        return None
    root = before.root if before is not None and isinstance(before.root, dict) else {}
    work = _Work()
    known = faults(mine.root) | faults(other.root)
    work.mapping(root, mine.root, other.root, "")
    if work.clashes:
        return Merged(None, tuple(work.clashes[:_SHOWN]))
    new = sorted(faults(mine.root) - known)
    if new:
        return Merged(None, tuple(f"merged, {one}" for one in new[:_SHOWN]))
    text = mine.written()
    return Merged(text, () if text is not None else ("its form would not be kept",))


def broken(path: str, ours: bytes, theirs: bytes, merged: bytes) -> str:
    """What is wrong with a merge by text that is right with both sides; "" for nothing."""
    sides = [Document.read(path, data) for data in (ours, theirs)]
    if any(side is None or not _is_spec(side.root) for side in sides):
        return ""
    found = Document.read(path, merged)
    if found is None:
        return "merged as text it can not be read"
    known = {fault for side in sides if side is not None for fault in faults(side.root)}
    return next(iter(sorted(faults(found.root) - known)), "")


def _is_spec(root: Node) -> bool:
    return isinstance(root, dict) and ("openapi" in root or "swagger" in root)


def _identity(item: Node) -> tuple[str, ...] | None:
    """What an item of a list is known by; None for one that is nothing but its content."""
    if not isinstance(item, dict):
        return None
    for keys in (("$ref",), ("in", "name"), ("name",), ("url",), ("operationId",)):
        if all(isinstance(item.get(key), str) for key in keys):
            return tuple(str(item[key]) for key in keys)
    return None


@dataclass(slots=True)
class _Work:
    """Merges into what ours has, in place, so that its form and comments stay."""

    clashes: list[str] = field(default_factory=list)

    def mapping(self, base: Mapping[str, Node], ours: dict[str, Node], theirs: dict[str, Node], at: str) -> None:
        keys = list(theirs)
        for place, key in enumerate(keys):
            here = f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if key in ours:
                self._both(base.get(key), ours, theirs[key], key, here)
            elif key not in base:
                _insert(ours, key, theirs[key], keys[:place], base)
            elif theirs[key] != base[key]:
                self._clash(here, "deletes it", theirs[key])
        for key in [key for key in base if key not in theirs and key in ours]:
            if ours[key] == base[key]:
                del ours[key]
            else:
                self._clash(f"{at}/{key}", ours[key], "deletes it")

    def _both(self, base: Node, ours: dict[str, Node], theirs: Node, key: str, at: str) -> None:
        mine = ours[key]
        if mine == theirs or theirs == base:
            return
        if mine == base:
            ours[key] = theirs
        elif isinstance(mine, dict) and isinstance(theirs, dict):
            self.mapping(base if isinstance(base, dict) else {}, mine, theirs, at)
        elif isinstance(mine, list) and isinstance(theirs, list):
            self._list(base if isinstance(base, list) else [], mine, theirs, at)
        elif at == "/info/version" and _newer(mine, theirs) is not None:
            ours[key] = _newer(mine, theirs)
        else:
            self._clash(at, mine, theirs)

    def _list(self, base: list[Node], ours: list[Node], theirs: list[Node], at: str) -> None:
        names = [_identity(item) for side in (base, ours, theirs) for item in side]
        if names and all(name is not None for name in names):
            self._named(base, ours, theirs, at)
            return
        gone = [item for item in base if item not in theirs]
        if any(isinstance(item, dict | list) for item in gone):
            self._clash(at, ours, theirs)  # an item that was changed can not be told from one taken away
            return
        for item in gone:
            if item in ours:
                ours.remove(item)
        ours.extend(item for item in theirs if item not in base and item not in ours)

    def _named(self, base: list[Node], ours: list[Node], theirs: list[Node], at: str) -> None:
        before, mine, other = ({_identity(item): item for item in side} for side in (base, ours, theirs))
        for name, item in other.items():
            where = f"{at}/{' '.join(name or ())}"
            if name not in mine:
                if name not in before:
                    ours.append(item)
                elif item != before[name]:
                    self._clash(where, "deletes it", item)
                continue
            was, here = before.get(name), mine[name]
            if isinstance(here, dict) and isinstance(item, dict) and item not in (here, was):
                if here == was:
                    ours[ours.index(here)] = item
                else:
                    self.mapping(was if isinstance(was, dict) else {}, here, item, where)
        for name, item in before.items():
            if name not in other and name in mine:
                if mine[name] == item:
                    ours.remove(mine[name])
                else:
                    self._clash(f"{at}/{' '.join(name or ())}", mine[name], "deletes it")

    def _clash(self, at: str, mine: Node, other: Node) -> None:
        self.clashes.append(f"{at}: the trunk has `{_short(mine)}` and the candidate has `{_short(other)}`")


def _insert(ours: dict[str, Node], key: str, value: Node, before: list[str], base: Mapping[str, Node]) -> None:
    """A new key behind the one that it follows on its own side, and behind what ours added there."""
    last = next((name for name in reversed(before) if name in ours), None)
    names = list(ours)
    place = len(names) if last is None else names.index(last) + 1
    while place < len(names) and names[place] not in base:
        place += 1
    if place == len(names):
        ours[key] = value
    elif isinstance(ours, CommentedMap):
        ours.insert(place, key, value)
    else:
        items = list(ours.items())
        ours.clear()
        ours.update([*items[:place], (key, value), *items[place:]])


def _newer(mine: Node, other: Node) -> str | None:
    """The higher of two versions; None for what is none."""
    if not isinstance(mine, str) or not isinstance(other, str):
        return None
    if not _NUMBER.fullmatch(mine) or not _NUMBER.fullmatch(other):
        return None
    return max(mine, other, key=lambda text: [int(part) for part in text.split(".")])


def _short(value: Node) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else f"{text[:120]}…"
