"""What an Alembic migration does on its way up.

Never: executed; a step that is not understood left out (it is `RUN`, which is not known).
"""

import ast
from collections.abc import Iterator, Sequence

from conflict.surface.columns import column, is_column, type_text
from conflict.surface.nouns import Column, Operation, OperationKind
from conflict.surface.syntax import argument, dotted, is_false, keyword, source, text_of

_K = OperationKind
_SPEAKS_OF_TABLE_FIRST = frozenset({"add_column", "drop_column", "alter_column"})
_CONSTRAINTS = frozenset(
    {
        "create_foreign_key",
        "create_unique_constraint",
        "create_check_constraint",
        "create_primary_key",
        "create_exclude_constraint",
        "drop_constraint",
    }
)
_HARMLESS = frozenset({"get_bind", "get_context", "f", "inline_literal", "create_table_comment", "drop_table_comment"})


def operations(tree: ast.Module) -> Iterator[Operation]:
    for stmt in tree.body:
        if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef) and stmt.name == "upgrade":
            yield from _block(stmt.body, {"op": ""})


def _block(body: Sequence[ast.stmt], doors: dict[str, str]) -> Iterator[Operation]:
    """`doors` are names that steps are called on, each with the table that it stands for ("" for `op` itself)."""
    for stmt in body:
        match stmt:
            case ast.Pass():
                pass
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.With(items=items, body=inner):
                yield from _block(inner, doors | _opened(items, doors))
            case ast.Expr(value=ast.Call() as call):
                yield from _step(call, doors)
            case ast.Assign(value=ast.Call(func=func)) if dotted(func) in {f"{door}.get_bind" for door in doors}:
                pass
            case _:
                yield Operation(_K.RUN, detail=source(stmt), line=stmt.lineno)


def _opened(items: Sequence[ast.withitem], doors: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        call = item.context_expr
        if not isinstance(call, ast.Call) or not isinstance(item.optional_vars, ast.Name):
            continue
        if dotted(call.func) in {f"{door}.batch_alter_table" for door in doors}:
            found[item.optional_vars.id] = text_of(argument(call, 0, "table_name"))
    return found


def _step(call: ast.Call, doors: dict[str, str]) -> Iterator[Operation]:
    door, _, name = dotted(call.func).rpartition(".")
    detail = source(call)
    if door not in doors:
        yield Operation(_K.RUN, detail=detail, line=call.lineno)
        return
    if name in _HARMLESS:
        return
    table = doors[door]
    args = list(call.args)
    if not table and name in _SPEAKS_OF_TABLE_FIRST:
        table = text_of(argument(call, 0, "table_name"))
        args = args[1:]
    yield _known(name, call, args, table, detail)


def _known(name: str, call: ast.Call, args: list[ast.expr], table: str, detail: str) -> Operation:
    line = call.lineno
    first = text_of(args[0]) if args else ""
    match name:
        case "create_table":
            columns = tuple(column(arg) for arg in args if isinstance(arg, ast.Call) and is_column(arg))
            made = first or text_of(keyword(call, "table_name"))
            return Operation(_K.CREATE_TABLE, made, columns=columns, detail=detail, line=line)
        case "drop_table":
            return Operation(_K.DROP_TABLE, first or text_of(keyword(call, "table_name")), detail=detail, line=line)
        case "rename_table":
            becomes = text_of(argument(call, 1, "new_table_name"))
            return Operation(_K.RENAME_TABLE, first, becomes=becomes, detail=detail, line=line)
        case "add_column":
            given = args[0] if args else keyword(call, "column")
            made_of = column(given) if isinstance(given, ast.Call) else Column("")
            return Operation(_K.ADD_COLUMN, table, made_of.name, columns=(made_of,), detail=detail, line=line)
        case "drop_column":
            gone = first or text_of(keyword(call, "column_name"))
            return Operation(_K.DROP_COLUMN, table, gone, detail=detail, line=line)
        case "alter_column":
            return _altered(call, table, first or text_of(keyword(call, "column_name")), detail)
        case "create_index" | "drop_index":
            kind = _K.CREATE_INDEX if name == "create_index" else _K.DROP_INDEX
            on = table or text_of(argument(call, 1, "table_name"))
            index = first or _inner_text(args[0] if args else None)
            return Operation(kind, on, index=index, detail=detail, line=line)
        case _ if name in _CONSTRAINTS:
            on = table or text_of(argument(call, 1, "source_table")) or text_of(argument(call, 1, "table_name"))
            return Operation(_K.CONSTRAINT, on, index=first, detail=detail, line=line)
        case "execute" | "bulk_insert" | "run_async":
            return Operation(_K.RUN, detail=detail, line=line)
        case _:
            return Operation(_K.OTHER, table, detail=detail, line=line)


def _altered(call: ast.Call, table: str, name: str, detail: str) -> Operation:
    becomes = text_of(keyword(call, "new_column_name"))
    if becomes:
        return Operation(_K.RENAME_COLUMN, table, name, becomes, detail=detail, line=call.lineno)
    now = Column(
        name,
        type_text(keyword(call, "type_")),
        not is_false(keyword(call, "nullable")),
        source(keyword(call, "server_default")),
        line=call.lineno,
    )
    return Operation(_K.ALTER_COLUMN, table, name, columns=(now,), detail=detail, line=call.lineno)


def _inner_text(node: ast.expr | None) -> str:
    """The name in `op.f("ix_orders_id")`."""
    return text_of(node.args[0]) if isinstance(node, ast.Call) and node.args else ""
