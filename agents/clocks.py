"""The clocks of an attempt: startup, idle, wall, and the word of somebody who wants it to end.

While a person is asked, idle and wall stand still: nobody's attempt dies of a lunch break. Never: a sleep, a signal.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from state.failure import Failure, FailureKind


class Clocks:
    """Times are seconds. A block that runs out, or is stopped, raises `TimeoutError`; `verdict` says why."""

    def __init__(self, startup: float, idle: float, wall: float) -> None:
        self._startup = startup
        self._idle = idle
        self._wall = wall
        self._left = wall
        self._outer: asyncio.Timeout | None = None
        self._inner: asyncio.Timeout | None = None
        self._held = False
        self._heard_once = False
        self._rang: FailureKind | None = None
        self.stopped = ""
        """Why somebody wants the attempt to end; "" while nobody does."""
        self._kind = FailureKind.CANCELLED

    def stop(self, why: str, kind: FailureKind = FailureKind.CANCELLED) -> None:
        """Let the block that runs now, and every later one, end at once, as a failure of this kind."""
        if not self.stopped:
            self.stopped, self._kind = why, kind
        if self._outer is not None and not self._outer.expired():
            self._outer.reschedule(_now())

    @asynccontextmanager
    async def limited(self, seconds: float) -> AsyncIterator[None]:
        """A block that may take that long whatever the wall clock says: what is ours to do, not the agent's."""
        async with self._stoppable(seconds):
            yield

    @asynccontextmanager
    async def wall(self) -> AsyncIterator[None]:
        """A block on the wall clock. Several share it: a later one has what the ones before have left."""
        async with self._stoppable(self._left) as scope:
            try:
                yield
            finally:
                end = scope.when()
                self._left = self._left if end is None else max(0.0, end - _now())

    @asynccontextmanager
    async def _stoppable(self, seconds: float) -> AsyncIterator[asyncio.Timeout]:
        scope = asyncio.timeout(0.0 if self.stopped else seconds)
        try:
            async with scope:
                self._outer = scope
                yield scope
        except TimeoutError:
            if scope.expired():
                self._rang = self._kind if self.stopped else FailureKind.TIMEOUT
            raise
        finally:
            self._outer = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """A block, inside one of the wall clock, that must `hear` something now and then."""
        scope = asyncio.timeout(self._startup)
        try:
            async with scope:
                self._inner = scope
                yield
        except TimeoutError:
            if scope.expired():
                self._rang = FailureKind.IDLE if self._heard_once else FailureKind.STARTUP
            raise
        finally:
            self._inner = None

    def hear(self) -> None:
        """Something was heard: the idle clock begins anew."""
        self._heard_once = True
        if self._inner is not None and not self._held and not self._inner.expired():
            self._inner.reschedule(_now() + self._idle)

    def hold(self) -> None:
        """A person is asked: idle and wall stand still."""
        if self._held or self._outer is None or self._inner is None:
            return
        if self._outer.expired() or self._inner.expired() or self.stopped:
            return
        self._held = True
        self._left = max(0.0, (self._outer.when() or _now()) - _now())
        self._outer.reschedule(None)
        self._inner.reschedule(None)

    def go_on(self) -> None:
        """The person has answered."""
        if not self._held:
            return
        self._held = False
        if self._outer is not None and not self.stopped:
            self._outer.reschedule(_now() + self._left)
        self.hear()

    def cancelled(self) -> Failure | None:
        return Failure(self._kind, self.stopped) if self.stopped else None

    def verdict(self) -> Failure:
        """What the last `TimeoutError` of a block of these clocks means."""
        told = {
            FailureKind.STARTUP: f"nothing was heard within {self._startup:g} s of its start",
            FailureKind.IDLE: f"nothing was heard for {self._idle:g} s",
            FailureKind.TIMEOUT: f"it took longer than {self._wall:g} s",
            self._kind: self.stopped,
        }
        kind = self._rang or FailureKind.TIMEOUT
        return Failure(kind, told[kind])


def _now() -> float:
    return asyncio.get_running_loop().time()
