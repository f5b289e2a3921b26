"""A repository without content, so that a measurement of the loop measures the loop: a commit is a number with
parents, every merge is clean. The engines beside it do no git either.

Never: used where a conflict, a path or a tree matters.
"""

from collections.abc import Mapping, Sequence

from state.git.memory import Edit, MemoryRepository
from state.ids import Sha
from state.ports import Merge, MergeClean


class WeightlessRepository(MemoryRepository):
    """The parts of the port that a clean landing uses; refs move by compare-and-swap as ever."""

    def __init__(self) -> None:
        super().__init__()
        self._parents: dict[Sha, tuple[Sha, ...]] = {}

    def _next(self, parents: tuple[Sha, ...]) -> Sha:
        sha = Sha(f"{len(self._parents) + 1:040x}")
        self._parents[sha] = parents
        return sha

    def seed(self, files: Mapping[str, bytes], ref: str, when: float = 0.0) -> Sha:
        self._refs[ref] = sha = self._next(())
        return sha

    def commit_files(self, parent: Sha | None, edits: Mapping[str, Edit], message: str, when: float) -> Sha:
        return self._next(() if parent is None else (parent,))

    async def commit(self, tree: Sha, parents: Sequence[Sha], message: str, when: float) -> Sha:
        return self._next(tuple(parents))

    async def merge(self, ours: Sha, theirs: Sha) -> Merge:
        return MergeClean(Sha(theirs[::-1]))

    async def tree_of(self, commit: Sha) -> Sha:
        return Sha(commit[::-1])

    async def resolve(self, name: str) -> Sha | None:
        return self._refs.get(name)

    async def is_ancestor(self, older: Sha, newer: Sha) -> bool:
        if older in self._parents[newer]:
            return True
        todo = [newer]
        while todo:
            here = todo.pop()
            if here == older:
                return True
            todo.extend(parent for parent in self._parents[here] if parent >= older)  # numbers grow
        return False

    async def merge_base(self, left: Sha, right: Sha) -> Sha | None:
        return left  # nothing was done there since, so nothing clashes

    async def update_ref(self, ref: str, new: Sha | None, expected: Sha | None) -> bool:
        if self._refs.get(ref) != expected:
            return False
        if new is None:
            self._refs.pop(ref, None)
        else:
            self._refs[ref] = new
        return True
