"""Two branches in memory, and what stands between them."""

from collections.abc import Mapping

from conflict.foresee import Foresight
from state.clash import Clash
from state.git.memory import MemoryRepository

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
