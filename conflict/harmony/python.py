"""Python callers carried along with what they call: the names and modules by which they know it. Edits of spans that
the syntax tree names; every other byte stays.

Never: an edit where the tree and the bytes disagree; a name touched that something else in the file binds.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conflict.schema.span import Splice, line_starts, parse, place, spliced

Resolve = Callable[[str, int], str | None]
"""From a module as an import writes it, and its dots before it, to the file it stands for."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes with its tree, and where its lines begin."""

    data: bytes
    tree: ast.Module
    starts: list[int]

    @classmethod
    def of(cls, data: bytes) -> "Source | None":
        tree = parse(data)
        return None if tree is None else cls(data, tree, line_starts(data))

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> tuple[int, int]:
        return place(self.starts, node)

    def word(self, start: int, old: str, new: str) -> Splice | None:
        """A word at a place replaced, if it is there: inside f-strings the tree may name the wrong place."""
        end = start + len(old.encode())
        return Splice(start, end, new.encode()) if self.data[start:end] == old.encode() else None

    def edited(self, splices: Iterable[Splice | None]) -> bytes | None:
        """None when one of them can not be made, when there is none, or when the result is no Python."""
        found = list(splices)
        sure = [one for one in found if one is not None]
        if not sure or len(sure) != len(found):
            return None
        new = spliced(self.data, sure)
        return new if new != self.data and parse(new) is not None else None


# ---------------------------------------------------------------------------------------------------- names


def rename(source: Source, old: str, new: str, at: str, resolve: Resolve, home: bool) -> bytes | None:
    """The file with a definition of the file `at` under its new name. `home`: this is that file."""
    splices: list[Splice | None] = []
    bare = home
    for node, alias in _imported(source.tree):
        if alias.name != old or not _is_from(node, at, resolve):
            continue
        start, _ = source.span(alias)
        if alias.asname is None and not _is_free(source.tree, old, new):
            splices.append(source.word(start, old, f"{new} as {old}"))
            continue
        splices.append(source.word(start, old, new))
        bare = bare or alias.asname is None
    if bare and not _is_free(source.tree, old, new):
        return None
    for one in ast.walk(source.tree):
        if bare and isinstance(one, ast.Name) and one.id == old:
            splices.append(source.word(source.span(one)[0], old, new))
        elif (
            isinstance(one, ast.Attribute)
            and one.attr == old
            and _dotted(one.value) in _modules(source.tree, at, resolve)
        ):
            splices.append(source.word(source.span(one)[1] - len(old.encode()), old, new))
    return source.edited(splices)


def _imported(tree: ast.Module) -> Iterator[tuple[ast.ImportFrom, ast.alias]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node, alias) for alias in node.names)


def _is_from(node: ast.ImportFrom, at: str, resolve: Resolve) -> bool:
    """Whether it imports from that file, or from a package above that may hand its names on."""
    found = resolve(node.module or "", node.level)
    if found is None:
        return False
    return found == at or (found.endswith("__init__.py") and at.startswith(found.removesuffix("__init__.py")))


