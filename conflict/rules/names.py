"""What a clean merge leaves behind inside one file: names that nothing binds, definitions that hide each other; and
what both sides did to the same definition.

Never: a fault that one side has by itself.
"""

from collections import Counter
from collections.abc import Iterator

from conflict.rules.meeting import Meeting
from conflict.surface.nouns import Language, Surface, Symbol, SymbolKind
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_CODE = (Language.PYTHON, Language.JAVASCRIPT, Language.TYPESCRIPT)
_STRUCTURE = ConflictKind.STRUCTURE


def clashes(meeting: Meeting) -> Iterator[Clash]:
    for path, base, ours, theirs in meeting.both():
        if ours.language not in _CODE:
            continue
        merged = None if path in meeting.unmerged else meeting.merged.surface(path)
        if merged is not None:
            yield from _undefined(path, ours, theirs, merged)
            yield from _shadowed(path, base, ours, theirs, merged)
        yield from _same_symbol(path, base, ours, theirs, merged)


def _undefined(path: str, ours: Surface, theirs: Surface, merged: Surface) -> Iterator[Clash]:
    known = {name for name, _ in (*ours.undefined, *theirs.undefined)}
    for name, line in merged.undefined:
        if name in known:
            continue
        ours_has = _line_of(ours, name)
        at_ours = ours_has > 0 and not _line_of(theirs, name)
        wants = (f"uses {name}", f"takes the definition of {name} away")
        yield Clash(
            _STRUCTURE,
            "name-undefined",
            name,
            Spot(path, ours_has),
            Spot(path, _line_of(theirs, name)),
            wants[0] if at_ours else wants[1],
            wants[1] if at_ours else wants[0],
            f"{path}:{line} would use {name}, which nothing defines once both are merged",
            at_ours=at_ours,
        )


def _line_of(surface: Surface, name: str) -> int:
    """Where a file binds a name; 0 when it does not show."""
    imported = next((one.line for one in surface.imports if one.bound == name), 0)
    return imported or next((one.line for one in surface.symbols if one.name == name), 0)


def _shadowed(path: str, base: Surface | None, ours: Surface, theirs: Surface, merged: Surface) -> Iterator[Clash]:
    mine, other = (Counter(name for name, _ in side.twice) for side in (ours, theirs))
    more = Counter(name for name, _ in merged.twice) - (mine | other)
    for name, line in merged.twice:
        if more[name] <= 0:
            continue
        more[name] = 0
        twice = base is None or not _last(base, name)
        yield Clash(
            _STRUCTURE,
            "symbol-added-twice" if twice else "definition-shadowed",
            name,
            Spot(path, _line_of(ours, name) or _line_in(ours, name)),
            Spot(path, _line_of(theirs, name) or _line_in(theirs, name)),
            f"defines {name}",
            f"defines {name}",
            f"{path}:{line} would define {name} a second time, and the first one would be lost",
        )


def _line_in(surface: Surface, name: str) -> int:
    found = _last(surface, name)
    return 0 if found is None else found.line


def _last(surface: Surface, name: str) -> Symbol | None:
    return next((one for one in reversed(surface.symbols) if one.name == name), None)


def _same_symbol(
    path: str, base: Surface | None, ours: Surface, theirs: Surface, merged: Surface | None
) -> Iterator[Clash]:
    """Both sides add, or edit, the same definition. Where git merges it, it is only worth knowing while they work."""
    before, mine, other = _index(base), _index(ours), _index(theirs)
    for name in sorted({*mine, *other}):
        was, left, right = before.get(name), mine.get(name), other.get(name)
        if (left or right or was) is None or _parent_tells(name, before, mine, other):
            continue
        if left is not None and right is not None:
            if left.digest == right.digest or (was is not None and was.digest in (left.digest, right.digest)):
                continue
            if SymbolKind.CLASS in (left.kind, right.kind) and was is not None:
                continue
            verb = "edits" if was is not None else "adds"
            rule = "symbol-edited-twice" if was is not None else "symbol-added-twice"
            yield Clash(
                _STRUCTURE,
                rule,
                name,
                Spot(path, left.line),
                Spot(path, right.line),
                f"{verb} {name}",
                f"{verb} {name}, otherwise",
                f"both {verb.removesuffix('s')} {name} in {path}, each in its own way",
                certain=merged is None,
            )
        elif was is not None:
            yield from _edited_and_gone(path, name, was, left, right, (ours, theirs), before, merged)


def _edited_and_gone(
    path: str,
    name: str,
    was: Symbol,
    left: Symbol | None,
    right: Symbol | None,
    sides: tuple[Surface, Surface],
    before: dict[str, Symbol],
    merged: Surface | None,
) -> Iterator[Clash]:
    kept = left or right
    if kept is None or kept.digest == was.digest:
        return
    at_ours = left is not None
    goer = sides[1] if at_ours else sides[0]
    now = next((one for one in goer.symbols if one.shape and one.shape == was.shape and one.name not in before), None)
    how = "deletes" if now is None else f"renames it to {now.name}"
    # Git put the edit into what the other side renamed.
    carried = now is not None and bool(kept.shape) and _index(merged).get(now.name, was).shape == kept.shape
    found = Clash(
        _STRUCTURE,
        "symbol-edited-and-deleted" if now is None else "symbol-edited-and-renamed",
        name,
        Spot(path, kept.line),
        Spot(path, 0 if now is None else now.line),
        f"edits {name}",
        f"{how} {name}" if now is None else how,
        f"one edits {name} in {path}, the other {how + ' it' if now is None else how}",
        "" if now is None else "rename",
        at_ours=True,
        certain=not carried,
    )
    yield found if at_ours else found.turned()


def _index(surface: Surface | None) -> dict[str, Symbol]:
    return {} if surface is None else {one.name: one for one in surface.symbols}


def _parent_tells(name: str, *sides: dict[str, Symbol]) -> bool:
    """A class that one side adds or deletes is told once, not again for every member."""
    owner = name.rpartition(".")[0]
    return bool(owner) and not all(owner in side for side in sides)
