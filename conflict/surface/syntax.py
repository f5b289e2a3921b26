"""Python source as a tree, and the small questions that every reader of it asks.

Never: run or import what is read; a crash on what is no Python.
"""

import ast
import hashlib
import warnings
from collections.abc import Iterator, Sequence

TOO_LONG = 2_000_000
"""Bytes above which a file is data and not source."""


def decode(data: bytes) -> str | None:
    """Text as UTF-8, or latin-1 where a Python source says so; None for what is no text."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        head = data[:200].lower()
        return data.decode("latin-1") if b"latin" in head or b"8859-1" in head else None


def parse(data: bytes) -> ast.Module | str:
    """The tree, or one sentence why there is none."""
    if len(data) > TOO_LONG:
        return f"it has more than {TOO_LONG} bytes"
    text = decode(data)
    if text is None:
        return "it is no text"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno} is no Python of this version"
    except (ValueError, RecursionError, MemoryError):
        return "it is nested too deep, or no Python"


_HOLD_NOTHING = frozenset({"ctx", "op", "ops", "id", "attr"})
_BELOW = {
    kind: tuple(name for name in kind._fields if name not in _HOLD_NOTHING)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below one, but for contexts and operators, which hold nothing; `ast.iter_child_nodes` takes three
    times as long."""
    found: list[ast.AST] = []
    for name in _BELOW[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def dotted(node: ast.AST) -> str:
    """`a.b.c` for names and attributes; "" for anything else. A call in the middle ends it."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def last(name: str) -> str:
    return name.rpartition(".")[2]


def text_of(node: ast.AST | None) -> str:
    """The value of a string literal; "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def texts_of(node: ast.AST | None) -> tuple[str, ...]:
    """The strings of a literal string, tuple, list or set."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return tuple(text for text in map(text_of, node.elts) if text)
    text = text_of(node)
    return (text,) if text else ()


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((given.value for given in call.keywords if given.arg == name), None)


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """An argument given by place or by name."""
    return call.args[place] if place < len(call.args) else keyword(call, name)


def is_true(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def is_false(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def source(node: ast.AST | None) -> str:
    """Its source with a layout of our own."""
    if isinstance(node, ast.Name):
        return node.id
    return "" if node is None else ast.unparse(node)


def text_mark(text: str) -> str:
    """A short name for source text, whatever its layout."""
    bare = "".join(line for line in text.splitlines() if not line.lstrip().startswith(("#", "//")))
    return hashlib.sha1("".join(bare.split()).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:16]


def mark(*nodes: ast.AST | None) -> str:
    """A short name for what is written there, whatever its layout."""
    text = "\0".join("" if node is None else ast.dump(node) for node in nodes)
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:16]


def assigned(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr, int]]:
    """(name, value, line) of plain and annotated assignments that stand directly in a body."""
    for stmt in body:
        if isinstance(stmt, ast.Assign):
            for target in stmt.targets:
                if isinstance(target, ast.Name):
                    yield target.id, stmt.value, stmt.lineno
        elif isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name) and stmt.value is not None:
            yield stmt.target.id, stmt.value, stmt.lineno
