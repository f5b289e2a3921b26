"""What a file offers to others, in lines for a reader: signatures, routes, shapes, tables.

Never: what a file relies on, a body of code.
"""

from collections.abc import Iterator

from conflict.surface.nouns import Param, ParamKind, Signature, Surface, Symbol

_STARS = {ParamKind.REST: "*", ParamKind.NAMED_REST: "**"}


def offered(surface: Surface) -> Iterator[str]:
    """One line each; names that begin with an underscore are nobody else's."""
    for one in surface.symbols:
        if one.exported and not any(part.startswith("_") for part in one.name.split(".")):
            yield _symbol(one)
    for route in surface.routes:
        takes = ", ".join([*(field.name for field in (*route.query, *route.body)), *filter(None, [route.body_type])])
        gives = route.answer_type or ", ".join(field.name for field in route.answer)
        yield (
            f"route {route.method} {route.path}" + (f" ({takes})" if takes else "") + (f" -> {gives}" if gives else "")
        )
    for shape in surface.shapes:
        yield f"{shape.kind} {shape.name}: {', '.join(_typed(one.name, one.type) for one in shape.fields)}"
    for table in surface.tables:
        yield f"table {table.name}: {', '.join(_typed(one.name, one.type) for one in table.columns)}"
    if surface.migration is not None:
        yield f"migration {surface.migration.id}, after {', '.join(surface.migration.parents) or 'none'}"


def _symbol(one: Symbol) -> str:
    said = f"{one.kind.value} {one.name}"
    return f"{said}{_signature(one.signature)}" if one.signature is not None else f"{_typed(said, one.type)}"


def _signature(one: Signature) -> str:
    takes: list[str] = []
    for param in one.params:
        after_rest = any(piece.startswith("*") for piece in takes)
        if param.kind is ParamKind.KEYWORD and not after_rest:
            takes.append("*")
        takes.append(_param(param))
    awaited = " (awaited)" if one.awaited else ""
    return f"({', '.join(takes)})" + (f" -> {one.returns}" if one.returns else "") + awaited


def _param(param: Param) -> str:
    default = "" if param.default is None else f" = {param.default}"
    return f"{_STARS.get(param.kind, '')}{_typed(param.name, param.type)}{default}"


def _typed(name: str, kind: str) -> str:
    return f"{name}: {kind}" if kind else name
