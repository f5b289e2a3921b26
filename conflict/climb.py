"""The rungs that need no person: clashes settled before, and what the structural merge is sure of.

Never: a result that lacks what a side added, that does not parse, or that the weights are not sure of; half of a
conflict settled; a word of its own in generated files. The gate has the last word: see `take_back`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ParamSpec, TypeVar

from conflict.contract import settle
from conflict.keep import branch_ref, point, salvage
from conflict.ladder import BUILT
from conflict.look import Examiner
from conflict.merge.contents import Declined, texts
from conflict.merge.remembered import keys, learned, recalled
from conflict.merge.veto import too_long, veto
from conflict.merge.weights import Weights
from conflict.merge.whole import Lane, merge_contents
from state.bench import Workbench
from state.candidate import Conflict, Rung
from state.commands import ResolveConflict, TakeBack
from state.events import ConflictFound, ConflictResolved, Landed
from state.ids import Sha
from state.memory import Memory
from state.ports import Clock, MergeConflicted, Repository
from state.run import RunState

_FILES = frozenset({"100644", "100755"})
_TEXT = "CONFLICT (contents)"


_SMALL = 60_000
"""Bytes of all sides below which a merge takes no longer than a turn of the loop may."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Rungs:
    """What the rungs work with. `weights` are read when they are needed for the first time."""

    memory: Memory
    weights: Callable[[], Weights]


@dataclass(frozen=True, slots=True)
class _Settled:
    content: bytes
    rung: Rung
    how: str


_Sides = tuple[bytes, bytes, bytes]


async def climb(
    repository: Repository,
    rungs: Rungs,
    order: ResolveConflict,
    run: RunState,
    clock: Clock,
    examiner: Examiner,
    bench: Workbench | None = None,
) -> ConflictResolved | ConflictFound:
    """`ConflictResolved`, at the highest rung that a path needed; else `ConflictFound` again, with all these rungs as
    tried. What the contract rules find beside the text is settled with it: once the candidate contains the trunk,
    nobody asks them about it again."""
    value, onto = order.candidate, order.onto
    merged = await repository.merge(onto, value.head)
    conflicts = merged.conflicts if isinstance(merged, MergeConflicted) else ()
    seen = await examiner.look(onto, value.head, run.plan)
    by_rule = {*seen.edits, *seen.generated}
    texts = await _texts(repository, rungs, run, [one for one in conflicts if one.path not in by_rule])
    if isinstance(texts, str) or (seen.found and not seen.is_settled):
        return await _left(examiner, order, run, conflicts, texts if isinstance(texts, str) else "")
    edits, how = texts.edits, texts.how
    rung = max(order.rung, texts.rung, key=BUILT.index)
    if seen.found:
        made = await settle(repository, order, run, clock, bench, examiner, edits)
        if isinstance(made, ConflictFound):
            return made
        return replace(made, how="; ".join([*how, made.how]), paths=tuple(sorted({*made.paths, *edits})))
    when = clock.now()
    message = f"Merge {onto[:12]} into {value.id}, {rung}\n\n" + "\n".join(how) + "\n"
    marked = await repository.commit(merged.tree, (value.head, onto), message, when)
    tree = await repository.edit_tree(marked, edits) if edits else merged.tree
    head = await repository.commit(tree, (value.head, onto), message, when)
    if value.branch:
        await point(repository, run.id, branch_ref(value), head)
    else:
        await salvage(repository, run.id, value.id, head)
    return ConflictResolved(
        value.id,
        value.task,
        rung,
        order.by,
        "; ".join(how),
        onto,
        value.head,
        head,
        tuple(sorted(edits)),
        run.simulated,
        _PROOF[rung] if edits else "git merges it",
        conflicts,
    )


@dataclass(slots=True)
class _Texts:
    """All clashes of text, settled: the files, how, and the highest rung that one needed."""

    edits: dict[str, tuple[str, bytes] | None] = field(default_factory=dict)
    how: list[str] = field(default_factory=list)
    rung: Rung = Rung.TRIVIAL


async def _texts(repository: Repository, rungs: Rungs, run: RunState, conflicts: Sequence[Conflict]) -> _Texts | str:
    """Or why one of them is not settled."""
    texts = _Texts()
    for path, conflict in {one.path: one for one in conflicts}.items():
        sides = await sides_of(repository, conflict)
        found = sides if isinstance(sides, str) else await _settle(rungs, path, sides, gated=bool(run.plan.gate))
        if isinstance(found, str):
            return found
        texts.edits[path] = (_mode(conflict), found.content)
        texts.how.append(f"{path}: {found.how}")
        texts.rung = max(texts.rung, found.rung, key=BUILT.index)
    return texts


async def _left(
    examiner: Examiner, order: ResolveConflict, run: RunState, conflicts: tuple[Conflict, ...], why: str
) -> ConflictFound:
    """In conflict as before, with what the rules of the next rung find."""
    value, onto = order.candidate, order.onto
    rules = await examiner.look(onto, value.head, run.plan)
    return ConflictFound(value.id, value.task, onto, (*conflicts, *rules.conflicts), why, Rung.STRUCTURAL)


