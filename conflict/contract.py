"""The contract rung: clashes that the rules find, settled by them: edits made, generated files made anew, migrations
proven, all before a ref moves.

Never: an edit of a published migration; a result in which a rule still finds a clash, or that its proof refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conflict.keep import branch_ref, point, salvage
from conflict.look import Examiner, Look, command_for, with_rules
from conflict.schema.values import few
from state.bench import ProveSchema, Regenerate, Workbench
from state.candidate import Conflict, ConflictKind, Rung
from state.commands import ResolveConflict
from state.events import ConflictFound, ConflictResolved
from state.ids import Sha
from state.plan import Plan
from state.ports import Clock, Merge, MergeConflicted, Repository
from state.run import RunState

NO_PLAN = Plan("", ())
_FILE = "100644"

File = tuple[str, bytes]
"""A mode and a content."""


class _NotSo(Exception):
    """It can not be settled by rule; one sentence, or "" where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class _Site:
    repository: Repository
    order: ResolveConflict
    run: RunState
    when: float
    bench: Workbench | None


async def look(repository: Repository, onto: Sha, head: Sha, plan: Plan = NO_PLAN) -> Look:
    """All that the rules find where `head` is merged onto `onto`, asked for once and without a plan where there is
    none."""
    return await Examiner(repository).look(onto, head, plan)


async def settle(
    repository: Repository,
    order: ResolveConflict,
    run: RunState,
    clock: Clock,
    bench: Workbench | None,
    examiner: Examiner,
    texts: Mapping[str, File | None] | None = None,
) -> ConflictResolved | ConflictFound:
    """`ConflictResolved` when every clash that the rules find is settled by one; `ConflictFound` else, to go on with
    the next rung. `texts` are files whose text a lower rung has merged; text that is still in conflict is left as it
    is, for the rungs that know about text."""
    value, onto = order.candidate, order.onto
    site = _Site(repository, order, run, clock.now(), bench)
    merged = await repository.merge(onto, value.head)
    text = merged.conflicts if isinstance(merged, MergeConflicted) else ()
    seen = await examiner.look(onto, value.head, run.plan)
    left = [one for one in text if one.path not in {*seen.edits, *seen.generated, *(texts or {})}]
    if left and seen.rows.found:
        seen = seen.rows  # the rest needs the text merged first
    try:
        if not seen.is_settled:
            raise _NotSo(_besides(left) if seen.found else "")
        head = await _written(site, merged, seen, left, texts or {})
        if not left:
            await _look_again(site, examiner, seen, head)
        proof = await _proof(site, seen, head, left)
    except _NotSo as no:
        found = with_rules(MergeConflicted(merged.tree, text), seen)
        conflicts = found.conflicts if isinstance(found, MergeConflicted) else ()
        return ConflictFound(value.id, value.task, onto, conflicts, str(no), Rung.CONTRACT)
    if value.branch:
        await point(repository, run.id, branch_ref(value), head)
    else:
        await salvage(repository, run.id, value.id, head)
    paths = tuple(sorted({*seen.edits, *seen.generated}))
    previous, rung, all_found = value.head, Rung.CONTRACT, (*text, *seen.conflicts)
    return ConflictResolved(
        value.id, value.task, rung, order.by, seen.how, onto, previous, head, paths, run.simulated, proof, all_found
    )


async def _written(
    site: _Site, merged: Merge, seen: Look, left: Sequence[Conflict], texts: Mapping[str, File | None]
) -> Sha:
    """The candidate with the edits: merged with the trunk, unless text is still to be merged; then on its own."""
    repository, head, onto = site.repository, site.order.candidate.head, site.order.onto
    message = f"Merge {onto[:12]} into {site.order.candidate.id} by rule\n\n{seen.how}\n"
    changes = _changes(seen)
    if left:
        if not seen.rows.found:
            raise _NotSo("")  # everything else needs the text merged first
        return await repository.commit(await repository.edit_tree(head, changes), (head,), message, site.when)
    start = await repository.commit(merged.tree, (head, onto), message, site.when)
    stale = {path: await _file_at(site, onto, path) for path in seen.generated}  # what the commands start from
    tree = await repository.edit_tree(start, {**texts, **stale, **changes})
    written = await repository.commit(tree, (head, onto), message, site.when)
    if not seen.generated:
        return written
    made = await _made(site, seen, written)
    return await repository.commit(await repository.edit_tree(written, made), (head, onto), message, site.when)


async def _file_at(site: _Site, commit: Sha, path: str) -> File | None:
    side = (await site.repository.listing(await site.repository.tree_of(commit))).get(path)
    return None if side is None else (side.mode, await site.repository.read_blob(side.blob))


async def _made(site: _Site, seen: Look, commit: Sha) -> dict[str, File | None]:
    """What the commands of the plan made of the merged sources; other files that they leave are not taken."""
    if site.bench is None:
        raise _NotSo("there is nothing here that could run the commands of `regenerate`")
    done = await site.bench.regenerate(Regenerate(commit, tuple(dict.fromkeys(seen.generated.values()))))
    if done.fault:
        raise _NotSo(f"generated files could not be made anew: {done.fault}")
    return {path: await _file_at(site, done.commit, path) for path in done.paths if command_for(site.run.plan, path)}


def _besides(left: Sequence[Conflict]) -> str:
    """What else a person decides with it; "" for nothing."""
    paths = list(dict.fromkeys(one.path for one in left))
    return f"Their text does not merge in {few(paths)} either: `both` keeps the lines of both there" if paths else ""


def _changes(seen: Look) -> dict[str, File | None]:
    """Edits with the mode that the file has."""
    modes = dict(seen.modes)
    return {path: None if text is None else (modes.get(path, _FILE), text) for path, text in seen.edits.items()}


async def _look_again(site: _Site, examiner: Examiner, seen: Look, head: Sha) -> None:
    tree = await site.repository.tree_of(head)
    left = await examiner.is_left(site.order.onto, site.order.candidate.head, tree, seen.found)
    if left:
        raise _NotSo(f"settling it by rule left this: {left}")


async def _proof(site: _Site, seen: Look, head: Sha, left: Sequence[Conflict]) -> str:
    """How it was proven; "" where the plan does not say how migrations are run, or text is still to be merged."""
    touched = any(one.kind is ConflictKind.SCHEMA for one in seen.found)
    if not touched or left or site.run.plan.migrations is None or seen.base is None:
        return ""
    if site.bench is None:
        raise _NotSo("there is nothing here that could run the migrations")
    order = ProveSchema(seen.base, site.order.onto, site.order.candidate.head, head)
    proof = await site.bench.prove(order)
    if not proof.proven:
        raise _NotSo(f"in a row they do not hold: {proof.told}")
    return proof.told
