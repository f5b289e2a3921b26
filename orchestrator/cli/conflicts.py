"""`conflicts`: what stands between branches, with no run.

Never: a change to the repository.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from conflict.contract import look
from conflict.detect import conflicts_between
from conflict.merge.whole import Lane, merge_contents
from conflict.schema.values import Finding
from dashboard.plain import to_json
from orchestrator.cli.guard import DONE, NOT_LANDED
from orchestrator.cli.out import one_line
from orchestrator.compose import find_repository
from orchestrator.settings import Misuse
from orchestrator.weights import shipped_weights
from state.candidate import Conflict, ConflictKind
from state.git.inspect import Place
from state.git.repository import GitRepository
from state.ids import Sha


def show_conflicts(refs: list[str], repo: Path, as_json: bool) -> int:
    if len(refs) < 2:
        raise Misuse("name at least two branches, tags or commits")
    place = find_repository(repo)
    return asyncio.run(_show(place, refs, as_json))


async def _show(place: Place, refs: list[str], as_json: bool) -> int:
    top = place.top_level or place.common_dir
    repository = GitRepository(top, known=place)
    try:
        found = {ref: await repository.resolve(ref) for ref in refs}
        unknown = [repr(ref) for ref, sha in found.items() if sha is None]
        if unknown:
            raise Misuse(f"{top} has no branch, tag or commit {', '.join(unknown)}")
        shas = tuple((ref, sha) for ref, sha in found.items() if sha is not None)

        async def settle(ours: Sha, theirs: Sha) -> Sequence[Finding]:
            return (await look(repository, ours, theirs)).found

        async def merges(conflict: Conflict) -> bool:
            return await _merges(repository, conflict)

        standing = await conflicts_between(repository, shas, settle, merges)
    finally:
        await repository.close()
    conflicts = standing.conflicts
    for extra in sorted({extra for _, extra in standing.unread}):
        paths = [path for path, needs in standing.unread if needs == extra]
        sys.stderr.write(f"{_files(paths)} compared as text only; to see more: pip install 'tianting[{extra}]'\n")
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
            if one.kind is not ConflictKind.TEXT:
                sys.stdout.write(f"    {one_line(one.detail)}\n")
        many = "1 conflict" if len(conflicts) == 1 else f"{len(conflicts)} conflicts"
        sys.stdout.write(f"{many} between {len(refs)} refs\n")
    return NOT_LANDED if conflicts else DONE


def _files(paths: list[str]) -> str:
    shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    return f"{one_line(shown)} {'was' if len(paths) == 1 else 'were'}"


async def _merges(repository: GitRepository, conflict: Conflict) -> bool:
    """Whether the structural merge is sure enough of it to land it without a gate."""
    sides = (conflict.base, conflict.ours, conflict.theirs)
    blobs = [side.blob for side in sides if side is not None and side.mode in ("100644", "100755")]
    if conflict.rule != "CONFLICT (contents)" or len(blobs) != 3:
        return False
    base, ours, theirs = [await repository.read_blob(blob) for blob in blobs]
    one = merge_contents(base, ours, theirs, conflict.path, shipped_weights(), Lane.LAND)
    return one.clean and one.content is not None and one.lane is Lane.LAND
