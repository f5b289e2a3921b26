"""An asyncio loop on virtual time: when nothing is ready it jumps to the next timer instead of waiting."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready and no timer is set: the program would wait for ever."""


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found:
            return found
        if timeout is None:
            raise Deadlock("nothing is ready and no timer is set")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only when everything waits."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jumping.now


class VirtualClock:
    """Unix seconds of a run on a `VirtualLoop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: float = 1_800_000_000.0) -> None:
        self._loop, self._start = loop, start

    def now(self) -> float:
        return self._start + self._loop.time()


def run_virtual(main: Coroutine[object, object, T], loop: VirtualLoop | None = None) -> T:
    """Run a coroutine to its end on virtual time."""
    loop = loop or VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()
