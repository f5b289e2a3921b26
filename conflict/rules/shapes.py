"""Shapes of documents (OpenAPI schemas, GraphQL types): fields that one side takes away, renames, retypes or demands
where the other side newly leans on them; the same shape or field added by both, differently.

Never: a field read into a shape that says it is open.
"""

from collections import Counter
from collections.abc import Iterator

from conflict.rules.meeting import Direction, Meeting
from conflict.rules.view import View
from conflict.surface.nouns import Field, Shape, ShapeUse, Surface
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_API = ConflictKind.API

_At = tuple[str, Shape]
"""A shape and the file that it stands in."""
_Known = dict[str, _At]


def clashes(meeting: Meeting) -> Iterator[Clash]:
    both = meeting.by_ours | meeting.by_theirs
    base, ours, theirs = (_shapes(view, both) for view in (meeting.base, meeting.ours, meeting.theirs))
    for name in sorted(ours.keys() & theirs.keys()):
        yield from _twice(name, base.get(name), ours[name], theirs[name])
    for way in meeting.directions():
        yield from _used(way, base, theirs if way.changer is meeting.theirs else ours)


def _shapes(view: View, paths: frozenset[str]) -> _Known:
    found: _Known = {}
    for path in sorted(paths):
        surface = view.surface(path)
        for one in surface.shapes if surface is not None else ():
            known = found.get(one.name)
            if known is None or one.kind != known[1].kind:
                found[one.name] = (path, one)
            else:
                fields = (*known[1].fields, *one.fields)
                found[one.name] = (path, Shape(one.name, fields, known[1].line, one.kind, one.open))
    return found


def _twice(name: str, before: _At | None, ours: _At, theirs: _At) -> Iterator[Clash]:
    mine, other = ({one.name: one for one in side[1].fields} for side in (ours, theirs))
    if before is None:
        if ours[0] != theirs[0] or {n: f.type for n, f in mine.items()} != {n: f.type for n, f in other.items()}:
            wants = f"adds {name}"
            spots = Spot(ours[0], ours[1].line), Spot(theirs[0], theirs[1].line)
            yield Clash(_API, "shape-added-twice", name, *spots, wants, wants, f"both add {name}")
        return
    was = {one.name: one for one in before[1].fields}
    for field in sorted(mine.keys() & other.keys()):
        left, right, old = mine[field], other[field], was.get(field)
        if _same(left, right) or (old is not None and (_same(old, left) or _same(old, right))):
            continue
        verb = "adds" if old is None else "changes"
        symbol = f"{name}.{field}"
        spots = Spot(ours[0], left.line), Spot(theirs[0], right.line)
        rule = "shape-field-added-twice" if old is None else "shape-field-changed-twice"
        detail = f"both {verb.removesuffix('s')} {symbol}: {left.type or '?'} and {right.type or '?'}"
        yield Clash(_API, rule, symbol, *spots, f"{verb} {symbol}", f"{verb} {symbol}", detail)


def _same(left: Field, right: Field) -> bool:
    return left.type == right.type and left.required == right.required


def _used(way: Direction, base: _Known, now: _Known) -> Iterator[Clash]:
    if not any(path in way.changed_in for path, _ in base.values()):
        return
    seen: set[tuple[str, str]] = set()
    for path, surface, before in way.files():
        for asked in _new_uses(surface, before):
            use = _reached(base, asked)
            was = base.get(use.shape)
            if was is None or was[0] not in way.changed_in:
                continue
            told = _broken(use, was[1], now.get(use.shape))
            if told is None or (use.shape, told[1]) in seen:
                continue
            rule, symbol, why = told
            seen.add((use.shape, symbol))
            there = now.get(use.shape)
            spot = Spot(was[0]) if there is None else Spot(there[0], there[1].line)
            wants = (f"leans on {symbol}", f"changes {symbol}")
            detail = f"{path}:{use.line} leans on {symbol}: {why}"
            yield way.clash(_API, rule, symbol, Spot(path, use.line), spot, wants, detail)


def _reached(known: _Known, use: ShapeUse) -> ShapeUse:
    """`Query.orders.items.name` as the last shape on that way and its field; `orders()` as its arguments."""
    shape, parts = use.shape, use.field.split(".") if use.field else []
    for part in parts[:-1]:
        at = known.get(shape)
        kind = next((one.type for one in at[1].fields if one.name == part), "") if at is not None else ""
        shape = kind.strip("[]!")
    if not parts:
        return use
    if parts[-1].endswith("()"):
        return ShapeUse(f"{shape}.{parts[-1]}", "", use.line, use.given)
    return ShapeUse(shape, parts[-1], use.line, use.given)


def _new_uses(surface: Surface, before: Surface | None) -> Iterator[ShapeUse]:
    old = Counter((one.shape, one.field, one.given) for one in before.shape_uses) if before is not None else Counter()
    for one in surface.shape_uses:
        key = (one.shape, one.field, one.given)
        if old[key] > 0:
            old[key] -= 1
        else:
            yield one


def _broken(use: ShapeUse, was: Shape, now: tuple[str, Shape] | None) -> tuple[str, str, str] | None:
    if now is None:
        return "shape-gone", use.shape, "it is gone"
    before, after = ({one.name: one for one in shape.fields} for shape in (was, now[1]))
    if use.given is not None:
        for name in use.given:
            if name in before and name not in after:
                return "shape-field-gone", f"{use.shape}.{name}", "it is gone"
        for name, one in after.items():
            demanded = one.required and (name not in before or not before[name].required)
            if demanded and name not in use.given:
                return "shape-field-needed", f"{use.shape}.{name}", "it must be given now"
    wanted = [use.field] if use.field else ([] if use.given is not None else list(before))
    for name in wanted:
        symbol = f"{use.shape}.{name}"
        if name in before and name not in after:
            return "shape-field-gone", symbol, "it is gone"
        if name in before and before[name].type != after[name].type and before[name].type and after[name].type:
            return "shape-field-retyped", symbol, f"it was {before[name].type} and is {after[name].type}"
    if not use.field and use.given is None:
        for name, one in after.items():
            if one.required and not (name in before and before[name].required):
                return "shape-field-needed", f"{use.shape}.{name}", "it must be given now"
    return None
