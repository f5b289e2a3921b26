"""Resolving: the merge of the trunk into a candidate, as a person chose it.

Never: decide for the person; change a path that is not in conflict; hand over a result that still conflicts. What can
not be done as chosen comes back as the conflict that it is, with a sentence why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from conflict.climb import Rungs, climb, learn
from conflict.contract import settle
from conflict.keep import branch_ref, point, salvage
from conflict.look import Examiner
from conflict.referee import judge
from state.bench import Workbench
from state.candidate import Conflict, Rung, Side
from state.commands import ResolveConflict
from state.events import ConflictFound, ConflictResolved
from state.ids import Sha
from state.ports import Clock, MergeClean, MergeConflicted, Repository
from state.run import RunState

_FILES = frozenset({"100644", "100755"})
_LINK = "120000"
_BY_SIDE = frozenset(
    {
        "CONFLICT (contents)",
        "CONFLICT (binary)",
        "CONFLICT (modify/delete)",
        "CONFLICT (rename/delete)",
        "CONFLICT (rename/rename)",
        "CONFLICT (rename involved in collision)",
    }
)
"""Conflicts that taking one side of each path settles; the others put files under made-up names or move folders."""

Edits = dict[str, tuple[str, bytes] | None]
Resolved = ConflictResolved | ConflictFound

_TAKEN = {
    "ours": "where both had changed, what {trunk} has was taken",
    "theirs": "where both had changed, what the candidate has was taken",
    "both": "where both had changed, the lines of both were kept",
}


class _NotSo(Exception):
    """The choice does not settle this conflict; one sentence for the person who chose."""


async def resolve(
    repository: Repository,
    rungs: Rungs,
    order: ResolveConflict,
    run: RunState,
    clock: Clock,
    bench: Workbench | None = None,
    examiner: Examiner | None = None,
) -> Resolved:
    """By the rung that the order names, or as the person chose: `ConflictResolved`, whose head contains the candidate's
    head and (unless a person's own commit merges anyway) `onto`; `ConflictFound` again where that does not settle it.
    """
    looks = examiner or Examiner(repository)
    if order.rung is Rung.CONTRACT:
        return await settle(repository, order, run, clock, bench, looks)
    if order.rung is Rung.RESOLVER:
        return await judge(repository, order, run, clock, looks, bench)
    if order.rung is not Rung.PERSON:
        return await climb(repository, rungs, order, run, clock, looks, bench)
    value, onto = order.candidate, order.onto
    merged = await repository.merge(onto, value.head)
    conflicts = merged.conflicts if isinstance(merged, MergeConflicted) else ()
    try:
        if order.choice == "commit":
            head, how = await _a_persons_commit(repository, order), f"a commit of {order.by}'s"
        else:
            head, how = await _chosen(repository, order, merged, clock), _TAKEN[order.choice].format(trunk=run.branch)
    except _NotSo as no:
        rules = await looks.look(onto, value.head, run.plan)
        return ConflictFound(value.id, value.task, onto, (*conflicts, *rules.conflicts), str(no), Rung.PERSON)
    if conflicts and order.choice != "commit":
        together = await _with_rules(repository, order, run, clock, bench, looks, conflicts, head)
        if together is not None:
            await learn(repository, rungs.memory, conflicts, together.head)
            return replace(together, rung=Rung.PERSON, how=f"{how}; {together.how}")
    if value.branch:
        await point(repository, run.id, branch_ref(value), head)
    else:
        await salvage(repository, run.id, value.id, head)
    paths = {conflict.path for conflict in conflicts}
    if order.choice == "commit":
        paths.update(await repository.changed_paths(value.head, head))
    await learn(repository, rungs.memory, conflicts, head)
    found, proof = tuple(sorted(paths)), f"{order.by} chose it"
    return ConflictResolved(
        value.id, value.task, Rung.PERSON, order.by, how, onto, value.head, head, found, run.simulated, proof, conflicts
    )


async def _with_rules(
    repository: Repository,
    order: ResolveConflict,
    run: RunState,
    clock: Clock,
    bench: Workbench | None,
    looks: Examiner,
    conflicts: Sequence[Conflict],
    head: Sha,
) -> ConflictResolved | None:
    """The person's text with what the contract rules settle beside it; None where they find nothing, or can not."""
    seen = await looks.look(order.onto, order.candidate.head, run.plan)
    if not seen.is_settled:
        return None
    files = await repository.listing(await repository.tree_of(head))
    texts: dict[str, tuple[str, bytes] | None] = {}
    for path in {one.path for one in conflicts}:
        side = files.get(path)
        texts[path] = None if side is None else (side.mode, await repository.read_blob(side.blob))
    settled = await settle(repository, order, run, clock, bench, looks, texts)
    return settled if isinstance(settled, ConflictResolved) else None


async def _a_persons_commit(repository: Repository, order: ResolveConflict) -> Sha:
    head = order.candidate.head
    found = await repository.resolve(order.commit)
    if found is None:
        raise _NotSo(f"there is no commit {order.commit!r}")
    if not await repository.is_ancestor(head, found):
        raise _NotSo(f"{order.commit} does not contain {head[:12]}, so its work would be lost; merge that in first")
    again = await repository.merge(order.onto, found)
    if isinstance(again, MergeConflicted):
        paths = ", ".join(sorted({conflict.path for conflict in again.conflicts})[:5])
        raise _NotSo(f"{order.commit} still conflicts in {paths}; merge {order.onto[:12]} into it first")
    return found


async def _chosen(
    repository: Repository, order: ResolveConflict, merged: MergeClean | MergeConflicted, clock: Clock
) -> Sha:
    if order.choice not in _TAKEN:
        raise _NotSo(f"{order.choice!r} is no choice and no commit")
    head, onto, when = order.candidate.head, order.onto, clock.now()
    message = f"Merge {onto[:12]} into {order.candidate.id}, {order.choice} as {order.by} chose\n"
    if isinstance(merged, MergeClean):
        return await repository.commit(merged.tree, (head, onto), message, when)
    edits: Edits = {}
    for path, found in _by_path(merged).items():
        edits[path] = await _settled(repository, order.choice, path, found)
    # `merged.tree` has marked text where it conflicts; a commit of it is only what the edits start from.
    marked = await repository.commit(merged.tree, (head, onto), message, when)
    tree = await repository.edit_tree(marked, edits)
    return await repository.commit(tree, (head, onto), message, when)


def _by_path(merged: MergeConflicted) -> Mapping[str, Conflict]:
    """One conflict for each path. A path may be named twice, by different rules; its sides are the same."""
    for conflict in merged.conflicts:
        sides = (conflict.base, conflict.ours, conflict.theirs)
        modes = {side.mode for side in sides if side is not None}
        if conflict.rule not in _BY_SIDE or not modes or not modes <= _FILES | {_LINK}:
            raise _NotSo(f"{conflict.path} can not be settled by taking sides ({conflict.rule}); answer with a commit")
    return {conflict.path: conflict for conflict in merged.conflicts}


async def _settled(repository: Repository, choice: str, path: str, conflict: Conflict) -> tuple[str, bytes] | None:
    ours, theirs = conflict.ours, conflict.theirs
    if ours is not None and theirs is not None and {ours.mode, theirs.mode} <= _FILES:
        text = await _text(repository, choice, conflict.base, ours, theirs)
        if text is not None:
            return _mode(choice, conflict.base, ours, theirs), text
    if choice == "both":
        raise _NotSo(
            f"{path} can not be both: one side has no text there; choose ours or theirs, or answer with a commit"
        )
    side = ours if choice == "ours" else theirs
    return None if side is None else (side.mode, await repository.read_blob(side.blob))


async def _text(repository: Repository, choice: str, base: Side | None, ours: Side, theirs: Side) -> bytes | None:
    """What merges cleanly stays as both have it; None for binary content."""
    common = await repository.read_blob(base.blob) if base is not None and base.mode in _FILES else b""
    mine, other = await repository.read_blob(ours.blob), await repository.read_blob(theirs.blob)
    return await repository.merge_file(common, mine, other, "union" if choice == "both" else choice)


def _mode(choice: str, base: Side | None, ours: Side, theirs: Side) -> str:
    """The mode that one side changed; where both did, the chosen side's."""
    if ours.mode == theirs.mode or (base is not None and theirs.mode == base.mode):
        return ours.mode
    if base is not None and ours.mode == base.mode:
        return theirs.mode
    return theirs.mode if choice == "theirs" else ours.mode
