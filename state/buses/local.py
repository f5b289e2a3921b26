"""Wake-ups inside one process, on one loop: `publish` and every `wait` run in the loop's thread.

Never: data; who is woken reads the store from the place where it stood.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from state.ids import RunId
from state.ports import Wakeups


@dataclass(slots=True, eq=False)
class _Bell:
    """One subscription. It stays rung until waited for: what comes between two waits is not missed."""

    run: RunId | None
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                await self.rung.wait()
        except TimeoutError:
            return False
        self.rung.clear()
        return True


@dataclass(slots=True)
class LocalBus:
    _bells: dict[RunId | None, set[_Bell]] = field(default_factory=dict)

    def publish(self, run: RunId, but: Wakeups | None = None) -> None:
        for wanted in (run, None):
            for bell in self._bells.get(wanted, ()):
                if bell is not but:
                    bell.rung.set()

    def publish_all(self) -> None:
        """Wake every subscriber, whatever it waits for."""
        for bells in self._bells.values():
            for bell in bells:
                bell.rung.set()

    def subscribe(self, run: RunId | None) -> AbstractAsyncContextManager[Wakeups]:
        return self._subscribed(run)

    @asynccontextmanager
    async def _subscribed(self, run: RunId | None) -> AsyncIterator[Wakeups]:
        bell = _Bell(run)
        self._bells.setdefault(run, set()).add(bell)
        try:
            yield bell
        finally:
            bells = self._bells[run]
            bells.discard(bell)
            if not bells:
                del self._bells[run]
