"""Tables and columns as models and DDL declare them: created twice, changed apart, gone where the other side leans on
them, or now needed where the other side makes a row without.

Never: two tables called one because their columns are alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conflict.rules.meeting import Direction, Meeting
from conflict.rules.resolve import find
from conflict.rules.uses import new_uses
from conflict.rules.view import View
from conflict.surface.nouns import Column, Table
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_SCHEMA = ConflictKind.SCHEMA


@dataclass(frozen=True, slots=True)
class _At:
    path: str
    table: Table

    def spot(self, column: str = "") -> Spot:
        line = next((one.line for one in self.table.columns if one.name == column), 0)
        return Spot(self.path, line or self.table.line)


_Tables = Mapping[str, _At]


def clashes(meeting: Meeting) -> Iterator[Clash]:
    paths = meeting.by_ours | meeting.by_theirs
    base, ours, theirs = (_tables(view, paths) for view in (meeting.base, meeting.ours, meeting.theirs))
    for name in sorted(ours.keys() & theirs.keys()):
        before, left, right = base.get(name), ours[name], theirs[name]
        if before is None:
            if left.path != right.path or left.table.columns != right.table.columns:
                yield _twice("table-created-twice", name, left, right, "creates the table", "")
        else:
            yield from _columns(name, before, left, right)
    for way in meeting.directions():
        mine, other = (theirs, ours) if way.user is meeting.theirs else (ours, theirs)
        yield from _references(way, base, mine, other)
        yield from _rows(way, base, other)


def _tables(view: View, paths: frozenset[str]) -> dict[str, _At]:
    found: dict[str, _At] = {}
    for path in sorted(paths):
        surface = view.surface(path)
        for table in surface.tables if surface is not None else ():
            found.setdefault(table.name, _At(path, table))
    return found


def _twice(rule: str, symbol: str, left: _At, right: _At, verb: str, column: str) -> Clash:
    wants = f"{verb} {symbol}"
    detail = f"both {verb.replace('s ', ' ', 1)} {symbol}"
    return Clash(_SCHEMA, rule, symbol, left.spot(column), right.spot(column), wants, wants, detail)


def _columns(name: str, before: _At, left: _At, right: _At) -> Iterator[Clash]:
    was, mine, other = (_by_name(at.table) for at in (before, left, right))
    for column in sorted({*mine, *other}):
        old, ours, theirs = was.get(column), mine.get(column), other.get(column)
        symbol = f"{name}.{column}"
        if ours is not None and theirs is not None:
            if _same(ours, theirs) or (old is not None and (_same(old, ours) or _same(old, theirs))):
                continue
            if old is None:
                yield _twice("column-added-twice", symbol, left, right, "adds the column", column)
            else:
                yield _twice("column-changed-twice", symbol, left, right, "changes the column", column)
        elif old is not None:
            kept, at_ours = (ours, True) if ours is not None else (theirs, False)
            if kept is None or _same(kept, old):
                continue
            wants = ("changes it", "takes it away") if at_ours else ("takes it away", "changes it")
            detail = f"one changes {symbol}, the other takes it away"
            spots = left.spot(column), right.spot(column)
            yield Clash(_SCHEMA, "column-gone-in-use", symbol, *spots, *wants, detail, at_ours=at_ours)


def _by_name(table: Table) -> dict[str, Column]:
    return {one.name: one for one in table.columns}


def _same(left: Column, right: Column) -> bool:
    return (left.type, left.nullable, left.default, left.references, left.unique, left.primary) == (
        right.type,
        right.nullable,
        right.default,
        right.references,
        right.unique,
        right.primary,
    )


def _references(way: Direction, base: _Tables, mine: _Tables, other: _Tables) -> Iterator[Clash]:
    """A new foreign key to a table or column that the other side takes away or makes another."""
    for name, at in sorted(mine.items()):
        before = _by_name(base[name].table) if name in base else {}
        for column in at.table.columns:
            table, _, field = column.references.partition(".")
            old = base.get(table)
            if not table or old is None or ((was := before.get(column.name)) and was.references == column.references):
                continue
            if old.path not in way.changed_in:
                continue
            now = other.get(table)
            gone = now is None or (field and field in _by_name(old.table) and field not in _by_name(now.table))
            if not gone:
                continue
            what = f"{table}.{field}" if now is not None else table
            yield way.clash(
                _SCHEMA,
                "column-gone-in-use" if now is not None else "table-gone-in-use",
                what,
                at.spot(column.name),
                old.spot() if now is None else now.spot(),
                (f"refers to {what} from {name}.{column.name}", f"takes {what} away"),
                f"{name}.{column.name} would refer to {what}, which is gone",
            )


def _rows(way: Direction, base: _Tables, other: _Tables) -> Iterator[Clash]:
    """New code that makes rows, or asks for them by a column, of a model that the other side changes."""
    models = {(at.path, at.table.model): at for at in base.values() if at.table.model}
    touched = {key: at for key, at in models.items() if key[0] in way.changed_in}
    if not touched:
        return
    for path, surface, before in way.files():
        for use in new_uses(surface, before):
            root, _, rest = use.target.partition(".")
            queried = rest.startswith(("objects.", "query."))
            if use.call is None or (rest and not queried):
                continue
            here = find(way.user, path, root)
            if here is None or (at := touched.get((here.path, here.name))) is None:
                continue
            now = other.get(at.table.name)
            if now is None:
                continue
            old, new = _by_name(at.table), _by_name(now.table)
            told: tuple[str, str, str] | None = None
            for name in use.call.names if queried else ():
                column = name.partition("__")[0]
                if column in old and column not in new:
                    told = "column-gone-in-use", column, f"asks for {column}, which is gone"
            if not queried and use.call.names and not use.call.double_starred:
                needed = [one.name for one in new.values() if _needed(one) and _was_free(old.get(one.name))]
                missing = [one for one in needed if one not in use.call.names and f"{one}_id" not in use.call.names]
                if missing:
                    told = "column-needed", missing[0], f"makes a row without {missing[0]}, which is needed now"
            if told is not None:
                rule, column, why = told
                wants = (f"leans on {at.table.name} as it was", f"changes {at.table.name}.{column}")
                where = Spot(path, use.line)
                detail = f"{path}:{use.line} {why}"
                yield way.clash(_SCHEMA, rule, f"{at.table.name}.{column}", where, now.spot(column), wants, detail)


def _needed(column: Column) -> bool:
    """Whether a row can not be made without a value for it."""
    implied = ("CharField", "TextField", "BooleanField", "AutoField", "BigAutoField", "FileField", "ImageField")
    free = column.nullable or column.default or column.primary or column.type.startswith(implied)
    return not free and "DateField" not in column.type and "DateTimeField" not in column.type


def _was_free(column: Column | None) -> bool:
    return column is None or not _needed(column)
