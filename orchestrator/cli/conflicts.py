"""`conflicts`: what stands between branches, with no run.

Never: a change to the repository.
"""

import asyncio
import sys
from pathlib import Path

from conflict.detect import conflicts_between
from dashboard.plain import to_json
from orchestrator.cli.guard import DONE, NOT_LANDED
from orchestrator.cli.out import one_line
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
        found = {ref: await repository.resolve(ref) for ref in refs}
        unknown = [repr(ref) for ref, sha in found.items() if sha is None]
        if unknown:
            raise Misuse(f"{top} has no branch, tag or commit {', '.join(unknown)}")
        shas = tuple((ref, sha) for ref, sha in found.items() if sha is not None)
        conflicts = await conflicts_between(repository, shas)
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
        sys.stdout.write(to_json({"refs": refs, "conflicts": rows}) + "\n")
    else:
        for one in conflicts:
            what = ": ".join(part for part in (one.path, one.symbol, one.rule) if part)
            sys.stdout.write(f"{one.kind}: {' and '.join(one.between)}: {one_line(what)}\n")
        many = "1 conflict" if len(conflicts) == 1 else f"{len(conflicts)} conflicts"
        sys.stdout.write(f"{many} between {len(refs)} refs\n")
    return NOT_LANDED if conflicts else DONE
