"""What two commits would do to each other: git's merge of them in the object store, and every rule asked of the result.

Never: a ref, an index, a work tree; a file read that no rule asks for.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from conflict.rules.all import clashes_of, may_clash
from conflict.rules.meeting import Meeting
from conflict.rules.view import View
from conflict.surface.cache import Surfaces
from conflict.surface.known import key_of, recalled, remember
from conflict.surface.nouns import Language, Surface
from conflict.surface.read import is_read
from state.candidate import Conflict, ConflictKind
from state.clash import Clash
from state.ids import Sha
from state.kept import Cache
from state.light import light
from state.ports import MergeClean, MergeConflicted, Repository

UNRELATED = "unrelated histories"
_FILES = frozenset({"100644", "100755"})
_TREES_KEPT = 64
_MOST_ROUNDS = 24
"""A rule that follows imports asks for one file after the other; no chain of real code is this long."""
_MOST_FILES = 4000
"""Files changed by one side beyond which it is a sweep over the whole tree, and is compared as text alone."""

Blobs = Mapping[str, str]
Known = tuple[dict[str, Surface], dict[str, Surface], dict[str, Surface], dict[str, Surface]]
"""The surfaces read so far, by path: of base, ours, theirs and merged."""


@light
@dataclass(frozen=True, slots=True)
class Foreseen:
    """`conflicts` are git's own. `clashes` are what the rules found; `unread` names (path, extra) of files that no rule
    could see because the extra that reads them is not installed."""

    conflicts: tuple[Conflict, ...] = ()
    clashes: tuple[Clash, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


P = ParamSpec("P")
T = TypeVar("T")


class Aside(Protocol):
    """Where the work that only computes is done: here, or in a thread, so that a loop goes on meanwhile."""

    async def __call__(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...


async def _here(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    return work(*args, **kwargs)


class Foresight:
    """Keeps what it read: asking again after a small change costs that change. `kept` is asked before a file is read,
    and told after."""

    def __init__(self, repository: Repository, aside: Aside = _here, kept: Cache | None = None) -> None:
        self._repository, self._kept = repository, kept
        self._surfaces = Surfaces()
        self._trees: OrderedDict[Sha, Blobs] = OrderedDict()
        self._tops: OrderedDict[Sha, Sha] = OrderedDict()
        self._aside = aside

    async def between(self, ours: Sha, theirs: Sha, *, apart: bool = False, merged: Sha | None = None) -> Foreseen:
        """`apart`: it is known that no path of one side meets one of the other; git is not asked to merge then.
        `merged` is the tree of another merge of the two than git's, to be asked about in its place."""
        base = await self._repository.merge_base(ours, theirs)
        if base is None:
            alone = Conflict(ConflictKind.TEXT, UNRELATED, "", detail="they have no common ancestor")
            return Foreseen((alone,))
        if base in (ours, theirs):
            return Foreseen()
        by_ours = frozenset(await self._repository.changed_paths(base, ours))
        by_theirs = frozenset(await self._repository.changed_paths(base, theirs))
        conflicts: tuple[Conflict, ...] = ()
        together: Sha | None = None
        if not apart or by_ours & by_theirs:
            merge = MergeClean(merged) if merged is not None else await self._repository.merge(ours, theirs)
            conflicts = merge.conflicts if isinstance(merge, MergeConflicted) else ()
            together = merge.tree
        if max(len(by_ours), len(by_theirs)) > _MOST_FILES or not may_clash(by_ours, by_theirs):
            return Foreseen(conflicts)
        tops = [await self._tree_of(one) for one in (base, ours, theirs)]
        trees = [await self._files(tops[0]), *[await self._files(one, tops[0]) for one in tops[1:]]]
        mixed = await self._files(together, tops[1]) if together else _laid_over(trees[1], trees[2], by_theirs)
        trees.append(mixed)
        unmerged = frozenset(one.path for one in conflicts)
        known: Known = ({}, {}, {}, {path: _marked(path) for path in unmerged})
        for path in by_ours | by_theirs:
            if is_read(path):
                for tree, surfaces in zip(trees, known, strict=True):
                    if path not in surfaces:
                        await self._read(tree, path, surfaces)
        clashes = await self._ask(trees, known, unmerged, (by_ours, by_theirs))
        unread = {(one.path, one.missing) for side in known for one in side.values() if one.missing}
        return Foreseen(conflicts, tuple(clashes), tuple(sorted(unread)))

    async def _ask(
        self,
        trees: Sequence[Blobs],
        known: Known,
        unmerged: frozenset[str],
        changes: tuple[frozenset[str], frozenset[str]],
    ) -> Sequence[Clash]:
        """Until no rule wants a file more."""
        clashes: Sequence[Clash] = ()
        for _ in range(_MOST_ROUNDS):
            base, ours, theirs, merged = (View(tree, seen) for tree, seen in zip(trees, known, strict=True))
            meeting = Meeting(base, ours, theirs, merged, unmerged, *changes)
            clashes = await self._aside(clashes_of, meeting)
            wanted = meeting.wanted()
            if not any(wanted):
                break
            for paths, tree, surfaces in zip(wanted, trees, known, strict=True):
                for path in paths:
                    await self._read(tree, path, surfaces)
        return clashes

    async def _tree_of(self, commit: Sha) -> Sha:
        found = self._tops.get(commit)
        if found is None:
            found = self._tops[commit] = await self._repository.tree_of(commit)
            while len(self._tops) > _TREES_KEPT:
                self._tops.popitem(last=False)
        return found

    async def _files(self, tree: Sha, near: Sha | None = None) -> Blobs:
        """Plain files alone. `near` is a tree that it is hardly other than, and that was asked for before."""
        known = self._trees.get(tree)
        start = None if near is None else self._trees.get(near)
        if known is None and near is not None and start is not None:
            known = dict(start)
            for path, side in (await self._repository.changes(near, tree)).items():
                if side is not None and side.mode in _FILES:
                    known[path] = side.blob
                else:
                    known.pop(path, None)
        elif known is None:
            found = await self._repository.listing(tree)
            known = {path: side.blob for path, side in found.items() if side.mode in _FILES}
        self._trees[tree] = known
        self._trees.move_to_end(tree)
        while len(self._trees) > _TREES_KEPT:
            self._trees.popitem(last=False)
        return known

    async def _read(self, tree: Blobs, path: str, into: dict[str, Surface]) -> None:
        blob = tree.get(path)
        if blob is None:
            return
        into[path] = self._surfaces.known(path, blob) or await self._learn(path, blob)

    async def _learn(self, path: str, blob: str) -> Surface:
        key = key_of(path, blob)
        known = None if self._kept is None else await recalled(self._kept, key)
        if known is not None:
            self._surfaces.keep(path, blob, known)
            return known
        data = await self._repository.read_blob(Sha(blob))
        found = await self._aside(self._surfaces.learn, path, blob, data)
        if self._kept is not None:
            await remember(self._kept, key, found)
        return found


def _marked(path: str) -> Surface:
    """What git could not merge has marks in it there, and says nothing."""
    return Surface(path, Language.OTHER, fault="it is in conflict")


def _laid_over(ours: Blobs, theirs: Blobs, changes: frozenset[str]) -> Blobs:
    """Our tree with their changes, which touch nothing that we touch."""
    found = dict(ours)
    for path in changes:
        if path in theirs:
            found[path] = theirs[path]
        else:
            found.pop(path, None)
    return found
