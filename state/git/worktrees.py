"""The `Worktrees` port: git worktrees outside every repository, one for each window, made and taken down by us.

Never: `--force`, `reset --hard`, `clean`, `stash`; touch a worktree or a record that is not ours.
"""

import os
import shutil
import stat
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from state.git import private, submodules, trees, warm
from state.git.agent_head import head_of, left_behind
from state.git.door import LONG, Door, shown
from state.git.gathering import gather
from state.git.globs import Globs
from state.git.holders import outlive
from state.git.repository import GitRepository
from state.git.snapshot import Taking, a_moment_ago
from state.git.still import Stillness
from state.git.submodules import Left
from state.git.worktree_records import REASON, Record, records
from state.ground import GitGround
from state.ids import Sha
from state.ports import RepositoryFault, Snapshot, StoreError, WorktreeFault

T = TypeVar("T")


@dataclass(slots=True)
class _Place:
    """What we know of one worktree: one step at a time in it; `ready` when it was made here and holds nothing that git
    would not take away again."""

    lock: threading.Lock
    index: str
    ready: warm.Ready | None = None


class GitWorktrees:
    def __init__(self, repository: GitRepository) -> None:
        """The repository is the caller's to close."""
        self._repository = repository
        self._door = repository.door
        self._here = Door("", repository.door.watch)
        self._objects = repository.objects
        self._places: dict[str, _Place] = {}
        self._still = Stillness()
        self._lock = threading.Lock()
        self._adding = threading.Lock()

    async def prepare(self, path: str, commit: Sha) -> None:
        await self._call(path, lambda place: self._prepare(path, commit, place))

    async def snapshot(self, path: str, base: Sha, keep: Sequence[str], message: str, when: float) -> Snapshot:
        def work(place: _Place) -> Snapshot:
            return self._snapshot(path, base, Globs(keep), (message, when), place)

        return await self._call(path, work)

    async def ground(self, path: str) -> GitGround:
        return await self._call(path, lambda _: self._ground(path))

    async def remove(self, path: str) -> None:
        await self._call(path, lambda place: self._remove(path, place))

    async def settle(self) -> None:
        left = await self._repository.call(lambda: outlive(self._repository.common_dir, LONG))
        if left is not None:
            raise WorktreeFault(f"git process {left}, left by a run that was killed, does not end; end it, then resume")

    async def gather(self, under: str) -> None:
        try:
            await self._repository.call(lambda: gather(self._door.common_dir, under), slow=True)
        except OSError as error:
            raise WorktreeFault(f"{error.strerror}: {shown(error.filename or under)}") from error

    async def known(self, under: str) -> list[str]:
        return await self._repository.call(lambda: self._known(under))

    async def _call(self, path: str, work: Callable[[_Place], T]) -> T:
        with self._lock:
            if path not in self._places:
                self._places[path] = _Place(threading.Lock(), self._repository.scratch.fresh("index"))
            place = self._places[path]

        def alone() -> T:
            with place.lock:
                try:
                    return work(place)
                except RepositoryFault as error:
                    raise WorktreeFault(str(error)) from error
                except OSError as error:
                    raise WorktreeFault(f"{error.strerror}: {shown(error.filename or path)}") from error

        return await self._repository.call(alone, slow=True)

    # ------------------------------------------------------------------------------------------- records

    def _records(self, path: str) -> list[Record]:
        real = os.path.realpath(path)
        return [record for record in records(self._door.common_dir) if os.path.realpath(record.path) == real]

    def _known(self, under: str) -> list[str]:
        real = os.path.realpath(under)
        found: set[str] = set()
        for record in records(self._door.common_dir):
            inner = os.path.relpath(os.path.realpath(record.path), real) if record.path else ".."
            if inner.split("/")[0] not in ("..", "."):
                found.add(os.path.join(under, inner))
        return sorted(found)

    # ------------------------------------------------------------------------------------------- prepare

    def _prepare(self, path: str, commit: Sha, place: _Place) -> None:
        self._outside(path)
        ready, place.ready = place.ready, None
        mine = self._records(path)
        there = self._objects.tree_id(commit)
        if len(mine) == 1 and mine[0].ours and ready is not None:
            place.ready = self._move_of(path, mine[0], place).go(ready, commit)
            if place.ready is not None:
                return
        self._take_down(path, mine)
        if os.path.lexists(path) and (not os.path.isdir(path) or os.listdir(path)):
            raise WorktreeFault(f"{shown(path)} exists and is not a worktree of this repository")
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self._add(path, commit)
            made = self._records(path)[0]
            self._fill(path, commit, made)
            place.ready = self._move_of(path, made, place).begin(there)
        except (RepositoryFault, OSError) as error:
            self._take_down(path, self._records(path))
            raise WorktreeFault(f"no worktree could be made at {shown(path)}: {error}") from error

    def _move_of(self, path: str, record: Record, place: _Place) -> warm.Move:
        return warm.Move(self._repository, path, record.admin, place.index, self._still)

    def _fill(self, path: str, commit: Sha, made: Record) -> None:
        born = os.stat(made.admin)
        try:
            env = {"GIT_DIR": made.admin, "GIT_WORK_TREE": path}
            self._door.run(["read-tree", "-m", "-u", commit], env=env, cwd=path, timeout=LONG)
        except StoreError:  # paused, and the run is another's: what was made since is taken away, if it is ours still
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(made.admin), born):
                    clear(path)
                    _forget(made)
            raise

    def _add(self, path: str, commit: Sha) -> None:
        """Git reads the records of all worktrees, and dies of one that is half written: one at a time in this process,
        and once more when another process was in the middle."""
        add = ["worktree", "add", "--quiet", "--no-checkout", "--detach", "--lock", "--reason", REASON + path]
        with self._adding:
            try:
                self._door.run([*add, path, commit])
            except RepositoryFault:
                self._take_down(path, self._records(path))
                self._door.run([*add, path, commit])

    def _outside(self, path: str) -> None:
        """A worktree inside the repository, or around it, would let an agent's git climb into the user's checkout."""
        if not os.path.isabs(path):
            raise WorktreeFault(f"{shown(path)} is not an absolute path")
        real = os.path.realpath(path)
        for place in (self._door.common_dir, self._door.work_tree):
            other = os.path.realpath(place) if place else ""
            if other and os.path.commonpath([real, other]) in (real, other):
                raise WorktreeFault(f"{shown(path)} is not outside the repository at {shown(other)}")

    def _ground(self, path: str) -> GitGround:
        mine = self._records(path)
        if len(mine) != 1 or not mine[0].ours:
            raise WorktreeFault(f"{shown(path)} is not a worktree of ours")
        return private.lay_out(self._door, path, mine[0].admin)

    # ------------------------------------------------------------------------------------------ snapshot

    def _snapshot(self, path: str, base: Sha, keep: Globs, stamp: tuple[str, float], place: _Place) -> Snapshot:
        ready, place.ready = place.ready, None
        mine = self._records(path)
        if not os.path.isdir(path):
            raise WorktreeFault(f"there is no worktree at {shown(path)}")
        private.take_in(self._door, path)
        admin = mine[0].admin if mine else ""
        head = (head_of(self._objects, admin) if mine else None) or base
        grown = self._repository.history.is_ancestor(base, head)
        taking = Taking(self._door, self._objects, path, admin, place.index)
        looked, own = a_moment_ago(), _mark(admin)
        touched = self._still.forget(path)
        files = self._to_read(path, ready, touched) if ready is not None and ready.own == own else None
        if ready is None or files is None:
            taken, gone = taking.take(head, keep), frozenset[bytes]()
        else:
            if ready.new:
                taking.unchanged_until(looked)
            taken, gone = taking.again(ready.tree, head, keep, files), ready.gone
        parent = head if grown else base
        commit = parent
        if taken.tree != self._objects.tree_id(parent):
            commit = self._repository.write_commit(Sha(taken.tree.hex()), [parent], *stamp)
        changes = list(trees.changes(self._objects, self._objects.tree_id(base), taken.tree))
        filled = self._filled(base, taken.tree, changes, taking) if mine else []
        if taken.complete and own is not None and not filled and private.belongs(admin):
            left = [one for one in taken.work if trees.leaf_at(self._objects, taken.tree, one) is None]
            place.ready = warm.Ready(taken.tree, own, gone=gone.union(left))
            self._still.watch(path, trees.folders(self._objects, taken.tree))
        inside = submodules.left_in(self._here, self._objects, path, filled, self._objects.tree_id(base))
        reached = self._with_left_behind(admin, base, head, inside, stamp[1]) if mine else head
        paths = tuple(sorted(os.fsdecode(change.path) for change in changes))
        return Snapshot(commit, reached, paths, tuple(os.fsdecode(one.path) for one in inside))

    def _to_read(self, path: str, ready: warm.Ready, touched: Collection[bytes] | None) -> list[bytes] | None:
        """The touched files of what the private index describes; None where git would not say the same of that index as
        of a copy of the worktree's own: what was taken in from outside is ignored meanwhile perhaps, or what was taken
        out is there again, ignored but known to its own. In a folder that is new nobody knows what came before it was
        watched."""
        top = os.fsencode(path)
        if touched is None or any(os.path.lexists(os.path.join(top, one)) for one in ready.gone):
            return None
        files: list[bytes] = []
        for one in touched:
            leaf = trees.leaf_at(self._objects, ready.tree, one)
            if not one or one.rpartition(b"/")[2] == b".gitignore" or (leaf is not None and leaf.mode == trees.TREE):
                return None
            if leaf is not None:
                files.append(one)
        return files

    def _filled(self, base: Sha, tree: bytes, changes: Sequence[trees.Change], taking: Taking) -> list[bytes]:
        """Submodules that were filled there; a worktree with one is not moved on from, since git leaves them as they
        are."""
        if not submodules.may_be(self._objects, self._objects.tree_id(base), tree, changes):
            return []
        return list(submodules.filled(self._here, taking.path, taking.env))

    def _with_left_behind(self, admin: str, base: Sha, head: Sha, inside: Sequence[Left], when: float) -> Sha:
        """The agent's HEAD; where it made commits that HEAD does not contain, or that lie in a submodule, a commit
        that holds on to all of them."""
        others = left_behind(self._objects, self._repository.history, admin, base, head)
        if not others and not inside:
            return head
        bundles = {b"tianting-submodules/" + one.path + b".bundle": trees.Leaf(b"100644", one.bundle) for one in inside}
        tree = trees.edited(self._objects, self._objects.put_tree, self._objects.tree_id(head), bundles)
        return self._repository.write_commit(Sha(tree.hex()), [head, *others], "Commits that were left behind", when)

    # -------------------------------------------------------------------------------------------- remove

    def _remove(self, path: str, place: _Place) -> None:
        place.ready = None
        self._take_down(path, self._records(path))
        clear(private.folder_of(path))
        with suppress(FileNotFoundError):
            os.unlink(place.index)

    def _take_down(self, path: str, mine: list[Record]) -> None:
        """The folder first, its record last: after a crash in between the record still says what is to be done."""
        for record in mine:
            if not record.ours:
                raise WorktreeFault(f"the worktree at {shown(path)} is not one of ours")
        self._still.drop(path)
        if mine:
            self._door.watch("worktree remove")
            clear(path)
        for record in mine:
            _forget(record)


