"""Two branches' migrations: heads, ids and numbers given twice, parents that are gone, steps that do not go together.

Never: an order chosen; that is for who puts them in a row.
"""

from collections.abc import Iterable, Iterator
from itertools import product

from conflict.rules.meeting import Meeting
from conflict.rules.view import View
from conflict.surface.history import Graph, graphs_of
from conflict.surface.nouns import Framework, Migration, Operation, OperationKind
from state.candidate import ConflictKind
from state.clash import Clash, Spot

_K = OperationKind
_SCHEMA = ConflictKind.SCHEMA
_GONE = {_K.DROP_TABLE, _K.RENAME_TABLE, _K.DROP_COLUMN, _K.RENAME_COLUMN}
_COLUMN = {_K.ADD_COLUMN, _K.DROP_COLUMN, _K.ALTER_COLUMN, _K.RENAME_COLUMN}

_Key = tuple[Framework, str]


def clashes(meeting: Meeting) -> Iterator[Clash]:
    folders = {
        path.rpartition("/")[0]
        for side, paths in ((meeting.ours, meeting.by_ours), (meeting.theirs, meeting.by_theirs))
        for path in paths
        if (surface := side.surface(path)) is not None and surface.migration is not None
    }
    if not folders:
        return
    views = (meeting.base, meeting.ours, meeting.theirs)
    base, ours, theirs = (graphs_of(_all_of(view, folders)) for view in views)
    merged = graphs_of(_together(meeting, folders))
    empty: dict[_Key, Graph] = {}
    for key in sorted(merged):
        sides = [graphs.get(key) or _nothing(key) for graphs in (base or empty, ours, theirs)]
        yield from _heads(merged[key], *sides)
        yield from _links(merged[key], sides[1], sides[2])
        yield from _numbers(merged[key], *sides)
    new = [
        [one for key in side for id_, one in side[key].migrations.items() if id_ not in _ids(base.get(key))]
        for side in (ours, theirs)
    ]
    yield from _steps(new[0], new[1])


def _nothing(key: _Key) -> Graph:
    return Graph(*key, {}, ())


def _ids(graph: Graph | None) -> frozenset[str]:
    return frozenset() if graph is None else frozenset(graph.migrations)


def _all_of(view: View, folders: set[str]) -> list[Migration]:
    found: list[Migration] = []
    for path in view.blobs:
        if path.rpartition("/")[0] in folders:
            surface = view.surface(path)
            if surface is not None and surface.migration is not None:
                found.append(surface.migration)
    return found


def _together(meeting: Meeting, folders: set[str]) -> list[Migration]:
    """As both branches together have them; a file that git could not merge, as either has it."""
    found: list[Migration] = []
    for path in sorted({*meeting.ours.blobs, *meeting.theirs.blobs}):
        if path.rpartition("/")[0] not in folders:
            continue
        both = [meeting.ours, meeting.theirs]
        for view in both if path in meeting.unmerged else [meeting.merged]:
            surface = view.surface(path) if path in view.blobs else None
            if surface is not None and surface.migration is not None:
                found.append(surface.migration)
    return list({(one.id, one.path): one for one in found}.values())


def _heads(merged: Graph, base: Graph, ours: Graph, theirs: Graph) -> Iterator[Clash]:
    if merged.framework is Framework.SQL or len(merged.heads) <= max(len(ours.heads), len(theirs.heads)):
        return
    mine = [id_ for id_ in merged.heads if id_ in ours.migrations and id_ not in theirs.migrations]
    other = [id_ for id_ in merged.heads if id_ in theirs.migrations and id_ not in ours.migrations]
    if not mine or not other:
        return
    left, right = ours.migrations[mine[0]], theirs.migrations[other[0]]
    what = merged.group if merged.framework is Framework.DJANGO else "the history"
    yield Clash(
        _SCHEMA,
        "migration-heads",
        " ".join(merged.heads),
        Spot(left.path, left.line),
        Spot(right.path, right.line),
        f"puts {left.id} on top of {what}",
        f"puts {right.id} on top of {what}",
        f"{what} would have {len(merged.heads)} heads: {', '.join(merged.heads)}",
        "renumber",
    )


def _links(merged: Graph, ours: Graph, theirs: Graph) -> Iterator[Clash]:
    known = {*ours.dangling, *theirs.dangling}
    for id_, parent in merged.dangling:
        if (id_, parent) in known:
            continue
        at = merged.migrations[id_]
        mine = id_ in ours.migrations and (id_ not in theirs.migrations or parent in ours.migrations)
        found = Clash(
            _SCHEMA,
            "migration-parent-gone",
            id_,
            Spot(at.path, at.line),
            Spot(""),
            f"builds on {parent}",
            f"takes {parent} away",
            f"{id_} would stand on {parent}, which nothing defines once both are merged",
            at_ours=True,
        )
        yield found if mine else found.turned()
    known_twice = {one.path for one in (*ours.twice, *theirs.twice)}
    for again in merged.twice:
        if again.path not in known_twice:
            first = merged.migrations[again.id]
            yield Clash(
                _SCHEMA,
                "migration-id-twice",
                again.id,
                Spot(first.path, first.line),
                Spot(again.path, again.line),
                f"defines {again.id}",
                f"defines {again.id}",
                f"{first.path} and {again.path} would both be {again.id}",
            )


