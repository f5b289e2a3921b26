"""JavaScript and TypeScript as tree-sitter trees, and the small questions that every reader of them asks.

The grammars come with the extra `merge`; without it nothing here is read, and the caller says so. Never: a grammar
downloaded; a tree with a fault in its syntax taken for what was meant.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from tree_sitter import Language, Node, Parser

TOO_LONG = 1_000_000
_STEPS = 400_000
"""So many nodes at most are looked at: a bundle is no source."""


@lru_cache(maxsize=4)
def _parser(kind: str) -> Parser:
    if kind == "javascript":
        import tree_sitter_javascript

        return Parser(Language(tree_sitter_javascript.language()))
    import tree_sitter_typescript

    language = tree_sitter_typescript.language_tsx if kind == "tsx" else tree_sitter_typescript.language_typescript
    return Parser(Language(language()))


def parse(path: str, data: bytes) -> Node | str:
    """The root, or one sentence why there is none."""
    if len(data) > TOO_LONG:
        return f"it has more than {TOO_LONG} bytes"
    if b"\0" in data:
        return "it is no text"
    suffix = PurePosixPath(path).suffix
    kind = "tsx" if suffix == ".tsx" else "typescript" if suffix in (".ts", ".mts", ".cts") else "javascript"
    root = _parser(kind).parse(data).root_node
    return "its syntax has a fault" if root.has_error else root


def is_typed(path: str) -> bool:
    return PurePosixPath(path).suffix in (".ts", ".tsx", ".mts", ".cts")


def text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def line(node: Node) -> int:
    return node.start_point[0] + 1


def field(node: Node | None, name: str) -> Node | None:
    return None if node is None else node.child_by_field_name(name)


def walk(root: Node) -> Iterator[Node]:
    """Every named node, parents first, in order."""
    todo = [root]
    for _ in range(_STEPS):
        if not todo:
            return
        node = todo.pop()
        yield node
        todo.extend(reversed(node.named_children))


def string(node: Node | None) -> str:
    """A literal's value; of a template each part that is not written is `{}`; "" for anything else."""
    if node is None or node.type not in ("string", "template_string"):
        return ""
    parts = ["{}" if one.type == "template_substitution" else text(one) for one in node.named_children]
    return "".join(parts)


def dotted(node: Node | None) -> str:
    """`a.b.c` for names and members; "" for anything else."""
    if node is None:
        return ""
    if node.type in ("identifier", "this", "property_identifier", "type_identifier", "nested_identifier"):
        return text(node)
    if node.type != "member_expression":
        return ""
    inner = dotted(field(node, "object"))
    return f"{inner}.{text(field(node, 'property'))}" if inner else ""


def arguments(call: Node) -> list[Node]:
    given = field(call, "arguments")
    return [] if given is None else [one for one in given.named_children if one.type != "comment"]


def keys(node: Node | None) -> tuple[str, ...] | None:
    """The keys of an object that is written out; None where they are not all known."""
    if node is not None and node.type == "call_expression" and dotted(field(node, "function")) == "JSON.stringify":
        given = arguments(node)
        node = given[0] if given else None
    if node is None or node.type != "object":
        return None
    found: list[str] = []
    for one in node.named_children:
        if one.type == "comment":
            continue
        if one.type == "spread_element":
            return None
        key = one if one.type == "shorthand_property_identifier" else field(one, "key") or field(one, "name")
        if key is None or key.type == "computed_property_name":
            return None
        found.append(string(key) or text(key))
    return tuple(found)