def _mark(admin: str) -> warm.Mark | None:
    """None where there is no index, or no record of the worktree."""
    try:
        return warm.mark_of(admin) if admin else None
    except OSError:
        return None


def clear(path: str) -> None:
    """Delete a folder and all in it; a link is deleted and not followed."""
    if os.path.islink(path):
        raise WorktreeFault(f"{shown(path)} is a link, not a worktree")
    for _ in range(3):  # a dying process may still write into it
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            if not os.path.lexists(path):
                return
        except PermissionError:
            _open(path)
        except OSError:
            continue
    if os.path.lexists(path):
        raise WorktreeFault(f"{shown(path)} could not be deleted")


def _open(path: str) -> None:
    """Give ourselves the right to delete in folders that were made read-only (module caches are)."""
    for here, folders, _ in os.walk(path):
        for name in [".", *folders]:
            full = os.path.join(here, name)
            kind = os.lstat(full).st_mode
            if stat.S_ISDIR(kind) and kind & stat.S_IRWXU != stat.S_IRWXU:
                try:
                    os.chmod(full, stat.S_IMODE(kind) | stat.S_IRWXU)
                except PermissionError:
                    continue


def _forget(record: Record) -> None:
    """Delete git's record of a worktree whose folder is gone. Its lock goes last, because it says whose it is."""
    for name in os.listdir(record.admin):
        full = os.path.join(record.admin, name)
        if name == "locked":
            continue
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        else:
            with suppress(FileNotFoundError):  # a git that was at work here may take away its own lock
                os.unlink(full)
    shutil.rmtree(record.admin)
    try:
        os.rmdir(os.path.dirname(record.admin))
    except OSError:
        return  # other worktrees have records there
