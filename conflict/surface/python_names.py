"""Names of a Python file that nothing binds, and definitions that a later one of the same name takes away.

Never: called wrong by itself: most such names have a reason; what a merge brings in newly is what counts.
"""

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator, Sequence

from conflict.surface.syntax import dotted, last

_KNOWN = frozenset(dir(builtins)) | frozenset(
    {"__file__", "__name__", "__path__", "__doc__", "__spec__", "__loader__", "__package__", "__builtins__"}
    | {"__annotations__", "__class__", "__module__", "__qualname__", "WindowsError", "reveal_type", "reveal_locals"}
)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SPEAKS_OF_OTHERS = frozenset({"overload", "setter", "getter", "deleter", "register", "validator", "typechecked"})


def undefined_names(text: str, tree: ast.Module) -> tuple[tuple[str, int], ...]:
    """(name, line of its first use), sorted by name. A file with `from x import *` must not be asked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            top = symtable.symtable(text, "<surface>", "exec")
        except (SyntaxError, ValueError, RecursionError):
            return ()
    bound = {
        one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported() or one.is_namespace()
    }
    wanted: set[str] = set()
    todo = [top]
    while todo:
        table = todo.pop()
        todo.extend(table.get_children())
        for one in table.get_symbols():
            if one.is_declared_global() and one.is_assigned():
                bound.add(one.get_name())
            if one.is_referenced() and (one.is_global() or table is top):
                wanted.add(one.get_name())
    if "annotations" in bound and "from __future__ import" in text:
        wanted.update(_in_annotations(tree))  # the symbol table knows nothing of those then
    missing = wanted - bound - _KNOWN
    if not missing:
        return ()
    lines: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in missing:
            lines[node.id] = min(node.lineno, lines.get(node.id, node.lineno))
    return tuple(sorted(lines.items()))


def _in_annotations(tree: ast.Module) -> Iterator[str]:
    """Names that the annotations of module, classes and signatures read and no class or function of the file binds."""
    inner = {node.name for node in ast.walk(tree) if isinstance(node, _NAMED)}
    inner.update(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=hint) | ast.arg(annotation=ast.expr() as hint):
                pass
            case ast.FunctionDef(returns=ast.expr() as hint) | ast.AsyncFunctionDef(returns=ast.expr() as hint):
                pass
            case _:
                continue
        yield from (one.id for one in ast.walk(hint) if isinstance(one, ast.Name) and one.id not in inner)


def is_open(tree: ast.Module) -> bool:
    """Whether the module may hold names that no statement of it shows: a `__getattr__`, or its own dictionary."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in {"globals", "vars", "locals"}:
            return True
        if isinstance(node, ast.Attribute) and dotted(node) == "sys.modules":
            return True
    return any(isinstance(stmt, ast.FunctionDef) and stmt.name == "__getattr__" for stmt in tree.body)


def twice_defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of every binding of a module or class that stands in one block with an earlier one."""
    yield from _block(tree.body, "")


def _block(body: Sequence[ast.stmt], within: str) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for stmt in body:
        for name in _binds(stmt):
            if name in seen:
                yield f"{within}{name}", stmt.lineno
            seen.add(name)
        match stmt:
            case ast.ClassDef(name=name, body=inner):
                yield from _block(inner, f"{within}{name}.")
            case ast.If(body=first, orelse=second):
                yield from _block(first, within)
                yield from _block(second, within)
            case ast.Try(body=first, orelse=second):
                yield from _block(first, within)
                yield from _block(second, within)
            case _:
                pass


def _binds(stmt: ast.stmt) -> Iterator[str]:
    match stmt:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            marks = {last(dotted(one.func if isinstance(one, ast.Call) else one)) for one in stmt.decorator_list}
            if not marks & _SPEAKS_OF_OTHERS and name != "_":
                yield name
        case ast.Import(names=names):
            # `import a.b` and `import a.c` share the name `a` and take nothing from each other.
            yield from (alias.asname or alias.name for alias in names)
        case ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names if alias.name != "*")
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass
