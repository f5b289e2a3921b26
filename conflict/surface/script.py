"""A JavaScript or TypeScript file as a surface: what it exports, imports, calls, answers and asks for.

Never: run; a type inferred further than an annotation or a plain construction says.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from conflict.surface.nouns import Import, Language, Param, ParamKind, Signature, Surface, Symbol, SymbolKind
from conflict.surface.script_routes import requests_of, routes_of
from conflict.surface.script_tree import arguments, dotted, field, is_typed, line, parse, string, text, walk
from conflict.surface.script_uses import uses_of
from conflict.surface.syntax import text_mark

_FUNCTIONS = ("function_declaration", "generator_function_declaration", "function_signature")
_VALUES = ("arrow_function", "function_expression", "generator_function", "function")
_CLASSES = ("class_declaration", "abstract_class_declaration", "class")


def read_script(path: str, data: bytes) -> Surface:
    language = Language.TYPESCRIPT if is_typed(path) else Language.JAVASCRIPT
    root = parse(path, data)
    if isinstance(root, str):
        return Surface(path, language, fault=root)
    symbols = tuple(_symbols(root))
    imports = tuple(_imports(root))
    names = [one.name for one in symbols if "." not in one.name]
    twice = tuple((one.name, one.line) for at, one in enumerate(symbols) if one.name in {s.name for s in symbols[:at]})
    return Surface(
        path,
        language,
        symbols,
        imports,
        tuple(uses_of(root, {*names, *(one.bound for one in imports if one.bound)})),
        tuple(routes_of(root)),
        tuple(requests_of(root)),
        twice=twice,
        open=False,
    )


# --------------------------------------------------------------------------------------------------- imports


def _imports(root: Node) -> Iterator[Import]:
    given = {name for node in root.named_children for name in _given_on(node)}
    for node in root.named_children:
        if node.type == "import_statement":
            yield from (replace(one, exported=one.bound in given) for one in _import(node))
        elif node.type == "export_statement" and (module := string(field(node, "source"))):
            yield from _passed_on(node, module)
    for node in walk(root):
        if node.type == "variable_declarator":
            yield from _required(node)


def _import(node: Node) -> Iterator[Import]:
    module, at = string(field(node, "source")), line(node)
    clause = next((one for one in node.named_children if one.type == "import_clause"), None)
    for one in clause.named_children if clause is not None else ():
        if one.type == "identifier":
            yield Import(module, "default", text(one), at)
        elif one.type == "namespace_import":
            yield Import(module, "", text(one.named_children[0]), at)
        elif one.type == "named_imports":
            for each in one.named_children:
                name = text(field(each, "name"))
                if name:
                    yield Import(module, name, text(field(each, "alias")) or name, line(each))


def _passed_on(node: Node, module: str) -> Iterator[Import]:
    """`export … from`: another file's names under this one's."""
    clause = next((one for one in node.named_children if one.type == "export_clause"), None)
    if clause is None:
        yield Import(module, "*", "", line(node), exported=True)
    for each in clause.named_children if clause is not None else ():
        name = text(field(each, "name"))
        if name:
            yield Import(module, name, text(field(each, "alias")) or name, line(each), exported=True)


def _given_on(node: Node) -> Iterator[str]:
    """Names of the file's own that `export { … }` gives under just these names."""
    if node.type == "export_statement" and not string(field(node, "source")):
        clause = next((one for one in node.named_children if one.type == "export_clause"), None)
        for each in clause.named_children if clause is not None else ():
            if field(each, "alias") is None:
                yield text(field(each, "name"))


def _is_required(node: Node) -> bool:
    """`const m = require("./m")` is an import, and no definition of this file's."""
    value = field(node, "value")
    return value is not None and value.type == "call_expression" and text(field(value, "function")) == "require"


