"""A child process to its end: what it is fed, what it writes, and an end that is waited for without polling.

Never: wait without an end; kill what has not been asked first.
"""

import os
import select
import signal
import time
from contextlib import suppress
from subprocess import Popen, TimeoutExpired

CHUNK = 1 << 16
"""Bytes of one read; for more, each read would be given memory of its own by the kernel, and take it back."""
_GRACE = 1.0


def ended(process: Popen[bytes], timeout: float) -> bool:
    """Whether the process ends within `timeout` seconds. (`Popen.wait` with a timeout sleeps between looks, which is
    longer than most of git's commands run.)"""
    if process.poll() is not None:
        return True
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:  # no such call here (an old kernel, a strict sandbox)
        with suppress(TimeoutExpired):
            process.wait(timeout)
        return process.returncode is not None
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(timeout * 1000)
    finally:
        os.close(descriptor)
    return process.poll() is not None


def end(process: Popen[bytes]) -> None:
    """See a process, the leader of its group, to its end. It is asked first (end of input, then SIGTERM), for git takes
    its locks away when it is asked and leaves them behind when it is killed. What it has started (a filter, a worker)
    is asked with it."""
    if process.stdin is not None and not process.stdin.closed:
        with suppress(BrokenPipeError):
            process.stdin.close()
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        if number is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        ended(process, _GRACE)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def exchange(process: Popen[bytes], feed: bytes | None, timeout: float) -> tuple[bytes, bytes]:
    """Feed a process, take what it writes until it closes its outputs, and wait for its end: (out, err).

    `TimeoutError` when that takes longer than `timeout` seconds; the process is then the caller's to end.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    deadline = time.monotonic() + timeout
    taken = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out, err = taken.values()
    poll = select.poll()
    for descriptor in taken:
        poll.register(descriptor, select.POLLIN)
    rest = memoryview(feed or b"")
    if process.stdin is not None:
        os.set_blocking(process.stdin.fileno(), False)
        poll.register(process.stdin.fileno(), select.POLLOUT)
    while taken:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        for descriptor, _ in poll.poll(left * 1000):
            if descriptor in taken:
                chunk = os.read(descriptor, CHUNK)
                taken[descriptor] += chunk
                if not chunk:
                    poll.unregister(descriptor)
                    del taken[descriptor]
            elif process.stdin is not None:
                rest = _feed(descriptor, rest)
                if not rest:
                    poll.unregister(descriptor)
                    process.stdin.close()
                    process.stdin = None
    if not ended(process, max(0.0, deadline - time.monotonic())):
        raise TimeoutError
    return bytes(out), bytes(err)


def _feed(descriptor: int, rest: memoryview) -> memoryview:
    """Write what the pipe takes; what is left. A process that reads no more is fed no more."""
    try:
        return rest[os.write(descriptor, rest[:CHUNK]) :] if rest else rest
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]
