"""The object store of one repository: reading through one standing `git cat-file`, writing as loose objects.

Objects never change, so what was read is kept, within a bound. Never: change a ref, an index or a work tree.
"""

import os
from io import BytesIO

from gitdb.base import IStream  # type: ignore[import-untyped]
from gitdb.db import LooseObjectDB  # type: ignore[import-untyped]

from state.git import trees
from state.git.door import Door
from state.git.standing import Ended, Standing
from state.git.trees import CommitParts, Entries, Leaf
from state.ids import Sha
from state.ports import RepositoryFault

_ENTRIES_KEPT = 200_000
_COMMITS_KEPT = 50_000
_CHANGES_KEPT = 64
_KINDS = frozenset({b"commit", b"tree", b"blob", b"tag"})


class ObjectStore:
    """Shas go in and out as hex; `entries` alone takes the 20 bytes that trees hold."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._reader = Standing(lambda: door.start(["cat-file", "--batch-command"], {}))
        self._directory = os.path.join(door.common_dir, "objects")
        self._loose = LooseObjectDB(self._directory)
        self._trees: dict[bytes, Entries] = {}
        self._trees_size = 0
        self._commits: dict[Sha, CommitParts] = {}
        self._changed: dict[tuple[Sha, Sha], tuple[str, ...]] = {}

    def close(self) -> None:
        self._reader.close()

    def _ask(self, command: bytes, name: str, body: bool) -> tuple[Sha, bytes, bytes] | None:
        """(sha, kind, content) of the object a name stands for; None when there is none or several."""
        if "\n" in name or "\0" in name:
            return None
        self._door.watch("cat-file")
        request = command + b" " + os.fsencode(name) + b"\n"
        for last in (False, True):
            try:
                with self._reader.talk() as talk:
                    talk.send(request)
                    parts = talk.line().rsplit(b" ", 2)
                    if len(parts) != 3 or parts[1] not in _KINDS or len(parts[0]) != 40:
                        return None
                    content = talk.exactly(int(parts[2]) + 1)[:-1] if body else b""
                    return Sha(parts[0].decode()), parts[1], content
            except Ended as error:  # killed by somebody, or a repack took a file from under it: ask a new one, once
                if last:
                    raise RepositoryFault(f"git cat-file failed: {error}") from error
        return None

    def find(self, name: str) -> tuple[Sha, bytes] | None:
        """(sha, kind) of what a revision names."""
        found = self._ask(b"info", name, body=False)
        return None if found is None else (found[0], found[1])

    def resolve(self, name: str) -> Sha | None:
        found = self.find(f"{name}^{{commit}}") if name else None
        return None if found is None else found[0]

    def content(self, sha: str, kind: bytes) -> bytes:
        found = self._ask(b"contents", sha, body=True)
        if found is None or found[1] != kind:
            raise RepositoryFault(f"the repository has no {kind.decode()} {sha}")
        return found[2]

    def known(self, sha: Sha) -> CommitParts | None:
        """A commit that was read before, and is kept."""
        return self._commits.get(sha)

    def commit(self, sha: Sha) -> CommitParts:
        known = self._commits.get(sha)
        if known is None:
            known = trees.parse_commit(self.content(sha, b"commit"))
            if len(self._commits) >= _COMMITS_KEPT:
                self._commits.clear()
            self._commits[sha] = known
        return known

    def tree_id(self, commit: Sha) -> bytes:
        return bytes.fromhex(self.commit(commit).tree)

    def entries(self, tree: bytes) -> Entries:
        known = self._trees.get(tree)
        if known is None:
            known = {} if tree == trees.EMPTY_TREE else trees.parse_tree(self.content(tree.hex(), b"tree"))
            if self._trees_size > _ENTRIES_KEPT:
                self._trees.clear()
                self._trees_size = 0
            self._trees[tree] = known
            self._trees_size += len(known) + 1
        return known

    def changed_paths(self, old: Sha, new: Sha) -> tuple[str, ...]:
        found = self.known_change(old, new)
        if found is None:
            changes = trees.changes(self, self.tree_id(old), self.tree_id(new))
            found = tuple(sorted(os.fsdecode(change.path) for change in changes))
            if len(self._changed) >= _CHANGES_KEPT:
                self._changed.clear()
            self._changed[old, new] = found
        return found

    def known_change(self, old: Sha, new: Sha) -> tuple[str, ...] | None:
        """The paths that differ, where that was asked lately."""
        return self._changed.get((old, new))

    def blob(self, leaf: Leaf) -> bytes:
        return self.content(leaf.sha, b"blob")

    def put(self, kind: bytes, data: bytes) -> bytes:
        """Store an object; its sha, of 20 bytes. What is there already is made young, as git does, so that a prune
        does not take it."""
        name = trees.object_id(kind, data)
        path = os.path.join(self._directory, name.hex()[:2], name.hex()[2:])
        try:
            os.utime(path)
        except FileNotFoundError:
            try:
                self._loose.store(IStream(kind, len(data), BytesIO(data)))
            except OSError as error:
                raise RepositoryFault(f"an object could not be written: {error.strerror}") from error
        except OSError:
            return name  # it is there, and belongs to somebody else who may touch it
        return name

    def put_tree(self, data: bytes) -> bytes:
        return self.put(b"tree", data)
