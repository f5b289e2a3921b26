"""Tables that a Python file declares: SQLAlchemy's models and `Table(...)`, Django's models.

Never: a base class followed into another file; what it adds shows there.
"""

import ast
from collections.abc import Iterator

from conflict.surface.columns import column, django_field, django_table, is_column
from conflict.surface.migrations import django_app
from conflict.surface.nouns import Column, Table
from conflict.surface.syntax import assigned, dotted, last, source, text_of


def tables_of(path: str, tree: ast.Module) -> Iterator[Table]:
    app = django_app(path)
    django = any(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.") for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found = _sqlalchemy(node) or (_django(node, app) if django else None)
            if found is not None:
                yield found
        elif isinstance(node, ast.Call) and last(dotted(node.func)) == "Table" and len(node.args) > 1:
            name = text_of(node.args[0])
            columns = tuple(column(arg) for arg in node.args if isinstance(arg, ast.Call) and is_column(arg))
            if name and columns:
                yield Table(name, columns, node.lineno)


def _sqlalchemy(node: ast.ClassDef) -> Table | None:
    said = {name: text_of(value) for name, value, _ in assigned(node.body)}
    columns: list[Column] = []
    for stmt in node.body:
        match stmt:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if is_column(call):
                columns.append(column(call, name))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Subscript() as hint, value=value):
                if last(dotted(hint.value)) != "Mapped":
                    continue
                if isinstance(value, ast.Call) and is_column(value):
                    columns.append(column(value, name, source(hint.slice)))
                elif value is None:
                    columns.append(Column(name, source(hint.slice), "None" in source(hint.slice), line=stmt.lineno))
            case _:
                pass
    name = said.get("__tablename__", "")
    if not columns:
        return None
    # A model without a name of its own has one that the base class makes from that of the class.
    return Table(name or node.name.lower(), tuple(columns), node.lineno, node.name)


def _django(node: ast.ClassDef, app: str) -> Table | None:
    if not any(
        last(dotted(base)).endswith(("Model", "Base", "Mixin")) or "models." in dotted(base) for base in node.bases
    ):
        return None
    columns = [made for name, value, _ in assigned(node.body) if (made := django_field(name, value, app)) is not None]
    meta = next((one for one in node.body if isinstance(one, ast.ClassDef) and one.name == "Meta"), None)
    said = {name: value for name, value, _ in assigned(meta.body)} if meta is not None else {}
    abstract = said.get("abstract")
    if not columns or (isinstance(abstract, ast.Constant) and abstract.value is True):
        return None
    return Table(text_of(said.get("db_table")) or django_table(app, node.name), tuple(columns), node.lineno, node.name)
