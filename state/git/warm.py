"""Moving a worktree from what it holds to another commit, at a cost of the change.

Never: guess; whatever git would not describe fully makes the answer no, and the worktree is made anew.
"""

import os
import shutil
from dataclasses import dataclass

from state.git import trees
from state.git.door import LONG
from state.git.globs import Globs
from state.git.repository import GitRepository
from state.git.snapshot import Taking
from state.git.still import Stillness, folders_of
from state.ids import Sha
from state.ports import RepositoryFault

_RECORD = frozenset({"HEAD", "commondir", "gitdir", "index", "locked", "logs", "refs"})
_LEAVINGS = frozenset({"ORIG_HEAD", "FETCH_HEAD", "COMMIT_EDITMSG"})
"""What ordinary commands leave in git's record of a worktree. Anything else (a merge or rebase half done, a lock, a
setting of this worktree alone) is not moved on from."""
_FEW = 200
"""Paths up to which they are written one by one: a quarter of the cost, in a repository of 5,000 files. Git holds each
of them against every entry of the index, so that for more it is better to go through both trees."""

Mark = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Ready:
    """The tree that a worktree holds, as its private index describes it; and the mark of its own index then. `new` when
    git has just written all of it, in the same second as its index. `gone` are paths that are not in that tree, and in
    its own index perhaps."""

    tree: bytes
    own: Mark
    new: bool = False
    gone: frozenset[bytes] = frozenset()


def mark_of(admin: str) -> Mark:
    """Another one when git has written the index of that worktree since."""
    there = os.stat(os.path.join(admin, "index"))
    return there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns


class Move:
    def __init__(self, repository: GitRepository, path: str, admin: str, index: str, still: Stillness) -> None:
        self._repository = repository
        self._door = repository.door
        self._objects = repository.objects
        self._path = path
        self._admin = admin
        self._index = index
        self._still = still

    def go(self, ready: Ready, commit: Sha) -> Ready | None:
        """The worktree, which now stands at `commit`; after None its state is unknown. What was left there since it was
        made `ready` goes, but for ignored files."""
        try:
            if not self._is_whole():
                return None
            tree = self._stands_at(ready, commit)
            if tree is None or not self._move(tree, commit):
                return None
            return Ready(self._objects.tree_id(commit), mark_of(self._admin))
        except (RepositoryFault, OSError):
            return None

    def begin(self, tree: bytes) -> Ready:
        """A worktree that git has just filled with `tree`, ready to be moved."""
        shutil.copy2(os.path.join(self._admin, "index"), self._index)
        self._still.watch(self._path, trees.folders(self._objects, tree))
        self._still.forget(self._path)
        return Ready(tree, mark_of(self._admin), new=True)

    def _stands_at(self, ready: Ready, commit: Sha) -> bytes | None:
        """The tree that the worktree holds; None where that can not be said."""
        if self._still.holds(self._path):
            return ready.tree
        self._still.forget(self._path)
        taking = Taking(self._door, self._objects, self._path, self._admin, self._index)
        taken = taking.again(ready.tree, commit, Globs(()))
        return taken.tree if taken.complete else None

    def _is_whole(self) -> bool:
        """Whether the folder is the record's, and nothing is half done there that git would go on with."""
        with open(os.path.join(self._path, ".git"), "rb") as file:
            pointer = os.fsdecode(file.read()).removeprefix("gitdir:").strip()
        if os.path.realpath(os.path.join(self._path, pointer)) != os.path.realpath(self._admin):
            return False
        names = {name for name in os.listdir(self._admin) if not name.startswith("sharedindex.")}
        if not _RECORD.union(_LEAVINGS).issuperset(names):
            return False
        own_refs = any(files for _, _, files in os.walk(os.path.join(self._admin, "refs")))
        return not own_refs

    def _untouched(self, index: str) -> bool:
        listing = Taking(self._door, self._objects, self._path, self._admin, index).listing()
        return listing.plain and not listing.work

    def _move(self, tree: bytes, commit: Sha) -> bool:
        there = self._objects.tree_id(commit)
        changed = [change.path for change in trees.changes(self._objects, tree, there)]
        names = {path.rpartition(b"/")[2] for path in changed}
        if b".gitattributes" in names:
            return False  # files that did not change may have to be written anew
        own = os.path.join(self._admin, "index")
        shutil.copy2(self._index, own + ".tianting")
        os.replace(own + ".tianting", own)
        if changed:
            self._write(tree, commit, changed)
            shutil.copy2(own, self._index)
        self._still.watch(self._path, trees.folders(self._objects, there))
        self._still.forget(self._path, but_for=changed)
        reflog = os.path.join(self._admin, "logs", "HEAD")
        if os.path.isfile(reflog):
            os.truncate(reflog, 0)  # the next attempt's own commits are to be told from the last one's
        name = os.path.basename(self._admin)
        self._repository.git_refs.detach(f"worktrees/{name}/HEAD", commit)
        for leaving in _LEAVINGS.intersection(os.listdir(self._admin)):
            os.unlink(os.path.join(self._admin, leaving))
        # What one commit ignores the next may not: files that were no work would then be taken for it.
        return b".gitignore" not in names or self._untouched(own)

    def _write(self, tree: bytes, commit: Sha, changed: list[bytes]) -> None:
        env = {"GIT_DIR": self._admin, "GIT_WORK_TREE": self._path}
        if len(changed) > _FEW or not folders_of(changed).isdisjoint(changed):  # a file in the place of a folder
            self._door.run(["read-tree", "-m", "-u", tree.hex(), commit], env=env, cwd=self._path, timeout=LONG)
            return
        step = ["restore", "-q", f"--source={commit}", "--staged", "--worktree"]
        named = ["--pathspec-from-file=-", "--pathspec-file-nul"]
        feed = b"\0".join(changed) + b"\0"
        self._door.run([*step, *named], env=env, cwd=self._path, feed=feed, timeout=LONG)
