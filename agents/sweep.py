"""Finds processes by the marker in their environment and ends them, wherever they fled to.

A child that made its own session, or was adopted by init, keeps the environment it was born with. Never: a signal
to a process without our marker, to ourselves, or to whoever got the pid of a process that was meant: signals go
through a pidfd, which stays with the process it was opened for.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack, suppress

MARKER = "TIANTING_ATTEMPT"
"""The variable that every process of ours carries: `<run>/<attempt>` or `<run>/<gate worktree>`."""

GRACE = 2.0
"""Seconds that a found process has for ending itself after SIGTERM."""

_ROUNDS = 10
_KEY = f"{MARKER}=".encode()


def marker_of(pid: int) -> str | None:
    """The marker of a process; None when it has none, has ended, or may not be looked at."""
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            environ = file.read()
    except OSError:
        return None
    if environ is None or _KEY not in environ:
        return None
    for variable in environ.split(b"\0"):
        if variable.startswith(_KEY):
            return os.fsdecode(variable[len(_KEY) :])
    return None


def marked(prefix: str) -> list[int]:
    """The pids of live processes whose marker is `prefix` or begins with `prefix` and a `/`."""
    mine = os.getpid()
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [pid for pid in pids if pid != mine and _belongs(marker_of(pid), prefix)]


def _belongs(marker: str | None, prefix: str) -> bool:
    return marker is not None and (marker == prefix or marker.startswith(f"{prefix}/"))


async def sweep(prefix: str, grace: float = GRACE) -> int:
    """End every process under this marker: SIGTERM, then after `grace` seconds SIGKILL until none is left that could
    still fork. The number of processes found. An unkillable one (waiting on a dead disk) is given up after a while.
    """
    found: set[int] = set()
    for turn in range(_ROUNDS):
        pids = await asyncio.to_thread(marked, prefix)
        with ExitStack() as owned:
            gripped = [fd for pid in pids if (fd := _grip(pid, prefix, owned)) is not None]
            if not gripped:
                break
            found.update(pids)
            for fd in gripped:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(fd, signal.SIGTERM if turn == 0 else signal.SIGKILL)
            await all_gone(gripped, grace)
    return len(found)


def _grip(pid: int, prefix: str, owned: ExitStack) -> int | None:
    """A pidfd of the process. The marker is read again after opening it: what is signalled is what was looked at."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return None
    owned.callback(os.close, fd)
    return fd if _belongs(marker_of(pid), prefix) else None


async def all_gone(pidfds: Sequence[int], timeout: float) -> bool:
    """Wait until all these processes have ended; False when some have not within `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            for fd in pidfds:
                await _gone(fd)
    except TimeoutError:
        return False
    return True


async def _gone(pidfd: int) -> None:
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(pidfd, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(pidfd)
