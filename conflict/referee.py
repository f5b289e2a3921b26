"""The resolver's rung: the ground on which an agent settles what no rule does, and the judgement of what it left.

Never: an agent started (that is the scheduler's to decide, and the agents' to do); a result taken that lacks what a
side added, brings back what one took out, does not parse, or in which a rule still finds the clash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from conflict.climb import Rungs, sides_of
from conflict.contract import settle
from conflict.keep import branch_ref, point, salvage
from conflict.look import Examiner, Look
from conflict.merge.contents import Declined, texts
from conflict.merge.three import Stretch
from conflict.merge.veto import loses, veto
from conflict.merge.whole import Lane, merge_contents
from state.bench import ProveSchema, Workbench
from state.candidate import Conflict, Proposal, Rung, Side
from state.commands import CallResolver, ResolveConflict
from state.events import ConflictFound, ConflictResolved, ResolverCalled
from state.ids import Sha
from state.ports import Clock, MergeConflicted, Repository
from state.run import RunState

_MOST_PROPOSED = 20
"""Files for which something is proposed; with more, an agent does not look at it either."""
_FILES = frozenset({"100644", "100755"})
_MARKS = ("<<<<<<< ", "||||||| ", ">>>>>>> ")
_PROOF = "all that either side added is there, nothing that one took out is back, it parses, no marker is left"
_ABSENT = b""

File = tuple[str, bytes]
_Sides = tuple[bytes, bytes, bytes]


class _NotSo(Exception):
    """The result can not be taken; a sentence without its full stop."""


async def call(
    repository: Repository, rungs: Rungs, order: CallResolver, run: RunState, clock: Clock
) -> ResolverCalled:
    """The merge of the two with its clashes as a commit on both, and beside it what rules would make of each clash,
    both held by refs in salvage."""
    value, onto, when = order.candidate, order.onto, clock.now()
    merged = await repository.merge(onto, value.head)
    base = await repository.commit(merged.tree, (value.head, onto), f"{value.id}: both sides, with clashes\n", when)
    await salvage(repository, run.id, f"{value.id}-clash", base)
    conflicts = merged.conflicts if isinstance(merged, MergeConflicted) else ()
    wanted = await _proposed(repository, rungs, conflicts)
    if not wanted:
        return ResolverCalled(value.id, value.task, onto, base)
    files: dict[str, File | None] = {path: ("100644", text) for path, (_, _, text) in wanted.items()}
    tree = await repository.edit_tree(base, files)
    kept = await repository.commit(tree, (base,), f"{value.id}: what rules would make of the clashes\n", when)
    await salvage(repository, run.id, f"{value.id}-proposed", kept)
    blobs = await repository.listing(tree)
    proposals = tuple(Proposal(path, blobs[where].blob, how) for where, (path, how, _) in wanted.items())
    return ResolverCalled(value.id, value.task, onto, base, proposals)


async def _proposed(
    repository: Repository, rungs: Rungs, conflicts: Sequence[Conflict]
) -> dict[str, tuple[str, str, bytes]]:
    """By a place to keep it at: path, how it was made, and the text."""
    found: dict[str, tuple[str, str, bytes]] = {}
    for path, conflict in list({one.path: one for one in conflicts}.items())[:_MOST_PROPOSED]:
        sides = await sides_of(repository, conflict)
        if isinstance(sides, str):
            continue
        one = merge_contents(*sides, path, rungs.weights(), Lane.PROPOSE)
        if one.clean and one.content is not None:
            how = f"merged by its structure, {one.confidence:.0%} sure"
            found[f".tianting/proposed/structure/{path}"] = (path, how, one.content)
        both = await repository.merge_file(*sides, "union")
        if both is not None:
            found[f".tianting/proposed/both/{path}"] = (path, "the lines of both sides", both)
    return found


@dataclass(frozen=True, slots=True)
class _Case:
    """The three commits, as what lies in them, and the result that is judged."""

    base: Mapping[str, Side]
    ours: Mapping[str, Side]
    theirs: Mapping[str, Side]
    made: Mapping[str, Side]
    paths: tuple[str, ...]


async def judge(
    repository: Repository,
    order: ResolveConflict,
    run: RunState,
    clock: Clock,
    examiner: Examiner,
    bench: Workbench | None,
) -> ConflictResolved | ConflictFound:
    """`ConflictResolved` with the resolver's result as a merge of the two; else `ConflictFound` as before, with why:
    tried at this rung when it was the last try, to be tried again otherwise."""
    value, onto = order.candidate, order.onto
    state = run.candidates[value.id]
    merged = await repository.merge(onto, value.head)
    conflicts = merged.conflicts if isinstance(merged, MergeConflicted) else ()
    seen = await examiner.look(onto, value.head, run.plan)
    try:
        case = await _case(repository, order, merged.tree, conflicts)
        for path in case.paths:
            await _check(repository, case, path)
        head, proof = await _made(repository, order, run, clock, examiner, bench, case, seen)
    except _NotSo as no:
        tries = 0 if state.call is None else state.call.tries
        last = run.plan.resolver is None or tries + 1 >= run.plan.resolver.attempts
        why = f"what the resolver made of it was not taken: {no}"
        tried = Rung.RESOLVER if last else Rung.CONTRACT
        return ConflictFound(value.id, value.task, onto, state.conflicts, why, tried)
    if value.branch:
        await point(repository, run.id, branch_ref(value), head)
    else:
        await salvage(repository, run.id, value.id, head)
    how = f"settled by an agent in {', '.join(case.paths)}"
    found = (*conflicts, *seen.conflicts)
    rung, previous, told = Rung.RESOLVER, value.head, run.simulated
    return ConflictResolved(
        value.id, value.task, rung, order.by, how, onto, previous, head, case.paths, told, proof, found
    )


async def _case(repository: Repository, order: ResolveConflict, marked: Sha, conflicts: Sequence[Conflict]) -> _Case:
    head, onto, left = order.candidate.head, order.onto, order.commit
    for side in (head, onto):
        if not await repository.is_ancestor(side, Sha(left)):
            raise _NotSo(f"it does not contain {side[:12]}")
    common = await repository.merge_base(onto, head)
    if common is None:
        raise _NotSo("the two have no common ancestor")
    trees = [await repository.listing(await repository.tree_of(one)) for one in (common, onto, head, Sha(left))]
    before = await repository.listing(marked)
    changed = {path for path in {*before, *trees[3]} if before.get(path) != trees[3].get(path)}
    if not changed:
        raise _NotSo("it changed nothing")
    paths = tuple(sorted(changed | {one.path for one in conflicts}))
    return _Case(trees[0], trees[1], trees[2], trees[3], paths)


async def _check(repository: Repository, case: _Case, path: str) -> None:
    """Law 6 for one file; what is no plain text on some side is not an agent's to decide."""
    sides = [tree.get(path) for tree in (case.base, case.ours, case.theirs, case.made)]
    if any(side is not None and side.mode not in _FILES for side in sides):
        raise _NotSo(f"{path} is no plain file")
    base, ours, theirs, made = [_ABSENT if side is None else await repository.read_blob(side.blob) for side in sides]
    read, result = texts(base, ours, theirs), texts(made, ours, theirs)
    if isinstance(read, Declined) or isinstance(result, Declined):
        raise _NotSo(f"{path} is nothing to merge as text")
    lines = {line for text in (read.ours, read.theirs) for line in text.splitlines()}
    if any(line.startswith(_MARKS) and line not in lines for line in result.base.splitlines()):
        raise _NotSo(f"{path} still has conflict markers")
    whole = [tuple(text.splitlines(keepends=True)) for text in (read.base, read.ours, read.theirs)]
    if loses(Stretch(whole[0], whole[1], whole[2], None), result.base.splitlines(keepends=True)):
        raise _NotSo(f"{path} lacks something that a side added, or brings back what one took out")
    if sides[3] is not None and (why := veto(path, read.ours, read.theirs)(result.base)):
        raise _NotSo(f"{path}: {why}")


