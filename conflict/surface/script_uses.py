"""What a JavaScript or TypeScript file calls and reads of other files, and of its own top.

Never: a local name taken for an import of the same name.
"""

from collections.abc import Iterator

from tree_sitter import Node

from conflict.surface.nouns import Call, Use
from conflict.surface.script_tree import arguments, dotted, field, line, text

_SCOPES = frozenset(
    {"function_declaration", "function_expression", "arrow_function", "method_definition", "generator_function"}
    | {"generator_function_declaration", "function"}
)
_SKIPPED = frozenset({"import_statement", "comment", "export_clause"})


def uses_of(root: Node, known: set[str]) -> Iterator[Use]:
    """Uses in order of the file. `known` are names that imports and the file's own top bind."""
    todo: list[tuple[Node, frozenset[str], dict[str, str], str]] = [(root, frozenset(), {}, "")]
    found: list[Use] = []
    while todo:
        node, hidden, types, owner = todo.pop()
        if node.type in _SKIPPED:
            continue
        if node.type in _SCOPES:
            names, typed = _bound(node, known)
            hidden = (hidden | names) - typed.keys()
            types = {key: kind for key, kind in types.items() if key not in names} | typed
            owner = owner or text(field(node, "name"))
        elif node.type == "class_declaration":
            owner = text(field(node, "name"))
        use = _use(node, known - hidden, types, owner)
        if use is not None:
            found.append(use)
        todo += [(one, hidden, types, owner) for one in reversed(node.named_children)]
    return iter(found)


def _use(node: Node, known: set[str], types: dict[str, str], owner: str) -> Use | None:
    if node.type in ("call_expression", "new_expression"):
        called = field(node, "function") or field(node, "constructor")
        target = _target(called, known, types)
        if target and called is not None and text(called) != "require":
            given = arguments(node)
            starred = any(one.type == "spread_element" for one in given)
            awaited = node.parent is not None and node.parent.type == "await_expression"
            plain = sum(one.type != "spread_element" for one in given)
            return Use(target, line(node), Call(plain, (), starred, False, awaited), owner)
        return None
    if node.type in ("jsx_opening_element", "jsx_self_closing_element"):
        target = _target(field(node, "name"), known, types)
        return Use(target, line(node), None, owner) if target else None
    if node.type in ("identifier", "member_expression", "type_identifier", "shorthand_property_identifier"):
        above = node.parent
        if above is None or _is_binding(node, above):
            return None
        if above.type == "member_expression" and field(above, "object") == node:
            return None  # the whole of it is told instead
        if above.type in ("call_expression", "new_expression") and node in (
            field(above, "function"),
            field(above, "constructor"),
        ):
            return None
        target = text(node) if node.type == "shorthand_property_identifier" else ""
        target = _target(node, known, types) if not target else target if target in known else ""
        return Use(target, line(node), None, owner) if target else None
    return None


def _is_binding(node: Node, above: Node) -> bool:
    return field(above, "name") == node or (
        above.type in ("required_parameter", "optional_parameter") and field(above, "pattern") == node
    )


def _target(node: Node | None, known: set[str], types: dict[str, str]) -> str:
    name = dotted(node)
    root, _, rest = name.partition(".")
    if rest and root in types:
        return f"{types[root]}.{rest.partition('.')[0]}"
    return name if root in known else ""


def _bound(scope: Node, known: set[str]) -> tuple[frozenset[str], dict[str, str]]:
    """(names that a function binds itself, the classes of those that say one)."""
    names: set[str] = set()
    types: dict[str, str] = {}
    given = field(scope, "parameters") or field(scope, "parameter")
    if given is not None:
        for one in [given] if given.type == "identifier" else given.named_children:
            parameter = field(one, "pattern") or one
            names.update(_names(parameter))
            _learn(types, parameter, field(one, "type"), known)
    body = field(scope, "body")
    todo = [body] if body is not None else []
    while todo:
        node = todo.pop()
        if node.type in _SCOPES:
            continue
        if node.type == "variable_declarator":
            pattern, value = field(node, "name"), field(node, "value")
            if pattern is not None and not (value is not None and text(value).startswith("require(")):
                names.update(_names(pattern))
                hint = field(node, "type")
                _learn(types, pattern, hint, known)
                if hint is None and value is not None and value.type == "new_expression":
                    made = dotted(field(value, "constructor"))
                    if made.partition(".")[0] in known and pattern.type == "identifier":
                        types[text(pattern)] = made
        todo += node.named_children
    return frozenset(names), types


def _learn(types: dict[str, str], pattern: Node, hint: Node | None, known: set[str]) -> None:
    kind = text(hint).removeprefix(":").strip()
    if pattern.type == "identifier" and kind in known:
        types[text(pattern)] = kind


def _names(pattern: Node) -> Iterator[str]:
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield text(pattern)
    elif pattern.type == "pair_pattern":
        value = field(pattern, "value")
        if value is not None:
            yield from _names(value)
    elif pattern.type in ("object_pattern", "array_pattern", "rest_pattern", "assignment_pattern"):
        left = field(pattern, "left")
        for one in [left] if left is not None else pattern.named_children:
            yield from _names(one)
