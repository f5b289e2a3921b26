"""Which living processes may hold a lock of git's in a repository, and waiting for them to end.

A lock file does not say whose it is, and git closes it while it holds it; so every git process that stands in the
repository or in the work tree is taken for a holder. Never: end a process; take away a
lock that a living one may hold.
"""

import os
import select
import time
from collections.abc import Sequence

from state.git.door import OWNER, shown
from state.ports import RepositoryFault

_LOCKLESS = (b"cat-file", b"merge-tree", b"diff-tree", b"for-each-ref", b"merge-base")
"""Commands that only read; our own standing readers in other processes among them."""
_STANDING = b"update-ref\0-m\0tianting\0--stdin\0"
"""The standing writer of refs of some process of ours. Whoever mends holds the lease of the trunk, so that it does not
hold these locks, unless its owner died in the middle; and then it ends by itself."""


def _read(pid: str, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _links(pid: str) -> list[str]:
    """Where a process stands, and the files it has open."""
    found: list[str] = []
    try:
        found.append(os.readlink(f"/proc/{pid}/cwd"))
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return found
    for name in names:
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            continue
    return found


def _within(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(place + "/") for place in places)


def _may_lock(pid: str, parent: bytes) -> bool:
    command = _read(pid, "cmdline")
    if _STANDING in command:
        return f"{OWNER}=".encode() + parent not in _read(pid, "environ").split(b"\0")
    return not any(b"\0" + word + b"\0" in command for word in _LOCKLESS)


def holders(places: Sequence[str], locks: Sequence[str]) -> list[int]:
    """Processes other than our own children that may hold one of `locks`: any that has one of them open, and every git
    that may write and stands in one of `places`."""
    real = [os.path.realpath(place) for place in places if place]
    files = [os.path.realpath(lock) for lock in locks]
    mine = str(os.getpid()).encode()
    found: list[int] = []
    for pid in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not pid.isdecimal() or pid.encode() == mine:
            continue
        name, _, rest = _read(pid, "stat").partition(b"(")[2].rpartition(b") ")
        state, parent = [*rest.split(b" "), b"", b""][:2]
        if parent == mine or state in (b"Z", b"X"):
            continue
        links = _links(pid)
        if any(link in files for link in links) or (
            name.startswith(b"git") and any(_within(link, real) for link in links) and _may_lock(pid, parent)
        ):
            found.append(int(pid))
    return found


def orphans(common_dir: str) -> list[int]:
    """Git processes in this repository that a process of ours started and did not live to see the end of."""
    real, mark = os.path.realpath(common_dir), f"{OWNER}=".encode()
    found: list[int] = []
    for pid in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not pid.isdecimal() or not _read(pid, "comm").startswith(b"git"):
            continue
        owner = next((one[len(mark) :] for one in _read(pid, "environ").split(b"\0") if one.startswith(mark)), b"")
        left = owner and not os.path.exists(f"/proc/{owner.decode(errors='replace')}/stat")
        if left and any(_within(link, [real]) for link in _links(pid)):
            found.append(int(pid))
    return found


def outlive(common_dir: str, timeout: float) -> int | None:
    """Wait until no orphan is left, at most `timeout` seconds; the id of one that still runs."""
    deadline = time.monotonic() + timeout
    while living := orphans(common_dir):
        left = deadline - time.monotonic()
        if left <= 0 or not _wait(living[0], left):
            return living[0]
    return None


def settle(places: Sequence[str], locks: Sequence[str], timeout: float) -> int | None:
    """Wait until no process may hold a lock any more, at most `timeout` seconds; the id of one that still may."""
    deadline = time.monotonic() + timeout
    while True:
        living = holders(places, locks)
        if not living:
            return None
        left = deadline - time.monotonic()
        if left <= 0 or not _wait(living[0], left):
            return living[0]


def release(places: Sequence[str], locks: Sequence[str], timeout: float) -> None:
    """Take away locks that dead processes of ours left; `RepositoryFault` where a living one may hold them."""
    holder = settle(places, locks, timeout)
    for lock in locks:
        if os.path.lexists(lock):
            if holder is not None:
                raise RepositoryFault(f"{shown(lock)} may be held by process {holder}, which still runs")
            os.unlink(lock)


def _wait(pid: int, timeout: float) -> bool:
    """Whether a process ended within `timeout` seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
    finally:
        os.close(descriptor)
