"""Migrations of Alembic and Django, read by their syntax tree.

Never: executed or imported; a revision invented where the file does not say one in plain words.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from conflict.surface import alembic_steps, django_steps
from conflict.surface.nouns import Framework, Migration
from conflict.surface.syntax import assigned, dotted, last, text_of, texts_of

_NUMBER = re.compile(r"^[Vv]?(\d+)(?=[._-])")
_SQL_FOLDERS = frozenset({"migrations", "migration", "migrate", "migrates", "sql"})


def migration_of(path: str, tree: ast.Module) -> Migration | None:
    """The migration that a Python file is; None when it is none."""
    return _django(path, tree) or _alembic(path, tree)


def sql_migration_of(path: str) -> Migration | None:
    """A numbered SQL file in a folder for such; a file that only undoes another is none of its own."""
    place = PurePosixPath(path)
    number = number_of(place.name)
    if not number or place.suffix != ".sql" or place.stem.endswith((".down", "_down", ".undo")):
        return None
    if not _SQL_FOLDERS.intersection(place.parts[:-1]) and place.name[:1] not in "vV":
        return None
    return Migration(Framework.SQL, place.name, str(place.parent), path, (), number=number)


def number_of(name: str) -> str:
    """The running number that a file's name begins with; "" for none. A point in time is none: two never clash."""
    found = _NUMBER.match(name)
    return found.group(1) if found and len(found.group(1)) < 8 else ""


def django_app(path: str) -> str:
    """The app that a file below an app's folder belongs to."""
    parts = PurePosixPath(path).parts
    for inner in ("migrations", "models"):
        if inner in parts[:-1]:
            at = parts.index(inner)
            return parts[at - 1] if at else ""
    return parts[-2] if len(parts) > 1 else ""


# ----------------------------------------------------------------------------------------------------- Alembic


def _alembic(path: str, tree: ast.Module) -> Migration | None:
    found = {name: (value, line) for name, value, line in assigned(tree.body)}
    if "revision" not in found or "down_revision" not in found:
        return None
    revision = text_of(found["revision"][0])
    if not revision:
        return None
    place = PurePosixPath(path)
    return Migration(
        Framework.ALEMBIC,
        revision,
        str(place.parent),
        path,
        texts_of(found["down_revision"][0]),
        found["down_revision"][1],
        texts_of(found["depends_on"][0]) if "depends_on" in found else (),
        labels=texts_of(found["branch_labels"][0]) if "branch_labels" in found else (),
        number=number_of(place.name),
        operations=tuple(alembic_steps.operations(tree)),
    )


# ------------------------------------------------------------------------------------------------------ Django


def _django(path: str, tree: ast.Module) -> Migration | None:
    place = PurePosixPath(path)
    if place.parent.name != "migrations":
        return None
    for stmt in tree.body:
        if isinstance(stmt, ast.ClassDef) and any(last(dotted(base)) == "Migration" for base in stmt.bases):
            return _django_class(place, stmt)
    return None


def _django_class(place: PurePosixPath, body: ast.ClassDef) -> Migration:
    app = django_app(str(place))
    said = {name: (value, line) for name, value, line in assigned(body.body)}
    parents: tuple[str, ...] = ()
    depends: list[str] = []
    line = body.lineno
    if "dependencies" in said:
        value, line = said["dependencies"]
        all_of = tuple(_pairs(value))
        parents = tuple(f"{label}.{name}" for label, name in all_of if label == app)
        depends = [f"{label}.{name}" for label, name in all_of if label != app]
    replaces = tuple(f"{label}.{name}" for label, name in _pairs(said["replaces"][0])) if "replaces" in said else ()
    steps = tuple(django_steps.operations(said["operations"][0], app)) if "operations" in said else ()
    return Migration(
        Framework.DJANGO,
        f"{app}.{place.stem}",
        app,
        str(place),
        parents,
        line,
        tuple(depends),
        replaces,
        number=number_of(place.name),
        operations=steps,
    )


def _pairs(node: ast.expr) -> Iterator[tuple[str, str]]:
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else ():
        pair = texts_of(item) if isinstance(item, (ast.Tuple, ast.List)) else ()
        if len(pair) == 2:
            yield pair[0], pair[1]
