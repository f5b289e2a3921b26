"""Everything that stands in a row (migrations, numbered files), looked at from both sides of a merge.

Never: IO; two edits of one file by different rules; a file of the trunk edited where the candidate's can be.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from conflict.schema import alembic, django, numbered
from conflict.schema.values import Edits, Finding, Sides
from conflict.surface.nouns import PATHS_KEPT

_LIKELY = re.compile(r"migrat|version|alembic|revision", re.I)
"""What the folders of migrations in Python are called by; two files of any other folder are not read for it."""
_RULES = (alembic.findings, django.findings, numbered.findings)


def findings(sides: Sides) -> list[Finding]:
    """All clashes in rows, first those of graphs. Where two of them would edit one file differently, the later one is
    left to a person."""
    found: list[Finding] = []
    edits: dict[str, bytes | None] = {}
    for rule in _RULES:
        for one in rule(sides):
            if any(path in edits and edits[path] != content for path, content in one.edits.items()):
                detail = f"{one.detail}; to settle it would meet {found[-1].symbol} in the same file"
                found.append(replace(one, detail=detail, edits={}, how=""))
            else:
                edits.update(one.edits)
                found.append(one)
    return found


def settled(found: Iterable[Finding]) -> Edits:
    """All edits together."""
    return {path: content for one in found for path, content in one.edits.items()}


def folders(ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, ...]:
    """The folders to be looked at, from the paths that each side changed: those of migrations in Python that both added
    to, all of the candidate's migrations of Django, whose apps point into each other, and those where both have a file
    of the same number."""
    mine, other = tuple(ours), tuple(theirs)
    added = {_folder(path) for path in other if _may_be_migration(path)}
    both = {_folder(path) for path in mine if _may_be_migration(path)} & added
    if any(_is_django(folder) for folder in both):
        both |= {folder for folder in added if _is_django(folder)}
    return tuple(sorted(both | numbered.taken_twice(mine, other)))


@lru_cache(PATHS_KEPT)
def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _is_django(folder: str) -> bool:
    return PurePosixPath(folder).name == "migrations"


@lru_cache(PATHS_KEPT)
def _may_be_migration(path: str) -> bool:
    place = PurePosixPath(path)
    if place.suffix != ".py" or place.name == "__init__.py":
        return False
    return _LIKELY.search(str(place.parent)) is not None
