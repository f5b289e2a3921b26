"""Routes that a Python file answers: FastAPI, Starlette, Flask and their like by decorator, Django by `urlpatterns`.

Never: an application built; a prefix made up that another file gives.
"""

import ast
from collections.abc import Iterator, Sequence

from conflict.surface.nouns import Field, Route
from conflict.surface.paths import METHODS, joined, path_params, route_path
from conflict.surface.python_bodies import answer_of, asked_for
from conflict.surface.syntax import argument, dotted, keyword, last, mark, source, text_of, texts_of

_PREFIXED = {"APIRouter": "prefix", "Blueprint": "url_prefix", "APIBlueprint": "url_prefix"}
_MOUNTED = {"include_router": "prefix", "register_blueprint": "url_prefix"}
_DECORATED = METHODS | {"route", "api_route", "websocket", "websocket_route"}
_ADDED = {"add_api_route": 1, "add_url_rule": 2, "add_route": 1}
_DJANGO = frozenset({"path", "re_path", "url"})
_SCALARS = frozenset({"str", "int", "float", "bool", "UUID", "datetime", "date", "Decimal", "EmailStr"})
_INJECTED = frozenset({"Depends", "Security", "Header", "Cookie", "File", "Form"})

_Handler = ast.FunctionDef | ast.AsyncFunctionDef


def routes_of(tree: ast.Module) -> Iterator[Route]:
    nodes = list(ast.walk(tree))
    prefixes = _prefixes(nodes)
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call):
                    yield from _decorated(decorator, node, prefixes)
        elif isinstance(node, ast.Call) and last(dotted(node.func)) in _ADDED:
            yield from _added(node, prefixes, tree)
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            yield from _django(node)


def _prefixes(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """What stands before the paths of each router that this file makes or mounts."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            word = _PREFIXED.get(last(dotted(node.value.func)))
            if word is not None:
                prefix = text_of(keyword(node.value, word))
                found.update((dotted(target), prefix) for target in node.targets)
    for node in nodes:
        if isinstance(node, ast.Call) and node.args and (word := _MOUNTED.get(last(dotted(node.func)))):
            mounted, prefix = dotted(node.args[0]), text_of(keyword(node, word))
            if mounted in found and prefix:
                # Flask's registration takes the place of the blueprint's own, FastAPI's is put before it.
                found[mounted] = prefix if word == "url_prefix" else joined(prefix, found[mounted])
    return found


def _decorated(call: ast.Call, handler: _Handler, prefixes: dict[str, str]) -> Iterator[Route]:
    door, _, word = dotted(call.func).rpartition(".")
    given = argument(call, 0, "path") or keyword(call, "rule")
    if word not in _DECORATED or not door or given is None:
        return
    if not isinstance(given, ast.Constant) or not isinstance(given.value, str) or given.value[:1] not in ("/", ""):
        return
    written = joined(prefixes.get(door, ""), given.value)
    if word in METHODS:
        methods: tuple[str, ...] = (word.upper(),)
    elif word.startswith("websocket"):
        methods = ("WEBSOCKET",)
    else:
        methods = tuple(one.upper() for one in texts_of(keyword(call, "methods"))) or ("GET",)
    for method in methods:
        yield _route(method, written, call, handler)


def _route(method: str, written: str, call: ast.Call, handler: _Handler) -> Route:
    params = path_params(written)
    query, body, body_type = _taken(handler, params, method)
    more_query, more_body = asked_for(handler)
    model = keyword(call, "response_model") or handler.returns
    answer_type = dotted(model) if model is not None else ""
    return Route(
        method,
        route_path(written),
        call.lineno,
        handler.name,
        text_of(keyword(call, "endpoint")) or text_of(keyword(call, "name")) or handler.name,
        "python",
        params,
        (*query, *more_query),
        (*body, *more_body),
        answer_of(handler),
        body_type,
        answer_type if last(answer_type)[:1].isupper() else "",
        mark(call, handler.args, handler.returns, *handler.body),
    )


def _taken(handler: _Handler, params: tuple[str, ...], method: str) -> tuple[tuple[Field, ...], tuple[Field, ...], str]:
    """(query, body fields, the class of the body) as FastAPI reads a function's parameters."""
    query: list[Field] = []
    body: list[Field] = []
    body_type = ""
    args = handler.args
    placed = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(placed) - len(args.defaults))
    defaults += [*args.defaults, *args.kw_defaults]
    for arg, default in zip([*placed, *args.kwonlyargs], defaults, strict=True):
        if arg.arg in params or arg.annotation is None:
            continue
        hint, made = source(arg.annotation), _maker(default) or _maker(arg.annotation)
        plain = hint.removesuffix(" | None").removeprefix("Optional[").removesuffix("]")
        required = default is None or (isinstance(default, ast.Call) and _is_dots(default))
        if made in _INJECTED:
            continue
        if made == "Body":
            body.append(Field(arg.arg, plain, required, arg.lineno))
        elif made == "Query" or last(plain) in _SCALARS or plain.startswith("list["):
            query.append(Field(arg.arg, plain, required, arg.lineno))
        elif last(plain)[:1].isupper() and plain.replace(".", "").isidentifier() and method not in ("GET", "WEBSOCKET"):
            body_type = plain if last(plain) not in {"Request", "Response", "BackgroundTasks", "Session"} else body_type
    return tuple(query), tuple(body), body_type


def _maker(node: ast.expr | None) -> str:
    """`Query` of `Query(3)` and of `Annotated[int, Query()]`."""
    if isinstance(node, ast.Call):
        return last(dotted(node.func))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        return next((found for one in node.slice.elts[1:] if (found := _maker(one))), "")
    return ""


def _is_dots(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value is ...


def _added(call: ast.Call, prefixes: dict[str, str], tree: ast.Module) -> Iterator[Route]:
    door, _, word = dotted(call.func).rpartition(".")
    written = text_of(argument(call, 0, "path") or keyword(call, "rule"))
    if not written.startswith("/"):
        return
    view = argument(call, _ADDED[word], "view_func") or keyword(call, "endpoint")
    name = dotted(view) if view is not None else ""
    methods = tuple(one.upper() for one in texts_of(keyword(call, "methods"))) or ("GET",)
    written = joined(prefixes.get(door, ""), written)
    handler = next((one for one in tree.body if isinstance(one, _Handler) and one.name == name), None)
    for method in methods:
        if handler is not None:
            yield _route(method, written, call, handler)
        else:
            params = path_params(written)
            yield Route(method, route_path(written), call.lineno, name, last(name), "python", params, digest=mark(call))


def _django(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[Route]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None or not any(dotted(target).endswith("urlpatterns") for target in targets):
        return
    for call in ast.walk(node.value):
        if not isinstance(call, ast.Call) or last(dotted(call.func)) not in _DJANGO or not call.args:
            continue
        view = argument(call, 1, "view")
        inner = view.func if isinstance(view, ast.Call) else view
        name = dotted(inner) if inner is not None else ""
        if last(name) == "include" or not isinstance(call.args[0], ast.Constant):
            continue
        written = str(call.args[0].value)
        yield Route(
            "*",
            route_path(written),
            call.lineno,
            name.removesuffix(".as_view"),
            text_of(keyword(call, "name")),
            "django",
            path_params(written),
            digest=mark(call),
        )
