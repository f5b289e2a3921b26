"""Paths of routes, brought to one spelling whoever wrote them.

Never: a host, a scheme or a query kept; a regular expression understood beyond its groups.
"""

import re

_VARIABLE = re.compile(r"\(\?P<[^>]*>(?:[^()]|\([^()]*\))*\)|<[^<>]*>|\$?\{[^{}]*\}|:[A-Za-z_]\w*(?:\([^)]*\))?\??")
_HOST = re.compile(r"^[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_]\w*")

METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})


def route_path(text: str) -> str:
    """`/orders/<int:id>/` and `/orders/{order_id}` are both `/orders/{}`."""
    text = _HOST.sub("", text).partition("?")[0] if "(?P" not in text else text
    text = text.partition("#")[0]
    text = _VARIABLE.sub("{}", text.removeprefix("^").removesuffix("$"))
    text = "/" + text.strip("/")
    return re.sub(r"/{2,}", "/", text)


def path_params(text: str) -> tuple[str, ...]:
    """The names of the variable parts, in order: of `<int:id>` and `{id:int}` both `id`."""
    found: list[str] = []
    for match in _VARIABLE.finditer(text):
        inner = match.group(0)
        if inner.startswith("(?P<"):
            found.append(inner[4 : inner.index(">")])
            continue
        if inner.startswith("<"):
            inner = inner.rpartition(":")[2]
        name = _NAME.search(inner)
        if name is not None:
            found.append(name.group(0))
    return tuple(found)


def query_keys(text: str) -> tuple[str, ...]:
    """The keys that a written address asks with."""
    query = text.partition("?")[2].partition("#")[0]
    return tuple(part.partition("=")[0] for part in query.split("&") if part)


def joined(prefix: str, path: str) -> str:
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}" if prefix else path


def same_route(asked: str, offered: str) -> bool:
    """Whether a written address is this route's, which may stand under a prefix that another file gives it."""
    a, b = asked.strip("/").split("/"), offered.strip("/").split("/")
    if len(a) < len(b) or offered == "/":
        return asked == offered
    return all(have == "{}" or want in (have, "{}") for want, have in zip(reversed(a), reversed(b), strict=False))
