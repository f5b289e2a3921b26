"""Merging in the object store: `git merge-tree` with the trunk's attributes, and `git merge-file`. Git is not asked
where the changes lie apart (`apart.py`).

`git merge-tree` (2.39) reads `.gitattributes` from the work tree and from nowhere else, not from an index and not from
the merged trees; so each trunk has a folder that holds its `.gitattributes` files alone, and that is the work tree.
Asked over its input it answers only at the end of it; so one process stands by, set up and waiting for its one
question, and the next is started when this one has answered.
Never: touch a ref, an index or a work tree of anybody; decide what to do about a conflict.
"""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from subprocess import Popen

from state.candidate import Conflict, ConflictKind, Side
from state.git import apart, trees
from state.git.door import QUICK, Door, sentence
from state.git.history import History
from state.git.objects import ObjectStore
from state.git.process import end, exchange
from state.git.scratch import Scratch
from state.ids import Sha
from state.ports import Merge, MergeClean, MergeConflicted, RepositoryFault

_ATTRIBUTES = b".gitattributes"
_BINARY_LOOK = 8000
"""Git takes a file for binary when there is a NUL in this many first bytes."""
_FOLDERS_KEPT = 100_000

Attributes = tuple[tuple[bytes, bytes], ...]
"""(path, blob) of every `.gitattributes` file of a tree."""


class Merging:
    def __init__(self, door: Door, objects: ObjectStore, history: History, scratch: Scratch) -> None:
        self._door = door
        self._objects = objects
        self._history = history
        self._scratch = scratch
        self._known: dict[bytes, Attributes] = {}
        self._lock = threading.Lock()
        self._spare: tuple[str, Popen[bytes]] | None = None
        self._closed = False
        self._refill = ThreadPoolExecutor(1, thread_name_prefix="git-spare")

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._refill.shutdown()
        if self._spare is not None:
            end(self._spare[1])
            self._spare = None

    # ---------------------------------------------------------------------------------------- attributes

    def _attributes(self, tree: bytes) -> Attributes:
        """Found once a folder: folders that did not change since the last trunk cost nothing."""
        known = self._known.get(tree)
        if known is None:
            found: list[tuple[bytes, bytes]] = []
            for name, leaf in self._objects.entries(tree).items():
                if leaf.mode == trees.TREE:
                    found += [(name + b"/" + path, blob) for path, blob in self._attributes(leaf.id)]
                elif name == _ATTRIBUTES and leaf.mode.startswith(b"100"):
                    found.append((name, leaf.id))
            known = tuple(found)
            if len(self._known) >= _FOLDERS_KEPT:
                self._known.clear()
            self._known[tree] = known
        return known

    def _work_tree(self, commit: Sha) -> str:
        """A folder with the attributes of a commit and nothing else; the same one for the same attributes."""
        attributes = self._attributes(self._objects.tree_id(commit))
        key = hashlib.sha1(repr(attributes).encode(), usedforsecurity=False).hexdigest()
        folder = os.path.join(self._scratch.path, f"attributes-{key}")
        with self._lock:
            if not os.path.isdir(folder):
                making = self._scratch.folder(f"making-{key}")
                for path, blob in attributes:
                    if trees.path_fault(path) is None:
                        target = os.path.join(os.fsencode(making), path)
                        os.makedirs(os.path.dirname(target), exist_ok=True)
                        with open(target, "wb") as file:
                            file.write(self._objects.content(blob.hex(), b"blob"))
                os.rename(making, folder)
        return folder

    # --------------------------------------------------------------------------------------------- merge

    def _start(self, work_tree: str) -> Popen[bytes]:
        env = {"GIT_WORK_TREE": work_tree, "GIT_INDEX_FILE": os.path.join(self._scratch.path, "no-index")}
        return self._door.start(["merge-tree", "--write-tree", "--stdin"], env, work_tree)

    def _take(self, work_tree: str) -> Popen[bytes]:
        with self._lock:
            if self._closed:
                raise RepositoryFault("the repository was closed")
            spare, self._spare = self._spare, None
        if spare is not None and spare[0] == work_tree and spare[1].poll() is None:
            return spare[1]
        if spare is not None:
            end(spare[1])
        return self._start(work_tree)

    def _stand_by(self, work_tree: str) -> None:
        with self._lock:
            if self._closed or self._spare is not None:
                return
            self._spare = (work_tree, self._start(work_tree))

    def merge(self, ours: Sha, theirs: Sha) -> Merge:
        base = self._history.sole_base(ours, theirs)
        if base is not None:
            three = [self._objects.tree_id(commit) for commit in (base, ours, theirs)]
            tree = apart.merged(self._objects, self._objects.put_tree, *three)
            if tree is not None:
                return MergeClean(Sha(tree.hex()))
        work_tree = self._work_tree(ours)
        code, out, err = self._ask(work_tree, f"{ours} {theirs}\n".encode())
        if code < 0:  # what stood by was killed by somebody: once more, with a new one
            code, out, err = self._ask(work_tree, f"{ours} {theirs}\n".encode())
        if code != 0:
            raise RepositoryFault(f"{theirs} could not be merged into {ours}: {sentence(err)}")
        return parse(out)

    def _ask(self, work_tree: str, question: bytes) -> tuple[int, bytes, bytes]:
        self._door.watch("merge-tree")
        process = self._take(work_tree)
        try:
            out, err = exchange(process, question, QUICK)
        except TimeoutError:
            raise RepositoryFault(f"a merge did not end within {QUICK:g} seconds") from None
        finally:
            end(process)
            # Not before: starting a process stops all threads for as long as a small merge takes.
            self._refill.submit(self._stand_by, work_tree)
        return process.returncode, out, err

    def merge_file(self, base: bytes, ours: bytes, theirs: bytes, favour: str) -> bytes | None:
        if any(b"\0" in text[:_BINARY_LOOK] for text in (base, ours, theirs)):
            return None
        paths: list[str] = []
        try:
            for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
                paths.append(self._scratch.fresh(name))
                with open(paths[-1], "wb") as file:
                    file.write(text)
            return self._door.run(["merge-file", "-p", "-q", f"--{favour}", *paths]).out
        finally:
            for path in paths:
                os.unlink(path)


