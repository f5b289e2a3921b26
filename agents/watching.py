"""Watching a live worktree: soon after its files have changed and been left alone for a moment, it is looked at.

The kernel tells of changes (inotify); where it can not (another system, no watches left), the worktree is looked at in
intervals. Never: a file read here, a change lost for good (the next one brings it); an agent made to wait.
"""

import asyncio
import ctypes
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

QUIET = 0.25
"""Seconds without a change after which a look is worth its cost."""
REST = 1.0
"""Seconds between two looks at one worktree, and at most so many of waiting for quiet."""
BLIND = 3.0
"""Seconds between two looks where nobody tells of changes."""

_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
_MASK = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_IS_FOLDER, _OVERFLOW = 0x40000000, 0x4000
_HEAD = struct.Struct("iIII")
_NOT_WORK = frozenset({b".git", b"node_modules", b".venv", b"venv", b"__pycache__", b".mypy_cache", b".pytest_cache"})
_MOST_FOLDERS = 20_000


class Watch:
    """Tells that something below a folder has changed."""

    def __init__(self, top: str) -> None:
        self._top = os.fsencode(top)
        self._changed = asyncio.Event()
        self._folders: dict[int, bytes] = {}
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = -1

    @property
    def blind(self) -> bool:
        return self._fd < 0

    def open(self) -> None:
        """Begin; afterwards it is `blind` where the kernel does not help."""
        with suppress(AttributeError):
            self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd >= 0 and not self._add(self._top):
            self.close()
        if self._fd >= 0:
            asyncio.get_running_loop().add_reader(self._fd, self._read)

    def close(self) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _add(self, top: bytes) -> bool:
        """Watch a folder and all below it; False when the kernel has no watch left."""
        todo = [top]
        while todo:
            here = todo.pop()
            found = self._libc.inotify_add_watch(self._fd, here, _MASK)
            if found < 0 and os.path.isdir(here):
                return False
            self._folders[found] = here
            if len(self._folders) > _MOST_FOLDERS:
                return False
            with suppress(OSError), os.scandir(here) as inside:  # watched first: what is made meanwhile is told of
                todo += [one.path for one in inside if one.is_dir(follow_symlinks=False) and one.name not in _NOT_WORK]
        return True

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return
        at = 0
        while at + _HEAD.size <= len(data):
            number, mask, _, size = _HEAD.unpack_from(data, at)
            name = data[at + _HEAD.size : at + _HEAD.size + size].rstrip(b"\0")
            at += _HEAD.size + size
            if name in _NOT_WORK and not mask & _OVERFLOW:
                continue
            self._changed.set()
            if mask & _IS_FOLDER and mask & (_CREATE | _MOVED_TO) and number in self._folders:
                self._add(os.path.join(self._folders[number], name))

    async def changed(self) -> None:
        """Until something has changed and then been left alone for a moment, or not for too long."""
        if self.blind:
            await asyncio.sleep(BLIND)
            return
        await self._changed.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(REST):
                while self._changed.is_set():
                    self._changed.clear()
                    await asyncio.sleep(QUIET)
        self._changed.clear()


@asynccontextmanager
async def watched(top: str, look: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """While the block lasts, `look` is called soon after each change below `top`; what it raises ends the block."""
    watch = Watch(top)
    watch.open()  # before the block begins: a change that it makes at once is not to be missed
    group = asyncio.TaskGroup()
    # Not `async with`: what the block raises is none of this group's and must not come out wrapped by it.
    await group.__aenter__()
    task = group.create_task(_keep_looking(watch, look))
    try:
        yield
    finally:
        task.cancel()
        try:
            await group.__aexit__(None, None, None)
        finally:
            watch.close()


async def _keep_looking(watch: Watch, look: Callable[[], Awaitable[None]]) -> None:
    while True:
        await watch.changed()
        await look()
        await asyncio.sleep(REST)
