"""Routes of Express (and what is written like it), and requests by `fetch`, `axios` and test clients.

Never: an application run; an address put together from what is not written there.
"""

from collections import defaultdict
from collections.abc import Iterator

from tree_sitter import Node

from conflict.surface.nouns import Field, Route, RouteUse
from conflict.surface.paths import METHODS, joined, path_params, query_keys, route_path
from conflict.surface.script_tree import arguments, dotted, field, keys, line, string, text, walk
from conflict.surface.syntax import text_mark

_VERBS = METHODS | {"all", "del"}
_MAKERS = frozenset({"express", "express.Router", "Router", "fastify", "Fastify", "new Hono", "Koa"})


def routes_of(root: Node) -> Iterator[Route]:
    calls = [node for node in walk(root) if node.type == "call_expression"]
    routers = _routers(root, calls)
    for call in calls:
        called = field(call, "function")
        if called is None or called.type != "member_expression":
            continue
        verb = text(field(called, "property"))
        door = field(called, "object")
        given = arguments(call)
        if verb not in _VERBS or door is None:
            continue
        name = dotted(door)
        if name in routers and len(given) > 1 and string(given[0]).startswith("/"):
            yield _route(verb, joined(routers[name], string(given[0])), given[-1], call)
        elif given and (path := _chained(door, routers)):
            yield _route(verb, path, given[-1], call)


def _routers(root: Node, calls: list[Node]) -> dict[str, str]:
    """What stands before the paths of each router of this file."""
    found: dict[str, str] = {}
    for node in walk(root):
        if node.type == "variable_declarator":
            value = field(node, "value")
            made = dotted(field(value, "function")) if value is not None and value.type == "call_expression" else ""
            if made in _MAKERS:
                found[text(field(node, "name"))] = ""
    for call in calls:
        given = arguments(call)
        name = dotted(given[-1]) if given else ""
        if dotted(field(call, "function")).endswith(".use") and name in found and len(given) > 1:
            found[name] = string(given[0])
    return found


def _chained(door: Node, routers: dict[str, str]) -> str:
    """The path in `router.route("/x").get(…).post(…)`."""
    while door.type == "call_expression":
        called = field(door, "function")
        if called is None or called.type != "member_expression":
            return ""
        inner = field(called, "object")
        if text(field(called, "property")) == "route" and dotted(inner) in routers:
            given = arguments(door)
            return joined(routers[dotted(inner)], string(given[0])) if given and string(given[0]) else ""
        if inner is None:
            return ""
        door = inner
    return ""


def _route(verb: str, path: str, handler: Node, call: Node) -> Route:
    method = "*" if verb == "all" else "DELETE" if verb == "del" else verb.upper()
    query, body = _taken(handler)
    return Route(
        method,
        route_path(path),
        line(call),
        dotted(handler),
        "",
        "express",
        path_params(path),
        query,
        body,
        _answer(handler),
        digest=text_mark(text(call)),
    )


def _taken(handler: Node) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    query: dict[str, Field] = {}
    body: dict[str, Field] = {}
    for node in walk(handler):
        if node.type == "member_expression":
            owner, _, name = dotted(node).rpartition(".")
            into = query if owner == "req.query" else body if owner == "req.body" else None
            if into is not None:
                into[name] = Field(name, line=line(node))
        elif node.type == "variable_declarator" and (pattern := field(node, "name")) is not None:
            asked = dotted(field(node, "value"))
            if asked in ("req.query", "req.body") and pattern.type == "object_pattern":
                names = (text(field(one, "key") or field(one, "left") or one) for one in pattern.named_children)
                (query if asked == "req.query" else body).update((name, Field(name, line=line(node))) for name in names)
    return tuple(query.values()), tuple(body.values())


def _answer(handler: Node) -> tuple[Field, ...]:
    found: dict[str, Field] = {}
    for node in walk(handler):
        if node.type == "call_expression":
            called, given = field(node, "function"), arguments(node)
            verb = text(field(called, "property")) if called is not None else ""
            if verb in ("json", "send") and given:
                for name in keys(given[0]) or ():
                    found.setdefault(name, Field(name, line=line(node)))
    return tuple(found.values())


