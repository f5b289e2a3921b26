"""Which living processes may hold a lock of git's in a repository, and waiting for them to end.

A lock file does not say whose it is, and git closes it while it holds it; so every git process that stands in the
repository or in the work tree is taken for a holder. A process of ours that was stopped (SIGSTOP, Ctrl-Z) and then
overtaken holds its locks for ever: its git is asked to end, which gives them back. Never: end any other process; take
away a lock that a living one may hold.
"""

import os
import select
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from state.git.door import OWNER, shown
from state.ports import RepositoryFault

_LOCKLESS = (b"cat-file", b"merge-tree", b"diff-tree", b"for-each-ref", b"merge-base")
"""Commands that only read; our own standing readers in other processes among them."""
_STANDING = b"update-ref\0-m\0tianting\0--stdin\0"
"""The standing writer of refs of some process of ours. Whoever mends holds the lease of the trunk, so that it does not
hold these locks, unless its owner died in the middle (then it ends by itself) or was stopped there."""


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
        return _owner(pid) != parent or _is_stopped(parent)
    return not _only_reads(command)


def _only_reads(command: bytes) -> bool:
    return any(b"\0" + word + b"\0" in command for word in _LOCKLESS)


def _owner(pid: str) -> bytes:
    """The process of ours that started this git; b"" for somebody else's."""
    mark = f"{OWNER}=".encode()
    return next((one[len(mark) :] for one in _read(pid, "environ").split(b"\0") if one.startswith(mark)), b"")


def _is_stopped(owner: bytes) -> bool:
    """Whether this process stands still until somebody lets it go on."""
    stat = _read(owner.decode(errors="replace"), "stat") if owner.isdigit() else b""
    return stat.rpartition(b") ")[2][:1] in (b"T", b"t")


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
    """Git processes in this repository that a process of ours started and did not live to see the end of; and those
    that may write, whose owner stands still."""
    real = os.path.realpath(common_dir)
    found: list[int] = []
    for pid in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not pid.isdecimal() or not _read(pid, "comm").startswith(b"git"):
            continue
        owner = _owner(pid)
        left = owner and not os.path.exists(f"/proc/{owner.decode(errors='replace')}/stat")
        left = left or (_is_stopped(owner) and not _only_reads(_read(pid, "cmdline")))
        if left and any(_within(link, [real]) for link in _links(pid)):
            found.append(int(pid))
    return found


def outlive(common_dir: str, timeout: float) -> int | None:
    """Wait until no orphan is left, at most `timeout` seconds; the id of one that still runs."""
    deadline = time.monotonic() + timeout
    while living := orphans(common_dir):
        for pid in living:
            _ask_to_end_if_stalled(pid)
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
        for pid in living:
            _ask_to_end_if_stalled(pid)
        left = deadline - time.monotonic()
        if left <= 0 or not _wait(living[0], left):
            return living[0]


def _ask_to_end_if_stalled(pid: int) -> None:
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            if _is_stopped(_owner(str(pid))):  # of that very process: the descriptor was opened first
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        finally:
            os.close(descriptor)


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
