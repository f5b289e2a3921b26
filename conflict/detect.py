"""What stands between branches: every pair of them merged, each conflict as a value (`tianting conflicts`).

Never: a ref, an index, a work tree; a conflict called resolved that no built rung resolves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from state.candidate import Conflict, ConflictKind, Rung
from state.ids import Sha
from state.ports import MergeConflicted, Repository

UNRELATED = "unrelated histories"


@dataclass(frozen=True, slots=True)
class FoundConflict:
    """A conflict between two refs, by the names they were asked with, as `tianting conflicts` prints it.

    `rung` is the one that would settle it; `resolves`: without a person.
    """

    kind: ConflictKind
    rule: str
    between: tuple[str, str]
    path: str
    symbol: str
    detail: str
    resolves: bool
    rung: Rung


async def conflicts_between(repository: Repository, refs: Sequence[tuple[str, Sha]]) -> list[FoundConflict]:
    """All conflicts of all pairs of (name, commit), in the order of the refs, then by path."""
    found: list[FoundConflict] = []
    for (left, ours), (right, theirs) in combinations(refs, 2):
        found.extend(_found((left, right), conflict) for conflict in await _pair(repository, ours, theirs))
    return found


async def _pair(repository: Repository, ours: Sha, theirs: Sha) -> Sequence[Conflict]:
    if await repository.merge_base(ours, theirs) is None:
        return (Conflict(ConflictKind.TEXT, UNRELATED, "", detail="they have no common ancestor"),)
    merged = await repository.merge(ours, theirs)
    return merged.conflicts if isinstance(merged, MergeConflicted) else ()


def _found(between: tuple[str, str], one: Conflict) -> FoundConflict:
    """Git's own merge is the only rung below the person yet, and it has just said no."""
    return FoundConflict(one.kind, one.rule, between, one.path, one.symbol, one.detail, False, Rung.PERSON)