def _required(node: Node) -> Iterator[Import]:
    value = field(node, "value")
    if value is None or not _is_required(node):
        return
    given = arguments(value)
    module = string(given[0]) if given else ""
    bound = field(node, "name")
    if not module or bound is None:
        return
    if bound.type == "identifier":
        yield Import(module, "", text(bound), line(node))
    for one in bound.named_children if bound.type == "object_pattern" else ():
        if one.type == "shorthand_property_identifier_pattern":
            yield Import(module, text(one), text(one), line(one))
        elif one.type == "pair_pattern":
            yield Import(module, text(field(one, "key")), text(field(one, "value")), line(one))


# --------------------------------------------------------------------------------------------------- symbols


def _symbols(root: Node) -> Iterator[Symbol]:
    for node in root.named_children:
        yield from _statement(node, exported=False)
    yield from _common_js(root)


def _statement(node: Node, exported: bool) -> Iterator[Symbol]:
    if node.type == "export_statement":
        inner = field(node, "declaration")
        if inner is not None:
            default = any(one.type == "default" for one in node.children)
            for symbol in _statement(inner, exported=True):
                yield symbol
                if default and "." not in symbol.name:
                    yield _named("default", symbol)
        elif (value := field(node, "value")) is not None:
            yield from _of_value("default", value, node, exported=True)
        return
    if node.type in _FUNCTIONS:
        yield _function(text(field(node, "name")), node, SymbolKind.FUNCTION, exported)
    elif node.type in _CLASSES:
        yield from _class(node, exported)
    elif node.type in ("lexical_declaration", "variable_declaration"):
        for one in node.named_children:
            name = field(one, "name")
            plain = one.type == "variable_declarator" and name is not None and name.type == "identifier"
            if plain and not _is_required(one):
                yield from _of_value(text(name), field(one, "value"), one, exported)
    elif node.type == "interface_declaration":
        yield from _type(node, field(node, "body"), exported)
    elif node.type == "type_alias_declaration":
        yield from _type(node, field(node, "value"), exported)
    elif node.type == "enum_declaration":
        yield from _enum(node, exported)


def _named(name: str, one: Symbol) -> Symbol:
    return Symbol(name, one.kind, one.line, one.end, one.digest, one.shape, one.signature, one.bases)


def _base(name: str, node: Node, kind: SymbolKind, exported: bool, signature: Signature | None = None) -> Symbol:
    whole = text(node)
    own = re.escape(name.rpartition(".")[2])
    digest, shape = text_mark(whole), text_mark(re.sub(rf"(?<![\w$]){own}(?![\w$])", "", whole))
    hint = text(field(node, "type")).removeprefix(":").strip() if kind is SymbolKind.VALUE else ""
    return Symbol(name, kind, line(node), node.end_point[0] + 1, digest, shape, signature, exported=exported, type=hint)


def _function(name: str, node: Node, kind: SymbolKind, exported: bool, at: Node | None = None) -> Symbol:
    return _base(name, at or node, kind, exported, signature_of(node))


def _of_value(name: str, value: Node | None, at: Node, exported: bool) -> Iterator[Symbol]:
    if value is not None and value.type in _VALUES:
        yield _function(name, value, SymbolKind.FUNCTION, exported, at)
    elif value is not None and value.type == "identifier" and name == "default":
        yield _base(name, at, SymbolKind.VALUE, exported)
    else:
        yield _base(name, at, SymbolKind.VALUE, exported)


def signature_of(node: Node) -> Signature:
    given = field(node, "parameters")
    single = field(node, "parameter")
    params = [] if given is None else [made for one in given.named_children if (made := _param(one)) is not None]
    if single is not None:
        params = [Param(text(single))]
    returns = text(field(node, "return_type")).removeprefix(":").strip()
    return Signature(tuple(params), returns, any(one.type == "async" for one in node.children))