def _modules(tree: ast.Module, at: str, resolve: Resolve) -> set[str]:
    """The dotted names under which a file knows the module `at`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(one.asname or one.name for one in node.names if resolve(one.name, 0) == at)
        elif isinstance(node, ast.ImportFrom):
            inside = f"{node.module}." if node.module else ""
            found.update(one.asname or one.name for one in node.names if resolve(inside + one.name, node.level) == at)
    return found


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _is_free(tree: ast.Module, old: str, new: str) -> bool:
    """Whether nothing but the import or definition in question binds `old`, and nothing binds or reads `new`."""
    bound = [name for node in ast.walk(tree) for name in _binds(node)]
    reads = any(isinstance(node, ast.Name) and node.id == new for node in ast.walk(tree))
    return bound.count(old) <= 1 and (bound.count(new) == 0 and not reads)


def _binds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.alias(name=name, asname=None):
            yield name.partition(".")[0]
        case ast.alias(asname=str(name)):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case _:
            pass


# -------------------------------------------------------------------------------------------------- modules


def reimport(source: Source, name: str, at: str, module: str, resolve: Resolve) -> bytes | None:
    """The file with `name` imported from another module than that of the file `at`."""
    splices: list[Splice | None] = []
    for node, alias in _imported(source.tree):
        if alias.name == name and _is_from(node, at, resolve):
            splices += _moved_import(source, node, alias, module)
    for one in ast.walk(source.tree):
        if isinstance(one, ast.Attribute) and one.attr == name:
            known = _dotted(one.value)
            if known and known in _modules(source.tree, at, resolve):
                start, end = source.span(one)
                splices.append(Splice(start, end, f"{module}.{name}".encode()))
    if any(one is not None and one.text.startswith(f"{module}.".encode()) for one in splices):
        splices.append(_import_beside(source, module))
    return source.edited(splices)


def _moved_import(source: Source, node: ast.ImportFrom, alias: ast.alias, module: str) -> Iterator[Splice | None]:
    if len(node.names) == 1:
        yield _module_word(source, node, module)
        return
    start, end = source.span(alias)
    at = node.names.index(alias)
    if at + 1 < len(node.names):
        end = source.span(node.names[at + 1])[0]
    else:
        start = source.span(node.names[at - 1])[1]
    yield Splice(start, end, b"")
    said = alias.name if alias.asname is None else f"{alias.name} as {alias.asname}"
    yield _line_after(source, node, f"from {module} import {said}")


def _module_word(source: Source, node: ast.ImportFrom, module: str) -> Splice | None:
    """What stands between `from` and `import`."""
    start, end = source.span(node)
    text = source.data[start:end]
    head = text.partition(b"import")[0]
    said = head.removeprefix(b"from").strip()
    if said != b"." * node.level + (node.module or "").encode():
        return None
    begin = start + text.index(said, 4)
    return Splice(begin, begin + len(said), module.encode())


def _line_after(source: Source, node: ast.stmt, text: str) -> Splice | None:
    """A statement on a line of its own behind another, as far indented; None where that shares its line."""
    start, end = source.span(node)
    indent = source.data[source.starts[node.lineno - 1] : start]
    rest = source.data[end : source.data.find(b"\n", end) + 1 or len(source.data)]
    if indent.strip() or (rest.strip() and not rest.strip().startswith(b"#")):
        return None
    newline = b"\r\n" if rest.endswith(b"\r\n") else b"\n"
    after = end + len(rest)
    before = b"" if rest.endswith(b"\n") else newline
    return Splice(after, after, before + indent + text.encode() + newline)


def _import_beside(source: Source, module: str) -> Splice | None:
    first = next((node for node in source.tree.body if isinstance(node, ast.Import | ast.ImportFrom)), None)
    return None if first is None else _line_after(source, first, f"import {module}")


def move_module(source: Source, at: str, module: str, resolve: Resolve) -> bytes | None:
    """The file with the module of the file `at` imported under its new dotted name."""
    splices: list[Splice | None] = []
    prefixes: dict[str, str] = {}
    package, _, last = module.rpartition(".")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            if resolve(node.module or "", node.level) == at:
                splices.append(_module_word(source, node, module))
                continue
            inside = f"{node.module}." if node.module else ""
            for alias in node.names:
                if resolve(inside + alias.name, node.level) == at:
                    if len(node.names) > 1 or not package:
                        return None
                    known = alias.asname or alias.name
                    splices.append(_module_word(source, node, package))
                    said = last if known == last else f"{last} as {known}"
                    start, end = source.span(alias)
                    splices.append(Splice(start, end, said.encode()))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if resolve(alias.name, 0) == at:
                    splices.append(source.word(source.span(alias)[0], alias.name, module))
                    if alias.asname is None:
                        prefixes[alias.name] = module
    for one in ast.walk(source.tree):
        if isinstance(one, ast.Attribute | ast.Name) and _dotted(one) in prefixes:
            start, end = source.span(one)
            splices.append(Splice(start, end, prefixes[_dotted(one)].encode()))
    return source.edited(splices)
