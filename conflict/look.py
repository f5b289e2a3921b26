"""What the contract rules say about a merge: their files read from commits, their findings as conflicts.

The rules themselves are pure and live in the rooms beside this one. Never: a tree changed.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conflict.foresee import Foresight
from conflict.harmony import openapi
from conflict.harmony.carry import Trees, carried, paths_of
from conflict.rules.all import may_clash
from conflict.schema import row
from conflict.schema.values import Edits, Finding, Sides
from state.candidate import Conflict, ConflictKind, Side
from state.footprint import globs_meet
from state.ids import Sha
from state.kept import Cache
from state.light import light
from state.plan import Plan
from state.ports import Merge, MergeConflicted, Repository

GENERATED = "generated-file"
DOCUMENT = "openapi-document"
_FILES = frozenset({"100644", "100755"})
_DOCUMENTS = (".json", ".yaml", ".yml")
_CARRIED = (ConflictKind.API, ConflictKind.STRUCTURE)
_AS_WRITTEN = frozenset({"call-signature", "parameters-reordered", "call-awaited", "route-changed"})
_MENTIONS = 300
"""Files of the candidate's own that are looked through for the names of renamed ones."""


@light
@dataclass(frozen=True, slots=True)
class Look:
    """What the rules find where `head` is merged onto `onto`, two commits with the best common ancestor `base`;
    `modes` are those of the candidate's files."""

    base: Sha | None
    found: tuple[Finding, ...] = ()
    modes: tuple[tuple[str, str], ...] = ()

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(Conflict(one.kind, one.rule, one.path, symbol=one.symbol, detail=one.detail) for one in self.found)

    @property
    def edits(self) -> Edits:
        return row.settled(self.found)

    @property
    def rows(self) -> "Look":
        """The part that needs no merged text."""
        return Look(self.base, tuple(one for one in self.found if not one.on_merge and not one.command), self.modes)

    @property
    def generated(self) -> Mapping[str, str]:
        """Files that are to be made anew, each with its command."""
        return {one.path: one.command for one in self.found if one.command}

    @property
    def is_settled(self) -> bool:
        """Whether there is something, and each of it is settled by rule."""
        return bool(self.found) and all(one.edits or one.command for one in self.found)

    @property
    def how(self) -> str:
        return "; ".join(dict.fromkeys(one.how for one in self.found))


class Examiner:
    """Asks the rules about merges in one repository; keeps what it read for the next time."""

    def __init__(self, repository: Repository, kept: Cache | None = None) -> None:
        self._repository = repository
        self._foresight = Foresight(repository, kept=kept)

    async def look(self, onto: Sha, head: Sha, plan: Plan) -> Look:
        """All that the rules find where `head` is merged onto `onto`."""
        repository = self._repository
        base = await repository.merge_base(onto, head)
        if base is None or base in (onto, head):
            return Look(base)
        mine, other = await repository.changed_paths(base, onto), await repository.changed_paths(base, head)
        found = list(_generated(plan, mine, other))
        modes: dict[str, str] = {}
        if folders := row.folders(mine, other):
            known: dict[Sha, bytes] = {}
            listed = [await _listed(repository, commit, folders) for commit in (base, onto, head)]
            sides = [await _read(repository, files, known) for files in listed]
            within = tuple(f"{folder}/" for folder in folders)
            alone = [path for path in other if path not in set(mine) and not path.startswith(within)]
            mentions = {path: await repository.read(head, path) for path in alone[:_MENTIONS]}
            texts = {path: text for path, text in mentions.items() if text is not None}
            # Hundreds of files may have to be parsed for the first time: not where the loop would wait for it.
            found += await asyncio.to_thread(row.findings, Sides(sides[0], sides[1], sides[2], texts))
            modes = {path: side.mode for path, side in listed[2].items()}
        found += await self._documents((base, onto, head), sorted({*mine} & {*other}), {one.path for one in found})
        called, more = await self._called(base, onto, head) if may_clash(mine, other) else ([], {})
        return Look(base, (*found, *called), tuple({**more, **modes}.items()))

    async def _documents(self, commits: tuple[Sha, Sha, Sha], both: Sequence[str], known: set[str]) -> list[Finding]:
        """Documents of an API that both sides changed and that git does not merge, or merges into a broken one."""
        found: list[Finding] = []
        for path in both:
            if path in known or not path.endswith(_DOCUMENTS):
                continue
            texts = [await self._repository.read(commit, path) for commit in commits]
            before, mine, other = texts
            if mine is None or other is None or not openapi.is_document(mine) or not openapi.is_document(other):
                continue
            merged = await self._repository.merge(commits[1], commits[2])
            clashing = isinstance(merged, MergeConflicted) and any(one.path == path for one in merged.conflicts)
            side = (await self._repository.listing(merged.tree)).get(path)
            text = b"" if side is None or clashing else await self._repository.read_blob(side.blob)
            one = await asyncio.to_thread(_document, path, (before or b"", mine, other), text)
            found += [] if one is None else [one]
        return found

    async def _called(self, base: Sha, onto: Sha, head: Sha) -> tuple[list[Finding], dict[str, str]]:
        """What one side changed and the other calls, each carried into the caller where that is sure; the modes of the
        files that are edited."""
        seen = await self._foresight.between(onto, head)
        unmerged = {one.path for one in seen.conflicts}
        clashes = [
            one for one in seen.clashes if one.certain and one.kind in _CARRIED and not unmerged & {*paths_of(one)}
        ]
        if not clashes:
            return [], {}
        merged = await self._repository.merge(onto, head)
        before = await self._repository.listing(await self._repository.tree_of(base))
        after = await self._repository.listing(merged.tree)
        wanted = {path for one in clashes for path in (*paths_of(one), one.symbol)}
        wanted |= {path for path in before if path not in after or before[path] != after[path]}
        texts = [await self._texts(side, wanted) for side in (before, after)]
        found: list[Finding] = []
        for one in clashes:
            trees = Trees(_blobs(before), _blobs(after), texts[0], texts[1])
            found.append(carried(one, trees))
            texts[1].update({path: text for path, text in found[-1].edits.items() if text is not None})
        modes = {path: after[path].mode for one in found for path in one.edits if path in after}
        return await self._still(onto, head, merged.tree, found), modes

    async def _still(self, onto: Sha, head: Sha, tree: Sha, found: list[Finding]) -> list[Finding]:
        """Without what the edits of another have settled too (an import that follows takes its uses along)."""
        edits = row.settled(found)
        if not edits or all(one.edits for one in found):
            return found
        start = await self._repository.commit(tree, (onto, head), "merged", 0)
        files = {path: None if text is None else ("100644", text) for path, text in edits.items()}
        seen = await self._foresight.between(onto, head, merged=await self._repository.edit_tree(start, files))
        left = {(one.rule, one.symbol, one.place.path) for one in seen.clashes}
        return [one for one in found if one.edits or (one.rule, one.symbol, one.path) in left]

    async def _texts(self, files: Mapping[str, Side], wanted: Iterable[str]) -> dict[str, bytes]:
        known = [(path, files[path]) for path in sorted(wanted) if path in files]
        return {path: await self._repository.read_blob(side.blob) for path, side in known if side.mode in _FILES}

    async def is_left(self, onto: Sha, head: Sha, tree: Sha, settled: Sequence[Finding]) -> str:
        """What the rules still find in another merge of the two than git's; "" for nothing. What speaks of a call as
        its author wrote it is left aside: the edit was checked against the call as it is now."""
        done = {one.rule for one in settled} & _AS_WRITTEN
        seen = await self._foresight.between(onto, head, merged=tree)
        left = [one for one in seen.clashes if one.certain and one.kind in _CARRIED and one.rule not in done]
        return left[0].detail if left else ""


