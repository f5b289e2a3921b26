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
_LOOKS = 1000
"""How often a process is looked at that is just being replaced by another program, which takes microseconds."""
_KEY = f"{MARKER}=".encode()

# Fields of /proc/PID/stat after the name of the program, which is in brackets and may hold anything.
_STATE, _FLAGS, _ENV_START, _ENV_END = 0, 6, 47, 48
_ENDED = frozenset({b"Z", b"X", b"x"})
_KERNEL_THREAD = 0x00200000


def marker_of(pid: int) -> str | None:
    """The marker of a process; None when it has none, has ended, or may not be looked at."""
    for _ in range(_LOOKS):
        environ = _read(pid, "environ")
        if environ:
            return _marker_in(environ)
        if environ is None or not _is_being_replaced(pid):
            break
        os.sched_yield()
    return None


def _read(pid: int, name: str) -> bytes | None:
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return None


def _marker_in(environ: bytes) -> str | None:
    if _KEY in environ:
        for variable in environ.split(b"\0"):
            if variable.startswith(_KEY):
                return os.fsdecode(variable[len(_KEY) :])
    return None


def _is_being_replaced(pid: int) -> bool:
    """Whether an empty environment means that the process was in the middle of an exec: for a moment it has none, or
    we were reading the one that it has just given up."""
    stat = _read(pid, "stat")
    if not stat:
        return False
    fields = stat[stat.rindex(b")") + 1 :].split()
    if fields[_STATE] in _ENDED or int(fields[_FLAGS]) & _KERNEL_THREAD:
        return False
    return fields[_ENV_END] == b"0" or fields[_ENV_END] != fields[_ENV_START]


def marked(prefix: str) -> list[int]:
    """The pids of live processes whose marker is `prefix` or begins with `prefix` and a `/`."""
    seen = {os.getpid()}
    found: list[int] = []
    # A process may fork and end while we look; its child is in the next list.
    while new := [pid for pid in _pids() if pid not in seen]:
        seen.update(new)
        found += [pid for pid in new if _belongs(marker_of(pid), prefix)]
    return found


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


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
