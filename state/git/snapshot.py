"""All work in a worktree as one tree, through a private copy of its index; the agent's index and HEAD are only read.

Files are added one by one and not by `git add -A`, which stops at a socket, an unreadable file or an empty repository
inside, and turns other repositories inside into links. Never: change what an agent made (but for giving us the right
to read it); leave out a file because a filter of it fails.
"""

import os
import shutil
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from state.git import trees
from state.git.door import LONG, Door, Ran
from state.git.globs import Globs
from state.git.objects import ObjectStore
from state.ports import RepositoryFault

_LIST = ["ls-files", "-z", "-v", "--cached", "--modified", "--others", "--exclude-standard"]
_FLAGGED = b"hsmrck"
"""`ls-files -v` writes its tag small for an entry that git was told to take for unchanged."""
_COARSE = 0.02
"""Seconds by which a file system's clock may be behind ours: it ticks with the kernel's timer."""


def a_moment_ago() -> float:
    """Now (unix time), as the file system's clock may have it."""
    return time.time() - _COARSE


@dataclass(frozen=True, slots=True)
class Listing:
    """What a worktree holds beside what its index says: `work` are paths to add or take out, `inside` are repositories
    inside it, `flagged` and `skipped` are paths that git was told not to look at."""

    work: tuple[bytes, ...]
    inside: tuple[bytes, ...]
    flagged: tuple[bytes, ...]
    skipped: tuple[bytes, ...]

    @property
    def plain(self) -> bool:
        return not (self.inside or self.flagged or self.skipped)


@dataclass(frozen=True, slots=True)
class Taken:
    """The tree; whether the private index describes the worktree fully, so that it can be moved on from; and the paths
    that were looked at for a change of them."""

    tree: bytes
    complete: bool
    work: Collection[bytes] = ()


