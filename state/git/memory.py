"""The `Repository` port in memory: real trees and commits with git's own shas, and no disk, process or clock.

Never: know of checkouts, hooks, attributes or renames; those promises are git's alone.
"""

import difflib
import heapq
import os
from collections.abc import Mapping, Sequence

from state.candidate import Side
from state.git import memory_merge, text_merge, trees
from state.git.trees import CommitParts, Entries
from state.ids import Sha
from state.ports import LandingOrder, Merge, Moved, NotMoved, RepositoryFault

_WHO = trees.person("Tianting", "tianting@localhost")
_SHORTEST = 4
_BOTH = 3
_BEHIND = 4

Edit = tuple[str, bytes] | None


class MemoryRepository:
    """Objects and refs in two dicts. The same calls give the same shas, in every process."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, bytes]] = {}
        self._trees: dict[bytes, Entries] = {}
        self._commits: dict[Sha, CommitParts] = {}
        self._heights: dict[Sha, int] = {}
        self._refs: dict[str, Sha] = {}
        self._listings = trees.Listings(self)
        self.common_dir = "/memory/.git"

    async def close(self) -> None:
        """Nothing to end."""

    # ---------------------------------------------------------------------------------- for tests, at once

    def seed(self, files: Mapping[str, bytes], ref: str, when: float = 0.0) -> Sha:
        """A first commit that holds `files`, with `ref` at it."""
        commit = self.commit_files(None, {path: ("100644", text) for path, text in files.items()}, "seed", when)
        self._refs[ref] = commit
        return commit

    def commit_files(self, parent: Sha | None, edits: Mapping[str, Edit], message: str, when: float) -> Sha:
        """A commit of `parent`'s files (none when it is None) with some set to (mode, content) or, with None, gone."""
        root = trees.EMPTY_TREE if parent is None else self.tree_id(parent)
        tree = self._edited(root, edits)
        return self.write_commit(tree, () if parent is None else (parent,), message, when)

    def files(self, commit: Sha) -> dict[str, bytes]:
        """Every file of a commit."""
        return {path: content for path, (_, content) in self.leaves(commit).items()}

    def leaves(self, commit: Sha) -> dict[str, tuple[str, bytes]]:
        """(mode, content) of every file of a commit."""
        found = trees.leaves(self, self.tree_id(commit))
        return {
            os.fsdecode(path): (leaf.mode.decode(), self.content(leaf.sha, b"blob"))
            for path, leaf in found
            if leaf.mode != trees.SUBMODULE
        }

    # ------------------------------------------------------------------------------------------- objects

    def put(self, kind: bytes, data: bytes) -> bytes:
        name = trees.object_id(kind, data)
        self._objects[name.hex()] = (kind, data)
        return name

    def content(self, sha: str, kind: bytes) -> bytes:
        found = self._objects.get(sha)
        if found is None or found[0] != kind:
            raise RepositoryFault(f"the repository has no {kind.decode()} {sha}")
        return found[1]

    def entries(self, tree: bytes) -> Entries:
        if tree == trees.EMPTY_TREE:
            return {}
        if tree not in self._trees:
            self._trees[tree] = trees.parse_tree(self.content(tree.hex(), b"tree"))
        return self._trees[tree]

    def parts(self, commit: Sha) -> CommitParts:
        if commit not in self._commits:
            self._commits[commit] = trees.parse_commit(self.content(commit, b"commit"))
        return self._commits[commit]

    def tree_id(self, commit: Sha) -> bytes:
        return bytes.fromhex(self.parts(commit).tree)

    def write_commit(self, tree: Sha, parents: Sequence[Sha], message: str, when: float) -> Sha:
        for parent in parents:
            self.parts(parent)
        return Sha(self.put(b"commit", trees.commit_bytes(tree, tuple(parents), _WHO, when, message)).hex())

    def _edited(self, root: bytes, edits: Mapping[str, Edit]) -> Sha:
        prepared = trees.prepare_edits(edits, lambda data: self.put(b"blob", data))
        return Sha(trees.edited(self, lambda data: self.put(b"tree", data), root, prepared).hex())

    # ------------------------------------------------------------------------------------------- history

    def _height(self, commit: Sha) -> int:
        """One more than the highest of its parents: what is behind a commit is lower than it."""
        todo = [commit]
        while todo:
            here = todo[-1]
            parents = self.parts(here).parents
            missing = [parent for parent in parents if parent not in self._heights]
            if missing:
                todo += missing
                continue
            self._heights[here] = 1 + max((self._heights[parent] for parent in parents), default=0)
            todo.pop()
        return self._heights[commit]

    def _behind(self, older: Sha, newer: Sha) -> bool:
        floor = self._height(older)
        seen, todo = {newer}, [newer]
        while todo:
            here = todo.pop()
            if here == older:
                return True
            fresh = [sha for sha in self.parts(here).parents if sha not in seen and self._height(sha) >= floor]
            seen.update(fresh)
            todo += fresh
        return False

    def _bases(self, left: Sha, right: Sha) -> list[Sha]:
        """The best common ancestors: both sides are walked from the top down, and what lies behind a common ancestor
        is passed over."""
        sides = {left: 1}
        sides[right] = sides.get(right, 0) | 2
        queue = [(-self._height(commit), commit) for commit in sides]
        heapq.heapify(queue)
        found: list[Sha] = []
        while any(sides[commit] < _BEHIND for _, commit in queue):
            _, here = heapq.heappop(queue)
            mark = sides[here]
            if mark == _BOTH:
                found.append(here)
                mark |= _BEHIND
            for parent in self.parts(here).parents:
                if parent not in sides:
                    heapq.heappush(queue, (-self._height(parent), parent))
                sides[parent] = sides.get(parent, 0) | mark
        return sorted(found)

    async def resolve(self, name: str) -> Sha | None:
        for full in (name, f"refs/{name}", f"refs/tags/{name}", f"refs/heads/{name}"):
            if full in self._refs:
                return self._peeled(self._refs[full])
        if len(name) < _SHORTEST:
            return None
        found = [Sha(sha) for sha in self._objects if sha.startswith(name) and self._objects[sha][0] == b"commit"]
        return found[0] if len(found) == 1 else None

    def _peeled(self, sha: Sha) -> Sha | None:
        return sha if self._objects[sha][0] == b"commit" else None

    async def is_ancestor(self, older: Sha, newer: Sha) -> bool:
        return self._behind(older, newer)

    async def merge_base(self, left: Sha, right: Sha) -> Sha | None:
        return next(iter(self._bases(left, right)), None)

    # --------------------------------------------------------------------------------- the port: content

    async def tree_of(self, commit: Sha) -> Sha:
        return self.parts(commit).tree

    async def listing(self, tree: Sha) -> Mapping[str, Side]:
        return self._listings.of(bytes.fromhex(tree))

    async def changes(self, old: Sha, new: Sha) -> Mapping[str, Side | None]:
        return trees.sides(self, bytes.fromhex(old), bytes.fromhex(new))

    async def changed_paths(self, old: Sha, new: Sha) -> tuple[str, ...]:
        return self.changed(old, new)

    def changed(self, old: Sha, new: Sha) -> tuple[str, ...]:
        found = trees.changes(self, self.tree_id(old), self.tree_id(new))
        return tuple(sorted(os.fsdecode(change.path) for change in found))

    async def merge(self, ours: Sha, theirs: Sha) -> Merge:
        base = await self.merge_base(ours, theirs)
        if base is None:
            raise RepositoryFault(f"{theirs} could not be merged into {ours}: the histories are unrelated")
        return memory_merge.merge(self, self.tree_id(base), self.tree_id(ours), self.tree_id(theirs), (ours, theirs))

    async def commit(self, tree: Sha, parents: Sequence[Sha], message: str, when: float) -> Sha:
        return self.write_commit(tree, parents, message, when)

    async def edit_tree(self, commit: Sha, edits: Mapping[str, Edit]) -> Sha:
        return self._edited(self.tree_id(commit), edits)

    async def read(self, commit: Sha, path: str) -> bytes | None:
        leaf = trees.leaf_at(self, self.tree_id(commit), os.fsencode(path))
        if leaf is None or leaf.mode in (trees.TREE, trees.SUBMODULE):
            return None
        return self.content(leaf.sha, b"blob")

    async def read_blob(self, blob: Sha) -> bytes:
        return self.content(blob, b"blob")

    async def merge_file(self, base: bytes, ours: bytes, theirs: bytes, favour: str) -> bytes | None:
        if memory_merge.is_binary(base, ours, theirs):
            return None
        return text_merge.merge(base, ours, theirs, favour, ("ours", "theirs"))[0]

    async def diff(self, old: Sha, new: Sha, limit: int) -> str:
        return "".join([await self._file_diff(path, old, new) for path in self.changed(old, new)])[:limit]

    async def _file_diff(self, path: str, old: Sha, new: Sha) -> str:
        before, after = await self.read(old, path), await self.read(new, path)
        lines = difflib.unified_diff(
            (before or b"").decode("utf-8", "replace").splitlines(keepends=True),
            (after or b"").decode("utf-8", "replace").splitlines(keepends=True),
            "/dev/null" if before is None else f"a/{path}",
            "/dev/null" if after is None else f"b/{path}",
        )
        ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
        return f"diff --git a/{path} b/{path}\n" + "".join(ended)

    # ------------------------------------------------------------------------------------ the port: refs

    async def refs(self, prefix: str) -> dict[str, Sha]:
        return {
            ref: sha
            for ref, sha in sorted(self._refs.items())
            if ref.startswith(prefix) and self._objects[sha][0] == b"commit"
        }

    async def update_ref(self, ref: str, new: Sha | None, expected: Sha | None) -> bool:
        if self._refs.get(ref) != expected:
            return False
        if new is None:
            self._refs.pop(ref, None)
        else:
            self._free(ref)
            self.parts(new)
            self._refs[ref] = new
        return True

    def _free(self, ref: str) -> None:
        for other in self._refs:
            if other.startswith(ref + "/") or ref.startswith(other + "/"):
                raise RepositoryFault(f"{ref} can not be made, because {other} exists and git keeps refs as files")

    async def set_fence(self, ref: str, text: str) -> Sha:
        self._free(ref)
        self._refs[ref] = Sha(self.put(b"blob", text.encode("utf-8", "surrogateescape")).hex())
        return self._refs[ref]

    async def land(self, order: LandingOrder) -> Moved | NotMoved:
        now = self._refs.get(order.ref)
        if now == order.new:
            return Moved()
        if order.checkout:
            return NotMoved("checkout", f"{order.ref} is checked out in no worktree now")
        if self._refs.get(order.fence) != order.token:
            return NotMoved("fence", f"{order.fence} is not at {order.token} any more")
        if now != order.old:
            return NotMoved("trunk-moved", f"{order.ref} stands at {now or 'nothing'}, not at {order.old}")
        self._refs[order.ref] = order.new
        return Moved()

    async def checkout_of(self, ref: str) -> str:
        return ""

    async def mend_checkout(self, order: LandingOrder) -> None:
        """Nothing can be half done here."""
