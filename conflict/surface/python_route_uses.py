"""Requests that a Python file makes: of a test client, of `requests` and `httpx`, and routes asked by their own name.

Never: an address put together from what is not written there.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator

from conflict.surface.nouns import RouteUse
from conflict.surface.paths import METHODS, query_keys, route_path
from conflict.surface.python_bodies import keys_of
from conflict.surface.syntax import argument, dotted, keyword, last, text_of

_BY_NAME = frozenset({"url_for", "reverse", "reverse_lazy", "redirect"})
_BODY = ("json", "data", "content")


def route_uses_of(tree: ast.Module) -> Iterator[RouteUse]:
    scopes: list[ast.AST] = [tree]
    scopes += [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for scope in scopes:
        yield from _in_scope(scope)


def _in_scope(scope: ast.AST) -> Iterator[RouteUse]:
    body = scope.body if isinstance(scope, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)) else []
    nodes: list[ast.AST] = []
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        nodes.append(node)
        todo.extend(ast.iter_child_nodes(node))
    calls = [(node, made) for node in nodes if isinstance(node, ast.Call) and (made := _request(node)) is not None]
    reads = _reads(nodes, {id(node) for node, _ in calls})
    for node, made in calls:
        keys = tuple(dict.fromkeys(reads[id(node)]))
        yield RouteUse(made.method, made.path, made.line, made.endpoint, made.body, made.query, keys)


def _request(call: ast.Call) -> RouteUse | None:
    word = last(dotted(call.func)) or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
    if word in _BY_NAME and call.args:
        name = text_of(call.args[0])
        return RouteUse("*", "", call.lineno, name) if name and "/" not in name else None
    if not isinstance(call.func, ast.Attribute):
        return None
    place = 0
    method = word.upper()
    if word == "request" and call.args:
        method, place = text_of(call.args[0]).upper(), 1
    elif word not in METHODS:
        return None
    written = _written(argument(call, place, "url"))
    if not written.startswith(("/", "http://", "https://")) or not method:
        return None
    return RouteUse(
        method,
        route_path(written),
        call.lineno,
        body=next((keys for one in _BODY if (keys := keys_of(keyword(call, one))) is not None), None),
        query=keys_of(keyword(call, "params")) or query_keys(written) or None,
    )


def _written(node: ast.expr | None) -> str:
    """A literal address; the parts of an f-string that are not written become `{}`."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return text_of(node)


def _reads(nodes: list[ast.AST], calls: set[int]) -> dict[int, list[str]]:
    """Keys taken from the answer of each call (by its `id`), at once or through names."""
    answers: dict[str, int] = {}
    bodies: dict[str, int] = {}
    found: dict[int, list[str]] = defaultdict(list)

    def whose(node: ast.expr) -> int | None:
        """The call whose decoded answer an expression is."""
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Name):
            return bodies.get(node.id)
        inner = node.func if isinstance(node, ast.Call) else node
        if not isinstance(inner, ast.Attribute) or inner.attr not in ("json", "get_json"):
            return None
        return asked(inner.value)

    def asked(node: ast.expr) -> int | None:
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Name):
            return answers.get(node.id)
        return id(node) if id(node) in calls else None

    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if (call := asked(node.value)) is not None:
                answers[name] = call
            elif (body := whose(node.value)) is not None:
                bodies[name] = body
    for node in nodes:
        if isinstance(node, ast.Subscript) and (key := text_of(node.slice)) and (one := whose(node.value)) is not None:
            found[one].append(key)
    return found