def _numbers(merged: Graph, base: Graph, ours: Graph, theirs: Graph) -> Iterator[Clash]:
    mine = _new_numbers(ours, base)
    for number, right in sorted(_new_numbers(theirs, base).items()):
        left = mine.get(number)
        if left is None or left.path == right.path:
            continue
        yield Clash(
            ConflictKind.RESOURCE,
            "sequence-number-twice",
            f"{merged.group}: {number}",
            Spot(left.path),
            Spot(right.path),
            f"takes number {number}",
            f"takes number {number}",
            f"{left.path} and {right.path} have the same number",
            "renumber",
        )


def _new_numbers(graph: Graph, base: Graph) -> dict[str, Migration]:
    before = {one.path for one in base.migrations.values()}
    found: dict[str, Migration] = {}
    for one in graph.migrations.values():
        if one.number and one.path not in before:
            found.setdefault(one.number.lstrip("0") or "0", one)
    return found


# ----------------------------------------------------------------------------------------------------- steps


def _steps(ours: Iterable[Migration], theirs: Iterable[Migration]) -> Iterator[Clash]:
    seen: set[tuple[str, str]] = set()
    for mine, other in product(ours, list(theirs)):
        if mine.path == other.path:
            continue
        for left, right in product(mine.operations, other.operations):
            told = _apart(left, right)
            if told is None:
                continue
            rule, symbol, detail = told
            if (rule, symbol) not in seen:
                seen.add((rule, symbol))
                spots = Spot(mine.path, left.line), Spot(other.path, right.line)
                wants = _wants(left), _wants(right)
                yield Clash(_SCHEMA, rule, symbol, *spots, *wants, detail)


def _apart(left: Operation, right: Operation) -> tuple[str, str, str] | None:
    """(rule, symbol, why) where two steps of two branches do not go together."""
    if not left.table or _plain(left.table) != _plain(right.table):
        return _renamed_onto(left, right)
    table = left.table
    kinds = {left.kind, right.kind}
    if kinds == {_K.CREATE_TABLE}:
        return "table-created-twice", table, f"both create the table {table}"
    for gone, other in ((left, right), (right, left)):
        if gone.kind in (_K.DROP_TABLE, _K.RENAME_TABLE) and other.kind is not _K.CREATE_TABLE:
            if gone.kind is other.kind and gone.becomes == other.becomes:
                return "table-dropped-twice", table, f"both {_wants(gone).replace('s ', ' ', 1)}"
            return "table-gone-in-use", table, f"one {_wants(gone)}, the other {_wants(other)}"
    if left.kind in _COLUMN and right.kind in _COLUMN and left.column == right.column and left.column:
        return _columns_apart(left, right)
    if kinds <= {_K.CREATE_INDEX, _K.CONSTRAINT} and left.index and left.index == right.index:
        return "index-created-twice", f"{table}.{left.index}", f"both create {left.index} on {table}"
    return None


def _columns_apart(left: Operation, right: Operation) -> tuple[str, str, str] | None:
    symbol = f"{left.table}.{left.column}"
    kinds = {left.kind, right.kind}
    told = f"one {_wants(left)}, the other {_wants(right)}"
    if kinds == {_K.ADD_COLUMN}:
        return "column-added-twice", symbol, f"both add the column {symbol}"
    if kinds & _GONE:
        same = left.kind is right.kind and left.becomes == right.becomes
        return ("column-dropped-twice" if same else "column-gone-in-use"), symbol, told
    if kinds == {_K.ALTER_COLUMN}:
        return "column-changed-twice", symbol, told
    return None


def _renamed_onto(left: Operation, right: Operation) -> tuple[str, str, str] | None:
    for one, other in ((left, right), (right, left)):
        if one.kind is _K.RENAME_TABLE and other.kind is _K.CREATE_TABLE and one.becomes == other.table:
            return "table-created-twice", other.table, f"one {_wants(one)}, the other {_wants(other)}"
        if other.kind in (_K.ADD_COLUMN, _K.CREATE_TABLE) and one.kind in (_K.DROP_TABLE, _K.RENAME_TABLE):
            for column in other.columns:
                if column.references and _plain(column.references.partition(".")[0]) == _plain(one.table):
                    return "table-gone-in-use", one.table, f"one {_wants(one)}, the other refers to it"
    return None


def _plain(table: str) -> str:
    return table.rpartition(".")[2].strip('"`').lower()


def _wants(step: Operation) -> str:
    what = f"{step.table}.{step.column}" if step.column else step.table
    match step.kind:
        case _K.CREATE_TABLE:
            return f"creates the table {what}"
        case _K.DROP_TABLE:
            return f"drops the table {what}"
        case _K.RENAME_TABLE | _K.RENAME_COLUMN:
            return f"renames {what} to {step.becomes}"
        case _K.ADD_COLUMN:
            return f"adds the column {what}"
        case _K.DROP_COLUMN:
            return f"drops the column {what}"
        case _K.ALTER_COLUMN:
            return f"alters the column {what}"
        case _:
            return f"touches {what} ({step.index or step.kind})"
