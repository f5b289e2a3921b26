"""Two branches in memory, and what stands between them."""

from collections.abc import Mapping

from conflict.foresee import Foresight
from conflict.rules.all import clashes_of
from conflict.rules.meeting import Meeting
from conflict.rules.view import View
from conflict.surface.cache import Surfaces
from state.clash import Clash
from state.git.memory import MemoryRepository

Files = Mapping[str, str]
Edits = Mapping[str, str | None]


async def clashes(base: Mapping[str, str], ours: Edits, theirs: Edits) -> list[Clash]:
    """What the rules say of two branches that change these files (None deletes one)."""
    repository = MemoryRepository()
    start = repository.seed({path: text.encode() for path, text in base.items()}, "refs/heads/main")
    sides = []
    for name, edits in (("ours", ours), ("theirs", theirs)):
        files = {path: None if text is None else ("100644", text.encode()) for path, text in edits.items()}
        sides.append(repository.commit_files(start, files, name, 1.0))
    seen = await Foresight(repository).between(*sides)
    return list(seen.clashes)


async def rules(base: Mapping[str, str], ours: Edits, theirs: Edits) -> list[tuple[str, str, str]]:
    """(rule, symbol, path) of what is certain."""
    return [(one.rule, one.symbol, one.place.path) for one in await clashes(base, ours, theirs) if one.certain]


def told(base: Files, ours: Files, theirs: Files, merged: Files) -> list[tuple[str, str, str]]:
    """(rule, symbol, path) of what is certain, of whole trees and a merge that is git's to make: it follows renames."""
    kept = Surfaces()
    views = [
        View(tree, {path: kept.learn(path, text, text.encode()) for path, text in tree.items()})
        for tree in (base, ours, theirs, merged)
    ]
    changes = [
        frozenset(path for path in {*base, *side} if base.get(path) != side.get(path)) for side in (ours, theirs)
    ]
    found = clashes_of(Meeting(views[0], views[1], views[2], views[3], frozenset(), changes[0], changes[1]))
    return [(one.rule, one.symbol, one.place.path) for one in found if one.certain]
