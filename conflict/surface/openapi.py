"""OpenAPI 3 (and Swagger 2) documents as a surface: operations, schemas, and which of them lean on which.

Never: a reference to another file or host followed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from conflict.surface.nouns import Field, Language, Route, Shape, ShapeUse, Surface
from conflict.surface.paths import METHODS, path_params, route_path
from conflict.surface.syntax import decode, text_mark

_IS_ONE = re.compile(r"""^\s*["']?(?:openapi|swagger)["']?\s*:\s*["']?[23]\.""", re.MULTILINE)
_HEAD = 4000
_TOO_LONG = 1_500_000

Json = Mapping[str, object] | Sequence[object] | str | int | float | bool | None


def is_openapi(data: bytes) -> bool:
    return _IS_ONE.search(data[:_HEAD].decode("utf-8", "replace")) is not None


def read_openapi(path: str, data: bytes) -> Surface:
    text = decode(data)
    if text is None or len(data) > _TOO_LONG:
        return Surface(path, Language.OPENAPI, fault="it is no text, or too long")
    try:
        found: object = json.loads(text) if text.lstrip().startswith("{") else YAML(typ="safe", pure=True).load(text)
    except (ValueError, YAMLError, RecursionError) as error:
        return Surface(path, Language.OPENAPI, fault=f"it can not be parsed: {type(error).__name__}")
    document = _map(found)
    lines = _Lines(text)
    return Surface(
        path,
        Language.OPENAPI,
        routes=tuple(_routes(document, lines)),
        shapes=tuple(_shapes(document, lines)),
        shape_uses=tuple(ShapeUse(name, "", lines.of(name)) for name in _references(document)),
    )


class _Lines:
    """Where a key stands first: the parsers that keep lines are too slow for large documents."""

    def __init__(self, text: str) -> None:
        self._known: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            key = line.strip().lstrip("- ").partition(":")[0].strip("\"' ")
            self._known.setdefault(key, number)

    def of(self, key: str) -> int:
        return self._known.get(key, 1)


def _map(node: object) -> Mapping[str, object]:
    return {str(key): value for key, value in node.items()} if isinstance(node, Mapping) else {}


def _list(node: object) -> Sequence[object]:
    return node if isinstance(node, Sequence) and not isinstance(node, str) else ()


def _text(node: object) -> str:
    return node if isinstance(node, str) else ""


def _ref(node: object) -> str:
    return _text(_map(node).get("$ref")).rpartition("/")[2]


def _routes(document: Mapping[str, object], lines: _Lines) -> Iterator[Route]:
    for path, item in _map(document.get("paths")).items():
        shared = _list(_map(item).get("parameters"))
        for method, operation in _map(item).items():
            if method in METHODS:
                yield _route(path, method, _map(operation), shared, lines)


def _route(path: str, method: str, operation: Mapping[str, object], shared: Sequence[object], lines: _Lines) -> Route:
    given = [_map(one) for one in (*shared, *_list(operation.get("parameters")))]
    query = tuple(
        Field(_text(one.get("name")), _type(one.get("schema") or one), one.get("required") is True)
        for one in given
        if one.get("in") == "query"
    )
    in_body = next((one.get("schema") for one in given if one.get("in") == "body"), None)
    body = in_body or _content(operation.get("requestBody"))
    answers = _map(operation.get("responses"))
    good = next((answers[code] for code in sorted(answers) if code.startswith("2")), None)
    answer = _content(good) or _map(good).get("schema")
    name = _text(operation.get("operationId"))
    return Route(
        method.upper(),
        route_path(path),
        lines.of(path),
        name,
        name,
        "openapi",
        path_params(path),
        query,
        _fields(body, lines),
        _fields(answer, lines),
        _ref(body),
        _ref(answer),
        text_mark(json.dumps(operation, sort_keys=True, default=str)),
    )


def _content(node: object) -> object:
    kinds = _map(_map(node).get("content"))
    return next((_map(kind).get("schema") for kind in kinds.values()), None)


def _shapes(document: Mapping[str, object], lines: _Lines) -> Iterator[Shape]:
    schemas = _map(_map(document.get("components")).get("schemas")) or _map(document.get("definitions"))
    for name, schema in schemas.items():
        closed = _map(schema).get("additionalProperties") is False
        yield Shape(name, _fields(schema, lines), lines.of(name), open=not closed)


def _fields(schema: object, lines: _Lines) -> tuple[Field, ...]:
    found = _map(schema)
    needed = {_text(one) for one in _list(found.get("required"))}
    fields = [
        Field(name, _type(one), name in needed, lines.of(name)) for name, one in _map(found.get("properties")).items()
    ]
    for part in _list(found.get("allOf")):
        fields += _fields(part, lines)
    return tuple(fields)


def _type(node: object) -> str:
    schema = _map(node)
    if ref := _ref(schema):
        return ref
    kind = schema.get("type")
    name = _text(kind) or "|".join(sorted(map(str, _list(kind))))
    if name == "array":
        return f"array[{_type(schema.get('items'))}]"
    extra = _text(schema.get("format"))
    return f"{name}({extra})" if extra else name


def _references(node: object) -> Iterator[str]:
    todo: list[object] = [node]
    while todo:
        here = todo.pop()
        if isinstance(here, Mapping):
            ref = here.get("$ref")
            if isinstance(ref, str) and ("/schemas/" in ref or "/definitions/" in ref):
                yield ref.rpartition("/")[2]
            todo.extend(here.values())
        elif isinstance(here, list):
            todo.extend(here)
