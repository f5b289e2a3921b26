"""What a Django migration does on its way up.

Never: executed; a step that is not understood left out (it is `OTHER`, which is not known).
"""

import ast
from collections.abc import Iterator

from conflict.surface.columns import django_field, django_table
from conflict.surface.nouns import Column, Operation, OperationKind
from conflict.surface.syntax import argument, dotted, keyword, last, source, text_of

_K = OperationKind
_FIELD = {
    "AddField": _K.ADD_COLUMN,
    "AlterField": _K.ALTER_COLUMN,
    "RemoveField": _K.DROP_COLUMN,
}
_HARMLESS = frozenset({"AlterModelManagers", "AlterOrderWithRespectTo", "AlterModelOptions", "AlterModelTableComment"})


def operations(node: ast.expr, app: str) -> Iterator[Operation]:
    """The items of `operations = […]`; of a `SeparateDatabaseAndState` those that reach the database."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        yield Operation(_K.OTHER, detail=source(node), line=node.lineno)
        return
    for item in node.elts:
        if not isinstance(item, ast.Call):
            yield Operation(_K.OTHER, detail=source(item), line=item.lineno)
            continue
        name = last(dotted(item.func))
        if name == "SeparateDatabaseAndState":
            inside = argument(item, 0, "database_operations")
            if inside is not None:
                yield from operations(inside, app)
        elif name not in _HARMLESS:
            yield _step(name, item, app)


def _step(name: str, call: ast.Call, app: str) -> Operation:
    detail, line = source(call), call.lineno
    model = django_table(app, text_of(argument(call, 0, "model_name")))
    if name in _FIELD:
        field = text_of(argument(call, 1, "name"))
        made = django_field(field, argument(call, 2, "field") or call, app)
        return Operation(_FIELD[name], model, field, columns=(made,) if made else (), detail=detail, line=line)
    match name:
        case "CreateModel":
            return _created(call, app, detail)
        case "DeleteModel":
            gone = django_table(app, text_of(argument(call, 0, "name")))
            return Operation(_K.DROP_TABLE, gone, detail=detail, line=line)
        case "RenameModel":
            was = django_table(app, text_of(argument(call, 0, "old_name")))
            becomes = django_table(app, text_of(argument(call, 1, "new_name")))
            return Operation(_K.RENAME_TABLE, was, becomes=becomes, detail=detail, line=line)
        case "RenameField":
            was, becomes = text_of(argument(call, 1, "old_name")), text_of(argument(call, 2, "new_name"))
            return Operation(_K.RENAME_COLUMN, model, was, becomes, detail=detail, line=line)
        case "AlterModelTable":
            was = django_table(app, text_of(argument(call, 0, "name")))
            return Operation(
                _K.RENAME_TABLE, was, becomes=text_of(argument(call, 1, "table")), detail=detail, line=line
            )
        case "AddIndex" | "RemoveIndex":
            kind = _K.CREATE_INDEX if name == "AddIndex" else _K.DROP_INDEX
            return Operation(kind, model, index=_name(call, "index"), detail=detail, line=line)
        case "AddConstraint" | "RemoveConstraint" | "AlterUniqueTogether" | "AlterIndexTogether":
            return Operation(_K.CONSTRAINT, model, index=_name(call, "constraint"), detail=detail, line=line)
        case "RunPython" | "RunSQL":
            return Operation(_K.RUN, detail=detail, line=line)
        case _:
            return Operation(_K.OTHER, detail=detail, line=line)


def _created(call: ast.Call, app: str, detail: str) -> Operation:
    table = django_table(app, text_of(argument(call, 0, "name")))
    options = keyword(call, "options")
    if isinstance(options, ast.Dict):
        named = (value for key, value in zip(options.keys, options.values, strict=True) if text_of(key) == "db_table")
        table = text_of(next(named, None)) or table
    fields = argument(call, 1, "fields")
    columns: list[Column] = []
    for item in fields.elts if isinstance(fields, (ast.List, ast.Tuple)) else ():
        if isinstance(item, ast.Tuple) and len(item.elts) == 2:
            made = django_field(text_of(item.elts[0]), item.elts[1], app)
            if made is not None:
                columns.append(made)
    return Operation(_K.CREATE_TABLE, table, columns=tuple(columns), detail=detail, line=call.lineno)


def _name(call: ast.Call, word: str) -> str:
    """The name of an index or constraint, given in its own call or beside it."""
    given = argument(call, 1, word)
    inner = keyword(given, "name") if isinstance(given, ast.Call) else given
    return text_of(inner) or text_of(keyword(call, "name"))
