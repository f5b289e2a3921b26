"""What a handler takes out of a request and puts into its answer, as far as it is written out with literal keys.

Never: a key guessed; a dictionary followed into another function.
"""

import ast
from collections.abc import Iterator

from conflict.surface.nouns import Field
from conflict.surface.syntax import dotted, last, text_of

_BODY = frozenset({"request.json", "request.form", "request.POST", "request.data", "request.get_json"})
_QUERY = frozenset({"request.args", "request.GET", "request.query_params"})


def asked_for(handler: ast.AST) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """(query, body) keys that the code of a handler reads from its request."""
    named: dict[str, str] = {}
    for node in ast.walk(handler):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            door = _door(node.value, {})
            if door:
                named[node.targets[0].id] = door
    query: dict[str, Field] = {}
    body: dict[str, Field] = {}
    for node in ast.walk(handler):
        for door, field in _read(node, named):
            into = query if door in _QUERY else body
            known = into.get(field.name)
            into[field.name] = field if known is None or field.required else known
    return tuple(query.values()), tuple(body.values())


def _door(node: ast.expr, named: dict[str, str]) -> str:
    """The part of the request that an expression is; "" for none."""
    if isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.Call):
        node = node.func
    name = dotted(node)
    name = named.get(name, name)
    return name if name in _BODY or name in _QUERY else ""


def _read(node: ast.AST, named: dict[str, str]) -> Iterator[tuple[str, Field]]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        door, key = _door(node.value, named), text_of(node.slice)
        if door and key:
            yield door, Field(key, required=True, line=node.lineno)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        door, key = _door(node.func.value, named), text_of(node.args[0])
        if door and key:
            yield door, Field(key, line=node.lineno)


def answer_of(handler: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Field, ...]:
    """Keys of the dictionaries that it returns; none where any answer is not written out."""
    found: dict[str, Field] = {}
    for node in _returns(handler):
        keys = _keys(node)
        if keys is None:
            continue
        for key in keys:
            found.setdefault(key, Field(key, line=node.lineno))
    return tuple(found.values())


def _returns(handler: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    todo: list[ast.AST] = list(handler.body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.Return) and node.value is not None:
            value = node.value
            yield value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))


def _keys(node: ast.expr) -> tuple[str, ...] | None:
    if isinstance(node, ast.Dict):
        keys = tuple(text_of(key) for key in node.keys)
        return keys if all(keys) else None
    if isinstance(node, ast.Call):
        made = last(dotted(node.func))
        if made in {"jsonify", "dict", "JsonResponse", "JSONResponse"}:
            if node.args:
                return _keys(node.args[0])
            return tuple(given.arg for given in node.keywords if given.arg is not None)
    return None


def keys_of(node: ast.expr | None) -> tuple[str, ...] | None:
    """The keys of a dictionary that is written out; None where they are not all known."""
    return None if node is None else _keys(node)
