"""Languages that tree-sitter reads: which nodes of their trees are definitions, and whether a text has faults.

A language is one entry of the table. The grammars come with the extra `merge`; a language whose grammar is not
installed is merged as text. Never: a grammar downloaded; a text longer than its caller's bound.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


@dataclass(frozen=True, slots=True)
class Grammar:
    """`units`: kinds of node that are definitions; `bodies`: those whose children are looked at for more of them;
    `wraps`: those that only stand around a definition, which has its name from what is in them."""

    module: str
    language: str
    units: frozenset[str]
    bodies: frozenset[str]
    wraps: frozenset[str]


# fmt: off
_SCRIPT_UNITS = frozenset([
    "function_declaration", "generator_function_declaration", "class_declaration", "abstract_class_declaration",
    "method_definition", "interface_declaration", "type_alias_declaration", "enum_declaration", "internal_module",
    "lexical_declaration", "variable_declaration", "field_definition", "public_field_definition",
    "method_signature", "abstract_method_signature", "property_signature", "assignment_expression",
    "call_expression",
])
# fmt: on
_SCRIPT_BODIES = frozenset(["class_body", "interface_body", "statement_block", "object_type"])
_SCRIPT_WRAPS = frozenset(("export_statement", "expression_statement", "ambient_declaration"))


def _script(module: str, language: str) -> Grammar:
    return Grammar(module, language, _SCRIPT_UNITS, _SCRIPT_BODIES, _SCRIPT_WRAPS)


GRAMMARS: dict[str, Grammar] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), _script("tree_sitter_javascript", "language")),
    **dict.fromkeys((".ts", ".mts", ".cts"), _script("tree_sitter_typescript", "language_typescript")),
    ".tsx": _script("tree_sitter_typescript", "language_tsx"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A definition from line `first` to line `last`, both in it."""

    key: str
    first: int
    last: int
    inner: tuple["Found", ...]
    unique: bool
    """Whether its name may stand there only once."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What is said of a whole text: its definitions, how many of its nodes are faults of its syntax, and the names
    that are defined more than once in one place."""

    found: tuple[Found, ...]
    faults: int
    twice: frozenset[str]


def read(text: str, extension: str) -> Tree | None:
    """None where the grammar is not installed."""
    root = _root(text, extension)
    if root is None:
        return None
    found = tuple(_within(root, GRAMMARS[extension]))
    return Tree(found, _faults(root), frozenset(_twice(found, "")))


def _faults(root: "Node") -> int:
    todo, count = [root], 0
    while todo:
        node = todo.pop()
        if node.has_error:
            count += node.is_error or node.is_missing
            todo += node.children
    return count


def _twice(found: Sequence[Found], where: str) -> Iterator[str]:
    times = Counter(one.key for one in found if one.unique)
    yield from (where + key for key, count in times.items() if count > 1)
    for one in found:
        yield from _twice(one.inner, f"{where}{one.key}.")


def _root(text: str, extension: str) -> "Node | None":
    parser = _parser(extension)
    return None if parser is None else parser.parse(text.encode("utf-8", "replace")).root_node


@lru_cache(maxsize=16)
def _parser(extension: str) -> "Parser | None":
    grammar = GRAMMARS.get(extension)
    if grammar is None or find_spec("tree_sitter") is None or find_spec(grammar.module) is None:
        return None
    from tree_sitter import Language, Parser

    return Parser(Language(getattr(import_module(grammar.module), grammar.language)()))


DEEPEST = 6
"""Definitions in one another above which those further in are but text: a bound on depth."""
_OUTERMOST = frozenset(("lexical_declaration", "variable_declaration", "assignment_expression"))
"""Definitions at the top of a file alone; further in they are but statements."""
_UNIQUE = frozenset(["class_declaration", "abstract_class_declaration", "method_definition", "lexical_declaration"])
_FUNCTIONS = frozenset(("arrow_function", "function_expression"))


def _within(node: "Node", grammar: Grammar, depth: int = 0) -> Iterator[Found]:
    for child in node.named_children:
        inside = child
        while inside.type in grammar.wraps and inside.named_children:
            inside = inside.named_children[-1]
        unit = inside.type in grammar.units and not (depth and inside.type in _OUTERMOST)
        key = _name(inside) if unit else ""
        if not key:
            continue
        bodies = _bodies(inside, grammar) if depth < DEEPEST else ()
        inner = tuple(one for body in bodies for one in _within(body, grammar, depth + 1))
        yield Found(key, child.start_point[0], child.end_point[0], inner, inside.type in _UNIQUE)


def _bodies(node: "Node", grammar: Grammar) -> list["Node"]:
    """The bodies of a class, or of the function that is the last argument of a call: those of tests are such."""
    if node.type == "call_expression":
        arguments = node.child_by_field_name("arguments")
        node = arguments.named_children[-1] if arguments is not None and arguments.named_children else node
    elif "function" in node.type or node.type == "method_definition":
        return []
    return [child for child in node.named_children if child.type in grammar.bodies]


def _name(node: "Node") -> str:
    """What a definition is known by among its neighbours; "" where it has no name."""
    match node.type:
        case "lexical_declaration" | "variable_declaration":
            declared = [one for one in node.named_children if one.type == "variable_declarator"]
            return _text(declared[0].child_by_field_name("name")) if len(declared) == 1 else ""
        case "assignment_expression":
            return _text(node.child_by_field_name("left"))
        case "call_expression":
            called, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            given = arguments.named_children if arguments is not None else []
            named = len(given) > 1 and given[0].type == "string" and given[-1].type in _FUNCTIONS
            return f"{_text(called)} {_text(given[0])}" if named else ""
        case _:
            named_by = node.child_by_field_name("name") or node.child_by_field_name("property")
            marks = [_text(child) for child in node.children if child.type in ("get", "set", "static")]
            return " ".join([*marks, _text(named_by)])


def _text(node: "Node | None") -> str:
    return "" if node is None or node.text is None else " ".join(node.text.decode("utf-8", "replace").split())
