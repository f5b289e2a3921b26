"""A file as a surface: which reader it goes to, by its name and, for documents, its first lines.

Never: two readers for one file; a file read that no reader knows. Readers whose library is not installed leave an empty
surface that says which extra is missing.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import PurePosixPath

from conflict.surface.migrations import sql_migration_of
from conflict.surface.nouns import PATHS_KEPT, Language, Surface
from conflict.surface.python import read_python

Reader = Callable[[str, bytes], Surface]

_SCRIPTS = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
_DOCUMENTS = frozenset({".json", ".yaml", ".yml"})
_GRAPHQL = frozenset({".graphql", ".gql", ".graphqls"})
_DATA = frozenset({"package.json", "package-lock.json", "tsconfig.json", "pnpm-lock.yaml", "composer.json"})
_EXTRA = "merge"


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


@lru_cache(PATHS_KEPT)
def is_read(path: str) -> bool:
    suffix = _suffix(path)
    if suffix in _DOCUMENTS:
        return PurePosixPath(path).name not in _DATA
    return suffix in (".py", ".pyi", ".sql") or suffix in _SCRIPTS or suffix in _GRAPHQL


def read(path: str, data: bytes) -> Surface:
    """The surface of a file; an empty one where no reader knows it."""
    suffix = _suffix(path)
    if suffix in (".py", ".pyi"):
        return read_python(path, data)
    if suffix in _SCRIPTS:
        return _script(path, data)
    if suffix in _DOCUMENTS:
        from conflict.surface.openapi import is_openapi, read_openapi

        return read_openapi(path, data) if is_openapi(data) else Surface(path)
    if suffix in _GRAPHQL:
        return _graphql(path, data)
    return _sql(path, data) if suffix == ".sql" else Surface(path)


def _missing(path: str, language: Language, *modules: str) -> Surface | None:
    if all(find_spec(module) is not None for module in modules):
        return None
    return Surface(path, language, fault=f"the extra {_EXTRA} is not installed", missing=_EXTRA)


def _script(path: str, data: bytes) -> Surface:
    missing = _missing(path, Language.JAVASCRIPT, "tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript")
    if missing is not None:
        return missing
    from conflict.surface.script import read_script

    return read_script(path, data)


def _graphql(path: str, data: bytes) -> Surface:
    missing = _missing(path, Language.GRAPHQL, "graphql")
    if missing is not None:
        return missing
    from conflict.surface.graphql import read_graphql

    return read_graphql(path, data)


def _sql(path: str, data: bytes) -> Surface:
    missing = _missing(path, Language.SQL, "sqlglot")
    if missing is None:
        from conflict.surface.sql import read_sql

        return read_sql(path, data)
    migration = sql_migration_of(path)
    return missing if migration is None else Surface(path, Language.SQL, migration=migration, missing=_EXTRA)
