"""What a leading command says while it leads, written by a thread of its own: a reader that is slow (a pager, a
terminal that was stopped) never holds up the run, and one that has gone away never ends it.

Never: a line left out while somebody reads; a decision of what is worth a line (that is `narrate.py`).
"""

import asyncio
import io
import os
import queue
import select
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from orchestrator.cli.out import mute, say

PATIENCE = 2.0
"""Seconds that a command which was broken off gives a reader that does not read."""


@dataclass(frozen=True, slots=True)
class Line:
    """`style` is a colour or `bold`, for a terminal; "" for none."""

    text: str
    style: str = ""


class Screen(Protocol):
    """Puts lines where people look. All of it is called from the voice's thread; `OSError` when nobody is there."""

    tick: float | None
    """Seconds after which `refresh` is wanted although nothing came; None: never."""

    def open(self) -> None: ...

    def lines(self, lines: list[Line]) -> None: ...

    def refresh(self) -> None: ...

    def close(self) -> None: ...


class Unbuffered(io.TextIOBase):
    """Standard output without a buffer of Python's, which two threads would share."""

    def __init__(self, number: int, encoding: str) -> None:
        self._number, self._encoding = number, encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        left = memoryview(text.encode(self._encoding, "backslashreplace"))
        while left:
            try:
                left = left[os.write(self._number, left) :]
            except BlockingIOError:  # whoever started us made it so
                ready = select.poll()
                ready.register(self._number, select.POLLOUT)
                ready.poll()
        return len(text)


def standard_output() -> Unbuffered:
    sys.stdout.flush()
    return Unbuffered(sys.stdout.fileno(), sys.stdout.encoding)


class Plain:
    """Lines for a pipe, a file or a terminal that can do no more."""

    tick: float | None = None

    def __init__(self, stream: Unbuffered) -> None:
        self._stream = stream

    def open(self) -> None:
        pass

    def lines(self, lines: list[Line]) -> None:
        self._stream.write("".join(f"{line.text}\n" for line in lines))

    def refresh(self) -> None:
        pass

    def close(self) -> None:
        pass


class Voice:
    """Owns the thread, from `with` to the end of it; then all that was said has been written, or nobody reads."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._said: queue.SimpleQueue[list[Line] | None] = queue.SimpleQueue()
        self._ended = False
        self._loop = asyncio.get_running_loop()
        self._written = asyncio.Event()
        self._thread = threading.Thread(target=self._write, name="voice", daemon=True)

    def say(self, *lines: Line) -> None:
        """Never waits; after the end of `with` the lines are written at once."""
        if self._ended:
            for line in lines:
                say(line.text)
        elif lines:
            self._said.put(list(lines))

    def refresh(self) -> None:
        """What the screen shows beside the lines has changed."""
        self._said.put([])

    def __enter__(self) -> "Voice":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self._end()
        self._thread.join(PATIENCE if kind else None)

    async def written(self) -> None:
        """No more is said with a voice of its own; returns when all that was said has been written. However long a
        reader takes for that, the loop goes on meanwhile, signals and all."""
        self._end()
        await self._written.wait()

    def _end(self) -> None:
        self._ended = True
        self._said.put(None)

    def _write(self) -> None:
        try:
            self._speak()
        finally:
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(self._written.set)

    def _speak(self) -> None:
        try:
            self._screen.open()
            try:
                self._take_turns()
            finally:
                self._screen.close()
        except OSError:
            mute(sys.stdout)
            while self._said.get() is not None:
                pass

    def _take_turns(self) -> None:
        while True:
            try:
                lines = self._said.get(timeout=self._screen.tick)
            except queue.Empty:
                lines = []
            if lines is None:
                return
            if lines:
                self._screen.lines(lines)
            elif self._said.empty():
                self._screen.refresh()
