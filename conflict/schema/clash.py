"""Whether the migrations of two sides can be run one after the other, and mean what their authors meant.

Never: a word on what is opaque; that only running it can tell.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conflict.surface.nouns import Migration, Operation, OperationKind

K = OperationKind
Thing = tuple[str, ...]
"""A table, or something in one: ("orders",), ("orders", "total"), ("orders", "#ix_total")."""

_SHOWN = 3
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Clash:
    """Two operations of the two sides that do not go together, and why in a few words."""

    why: str
    mine: Operation
    other: Operation


def clashes(mine: Iterable[Migration], other: Iterable[Migration]) -> list[Clash]:
    """Every pair of operations that clashes."""
    left, right = list(_lasting(mine)), list(_lasting(other))
    pairs = ((one, two, _why(one, two)) for one in left for two in right)
    return [Clash(why, one, two) for one, two, why in pairs if why]


def statements(found: list[Clash]) -> str:
    """Both sides' statements, as a question shows them."""
    shown = [
        f"{one.why}: the trunk has `{_line(one.mine)}` and the candidate has `{_line(one.other)}`"
        for one in found[:_SHOWN]
    ]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "; ".join([*shown, *more])


def _line(one: Operation) -> str:
    text = " ".join(one.detail.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _lasting(migrations: Iterable[Migration]) -> Iterator[Operation]:
    """Without what is done inside a table that the same side creates: no other side can know that table."""
    steps = [step for one in migrations for step in one.operations]
    made = {step.table for step in steps if step.kind is K.CREATE_TABLE}
    return (step for step in steps if step.kind is K.CREATE_TABLE or step.table not in made)


def _why(one: Operation, two: Operation) -> str:
    for this, that in ((one, two), (two, one)):
        gone = _removed(this)
        if gone and any(thing[: len(gone)] == gone for thing in _spoken(that)):
            done = "renames" if this.becomes else "drops"
            return f"one side {done} {_name(gone)}, of which the other speaks"
    both = _made(one) & _made(two)
    if both:
        return f"both make {_name(both.pop())}"
    if one.kind is two.kind is K.ALTER_COLUMN and _place(one) == _place(two) and not _apart(one, two):
        return f"both change {_name(_place(one))}"
    return ""


def _name(thing: Thing) -> str:
    return ".".join(thing).replace(".#", " ") or "something"


def _place(one: Operation) -> Thing:
    """What an operation is about."""
    if one.column:
        return (one.table, one.column)
    return (one.table, f"#{one.index}") if one.index else (one.table,)


def _made(one: Operation) -> set[Thing]:
    if one.kind is K.RENAME_TABLE:
        return {(one.becomes,)}
    if one.kind is K.RENAME_COLUMN:
        return {(one.table, one.becomes)}
    made = one.kind in (K.CREATE_TABLE, K.ADD_COLUMN) or (one.kind in (K.CREATE_INDEX, K.CONSTRAINT) and one.index)
    return {_place(one)} if made and all(_place(one)) else set()


def _removed(one: Operation) -> Thing:
    removing = (K.DROP_TABLE, K.DROP_COLUMN, K.RENAME_TABLE, K.RENAME_COLUMN, K.DROP_INDEX)
    if one.kind not in removing or not all(_place(one)) or (one.kind is K.DROP_INDEX and not one.index):
        return ()
    return _place(one)


def _spoken(one: Operation) -> Iterator[Thing]:
    if one.table:
        yield _place(one)
    yield from _made(one)
    for column in one.columns:
        if column.references:
            yield tuple(column.references.split(".")[:2])


def _apart(one: Operation, two: Operation) -> bool:
    """Whether two changes of one column set different things about it, as far as that is written."""
    left, right = _aspects(one), _aspects(two)
    return bool(left and right) and not left & right


def _aspects(one: Operation) -> set[str]:
    try:
        call = ast.parse(one.detail, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return set()
    if not isinstance(call, ast.Call):
        return set()
    names = {given.arg for given in call.keywords if given.arg}
    return set() if "field" in names else {name for name in names if not name.startswith(("existing_", "postgresql_"))}
