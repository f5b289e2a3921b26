"""SQL files as a surface: the tables that DDL makes, and what a numbered file does to them.

The parser comes with the extra `merge`. Never: run; a statement of an unknown dialect guessed at.
"""

from collections.abc import Iterator
from dataclasses import replace

import sqlglot
from sqlglot import exp, parser
from sqlglot.errors import SqlglotError

from conflict.surface.migrations import sql_migration_of
from conflict.surface.nouns import Column, Language, Operation, OperationKind, Surface, Table
from conflict.surface.syntax import decode

_K = OperationKind
_DIALECTS = ("postgres", "mysql", "sqlite", "tsql")
_TOO_LONG = 400_000

# It warns of every statement that it keeps as text; what is not known is told by `OTHER`.
parser.logger.disabled = True


def read_sql(path: str, data: bytes) -> Surface:
    migration = sql_migration_of(path)
    text = decode(data)
    if text is None or len(data) > _TOO_LONG:
        return Surface(path, Language.SQL, migration=migration, fault="" if migration else "it is no text, or too long")
    for dialect in _DIALECTS:
        try:
            statements = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
        except (SqlglotError, RecursionError):
            continue
        tables = tuple(made for one in statements if (made := _table(one, text)) is not None)
        if migration is not None:
            steps = tuple(step for one in statements for step in _steps(one, text))
            migration = replace(migration, operations=steps)
        return Surface(path, Language.SQL, tables=() if migration else tables, migration=migration)
    fault = "" if migration else "it is no SQL of a dialect that is known"
    return Surface(path, Language.SQL, migration=migration, fault=fault)


def _line(text: str, name: str) -> int:
    at = text.lower().find(name.lower())
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _table(node: exp.Expr, text: str) -> Table | None:
    if not isinstance(node, exp.Create) or str(node.args.get("kind", "")).upper() != "TABLE":
        return None
    schema = node.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    if not isinstance(table, exp.Table):
        return None
    columns = [_column(one, text) for one in schema.expressions if isinstance(one, exp.ColumnDef)]
    return Table(table.name, tuple(columns), _line(text, table.name))


def _column(node: exp.ColumnDef, text: str) -> Column:
    kinds = [one.kind for one in node.args.get("constraints") or ()]
    primary = any(isinstance(one, exp.PrimaryKeyColumnConstraint) for one in kinds)
    not_null = any(isinstance(one, exp.NotNullColumnConstraint) and not one.args.get("allow_null") for one in kinds)
    default = next((one.this.sql() for one in kinds if isinstance(one, exp.DefaultColumnConstraint)), "")
    reference = next((one for one in kinds if isinstance(one, exp.Reference)), None)
    return Column(
        node.name,
        node.kind.sql().upper() if node.kind is not None else "",
        not (not_null or primary),
        default,
        "" if reference is None else _referred(reference),
        any(isinstance(one, exp.UniqueColumnConstraint) for one in kinds),
        primary,
        _line(text, node.name),
    )


def _referred(node: exp.Reference) -> str:
    schema = node.this
    table = schema.find(exp.Table)
    columns = [one.name for one in schema.expressions] if isinstance(schema, exp.Schema) else []
    name = table.name if table is not None else ""
    return f"{name}.{columns[0]}" if columns else name


def _steps(node: exp.Expr, text: str) -> Iterator[Operation]:
    made = _table(node, text)
    detail = node.sql()
    if made is not None:
        yield Operation(_K.CREATE_TABLE, made.name, columns=made.columns, detail=detail, line=made.line)
    elif isinstance(node, exp.Drop) and str(node.args.get("kind", "")).upper() == "TABLE":
        yield Operation(_K.DROP_TABLE, node.this.name, detail=detail, line=_line(text, node.this.name))
    elif isinstance(node, exp.Create) and str(node.args.get("kind", "")).upper() == "INDEX":
        table = node.find(exp.Table)
        index = node.this.name if isinstance(node.this, exp.Index) else ""
        yield Operation(_K.CREATE_INDEX, table.name if table else "", index=index, detail=detail)
    elif isinstance(node, exp.Alter) and isinstance(node.this, exp.Table):
        for action in node.args.get("actions") or ():
            yield _altered(node.this.name, action, text)
    elif not isinstance(node, (exp.Comment, exp.Transaction, exp.Commit, exp.Set, exp.Semicolon)):
        yield Operation(_K.RUN, detail=detail)


def _altered(table: str, action: exp.Expr, text: str) -> Operation:
    detail, line = action.sql(), _line(text, table)
    match action:
        case exp.ColumnDef():
            column = _column(action, text)
            return Operation(_K.ADD_COLUMN, table, column.name, columns=(column,), detail=detail, line=line)
        case exp.Drop():
            return Operation(_K.DROP_COLUMN, table, action.this.name, detail=detail, line=line)
        case exp.RenameColumn():
            becomes = action.args["to"].name
            return Operation(_K.RENAME_COLUMN, table, action.this.name, becomes, detail=detail, line=line)
        case exp.AlterRename():
            return Operation(_K.RENAME_TABLE, table, becomes=action.this.name, detail=detail, line=line)
        case exp.AlterColumn():
            kind = action.args.get("dtype")
            now = Column(action.name, kind.sql().upper() if kind is not None else "")
            return Operation(_K.ALTER_COLUMN, table, action.name, columns=(now,), detail=detail, line=line)
        case exp.AddConstraint():
            return Operation(_K.CONSTRAINT, table, detail=detail, line=line)
        case _:
            return Operation(_K.OTHER, table, detail=detail, line=line)
