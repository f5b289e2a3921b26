"""The `Repository` port on a real git repository. Git's work is done in threads of one small pool.

Never: block the event loop; leave a step half done because its caller was cancelled.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from state.candidate import Side
from state.git import trees, worktree_records
from state.git.door import QUICK, Door, Watch, ignore, shown
from state.git.history import History
from state.git.inspect import Place, Unusable, inspect
from state.git.land import Landing
from state.git.mend import Mending
from state.git.merge import Merging
from state.git.objects import ObjectStore
from state.git.process import end
from state.git.refs import Refs
from state.git.scratch import Scratch
from state.git.standing import Talk
from state.ids import Sha
from state.ports import LandingOrder, Merge, Moved, NotMoved, RepositoryFault

T = TypeVar("T")

_THREADS = 6
_SLOW_THREADS = max(2, len(os.sched_getaffinity(0)))
"""For what may take seconds (a whole work tree), so that a landing never waits behind it. No more than the processors:
the first of several worktrees is then ready while the last has not begun, instead of all being ready late."""


class GitRepository:
    """One repository, opened by any path in it. Owns its threads and git processes until `close`."""

    def __init__(self, path: str, watch: Watch = ignore, known: "GitRepository | Place | None" = None) -> None:
        """`RepositoryFault` when the path is in no repository that can be used. Blocks for some tens of milliseconds,
        unless it was looked at before, or is the repository of one that is open (`known`): then git is not asked."""
        place: Place | Unusable = known.place if isinstance(known, GitRepository) else known or inspect(path)
        if isinstance(place, Unusable):
            raise RepositoryFault(place.why)
        self.place: Place = place
        self.common_dir = place.common_dir
        self.door = Door(place.common_dir, watch)
        if isinstance(known, GitRepository):
            self.door.config = known.door.config
        linked = {os.path.realpath(record.path) for record in worktree_records.records(place.common_dir)}
        if place.top_level and os.path.realpath(place.top_level) not in linked:
            self.door.work_tree = place.top_level  # told here also for a repository that lies apart from its work tree
        self.scratch = Scratch(place.common_dir)
        self.objects = ObjectStore(self.door)
        self.git_refs = Refs(self.door, self.objects)
        self.history = History(self.door, self.objects)
        self._merging = Merging(self.door, self.objects, self.history, self.scratch)
        self._landing = Landing(self.door, self.objects, self.git_refs)
        self._mending = Mending(self.door, self.objects, self.git_refs, self.history)
        self._listings = trees.Listings(self.objects)
        self._who = _identity(self.door.config)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="git")
        self._slow_threads = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="git-slow")

    async def close(self) -> None:
        """Wait for what is under way, then end every process and thread."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown()
        self._slow_threads.shutdown()
        self._merging.close()
        self.git_refs.close()
        self.objects.close()
        self.scratch.close()

    async def call(self, work: Callable[[], T], slow: bool = False) -> T:
        """Do `work` in a thread. A cancelled caller waits for the end of it (every call has one): a landing or a
        worktree is then whole or not begun, and nothing runs on that nobody knows of."""

        def guarded() -> T:
            try:
                return work()
            except OSError as error:  # a full disk, a right that is missing
                raise RepositoryFault(f"{error.strerror}: {shown(error.filename or self.common_dir)}") from error

        try:
            pool = self._slow_threads if slow else self._threads
            step = asyncio.get_running_loop().run_in_executor(pool, guarded)
        except RuntimeError as error:  # the pool was shut down
            raise RepositoryFault("the repository was closed") from error
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            while not step.done():
                try:
                    await asyncio.wait({step})
                except asyncio.CancelledError:
                    continue
            if not step.cancelled():
                step.exception()  # looked at, so that it is not reported as never seen
            raise

    # ------------------------------------------------------------------------------------------- reading
    # No thread is asked for what is at hand.

    async def resolve(self, name: str) -> Sha | None:
        return await self.call(lambda: self.objects.resolve(name))

    async def is_ancestor(self, older: Sha, newer: Sha) -> bool:
        if self.history.is_parent(older, newer):
            return True
        return await self.call(lambda: self.history.is_ancestor(older, newer))

    async def merge_base(self, left: Sha, right: Sha) -> Sha | None:
        if self.history.knows(left, right):
            return self.history.merge_base(left, right)
        return await self.call(lambda: self.history.merge_base(left, right))

    async def tree_of(self, commit: Sha) -> Sha:
        known = self.objects.known(commit)
        return known.tree if known is not None else await self.call(lambda: self.objects.commit(commit).tree)

    async def listing(self, tree: Sha) -> Mapping[str, Side]:
        return await self.call(lambda: self._listings.of(bytes.fromhex(tree)))

    async def changes(self, old: Sha, new: Sha) -> Mapping[str, Side | None]:
        return await self.call(lambda: trees.sides(self.objects, bytes.fromhex(old), bytes.fromhex(new)))

    async def changed_paths(self, old: Sha, new: Sha) -> tuple[str, ...]:
        known = self.objects.known_change(old, new)
        return known if known is not None else await self.call(lambda: self.objects.changed_paths(old, new))

    async def read(self, commit: Sha, path: str) -> bytes | None:
        return await self.call(lambda: self._read(commit, path))

    def _read(self, commit: Sha, path: str) -> bytes | None:
        leaf = trees.leaf_at(self.objects, self.objects.tree_id(commit), os.fsencode(path))
        if leaf is None or leaf.mode in (trees.TREE, trees.SUBMODULE):
            return None
        return self.objects.blob(leaf)

    async def read_blob(self, blob: Sha) -> bytes:
        return await self.call(lambda: self.objects.content(blob, b"blob"))

    async def diff(self, old: Sha, new: Sha, limit: int) -> str:
        return await self.call(lambda: self._diff(old, new, limit))

    def _diff(self, old: Sha, new: Sha, limit: int) -> str:
        step = ["diff-tree", "-r", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv", old, new]
        self.door.watch("diff-tree")
        process = self.door.start(step, {}, feed=False)
        try:
            # A character is at most four bytes, so this is never short; what git has left to say is not waited for.
            return Talk(process, QUICK).upto(limit * 4).decode("utf-8", "replace")[:limit]
        except TimeoutError:
            raise RepositoryFault(f"git diff-tree did not answer within {QUICK:g} seconds") from None
        finally:
            end(process)

    # ------------------------------------------------------------------------------------------- writing

    async def merge(self, ours: Sha, theirs: Sha) -> Merge:
        return await self.call(lambda: self._merging.merge(ours, theirs))

    async def merge_file(self, base: bytes, ours: bytes, theirs: bytes, favour: str) -> bytes | None:
        return await self.call(lambda: self._merging.merge_file(base, ours, theirs, favour))

    async def commit(self, tree: Sha, parents: Sequence[Sha], message: str, when: float) -> Sha:
        return await self.call(lambda: self.write_commit(tree, parents, message, when))

    def write_commit(self, tree: Sha, parents: Sequence[Sha], message: str, when: float) -> Sha:
        data = trees.commit_bytes(tree, tuple(parents), self._who, when, message)
        return Sha(self.objects.put(b"commit", data).hex())

    async def edit_tree(self, commit: Sha, edits: Mapping[str, tuple[str, bytes] | None]) -> Sha:
        return await self.call(lambda: self._edit_tree(commit, edits))

    def _edit_tree(self, commit: Sha, edits: Mapping[str, tuple[str, bytes] | None]) -> Sha:
        prepared = trees.prepare_edits(edits, lambda data: self.objects.put(b"blob", data))
        root = self.objects.tree_id(commit)
        return Sha(trees.edited(self.objects, self.objects.put_tree, root, prepared).hex())

    # ---------------------------------------------------------------------------------------------- refs

    async def refs(self, prefix: str) -> dict[str, Sha]:
        return await self.call(lambda: self.git_refs.below(prefix))

    async def update_ref(self, ref: str, new: Sha | None, expected: Sha | None) -> bool:
        return await self.call(lambda: self.git_refs.update(ref, new, expected))

    async def set_fence(self, ref: str, text: str) -> Sha:
        return await self.call(lambda: self._set_fence(ref, text))

    def _set_fence(self, ref: str, text: str) -> Sha:
        token = Sha(self.objects.put(b"blob", text.encode("utf-8", "surrogateescape")).hex())
        self.git_refs.point(ref, token)
        return token

    async def land(self, order: LandingOrder) -> Moved | NotMoved:
        return await self.call(lambda: self._landing.land(order))

    async def checkout_of(self, ref: str) -> str:
        return await self.call(lambda: self._checkout_of(ref))

    def _checkout_of(self, ref: str) -> str:
        having = (tree.path for tree in worktree_records.checkouts(self.door) if tree.branch == ref)
        return next(having, "")

    async def mend_checkout(self, order: LandingOrder) -> None:
        await self.call(lambda: self._mending.mend(order))


def _identity(config: Mapping[str, str]) -> bytes:
    """The user's configured name and address, the environment first, as git has it; else our own."""
    name = os.environ.get("GIT_AUTHOR_NAME") or config.get("user.name", "")
    email = os.environ.get("GIT_AUTHOR_EMAIL") or config.get("user.email", "")
    if name.strip() and email.strip():
        return trees.person(name, email)
    return trees.person("Tianting", "tianting@localhost")