def _param(node: Node) -> Param | None:
    hint = text(field(node, "type")).removeprefix(":").strip()
    match node.type:
        case "identifier":
            return Param(text(node), ParamKind.POSITIONAL)
        case "rest_pattern":
            return Param(text(node).removeprefix("..."), ParamKind.REST)
        case "assignment_pattern":
            return Param(text(field(node, "left")), ParamKind.POSITIONAL, text(field(node, "right")))
        case "object_pattern" | "array_pattern":
            return Param("".join(text(node).split()), ParamKind.POSITIONAL)
        case "required_parameter" | "optional_parameter":
            name = field(node, "pattern")
            if name is None or name.type == "this":
                return None
            if name.type == "rest_pattern":
                return Param(text(name).removeprefix("..."), ParamKind.REST, type=hint)
            value = field(node, "value")
            free = value is not None or node.type == "optional_parameter"
            return Param("".join(text(name).split()), ParamKind.POSITIONAL, text(value) if free else None, hint)
        case _:
            return None


def _class(node: Node, exported: bool) -> Iterator[Symbol]:
    name = text(field(node, "name")) or "default"
    body = field(node, "body")
    members: list[Symbol] = []
    making: Signature | None = Signature()
    for one in body.named_children if body is not None else ():
        member = text(field(one, "name"))
        if one.type == "method_definition" and member == "constructor":
            making = signature_of(one)
        elif one.type in ("method_definition", "abstract_method_signature", "method_signature") and member:
            kind = SymbolKind.PROPERTY if any(c.type in ("get", "set") for c in one.children) else SymbolKind.METHOD
            made = _function(f"{name}.{member}", one, kind, exported)
            abstract = one.type == "abstract_method_signature"
            members.append(
                Symbol(made.name, kind, made.line, made.end, made.digest, made.shape, made.signature, abstract=abstract)
            )
        elif one.type in ("field_definition", "public_field_definition") and (field(one, "property") or member):
            members.append(_base(f"{name}.{member or text(field(one, 'property'))}", one, SymbolKind.VALUE, exported))
    heritage = next((one for one in node.named_children if one.type == "class_heritage"), None)
    bases = tuple(filter(None, (_heir(one) for one in heritage.named_children))) if heritage is not None else ()
    whole = text(node)
    header = text_mark("|".join([*bases, *(one.name for one in members)]))
    yield Symbol(
        name,
        SymbolKind.CLASS,
        line(node),
        node.end_point[0] + 1,
        header,
        text_mark(whole.replace(name, "", 1)),
        None if bases and making == Signature() else making,
        bases,
        exported=exported,
    )
    yield from members


def _heir(node: Node) -> str:
    if node.type == "extends_clause":
        return dotted(field(node, "value"))
    return dotted(node)


def _type(node: Node, body: Node | None, exported: bool) -> Iterator[Symbol]:
    name = text(field(node, "name"))
    yield _base(name, node, SymbolKind.TYPE, exported)
    for one in body.named_children if body is not None and body.type in ("interface_body", "object_type") else ():
        member = text(field(one, "name"))
        if one.type == "property_signature" and member:
            yield _base(f"{name}.{member}", one, SymbolKind.VALUE, exported)
        elif one.type == "method_signature" and member:
            yield _function(f"{name}.{member}", one, SymbolKind.METHOD, exported)


def _enum(node: Node, exported: bool) -> Iterator[Symbol]:
    name = text(field(node, "name"))
    yield _base(name, node, SymbolKind.CLASS, exported)
    body = field(node, "body")
    for one in body.named_children if body is not None else ():
        member = text(field(one, "name")) if one.type == "enum_assignment" else text(one)
        if member.isidentifier():
            yield _base(f"{name}.{member}", one, SymbolKind.VALUE, exported)


def _common_js(root: Node) -> Iterator[Symbol]:
    """`exports.f = function …` and `module.exports = { f, g }`."""
    for node in root.named_children:
        made = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
        if made is None or made.type != "assignment_expression":
            continue
        target, value = dotted(field(made, "left")), field(made, "right")
        if target.startswith(("exports.", "module.exports.")):
            name = target.rpartition(".")[2]
            if value is not None and value.type != "identifier":
                yield from _of_value(name, value, made, exported=True)