# -------------------------------------------------------------------------------------------------- requests


def requests_of(root: Node) -> Iterator[RouteUse]:
    nodes = list(walk(root))
    routers = _routers(root, [node for node in nodes if node.type == "call_expression"])
    calls = [(node, made) for node in nodes if (made := _request(node, routers)) is not None]
    reads = _reads(nodes, {node.id for node, _ in calls})
    for node, made in calls:
        read = tuple(dict.fromkeys(reads[node.id]))
        yield RouteUse(made.method, made.path, made.line, "", made.body, made.query, read)


def _request(node: Node, routers: dict[str, str]) -> RouteUse | None:
    if node.type != "call_expression":
        return None
    called, given = field(node, "function"), arguments(node)
    written = string(given[0]) if given else ""
    if called is None or not written.startswith(("/", "http://", "https://")):
        return None
    query = query_keys(written) or None
    options = given[1] if len(given) > 1 else None
    if dotted(called) in ("fetch", "window.fetch", "request"):
        method = string(_value(options, "method")).upper() or "GET"
        return RouteUse(method, route_path(written), line(node), "", keys(_value(options, "body")), query)
    verb = text(field(called, "property")) if called.type == "member_expression" else ""
    door = field(called, "object")
    if verb not in METHODS or dotted(door) in routers or (options is not None and options.type.endswith("function")):
        return None
    body = keys(options) if verb in ("post", "put", "patch") else None
    return RouteUse(verb.upper(), route_path(written), line(node), "", body if body is not None else _sent(node), query)


def _value(node: Node | None, name: str) -> Node | None:
    for one in node.named_children if node is not None and node.type == "object" else ():
        if text(field(one, "key")).strip("'\"") == name:
            return field(one, "value")
    return None


def _sent(call: Node) -> tuple[str, ...] | None:
    """`request(app).post("/x").send({…})`."""
    member = call.parent
    outer = member.parent if member is not None and member.type == "member_expression" else None
    if member is None or outer is None or outer.type != "call_expression":
        return None
    given = arguments(outer)
    return keys(given[0]) if text(field(member, "property")) == "send" and given else None


def _reads(nodes: list[Node], calls: set[int]) -> dict[int, list[str]]:
    """Keys taken from the answer of each call (by its id): of `(await res.json()).x`, and of `res.data.x`."""
    answers: dict[str, int] = {}
    bodies: dict[str, int] = {}
    found: dict[int, list[str]] = defaultdict(list)

    def asked(node: Node | None) -> int | None:
        while node is not None and node.type in ("await_expression", "parenthesized_expression"):
            node = node.named_children[0]
        if node is None:
            return None
        return answers.get(text(node)) if node.type == "identifier" else node.id if node.id in calls else None

    def decoded(node: Node | None) -> int | None:
        while node is not None and node.type in ("await_expression", "parenthesized_expression"):
            node = node.named_children[0]
        if node is None:
            return None
        if node.type == "identifier":
            return bodies.get(text(node))
        inner = field(node, "function") if node.type == "call_expression" else node
        if inner is None or text(field(inner, "property")) not in ("json", "data", "body"):
            return None
        return asked(field(inner, "object"))

    for node in nodes:
        if node.type == "variable_declarator" and (name := field(node, "name")) is not None:
            value = field(node, "value")
            if name.type == "identifier":
                if (call := asked(value)) is not None:
                    answers[text(name)] = call
                elif (body := decoded(value)) is not None:
                    bodies[text(name)] = body
            elif name.type == "object_pattern" and (body := decoded(value)) is not None:
                found[body] += [text(field(one, "key") or one) for one in name.named_children]
    for node in nodes:
        if node.type == "member_expression" and (body := decoded(field(node, "object"))) is not None:
            found[body].append(text(field(node, "property")))
    return found
