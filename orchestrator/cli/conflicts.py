"""`conflicts`: what stands between branches, with no run.

Never: a change to the repository.
"""

import asyncio
import json
import sys
from pathlib import Path

from conflict.detect import conflicts_between
from orchestrator.cli.guard import DONE, NOT_LANDED
from orchestrator.compose import find_repository
from orchestrator.settings import Misuse
from state.git.repository import GitRepository


def show_conflicts(refs: list[str], repo: Path, as_json: bool) -> int:
    if len(refs) < 2:
        raise Misuse("name at least two branches, tags or commits")
    place = find_repository(repo)
    return asyncio.run(_show(place.top_level or place.common_dir, refs, as_json))


async def _show(top: str, refs: list[str], as_json: bool) -> int:
    repository = GitRepository(top)
    try:
        shas = {}
        for ref in refs:
            sha = await repository.resolve(ref)
            if sha is None:
                raise Misuse(f"{ref!r} is no branch, tag or commit of {top}")
            shas[ref] = sha
        conflicts = await conflicts_between(repository, tuple(shas.items()))
    finally:
        await repository.close()
    if as_json:
        rows = [
            {
                "kind": one.kind,
                "rule": one.rule,
                "between": list(one.between),
                "path": one.path,
                "symbol": one.symbol,
                "detail": one.detail,
                "resolves": one.resolves,
                "rung": one.rung,
            }
            for one in conflicts
        ]
        sys.stdout.write(json.dumps({"refs": refs, "conflicts": rows}, ensure_ascii=False) + "\n")
    else:
        for one in conflicts:
            sys.stdout.write(f"{one.kind}: {' and '.join(one.between)}: {one.path}: {one.rule}\n")
        sys.stdout.write(f"{len(conflicts)} conflicts between {len(refs)} refs\n")
    return NOT_LANDED if conflicts else DONE