class Taking:
    """One snapshot of the worktree at `path` through the index file `index`, which is left filled. `admin` is git's
    record of the worktree, "" when that is lost."""

    def __init__(self, door: Door, objects: ObjectStore, path: str, admin: str, index: str) -> None:
        self._door = door
        self._objects = objects
        self._top = os.fsencode(path)
        self.path = path
        self._admin = admin
        self._index = index
        self.env = {"GIT_DIR": admin, "GIT_WORK_TREE": path, "GIT_INDEX_FILE": index}
        self._left_out = False

    def _git(
        self, args: Sequence[str], feed: bytes | None = None, ok: Collection[int] = (0,), literal: bool = True
    ) -> Ran:
        env = self.env if literal else {**self.env, "GIT_LITERAL_PATHSPECS": "0"}
        return self._door.run(args, env=env, cwd=self.path, feed=feed, ok=ok, timeout=LONG)

    def again(self, tree: bytes, head: str, keep: Globs, touched: Collection[bytes] = ()) -> Taken:
        """The tree now, where the private index still describes the worktree as it was when it held `tree`. `touched`
        are files of that tree to read whatever git says of them."""
        try:
            listing = self.listing()
            unseen = set(touched).difference(listing.work)
            if listing.plain and not listing.work and not keep and not unseen:
                return Taken(tree, True)
            if unseen:
                self._git(["update-index", "--force-remove", "-z", "--stdin"], b"\0".join(unseen) + b"\0")
            return self._taken(listing, keep, unseen)
        except (RepositoryFault, OSError):
            return self.take(head, keep)

    def take(self, head: str, keep: Globs) -> Taken:
        """`head` is what the index is filled from where the worktree's own, or its record, can not be used."""
        if self._admin:
            try:
                # With its time: git tells by it which entries were written in the same instant as their files.
                shutil.copy2(os.path.join(self._admin, "index"), self._index)
                return self._taken(self.listing(), keep)
            except (RepositoryFault, OSError):
                self._left_out = True
        self.env["GIT_DIR"] = self._door.common_dir
        self._git(["read-tree", "--empty"])
        self._git(["read-tree", head])
        return self._taken(self.listing(), keep)

    def _taken(self, listing: Listing, keep: Globs, also: Collection[bytes] = ()) -> Taken:
        work = {*listing.work, *also}
        work.update(self._unflag(listing))
        for folder in listing.inside:
            work.update(self._unignored(self._walk(folder)))
        if keep:
            work.update(self._ignored(keep))
        self._add(work)
        tree = bytes.fromhex(self._git(["write-tree"]).out.decode().strip())
        return Taken(tree, listing.plain and not self._left_out, work)

    def listing(self) -> Listing:
        looked = a_moment_ago()
        ran = self._git(_LIST)
        if ran.err and self._open_folders():
            looked = a_moment_ago()
            ran = self._git(_LIST)
        work: list[bytes] = []
        inside: list[bytes] = []
        flagged: list[bytes] = []
        skipped: list[bytes] = []
        changed = False
        for item in ran.out.split(b"\0"):
            if item.startswith(b"H ") or not item:
                continue
            tag, path = item[:1], item[2:]
            if tag == b"S":
                skipped.append(path)
            elif tag in _FLAGGED:
                flagged.append(path)
            elif tag == b"?" and path.endswith(b"/"):
                inside.append(path.rstrip(b"/"))
            else:
                work.append(path)
                changed = changed or tag != b"?"
        listing = Listing(tuple(work), tuple(inside), tuple(flagged), tuple(skipped))
        if listing.plain and not changed:
            self.unchanged_until(looked)
        return listing

    def unchanged_until(self, when: float) -> None:
        """Git reads the content of each file that was written in the same second as the index, which are all of them
        in a new worktree. Where each is known to have been as the index says at some later time, that time of the index
        spares it. (A change before hides from git then, where it left the size and came in that very second.)"""
        if os.stat(self._index).st_mtime < when:
            os.utime(self._index, (when, when))

    def _unflag(self, listing: Listing) -> list[bytes]:
        """An agent (or its tools) can tell git not to look at a file; work in it is work all the same. A skipped path
        with no file there is a sparse checkout's, and is not a removal."""
        there = [path for path in listing.skipped if os.path.lexists(os.path.join(self._top, path))]
        for option, paths in (("--no-skip-worktree", there), ("--no-assume-unchanged", listing.flagged)):
            if paths:
                self._git(["update-index", option, "-z", "--stdin"], b"\0".join(paths) + b"\0")
        return [*there, *listing.flagged]

    def _walk(self, folder: bytes) -> Iterator[bytes]:
        for here, folders, names in os.walk(os.path.join(self._top, folder)):
            links = [name for name in folders if os.path.islink(os.path.join(here, name))]
            folders[:] = [name for name in folders if name.lower() != b".git" and name not in links]
            for name in [*names, *links]:
                if name.lower() != b".git":
                    yield os.path.relpath(os.path.join(here, name), self._top)

    def _unignored(self, paths: Iterator[bytes]) -> set[bytes]:
        found = set(paths)
        if not found:
            return found
        # This command takes no literal pathspecs; a path that begins with ./ is never a magic one.
        feed = b"".join(b"./%b\0" % path for path in found)
        ran = self._git(["check-ignore", "-z", "--stdin"], feed, ok=(0, 1), literal=False)
        return found.difference(path.removeprefix(b"./") for path in ran.out.split(b"\0"))

    def _ignored(self, keep: Globs) -> set[bytes]:
        ran = self._git(["ls-files", "-z", "--others", "--ignored", "--exclude-standard"])
        found: set[bytes] = set()
        for path in ran.out.split(b"\0"):
            if path.endswith(b"/"):
                found.update(inner for inner in self._walk(path.rstrip(b"/")) if keep.match(inner))
            elif path and keep.match(path):
                found.add(path)
        return found

    def _add(self, paths: set[bytes]) -> None:
        """Bring paths of the index to what the worktree holds; what git has no object for (a socket, a device) is
        taken out of it."""
        usable = sorted(path for path in paths if self._usable(path))
        gone = sorted(paths.difference(usable))
        try:
            if usable:
                feed = b"\0".join(usable) + b"\0"
                self._git(["update-index", "--add", "--remove", "--replace", "-z", "--stdin"], feed)
        except RepositoryFault:
            self._add_as_they_are(usable)
        if gone:
            self._git(["update-index", "--force-remove", "-z", "--stdin"], b"\0".join(gone) + b"\0")

    def _usable(self, path: bytes) -> bool:
        """Whether git can take the path in: there is nothing (a removal), a folder, a link or a file we may read."""
        full = os.path.join(self._top, path)
        try:
            kind = os.lstat(full).st_mode
        except OSError:
            return True
        if stat.S_ISDIR(kind) or stat.S_ISLNK(kind):
            return True
        if not stat.S_ISREG(kind):
            self._left_out = True
            return False
        if not os.access(full, os.R_OK):
            try:
                os.chmod(full, stat.S_IMODE(kind) | stat.S_IRUSR)
            except OSError:
                self._left_out = True
                return False
        return True

    def _add_as_they_are(self, paths: Sequence[bytes]) -> None:
        """Without git's filters: one of them failed, or a file changed its nature meanwhile."""
        self._left_out = True
        lines: list[bytes] = []
        for path in paths:
            full = os.path.join(self._top, path)
            try:
                kind = os.lstat(full).st_mode
                if stat.S_ISDIR(kind):
                    continue
                if stat.S_ISLNK(kind):
                    mode, content = trees.LINK, os.readlink(full)
                else:
                    mode = b"100755" if kind & stat.S_IXUSR else b"100644"
                    with open(full, "rb") as file:
                        content = file.read()
            except OSError:
                lines.append(b"0 %b\t%b" % (b"0" * 40, path))
                continue
            blob = self._objects.put(b"blob", content).hex().encode()
            lines.append(b"%b %b\t%b" % (mode, blob, path))
        self._git(["update-index", "--add", "--replace", "-z", "--index-info"], b"\0".join(lines) + b"\0")

    def _open_folders(self) -> bool:
        """Give ourselves the right to look into folders that were shut; whether any was."""
        opened = False
        for here, folders, _ in os.walk(self._top):
            for name in folders:
                full = os.path.join(here, name)
                kind = os.lstat(full).st_mode
                if stat.S_ISDIR(kind) and not os.access(full, os.R_OK | os.X_OK):
                    try:
                        os.chmod(full, stat.S_IMODE(kind) | stat.S_IRWXU)
                        opened = True
                    except OSError:
                        self._left_out = True
        return opened
