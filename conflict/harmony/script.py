"""JavaScript and TypeScript callers carried along with what they call: the names under which they import it, and the
files they import it from. Edits of spans that the syntax tree names; every other byte stays.

Never: an edit of a file whose syntax has a fault; a name touched outside of imports, but for members of a module that
was imported whole under a name that nothing else in the file has.
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator

from tree_sitter import Node

from conflict.schema.span import Splice, spliced
from conflict.surface.script_tree import arguments, field, parse, string, text, walk

Resolve = Callable[[str], str | None]
"""From a specifier as an import writes it to the file it stands for."""

_SPECIFIERS = ("import_specifier", "export_specifier")
_READS = ("member_expression", "nested_identifier", "nested_type_identifier", "namespace_import", "arguments")
"""Where a name may stand that is read, or bound by the import in question, and by nothing else."""
_ENDINGS = (".d.ts", ".tsx", ".ts", ".mts", ".cts", ".jsx", ".mjs", ".cjs", ".js")


def rename(path: str, data: bytes, old: str, new: str, at: str, resolve: Resolve) -> bytes | None:
    """The file with an export of the file `at` imported under its new name, and known here by the old one."""
    root = parse(path, data)
    if isinstance(root, str):
        return None
    splices: list[Splice] = []
    for module, names in _imports(root):
        if resolve(string(module)) != at:
            continue
        for one in names:
            if one.type in _SPECIFIERS and text(field(one, "name")) == old:
                alias = field(one, "alias")
                splices.append(_word(field(one, "name"), new if alias is not None else f"{new} as {old}"))
            elif one.type == "shorthand_property_identifier_pattern" and text(one) == old:
                splices.append(_word(one, f"{new}: {old}"))
            elif one.type == "pair_pattern" and text(field(one, "key")) == old:
                splices.append(_word(field(one, "key"), new))
            elif _is_whole(one):
                members = _members(root, one, old, new)
                if members is None:
                    return None
                splices += members
    return _edited(path, data, splices)


def reimport(path: str, data: bytes, name: str, at: str, to: str, resolve: Resolve) -> bytes | None:
    """The file with `name` imported from the file `to` and no more from the file `at`."""
    root = parse(path, data)
    if isinstance(root, str):
        return None
    splices: list[Splice] = []
    for module, names in _imports(root):
        mine = [one for one in names if name in (text(field(one, "name")), text(field(one, "key")), text(one))]
        if resolve(string(module)) != at or not mine:
            continue
        statement = module.parent
        said = _specifier(path, to, string(module))
        if len(names) == 1 and mine[0].type not in ("namespace_import", "identifier"):
            splices.append(_inside(module, said))
        elif statement is None or statement.type != "import_statement" or mine[0].type != "import_specifier":
            return None
        else:
            splices += _parted(data, statement, names, mine[0], module, said)
    return _edited(path, data, splices)


def move_module(path: str, data: bytes, at: str, to: str, resolve: Resolve) -> bytes | None:
    """The file with the file `at` imported from where it is now."""
    root = parse(path, data)
    if isinstance(root, str):
        return None
    modules = [module for module, _ in _imports(root) if resolve(string(module)) == at]
    return _edited(path, data, [_inside(one, _specifier(path, to, string(one))) for one in modules])


def _edited(path: str, data: bytes, splices: Iterable[Splice]) -> bytes | None:
    new = spliced(data, splices)
    return new if new != data and not isinstance(parse(path, new), str) else None


def _imports(root: Node) -> Iterator[tuple[Node, list[Node]]]:
    """The string of each import, with what it binds."""
    for node in walk(root):
        module = field(node, "source") if node.type in ("import_statement", "export_statement") else None
        if module is not None:
            holders = ("import_clause", "export_clause", "named_imports")
            names = [one for inner in node.named_children if inner.type in holders for one in inner.named_children]
            named = [one for inner in names if inner.type == "named_imports" for one in inner.named_children]
            yield module, [one for one in (*names, *named) if one.type != "named_imports" and one.type != "comment"]
        elif node.type == "variable_declarator" and (given := _required(node)) is not None:
            bound = field(node, "name")
            pattern = bound is not None and bound.type == "object_pattern"
            yield given, [] if bound is None else bound.named_children if pattern else [bound]


def _is_whole(bound: Node) -> bool:
    """Whether it binds a module with all that it exports; a default import is one export alone."""
    above = bound.parent
    required = bound.type == "identifier" and above is not None and above.type == "variable_declarator"
    return bound.type == "namespace_import" or required


def _required(node: Node) -> Node | None:
    value = field(node, "value")
    if value is None or value.type != "call_expression" or text(field(value, "function")) != "require":
        return None
    given = arguments(value)
    return given[0] if len(given) == 1 and given[0].type == "string" else None


def _word(node: Node | None, new: str) -> Splice:
    assert node is not None
    return Splice(node.start_byte, node.end_byte, new.encode())


def _inside(module: Node, new: str) -> Splice:
    """The string's content; its quotes stay."""
    return Splice(module.start_byte + 1, module.end_byte - 1, new.encode())


def _members(root: Node, bound: Node, old: str, new: str) -> list[Splice] | None:
    """`m.old` wherever a module is known as `m`; None where something else may be `m`, or it is looked into by a
    name that does not show."""
    known = text(bound.named_children[0]) if bound.type == "namespace_import" else text(bound)
    found: list[Splice] = []
    for node in walk(root):
        if node.type == "shorthand_property_identifier_pattern" and text(node) == known:
            return None
        if node.type != "identifier" or text(node) != known:
            continue
        above = node.parent
        if above is None or (above.type not in _READS and node != bound):
            return None
        inner = field(above, "property") or (field(above, "name") if above.type == "nested_type_identifier" else None)
        if inner is not None and inner != node and text(inner) == old:
            found.append(_word(inner, new))
    return found


def _specifier(path: str, to: str, like: str) -> str:
    """How the file at `path` names the file `to`, with an ending where the import had one before."""
    place = posixpath.relpath(to, posixpath.dirname(path) or ".")
    ended = next((end for end in _ENDINGS if like.endswith(end)), "")
    stem = next((place[: -len(end)] for end in _ENDINGS if place.endswith(end)), place)
    stem = stem if ended else stem.removesuffix("/index")
    return (stem if stem.startswith(".") else f"./{stem}") + ended


def _parted(data: bytes, statement: Node, names: list[Node], one: Node, module: Node, said: str) -> Iterator[Splice]:
    """One name taken out of an import of several, and imported by a statement of its own on the next line."""
    among = [each for each in names if each.type == "import_specifier"]
    at = among.index(one)
    if len(among) == 1:
        return  # a default beside it: nothing is left to take it out of
    start = one.start_byte if at + 1 < len(among) else among[at - 1].end_byte
    end = among[at + 1].start_byte if at + 1 < len(among) else one.end_byte
    yield Splice(start, end, b"")
    line = data.rfind(b"\n", 0, statement.start_byte) + 1
    after = data[statement.end_byte : data.find(b"\n", statement.end_byte) + 1]
    newline = b"\r\n" if after.endswith(b"\r\n") else b"\n"
    kind = b"import type " if any(each.type == "type" for each in statement.children) else b"import "
    quote = data[module.start_byte : module.start_byte + 1]
    semicolon = b";" if data[statement.start_byte : statement.end_byte].endswith(b";") else b""
    made = kind + b"{ " + data[one.start_byte : one.end_byte] + b" } from " + quote + said.encode() + quote + semicolon
    yield Splice(statement.end_byte, statement.end_byte, newline + data[line : statement.start_byte] + made)
