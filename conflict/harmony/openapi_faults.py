"""What makes an OpenAPI document one that tools refuse.

Never: taste; only what the specification demands and a merge can break.
"""

import re
from collections import Counter
from collections.abc import Iterator

from conflict.harmony.documents import Node

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_VARIABLE = re.compile(r"\{([^}]+)\}")


def faults(root: Node) -> set[str]:
    """One sentence each."""
    return set(_faults(root)) if isinstance(root, dict) else {"it is no mapping"}


def _faults(root: dict[str, Node]) -> Iterator[str]:
    yield from (f"it has no `{key}`" for key in ("info", "paths") if not isinstance(root.get(key), dict))
    for at, reference in _references(root, ""):
        if reference.startswith("#/") and _resolve(root, reference) is None:
            yield f"{at} refers to {reference}, which is not there"
    paths = root.get("paths")
    yield from _path_faults(root, paths if isinstance(paths, dict) else {})
    for at, shape in _shapes(root):
        yield from _shape_faults(at, shape)


def _path_faults(root: dict[str, Node], paths: dict[str, Node]) -> Iterator[str]:
    names: Counter[str] = Counter()
    alike: Counter[str] = Counter(_VARIABLE.sub("{}", path) for path in paths)
    yield from (f"{path} stands twice, with other names for its variables" for path, n in alike.items() if n > 1)
    for path, item in paths.items():
        if not isinstance(item, dict):
            continue
        if not path.startswith(("/", "x-")):
            yield f"the path {path} does not begin with /"
        for method in _METHODS & item.keys():
            operation = item[method]
            if isinstance(operation, dict):
                names.update([str(operation["operationId"])] if "operationId" in operation else [])
                yield from _operation_faults(root, f"{method.upper()} {path}", path, item, operation)
    yield from (f"the operationId {name} stands twice" for name, count in names.items() if count > 1)


def _operation_faults(
    root: dict[str, Node], what: str, path: str, item: dict[str, Node], operation: dict[str, Node]
) -> Iterator[str]:
    if not isinstance(operation.get("responses"), dict):
        yield f"{what} has no responses"
    given: list[tuple[str, str]] = []
    for holder in (item, operation):
        listed = holder.get("parameters")
        found = [_plain(root, one) for one in listed] if isinstance(listed, list) else []
        own = [(str(one.get("in")), str(one.get("name"))) for one in found]
        yield from (f"{what} has the parameter {name} twice" for (_, name), n in Counter(own).items() if n > 1)
        given += own
    declared = {name for place, name in given if place == "path"}
    for name in sorted(set(_VARIABLE.findall(path)) - declared):
        yield f"{what} does not say what {{{name}}} is"
    for name in sorted(declared - set(_VARIABLE.findall(path))):
        yield f"{what} has a parameter {name} that its path does not have"


def _plain(root: dict[str, Node], one: Node) -> dict[str, Node]:
    if isinstance(one, dict) and isinstance(one.get("$ref"), str):
        one = _resolve(root, str(one["$ref"]))
    return one if isinstance(one, dict) else {}


def _references(node: Node, at: str) -> Iterator[tuple[str, str]]:
    todo: list[tuple[Node, str]] = [(node, at)]
    while todo:
        here, place = todo.pop()
        if isinstance(here, dict):
            if isinstance(here.get("$ref"), str):
                yield place or "/", str(here["$ref"])
            todo.extend((inner, f"{place}/{key}") for key, inner in here.items())
        elif isinstance(here, list):
            todo.extend((inner, f"{place}/{number}") for number, inner in enumerate(here))


def _resolve(root: Node, reference: str) -> Node:
    here = root
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(here, dict) or key not in here:
            return None
        here = here[key]
    return here


def _shapes(root: dict[str, Node]) -> Iterator[tuple[str, dict[str, Node]]]:
    components = root.get("components")
    held = components.get("schemas") if isinstance(components, dict) else root.get("definitions")
    for name, shape in held.items() if isinstance(held, dict) else ():
        if isinstance(shape, dict):
            yield name, shape


def _shape_faults(at: str, shape: dict[str, Node]) -> Iterator[str]:
    required, properties = shape.get("required"), shape.get("properties")
    if isinstance(required, list):
        yield from (
            f"the schema {at} requires {name} twice" for name, n in Counter(map(str, required)).items() if n > 1
        )
        if isinstance(properties, dict) and not shape.keys() & {"allOf", "oneOf", "anyOf"}:
            missing = [str(name) for name in required if str(name) not in properties]
            yield from (f"the schema {at} requires {name}, which it does not have" for name in missing)
