"""A Python file as a surface, by its syntax tree alone; nothing of it is imported or run.

Never: types inferred further than an annotation or a plain construction says.
"""

import ast

from conflict.surface.migrations import migration_of
from conflict.surface.nouns import Language, Surface
from conflict.surface.paths import METHODS
from conflict.surface.python_names import is_open, twice_defined, undefined_names
from conflict.surface.python_route_uses import route_uses_of
from conflict.surface.python_routes import routes_of
from conflict.surface.python_symbols import symbols_of
from conflict.surface.python_tables import tables_of
from conflict.surface.python_uses import imports_of, uses_of
from conflict.surface.syntax import decode, parse

_ROUTES = ("urlpatterns", "route(", "add_url_rule", "websocket(", *(f".{method}(" for method in METHODS))
_REQUESTS = ('"/', "'/", "://", "url_for(", "reverse(", "redirect(")


def read_python(path: str, data: bytes) -> Surface:
    tree = parse(data)
    if isinstance(tree, str):
        return Surface(path, Language.PYTHON, fault=tree)
    try:
        return _read(path, decode(data) or "", tree)
    except RecursionError:
        return Surface(path, Language.PYTHON, fault="it is nested too deep")


def _read(path: str, text: str, tree: ast.Module) -> Surface:
    symbols = tuple(symbols_of(tree, text))
    imports = tuple(imports_of(tree, text))

    def says(*words: str) -> bool:
        """A look that is far cheaper than a walk over the tree."""
        return any(word in text for word in words)

    return Surface(
        path,
        Language.PYTHON,
        symbols,
        imports,
        tuple(uses_of(tree, imports, symbols)),
        tuple(routes_of(tree)) if says(*_ROUTES) else (),
        tuple(route_uses_of(tree)) if says(*_REQUESTS) else (),
        tables=tuple(tables_of(path, tree)) if says("Column(", "mapped_column", "Mapped[", "models.") else (),
        migration=migration_of(path, tree),
        undefined=() if any(one.name == "*" for one in imports) else undefined_names(text, tree),
        twice=tuple(twice_defined(tree)),
        open=says("globals()", "vars()", "locals()", "sys.modules", "def __getattr__") and is_open(tree),
    )