def _document(path: str, sides: tuple[bytes, bytes, bytes], text: bytes) -> Finding | None:
    """`text` is git's merge, empty where there is none."""
    _, ours, theirs = sides
    why = openapi.broken(path, ours, theirs, text) if text else "its text does not merge"
    merged = openapi.merge(path, *sides) if why else None
    if merged is None:
        return None
    kind, said = ConflictKind.API, f"both sides changed {path}: {why}"
    if merged.text is None:
        detail = f"{said}; {'; '.join(merged.clashes)}"
        return Finding(kind, DOCUMENT, path, path, detail, on_merge=True)
    how = f"{path} merged by path and schema"
    return Finding(kind, DOCUMENT, path, path, said, {path: merged.text}, how, on_merge=True)


def _blobs(files: Mapping[str, Side]) -> dict[str, str]:
    return {path: side.blob for path, side in files.items()}


def _generated(plan: Plan, mine: Sequence[str], other: Sequence[str]) -> Iterable[Finding]:
    """Files that both sides changed and that a command of the plan makes; their text is not to be merged."""
    for path in sorted(set(mine) & set(other)) if plan.regenerate else ():
        command = command_for(plan, path)
        if command:
            said = f"both sides changed {path}, which `{command}` makes"
            how = f"{path} made anew by `{command}`"
            yield Finding(ConflictKind.RESOURCE, GENERATED, path, path, said, how=how, command=command)


def command_for(plan: Plan, path: str) -> str:
    """The command that makes a file, by the first glob of `regenerate` that it matches; "" for any other file."""
    return next((command for glob, command in plan.regenerate if globs_meet(glob, path)), "")


async def _listed(repository: Repository, commit: Sha, folders: Iterable[str]) -> dict[str, Side]:
    """The files in these folders and all folders in them."""
    within = tuple("" if folder == "." else f"{folder}/" for folder in folders)
    everything = await repository.listing(await repository.tree_of(commit))
    return {path: side for path, side in everything.items() if side.mode in _FILES and path.startswith(within)}


async def _read(repository: Repository, files: Mapping[str, Side], known: dict[Sha, bytes]) -> dict[str, bytes]:
    """Contents by path; each is read once, however many of the commits have it."""
    for side in files.values():
        if side.blob not in known:
            known[side.blob] = await repository.read_blob(side.blob)
    return {path: known[side.blob] for path, side in files.items()}


def with_rules(merged: Merge, seen: Look) -> Merge:
    """The merge, in conflict where the rules find one.

    What stands in a row comes before text: once its text is merged the candidate contains the trunk, and nobody would
    ask about the row again. It can be settled on the candidate alone.
    """
    if not seen.found:
        return merged
    text = merged.conflicts if isinstance(merged, MergeConflicted) else ()
    rows = seen.rows
    if text and rows.found:
        return MergeConflicted(merged.tree, rows.conflicts)
    return MergeConflicted(merged.tree, (*text, *seen.conflicts))
