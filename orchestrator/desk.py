"""What a person writes by hand on a screen, put into the repository as a commit.

Never: a ref; whoever takes the commit up points one at it. A path that nobody wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from state.ids import Sha
from state.ports import Repository


@dataclass(frozen=True, slots=True)
class HandMade:
    """`dashboard.ports.Desk` over the repository."""

    repository: Repository

    async def settle(self, onto: Sha, head: Sha, files: Mapping[str, tuple[str, str] | None], when: float) -> Sha:
        """The merge of `onto` into `head`, with these files (mode and text; None: gone) in place of the conflicts."""
        parents = (head, onto)
        merged = await self.repository.merge(onto, head)
        draft = await self.repository.commit(merged.tree, parents, "A conflict, to be settled by hand\n", when)
        edits = {path: None if one is None else (one[0], one[1].encode()) for path, one in files.items()}
        tree = await self.repository.edit_tree(draft, edits)
        named = ", ".join(sorted(files))
        return await self.repository.commit(tree, parents, f"Settle a conflict by hand\n\nIn {named}.\n", when)
