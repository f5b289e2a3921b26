"""A git process that stays and answers request after request, so that asking costs a pipe and not a process.

Never: decide what an answer means; wait without an end; leave a process behind.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import Popen

from state.git.door import QUICK, sentence
from state.git.process import CHUNK, end
from state.ports import RepositoryFault

_TAIL = 4096


class Ended(Exception):
    """The process ended in the middle of a request; what it last wrote to its error stream."""


class Talk:
    """One exchange with a running process: bytes in, lines and counted bytes out."""

    def __init__(self, process: Popen[bytes], timeout: float) -> None:
        self._process = process
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._waiting = bytearray()
        self._errors = bytearray()
        self._poll = select.poll()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            self._poll.register(pipe.fileno(), select.POLLIN)

    def send(self, request: bytes) -> None:
        """Ask; the answer has the whole timeout from now."""
        self._deadline = time.monotonic() + self._timeout
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
        except BrokenPipeError:
            self._drain()

    def line(self) -> bytes:
        """The next line, without its newline."""
        while (at := self._waiting.find(b"\n")) < 0:
            self._more()
        found = bytes(self._waiting[:at])
        del self._waiting[: at + 1]
        return found

    def exactly(self, size: int) -> bytes:
        while len(self._waiting) < size:
            self._more()
        found = bytes(self._waiting[:size])
        del self._waiting[:size]
        return found

    def upto(self, size: int) -> bytes:
        """What comes until the process ends, but no more than `size` bytes."""
        try:
            return self.exactly(size)
        except Ended:
            return bytes(self._waiting)

    def _drain(self) -> None:
        while True:
            self._more()

    def _more(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        assert self._process.stdout is not None
        for descriptor, _ in self._poll.poll(left * 1000):
            chunk = os.read(descriptor, CHUNK)
            if descriptor == self._process.stdout.fileno():
                if not chunk:
                    raise Ended(sentence(self._last_words()))
                self._waiting += chunk
            elif chunk:
                self._errors = (self._errors + chunk)[-_TAIL:]
            else:
                self._poll.unregister(descriptor)

    def _last_words(self) -> bytes:
        assert self._process.stderr is not None
        descriptor = self._process.stderr.fileno()
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        while ready.poll(1000):
            chunk = os.read(descriptor, _TAIL)
            if not chunk:
                break
            self._errors += chunk
        return bytes(self._errors[:_TAIL])


class Standing:
    """The owner of one such process: starts it when it is needed, one exchange at a time, ends it at `close`."""

    def __init__(self, start: Callable[[], Popen[bytes]]) -> None:
        self._start = start
        self._process: Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def talk(self, timeout: float = QUICK) -> Iterator[Talk]:
        """An exchange. When it ends badly the process is ended too, and the next exchange has a new one."""
        with self._lock:
            if self._closed:
                raise RepositoryFault("the repository was closed")
            if self._process is not None and self._process.poll() is not None:
                self._drop()
            if self._process is None:
                self._process = self._start()
            try:
                yield Talk(self._process, timeout)
            except TimeoutError:
                self._drop()
                raise RepositoryFault(f"git did not answer within {timeout:g} seconds") from None
            except BaseException:
                self._drop()
                raise

    def _drop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._drop()