@dataclass(frozen=True, slots=True)
class _Message:
    rule: str
    paths: tuple[bytes, ...]
    text: str


def parse(out: bytes) -> Merge:
    """What `git merge-tree --write-tree --stdin` prints for one merge: whether it is clean, the tree, the stages of
    each path in conflict, and messages with a type that stays the same over versions."""
    fields = out.split(b"\0")
    tree = Sha(fields[1].decode())
    if fields[0] == b"1":
        return MergeClean(tree)
    stages: dict[bytes, dict[int, Side]] = {}
    at = 2
    while fields[at]:
        about, path = fields[at].split(b"\t", 1)
        mode, sha, stage = about.decode().split(" ")
        stages.setdefault(path, {})[int(stage)] = Side(Sha(sha), mode)
        at += 1
    return MergeConflicted(tree, tuple(_conflicts(stages, _messages(fields, at + 1))))


def _messages(fields: list[bytes], at: int) -> list[_Message]:
    """Up to the end, or to the advice about submodules that git puts behind them without a count."""
    found: list[_Message] = []
    while at < len(fields) and fields[at].isdigit():
        count = int(fields[at])
        paths = tuple(fields[at + 1 : at + 1 + count])
        rule, text = (
            fields[at + 1 + count].decode(),
            fields[at + 2 + count].decode("utf-8", "replace").strip(),
        )
        if rule.startswith("CONFLICT"):
            found.append(_Message(rule, paths, text))
        at += count + 3
    return found


def _conflicts(stages: dict[bytes, dict[int, Side]], messages: list[_Message]) -> list[Conflict]:
    """One conflict a message, at the first of its paths that has stages; and one for each path with stages that no
    message put first, so that no path is left out."""
    found: dict[tuple[str, bytes], Conflict] = {}

    def add(path: bytes, rule: str, text: str) -> None:
        sides = stages.get(path, {})
        found.setdefault(
            (rule, path),
            Conflict(
                ConflictKind.TEXT,
                rule,
                os.fsdecode(path),
                sides.get(1),
                sides.get(2),
                sides.get(3),
                detail=text,
            ),
        )

    for message in messages:
        staged = [path for path in message.paths if path in stages]
        add((staged or list(message.paths) or [b""])[0], message.rule, message.text)
    covered = {path for _, path in found}
    for path in stages:
        if path not in covered:
            about = next((message for message in messages if path in message.paths), None)
            add(path, about.rule if about else "CONFLICT (unmerged)", about.text if about else "")
    return sorted(found.values(), key=lambda conflict: (conflict.path, conflict.rule))
