"""The `Worktrees` port in memory: a worktree is a dict of files. For the simulation and the contract suite.

Never: touch a disk.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from state.git.globs import Globs
from state.git.memory import MemoryRepository
from state.ground import GitGround
from state.ids import Sha
from state.ports import RepositoryFault, Snapshot, WorktreeFault


@dataclass(slots=True)
class MemoryTree:
    """One worktree: `files` is (mode, content) by path."""

    head: Sha
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


class MemoryWorktrees:
    def __init__(self, repository: MemoryRepository, ignored: Collection[str] = ()) -> None:
        """`ignored` are paths that are no work, with all below them."""
        self._repository = repository
        self._ignored = tuple(ignored)
        self.trees: dict[str, MemoryTree] = {}

    def write(self, path: str, name: str, content: bytes | None, mode: str = "100644") -> None:
        """What an agent would do: set a file, or take it away with None."""
        tree = self._tree(path)
        if content is None:
            tree.files.pop(name, None)
        else:
            tree.files[name] = (mode, content)

    def commit(self, path: str, message: str, when: float) -> Sha:
        """What an agent would do: commit everything."""
        tree = self._tree(path)
        tree.head = self._commit(tree, tree.head, (), message, when)
        return tree.head

    def _tree(self, path: str) -> MemoryTree:
        found = self.trees.get(path)
        if found is None:
            raise WorktreeFault(f"there is no worktree at {path}")
        return found

    async def prepare(self, path: str, commit: Sha) -> None:
        try:
            files = self._repository.leaves(commit)
        except RepositoryFault as error:
            raise WorktreeFault(f"no worktree could be made at {path}: {error}") from error
        self.trees[path] = MemoryTree(commit, files)

    def _commit(self, tree: MemoryTree, parent: Sha, keep: Sequence[str], message: str, when: float) -> Sha:
        """A commit of what is there on `parent`; `parent` itself when nothing differs."""
        kept = Globs(keep)
        work = {
            name: file
            for name, file in tree.files.items()
            if not any(name == folder or name.startswith(folder + "/") for folder in self._ignored)
            or kept.match(os.fsencode(name))
        }
        before = self._repository.leaves(parent)
        edits: dict[str, tuple[str, bytes] | None] = {name: None for name in before if name not in work}
        edits.update((name, file) for name, file in work.items() if before.get(name) != file)
        return self._repository.commit_files(parent, edits, message, when) if edits else parent

    async def snapshot(self, path: str, base: Sha, keep: Sequence[str], message: str, when: float) -> Snapshot:
        tree = self._tree(path)
        grown = await self._repository.is_ancestor(base, tree.head)
        commit = self._commit(tree, tree.head if grown else base, keep, message, when)
        return Snapshot(commit, tree.head, self._repository.changed(base, commit))

    async def ground(self, path: str) -> GitGround:
        raise WorktreeFault(f"{path} is in memory, where no process works")

    async def remove(self, path: str) -> None:
        self.trees.pop(path, None)

    async def settle(self) -> None:
        return  # nothing of a dead process outlives it in here

    async def gather(self, under: str) -> None:
        for path in list(self.trees):
            folder, name = os.path.split(path)
            if os.path.basename(folder) == os.path.basename(under) and os.path.join(under, name) not in self.trees:
                self.trees[os.path.join(under, name)] = self.trees.pop(path)

    async def known(self, under: str) -> list[str]:
        return sorted(path for path in self.trees if path.startswith(under.rstrip("/") + "/"))
