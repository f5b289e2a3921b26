"""What stands between branches: every pair of them merged, each conflict as a value (`tianting conflicts`).

Never: a ref, an index, a work tree; a conflict called resolved that no built rung resolves.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from conflict.foresee import Foreseen, Foresight
from conflict.schema.values import Finding
from state.candidate import Conflict, ConflictKind, Rung
from state.clash import Clash
from state.ids import Sha
from state.kept import Cache
from state.ports import Repository

_IN_A_ROW = ("migration-heads", "sequence-number-twice")
"""What putting migrations or numbered files in a row settles."""


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


@dataclass(frozen=True, slots=True)
class Standing:
    """All that was found. `unread` are (path, extra) of files that could only be compared as text."""

    conflicts: tuple[FoundConflict, ...]
    unread: tuple[tuple[str, str], ...] = ()


Settle = Callable[[Sha, Sha], Awaitable[Sequence[Finding]]]
"""What the contract rules find between two commits, and whether they settle it."""
Merges = Callable[[Conflict], Awaitable[bool]]
"""Whether the structural merge lands a conflict of text by itself."""


async def conflicts_between(
    repository: Repository,
    refs: Sequence[tuple[str, Sha]],
    settle: Settle | None = None,
    merges: Merges | None = None,
    kept: Cache | None = None,
) -> Standing:
    """All conflicts of all pairs of (name, commit), in the order of the refs, then by path."""
    foresight = Foresight(repository, kept=kept)
    found: list[FoundConflict] = []
    unread: set[tuple[str, str]] = set()
    for (left, ours), (right, theirs) in combinations(refs, 2):
        seen = await foresight.between(ours, theirs)
        settled = await settle(ours, theirs) if settle is not None else ()
        merged = [one for one in seen.conflicts if merges is not None and await merges(one)]
        found.extend(_of_pair((left, right), seen, settled, merged))
        unread.update(seen.unread)
    return Standing(tuple(found), tuple(sorted(unread)))


def _of_pair(
    between: tuple[str, str], seen: Foreseen, settled: Sequence[Finding], merged: Sequence[Conflict]
) -> list[FoundConflict]:
    rows = [_text(between, one, one in merged) for one in seen.conflicts]
    told: set[int] = set()
    for clash in seen.clashes:
        if clash.certain:
            match = next((number for number, one in enumerate(settled) if _is_about(one, clash)), None)
            told.update(() if match is None else (match,))
            rows.append(_foreseen(between, clash, None if match is None else settled[match]))
    rows += [_by_rule(between, one) for number, one in enumerate(settled) if number not in told]
    return sorted(rows, key=lambda row: (row.path, row.kind is not ConflictKind.TEXT, row.rule, row.symbol))


def _is_about(finding: Finding, clash: Clash) -> bool:
    """Whether the contract rules speak of the same clash."""
    if finding.rule == clash.rule:
        return (finding.symbol, finding.path) == (clash.symbol, clash.place.path)
    if clash.rule not in _IN_A_ROW or clash.kind not in (ConflictKind.SCHEMA, ConflictKind.RESOURCE):
        return False
    return not {clash.ours.path, clash.theirs.path}.isdisjoint({finding.path, *finding.edits})


def _text(between: tuple[str, str], one: Conflict, merged: bool) -> FoundConflict:
    """Git's own merge has just said no; the structural one may be sure."""
    rung = Rung.STRUCTURAL if merged else Rung.PERSON
    return FoundConflict(one.kind, one.rule, between, one.path, one.symbol, one.detail, merged, rung)


def _foreseen(between: tuple[str, str], one: Clash, by: Finding | None) -> FoundConflict:
    left, right = between
    detail = f"{one.detail} ({left} {one.ours_wants}; {right} {one.theirs_wants})"
    resolves = by is not None and bool(by.edits or by.command)
    rung = Rung.CONTRACT if resolves else Rung.PERSON
    return FoundConflict(one.kind, one.rule, between, one.place.path, one.symbol, detail, resolves, rung)


def _by_rule(between: tuple[str, str], one: Finding) -> FoundConflict:
    resolves = bool(one.edits or one.command)
    rung = Rung.CONTRACT if resolves else Rung.PERSON
    return FoundConflict(one.kind, one.rule, between, one.path, one.symbol, one.detail, resolves, rung)
