"""Tells those outside how a run goes on, for as long as this process leads it: a reader of the log like any other, by
seq, which hands each event to every herald with the state that it changes.

Never: a herald that a run waits for, but at its end, and then for seconds only; an error of theirs that stops a run.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from state.events import Recorded
from state.fold import apply
from state.ids import RunId, Seq
from state.ports import Bus, EventStore, StoreError
from state.run import RunState

PAGE = 1000
LOOK_WAIT = 5.0
LAST_SECONDS = 5.0


class Herald(Protocol):
    """One who is told. `take` must not block and must not raise."""

    def take(self, run: RunId, before: RunState, recorded: Recorded, *, fresh: bool) -> None:
        """An event, and the run as it stands before it. `fresh`: it came after this process took the run up."""

    async def work(self) -> None:
        """What is to be done beside the reading, until cancelled."""

    async def close(self) -> None:
        """The last event has been taken; what is still to be told is told now, or never."""


@dataclass(slots=True)
class _Reader:
    store: EventStore
    run: RunId
    since: Seq
    heralds: Sequence[Herald]
    _state: RunState = field(default_factory=RunState)

    async def catch_up(self) -> None:
        while page := await self.store.read(self.run, self._state.seq, PAGE):
            for recorded in page:
                for herald in self.heralds:
                    herald.take(self.run, self._state, recorded, fresh=recorded.seq > self.since)
                apply(self._state, recorded)
            await asyncio.sleep(0)  # a long log is read between the other work of the loop

    async def work(self, bus: Bus) -> None:
        async with bus.subscribe(self.run) as wakeups:
            while True:
                with suppress(StoreError):
                    await self.catch_up()
                await wakeups.wait(LOOK_WAIT)


@asynccontextmanager
async def heralded(
    store: EventStore, bus: Bus, run: RunId, since: Seq, heralds: Sequence[Herald]
) -> AsyncIterator[None]:
    """While the block lasts every event is told; at its end what is left of them, if that can be done soon."""
    if not heralds:
        yield
        return
    reader = _Reader(store, run, since, heralds)
    group = asyncio.TaskGroup()
    # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
    await group.__aenter__()
    tasks = [group.create_task(reader.work(bus)), *(group.create_task(herald.work()) for herald in heralds)]
    try:
        yield
    finally:
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await reader.catch_up()
        for herald in heralds:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await herald.close()
        for task in tasks[1:]:
            task.cancel()
        await group.__aexit__(None, None, None)