async def _made(
    repository: Repository,
    order: ResolveConflict,
    run: RunState,
    clock: Clock,
    examiner: Examiner,
    bench: Workbench | None,
    case: _Case,
    seen: Look,
) -> tuple[Sha, str]:
    """The merge of the two as the resolver left it, and its proof. What the rules can settle beside it is settled."""
    value, onto = order.candidate, order.onto
    if seen.is_settled:
        edits = {path: await _file(repository, case.made.get(path)) for path in case.paths}
        by_rule = await settle(repository, replace(order, rung=Rung.CONTRACT), run, clock, bench, examiner, edits)
        if isinstance(by_rule, ConflictFound):
            raise _NotSo(by_rule.note or "a rule still finds a clash in it")
        return by_rule.head, "; ".join(part for part in (_PROOF, by_rule.how, by_rule.proof) if part)
    tree = await repository.tree_of(Sha(order.commit))
    message = f"Merge {onto[:12]} into {value.id}, as {order.by} settled it\n"
    head = await repository.commit(tree, (value.head, onto), message, clock.now())
    if not seen.found:
        return head, _PROOF
    if seen.generated:
        raise _NotSo(f"{', '.join(seen.generated)} can not be made anew before the rest is settled")
    edited = [one for one in seen.found if one.path in case.paths]
    left = await examiner.is_left(onto, value.head, tree, edited) or await _rows(
        repository, order, run, examiner, tree, seen
    )
    if left:
        raise _NotSo(left)
    return head, await _proven(run, order, bench, seen, head)


async def _file(repository: Repository, side: Side | None) -> File | None:
    return None if side is None else (side.mode, await repository.read_blob(side.blob))


async def _rows(
    repository: Repository, order: ResolveConflict, run: RunState, examiner: Examiner, tree: Sha, seen: Look
) -> str:
    """What stands in a row and still clashes, were the result the candidate's own work; "" for nothing."""
    if not seen.rows.found:
        return ""
    alone = await repository.commit(tree, (order.candidate.head,), "what the resolver left\n", 0)
    again = await examiner.look(order.onto, alone, run.plan)
    return again.rows.found[0].detail if again.rows.found else ""


async def _proven(run: RunState, order: ResolveConflict, bench: Workbench | None, seen: Look, head: Sha) -> str:
    """With the migrations run where the plan says how."""
    if not seen.rows.found or run.plan.migrations is None or seen.base is None:
        return f"{_PROOF}; no rule finds a clash any more"
    if bench is None:
        raise _NotSo("there is nothing here that could run the migrations")
    proof = await bench.prove(ProveSchema(seen.base, order.onto, order.candidate.head, head))
    if not proof.proven:
        raise _NotSo(proof.told)
    return f"{_PROOF}; {proof.told}"
