"""Columns as SQLAlchemy, Alembic and Django write them.

Never: a database, a type checked; two columns are compared by what is written.
"""

import ast

from conflict.surface.nouns import Column
from conflict.surface.syntax import dotted, is_false, is_true, keyword, last, source, text_of

_COLUMN = frozenset({"Column", "mapped_column"})
_NOT_TYPES = frozenset({"ForeignKey", "Identity", "Sequence", "Computed", "CheckConstraint", "FetchedValue"})
_LINKS = frozenset({"ForeignKey", "OneToOneField"})


def is_column(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last(dotted(node.func)) in _COLUMN


def column(call: ast.Call, name: str = "", hint: str = "") -> Column:
    """`Column("name", String(40), …)` or `mapped_column(String(40), …)`, the name given otherwise; `hint` is the type
    that an annotation tells (`int | None`)."""
    args = list(call.args)
    if args and text_of(args[0]):
        name = text_of(args.pop(0))
    kind, references = type_text(keyword(call, "type_")), ""
    for arg in args:
        called = last(dotted(arg.func if isinstance(arg, ast.Call) else arg))
        if called == "ForeignKey" and isinstance(arg, ast.Call):
            references = text_of(arg.args[0]) or source(arg.args[0]) if arg.args else ""
        elif not kind and called not in _NOT_TYPES and not isinstance(arg, ast.Starred):
            kind = type_text(arg)
    primary = is_true(keyword(call, "primary_key"))
    nullable = keyword(call, "nullable")
    optional = "None" in hint or "Optional" in hint
    default = keyword(call, "server_default") or keyword(call, "default")
    return Column(
        name,
        kind or hint,
        not (is_false(nullable) or primary or (hint != "" and nullable is None and not optional)),
        source(default),
        references,
        is_true(keyword(call, "unique")),
        primary,
        call.lineno,
    )


def type_text(node: ast.AST | None) -> str:
    """`sa.String(length=40)` as `String(40)`."""
    if node is None:
        return ""
    if not isinstance(node, ast.Call):
        return last(dotted(node)) or source(node)
    inside = [source(arg) for arg in node.args]
    inside += [
        source(given.value) if given.arg == "length" else f"{given.arg or '**'}={source(given.value)}"
        for given in node.keywords
    ]
    called = last(dotted(node.func)) or source(node.func)
    return f"{called}({', '.join(inside)})" if inside else called


def django_field(name: str, node: ast.AST, app: str) -> Column | None:
    """`models.CharField(max_length=40)`; None for no column (a many-to-many is a table of its own)."""
    if not isinstance(node, ast.Call):
        return None
    called = last(dotted(node.func))
    if not called.endswith(("Field", "ForeignKey")) or called == "ManyToManyField":
        return None
    references = django_model(node.args[0] if node.args else keyword(node, "to"), app) if called in _LINKS else ""
    shown = [
        f"{given.arg}={source(given.value)}"
        for given in node.keywords
        if given.arg in ("max_length", "max_digits", "decimal_places", "base_field")
    ]
    return Column(
        name,
        f"{called}({', '.join(shown)})" if shown else called,
        is_true(keyword(node, "null")),
        source(keyword(node, "default")),
        references,
        is_true(keyword(node, "unique")),
        is_true(keyword(node, "primary_key")),
        node.lineno,
    )


def django_model(node: ast.AST | None, app: str) -> str:
    """The table that a link names: `"Order"`, `"shop.Order"`, `Order` or `"self"`."""
    name = text_of(node) or dotted(node) if node is not None else ""
    where, _, model = name.rpartition(".")
    return django_table(where.rpartition(".")[2] if where and text_of(node) else app, model) if model else ""


def django_table(app: str, model: str) -> str:
    return f"{app}_{model.lower()}" if app else model.lower()
