"""GraphQL documents as a surface: the types of a schema, and what operations ask of them.

The parser comes with the extra `merge`. Never: a schema built, an operation run.
"""

from collections.abc import Iterator

from graphql import GraphQLError, Source, parse, print_ast
from graphql.language import ast as g

from conflict.surface.nouns import Field, Language, Shape, ShapeUse, Surface
from conflict.surface.syntax import decode

_ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
_TOO_LONG = 1_000_000


def read_graphql(path: str, data: bytes) -> Surface:
    text = decode(data)
    if text is None or len(data) > _TOO_LONG:
        return Surface(path, Language.GRAPHQL, fault="it is no text, or too long")
    try:
        document = parse(Source(text))
    except (GraphQLError, RecursionError):
        return Surface(path, Language.GRAPHQL, fault="its syntax has a fault")
    shapes: list[Shape] = []
    uses: list[ShapeUse] = []
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, g.FragmentDefinitionNode)}
    for one in document.definitions:
        shapes += _shapes(one)
        uses += [ShapeUse(name, "", _line(one)) for name in _named_types(one)]
        if isinstance(one, g.OperationDefinitionNode):
            uses += _selected(_ROOTS[one.operation.value], "", one.selection_set, fragments, 0)
        elif isinstance(one, g.FragmentDefinitionNode):
            uses += _selected(one.type_condition.name.value, "", one.selection_set, fragments, 0)
    return Surface(path, Language.GRAPHQL, shapes=tuple(shapes), shape_uses=tuple(uses))


def _line(node: g.Node) -> int:
    return node.loc.start_token.line if node.loc is not None else 0


def _shapes(node: g.Node) -> Iterator[Shape]:
    match node:
        case g.ObjectTypeDefinitionNode() | g.InterfaceTypeDefinitionNode() | g.ObjectTypeExtensionNode():
            kind = "interface" if isinstance(node, g.InterfaceTypeDefinitionNode) else "object"
            fields = tuple(Field(one.name.value, print_ast(one.type), line=_line(one)) for one in node.fields or ())
            yield Shape(node.name.value, fields, _line(node), kind, open=False)
            for one in node.fields or ():
                if one.arguments:
                    yield Shape(
                        f"{node.name.value}.{one.name.value}()", _inputs(one.arguments), _line(one), "arguments"
                    )
        case g.InputObjectTypeDefinitionNode() | g.InputObjectTypeExtensionNode():
            yield Shape(node.name.value, _inputs(node.fields or ()), _line(node), "input", open=False)
        case g.EnumTypeDefinitionNode():
            values = tuple(Field(one.name.value, line=_line(one)) for one in node.values or ())
            yield Shape(node.name.value, values, _line(node), "enum", open=False)
        case g.UnionTypeDefinitionNode():
            members = tuple(Field(one.name.value, line=_line(one)) for one in node.types or ())
            yield Shape(node.name.value, members, _line(node), "union", open=False)
        case _:
            pass


def _inputs(nodes: tuple[g.InputValueDefinitionNode, ...]) -> tuple[Field, ...]:
    return tuple(
        Field(
            one.name.value,
            print_ast(one.type),
            isinstance(one.type, g.NonNullTypeNode) and one.default_value is None,
            _line(one),
        )
        for one in nodes
    )


def _named_types(node: g.Node) -> Iterator[str]:
    """Types that a definition names for its own fields, arguments and variables."""
    if isinstance(node, (g.ObjectTypeDefinitionNode, g.InterfaceTypeDefinitionNode, g.ObjectTypeExtensionNode)):
        for one in node.fields or ():
            yield _inner(one.type)
            yield from (_inner(given.type) for given in one.arguments or ())
    elif isinstance(node, g.InputObjectTypeDefinitionNode):
        yield from (_inner(one.type) for one in node.fields or ())
    elif isinstance(node, g.OperationDefinitionNode):
        yield from (_inner(one.type) for one in node.variable_definitions or ())


def _inner(node: g.TypeNode) -> str:
    while isinstance(node, (g.NonNullTypeNode, g.ListTypeNode)):
        node = node.type
    return node.name.value if isinstance(node, g.NamedTypeNode) else ""


def _selected(
    root: str,
    path: str,
    chosen: g.SelectionSetNode | None,
    fragments: dict[str, g.FragmentDefinitionNode],
    depth: int,
) -> Iterator[ShapeUse]:
    """Every field of a selection as a dotted path from its root type, and the arguments given to each."""
    for one in chosen.selections if chosen is not None and depth < 20 else ():
        if isinstance(one, g.FieldNode):
            name = one.name.value
            if name.startswith("__"):
                continue
            full = f"{path}.{name}" if path else name
            yield ShapeUse(root, full, _line(one))
            yield ShapeUse(root, f"{full}()", _line(one), tuple(given.name.value for given in one.arguments or ()))
            yield from _selected(root, full, one.selection_set, fragments, depth + 1)
        elif isinstance(one, g.InlineFragmentNode):
            onto = one.type_condition.name.value if one.type_condition is not None else ""
            yield from _selected(onto or root, "" if onto else path, one.selection_set, fragments, depth + 1)
