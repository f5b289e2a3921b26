"""Wake-ups between processes over an MQTT broker: topic `tianting/RUN/wake`, with nothing in it but who published.

Beside another bus, which wakes the readers of this process, and those of others that it reaches. A message may be
lost while the broker is away; when it is back everybody is woken once. Never: data, a publish that waits.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from state.broker import ROOT, Broker, BrokerRefuses, Line, Message, run_topic
from state.buses.local import LocalBus
from state.ids import RunId
from state.ports import Bus, Wakeups

CLOSING_SECONDS = 1.0
AT_ONCE = 20


@dataclass(slots=True, eq=False)
class MqttBus:
    """`beside` carries what the broker brings to the readers of this process."""

    broker: Broker
    beside: Bus = field(default_factory=LocalBus)
    _me: str = field(default_factory=lambda: secrets.token_hex(8))
    _untold: dict[RunId, None] = field(default_factory=dict)
    _seen: dict[RunId, None] = field(default_factory=dict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _hears: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Listen and publish until the block ends; what was published before its end is told still, if the broker is
        there."""
        group = asyncio.TaskGroup()
        # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
        await group.__aenter__()
        task = group.create_task(self.broker.keep(f"tianting-bus-{self._me}", self._use))
        try:
            self._told.set()
            yield
            if self._hears.is_set():
                await _at_most(CLOSING_SECONDS, self._told)
        finally:
            await ended(task)
            await group.__aexit__(None, None, None)

    def publish(self, run: RunId, but: Wakeups | None = None) -> None:
        self.beside.publish(run, but)
        self._untold[run] = None
        self._told.clear()
        self._bell.set()

    def subscribe(self, run: RunId | None) -> AbstractAsyncContextManager[Wakeups]:
        if run is not None:
            self._seen[run] = None
        return self.beside.subscribe(run)

    async def _use(self, line: Line) -> None:
        await line.hear(f"{ROOT}/+/wake")
        for run in list(self._seen) or [RunId("")]:  # what came before is unknown
            self.beside.publish(run)
        self._hears.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell(line))
                group.create_task(self._hear(line))
        finally:
            self._hears.clear()

    async def _tell(self, line: Line) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._untold:
                runs = list(self._untold)[:AT_ONCE]
                for run in runs:
                    del self._untold[run]
                with suppress(BrokerRefuses):  # to hear is worth something too; who leads a run says what is wrong
                    await line.tell([Message(run_topic(run, "wake"), self._me) for run in runs])
            self._told.set()

    async def _hear(self, line: Line) -> None:
        while True:
            message = await line.heard()
            if message.text != self._me:
                self.beside.publish(RunId(message.topic.split("/")[1]))


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended: before Python 3.12 `asyncio.wait_for`, inside aiomqtt, may forget a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1.0)


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