_PROOF = {
    Rung.REMEMBERED: "each clash has the three sides of one that was settled before",
    Rung.STRUCTURAL: "it parses, every name is defined, and nothing that a side added or took out is undone",
}


async def sides_of(repository: Repository, conflict: Conflict) -> _Sides | str:
    """The three contents; or why they are nothing to merge, a sentence without its full stop."""
    ours, theirs, base = conflict.ours, conflict.theirs, conflict.base
    if conflict.rule != _TEXT or base is None or ours is None or theirs is None:
        return f"{conflict.path} is more than two edits of one file ({conflict.rule})"
    if not {base.mode, ours.mode, theirs.mode} <= _FILES:
        return f"{conflict.path} is no plain file"
    common = await repository.read_blob(base.blob)
    return common, await repository.read_blob(ours.blob), await repository.read_blob(theirs.blob)


async def _settle(rungs: Rungs, path: str, sides: _Sides, *, gated: bool) -> _Settled | str:
    """With a gate, which has the last word, what loses nothing may go there from the lane `propose` too."""
    clashes = await _aside(sides, keys, *sides)
    known = await rungs.memory.recall([*clashes, *map(_made_at, clashes)])
    again = await _aside(sides, recalled, *sides, known) if known else None
    if again is not None and not await _aside(sides, _refused, path, sides, again):
        return _Settled(again, Rung.REMEMBERED, f"settled as it was before, {_by(known, clashes)}")
    one = await _aside(sides, merge_contents, *sides, path, rungs.weights(), Lane.PROPOSE)
    if one.content is None or not one.clean:
        return f"{path} is not merged automatically: {one.why}"
    if one.lane is not Lane.LAND and not (gated and one.loses_nothing):
        return f"{path} is not merged automatically: it is not sure enough to land by itself"
    return _Settled(one.content, Rung.STRUCTURAL, f"merged by its structure ({one.confidence:.0%} sure)")


def _made_at(key: str) -> str:
    """The key under which the rung stands that a remembered clash was settled at."""
    return f"{key} rung"


def _by(known: Mapping[str, str], clashes: Sequence[str]) -> str:
    rungs = {known.get(_made_at(key), Rung.PERSON) for key in clashes}
    return " and ".join(_WHO[rung] for rung in _WHO if rung in rungs)


_WHO = {
    Rung.STRUCTURAL: "by its structure, landed since",
    Rung.RESOLVER: "by an agent, landed since",
    Rung.PERSON: "by a person",
}


def _refused(path: str, sides: _Sides, result: bytes) -> str:
    """What speaks against clashes of several occasions put together; "" for nothing."""
    read, made = texts(*sides), texts(result, *sides[1:])
    if isinstance(read, Declined) or isinstance(made, Declined) or too_long(path, read.ours, read.theirs, made.base):
        return ""
    return veto(path, read.ours, read.theirs)(made.base)


async def _aside(sides: _Sides, call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """What takes long must not hold up the loop."""
    if sum(map(len, sides)) < _SMALL:
        return call(*args, **kwargs)
    return await asyncio.to_thread(call, *args, **kwargs)


def _mode(conflict: Conflict) -> str:
    """The mode that one side changed."""
    base, ours, theirs = (
        None if side is None else side.mode for side in (conflict.base, conflict.ours, conflict.theirs)
    )
    return (theirs if ours == base else ours) or "100644"


async def take_back(repository: Repository, order: TakeBack, run: RunState) -> ConflictFound:
    """Point the candidate's branch at what it was before the ladder; what the ladder made goes to salvage."""
    value = order.candidate
    await salvage(repository, run.id, f"{value.id}-taken-back", value.head)
    if value.branch:
        await point(repository, run.id, branch_ref(value), order.head)
    else:
        await salvage(repository, run.id, value.id, order.head)
    return ConflictFound(value.id, value.task, order.onto, order.conflicts, order.why, order.tried, order.head)


async def learn(
    repository: Repository, memory: Memory, conflicts: Sequence[Conflict], head: Sha, rung: Rung = Rung.PERSON
) -> None:
    """Remember how each clash of text was settled, so that nobody is asked about the same again. A person may leave
    out what a side did; of what anybody else made, only that is remembered which keeps it all."""
    known: dict[str, str] = {}
    for conflict in conflicts:
        sides = await sides_of(repository, conflict)
        result = await repository.read(head, conflict.path)
        if not isinstance(sides, str) and result is not None:
            found = await _aside(sides, partial(learned, whole=rung is not Rung.PERSON), *sides, result)
            known.update(found)
            known.update(dict.fromkeys(map(_made_at, found), rung))
    if known:
        await memory.remember(known)


async def learn_landed(repository: Repository, memory: Memory, run: RunState, landed: Iterable[Landed]) -> None:
    """Remember what was settled without a person once it has landed, and so was green: what the gate refused is not in
    what landed."""
    commits = {one.candidate: one.commit for one in landed}
    for made in run.resolutions if commits else ():
        commit = commits.get(made.candidate)
        if commit is not None and made.rung in _LEARNED and await repository.is_ancestor(made.head, commit):
            await learn(repository, memory, made.conflicts, made.head, made.rung)


_LEARNED = (Rung.STRUCTURAL, Rung.RESOLVER)
"""What is remembered already, and what rules find each time anew, need not be."""
