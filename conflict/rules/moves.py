"""Where a definition went that one side took away: renamed, moved to another file, or deleted.

Never: two definitions called one because their names are alike: what they say must be the same.
"""

from dataclasses import dataclass

from conflict.rules.meeting import Direction
from conflict.rules.resolve import Found
from conflict.rules.view import View
from conflict.surface.nouns import Symbol, SymbolKind
from conflict.surface.syntax import last
from state.clash import Spot


@dataclass(frozen=True, slots=True)
class Whither:
    """`how` is `deleted`, `moved` or `renamed`; `now` the new name, `spot` its place, or where the old one stood."""

    how: str
    spot: Spot
    now: str
    wants: str
    told: str
    remedy: str


def whither(way: Direction, gone: Found) -> Whither:
    if not gone.name:
        return _module(way, gone.path)
    was = way.base.symbols(gone.path, gone.name) or gone.symbols
    if was:
        new = _renamed(way, gone, was[-1])
        if new is not None:
            wants = f"renames it to {new.name}"
            return Whither("renamed", Spot(gone.path, new.line), new.name, wants, f"renamed to {new.name}", "rename")
        moved = _moved(way, gone, was[-1])
        if moved is not None:
            at, symbol = moved
            return Whither(
                "moved", Spot(at, symbol.line), symbol.name, f"moves it to {at}", f"moved to {at}", "reimport"
            )
    return Whither("deleted", Spot(gone.path), "", f"deletes {gone.name}", "deleted there", "")


def _renamed(way: Direction, gone: Found, was: Symbol) -> Symbol | None:
    """A new definition of the same file and class that says the same under another name."""
    surface = way.changer.surface(gone.path)
    if surface is None or not was.shape or was.kind is SymbolKind.VALUE:
        return None
    owner = gone.name.rpartition(".")[0]
    found = [
        one
        for one in surface.symbols
        if one.kind is was.kind
        and one.shape == was.shape
        and one.name.rpartition(".")[0] == owner
        and not way.base.symbols(gone.path, one.name)
    ]
    return found[0] if len(found) == 1 else None


def _moved(way: Direction, gone: Found, was: Symbol) -> tuple[str, Symbol] | None:
    """A definition of the same name that the same side put into another file."""
    found: list[tuple[str, Symbol]] = []
    for path in sorted(way.changed_in - {gone.path}):
        surface = way.changer.surface(path)
        named = [one for one in surface.symbols if last(one.name) == last(was.name)] if surface is not None else []
        found += [(path, one) for one in named if one.kind is was.kind and not way.base.symbols(path, one.name)]
    same = [one for one in found if one[1].shape == was.shape]
    only = same or [one for one in found if was.kind is not SymbolKind.VALUE]
    return only[0] if len(only) == 1 else None


def _module(way: Direction, path: str) -> Whither:
    blob = way.base.blobs.get(path)
    new = sorted(one for one in way.changed_in if _is_the_same(way.changer, way.base, one, blob))
    if not new:
        name = path.rpartition("/")[2]
        near = sorted(
            one
            for one in way.changed_in
            if one.rpartition("/")[2] == name and one in way.changer.blobs and one not in way.base.blobs
        )
        new = near if len(near) == 1 else []
    if new:
        return Whither("moved", Spot(new[0]), new[0], f"moves it to {new[0]}", f"moved to {new[0]}", "reimport")
    return Whither("deleted", Spot(path), "", "deletes it", "deleted there", "")


def _is_the_same(now: View, base: View, path: str, blob: str | None) -> bool:
    return blob is not None and path not in base.blobs and now.blobs.get(path) == blob
