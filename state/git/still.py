"""Whether anything was changed in our worktrees since they were last looked at, as the kernel tells (inotify).

A look goes through every file; who knows that nothing was touched spares it. Never: trust where the kernel can not tell
of everything (no watches left, too much at once, another system): then the answer is no, and the worktree is looked at.
"""

import ctypes
import os
import struct
import threading
import weakref
from collections import defaultdict
from collections.abc import Collection, Iterable

_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED, _CREATE, _DELETE = 0x2, 0x4, 0x8, 0xC0, 0x100, 0x200
_DELETED_SELF, _MOVED_SELF, _ONLY_FOLDERS, _NO_LINKS = 0x400, 0x800, 0x01000000, 0x02000000
_WRITTEN = _MODIFY | _ATTRIB | _CLOSE_WRITE
_MASK = _WRITTEN | _MOVED | _CREATE | _DELETE | _DELETED_SELF | _MOVED_SELF | _ONLY_FOLDERS | _NO_LINKS
_GONE, _OVERFLOW = 0x8000, 0x4000
_HEAD = struct.Struct("iIII")
_MOST_FOLDERS = 20_000
_MOST_TOUCHED = 1_000
_CHUNK = 1 << 16


def folders_of(paths: Iterable[bytes]) -> set[bytes]:
    """Every folder above these paths, the topmost (b"") included."""
    found = {b""}
    for path in paths:
        folder = path.rpartition(b"/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]
    return found


class Stillness:
    """One line to the kernel for all worktrees of a process. A place is the path of a worktree; folders and files are
    told relative to it. To be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._libc: ctypes.CDLL | None = None
        self._watched: dict[int, tuple[str, bytes]] = {}
        self._folders: dict[str, dict[bytes, int]] = defaultdict(dict)
        self._touched: dict[str, set[bytes] | None] = {}
        """What was changed in each place that is watched; None: more than is kept, or than was told."""
        self._given_up: set[str] = set()

    def watch(self, place: str, folders: Iterable[bytes]) -> None:
        """Hear of what happens in these folders from now on, too. Where one is new, it is not known what happened there
        before: until `forget`, the place counts as touched."""
        with self._lock:
            self._hear()
            known = self._folders[place]
            new = [folder for folder in folders if folder not in known]
            if new and self._touched.get(place) is None:
                self._touched[place] = set()
            for folder in new if place not in self._given_up else ():
                number = self._add(os.path.join(os.fsencode(place), folder))
                if number is None or len(known) >= _MOST_FOLDERS:
                    self._blind(place)
                    self._given_up.add(place)
                    return
                self._watched[number] = (place, folder)
                known[folder] = number
                self._note(place, folder)

    def holds(self, place: str) -> bool:
        """Whether nothing has been changed in the watched folders since `forget`."""
        with self._lock:
            self._hear()
            return bool(self._folders.get(place)) and self._touched.get(place) == set()

    def forget(self, place: str, but_for: Collection[bytes] | None = None) -> frozenset[bytes] | None:
        """Begin anew; with `but_for`, only changes of these files and of the folders above them are forgotten. What was
        touched until now, files and folders; None where that is not known."""
        with self._lock:
            self._hear()
            touched = self._touched.get(place)
            if touched is None:
                return None  # more happened than is known, its folders moved perhaps: they have to be watched anew
            until_now = frozenset(touched)
            if but_for is None:
                touched.clear()
            else:
                touched.difference_update(but_for, folders_of(but_for))
            return until_now

    def drop(self, place: str) -> None:
        """Hear no more of a place."""
        with self._lock:
            self._hear()
            self._blind(place)
            self._touched.pop(place, None)
            self._given_up.discard(place)

    def _blind(self, place: str) -> None:
        for number in self._folders.pop(place, {}).values():
            self._watched.pop(number, None)
            if self._libc is not None:
                self._libc.inotify_rm_watch(self._fd, number)
        self._touched[place] = None

    def _add(self, folder: bytes) -> int | None:
        if self._fd is None:
            self._fd = self._open()
        found: int = -1 if self._libc is None else self._libc.inotify_add_watch(self._fd, folder, _MASK)
        return None if found < 0 else found

    def _open(self) -> int:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            opened: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, AttributeError):
            return -1
        if opened >= 0:
            self._libc = libc
            weakref.finalize(self, os.close, opened)
        return opened

    def _hear(self) -> None:
        """Take in what the kernel has told since."""
        while self._libc is not None and self._fd is not None:
            try:
                told = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return
            at = 0
            while at < len(told):
                number, mask, _, size = _HEAD.unpack_from(told, at)
                name = told[at + _HEAD.size : at + _HEAD.size + size].rstrip(b"\0")
                at += _HEAD.size + size
                self._take(number, mask, name)

    def _take(self, number: int, mask: int, name: bytes) -> None:
        if mask & _OVERFLOW:
            for place in list(self._folders):
                self._blind(place)
        if number not in self._watched:
            return
        place, folder = self._watched[number]
        if mask & _MOVED_SELF:
            self._blind(place)  # what is below it stands elsewhere now, under another name
            return
        if mask & _GONE:
            del self._watched[number]
            self._folders[place].pop(folder, None)
        self._note(place, b"/".join(part for part in (folder, name) if part))

    def _note(self, place: str, path: bytes) -> None:
        touched = self._touched.get(place)
        if touched is not None:
            touched.add(path)
            if len(touched) > _MOST_TOUCHED:
                self._blind(place)
