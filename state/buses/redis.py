"""Wake-ups between processes over Redis pub/sub: channel `project:RUN`, with nothing in it but who published.

One connection of this process listens for all of its subscribers. A message may be lost while it is away; when it
is back everybody is woken once. Never: data, a publish that waits for the server.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from state.buses.local import LocalBus
from state.ids import RunId
from state.ports import StoreError, Wakeups

Reply = None | int | bytes | list["Reply"]
Arg = str | bytes | int | float

CHANNEL = "project:"
QUIET_SECONDS = 20.0
"""After so long without a message the server is asked whether it is still there."""
OPENING_SECONDS = CLOSING_SECONDS = 2.0
FIRST_REST, LONGEST_REST = 0.05, 2.0

_PUBLISH = "return redis.call('PUBLISH', ARGV[1], ARGV[2])"


class Link(Protocol):
    """What is needed of an open connection."""

    def listening(self) -> Redis: ...

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply: ...


@dataclass(slots=True, eq=False)
class RedisBus:
    link: Link
    _me: bytes = field(default_factory=lambda: secrets.token_hex(8).encode())
    _local: LocalBus = field(default_factory=LocalBus)
    _untold: dict[RunId, None] = field(default_factory=dict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _hears: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Listen and publish until the block ends; what was published before its end is told still."""
        group = asyncio.TaskGroup()
        # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
        await group.__aenter__()
        tasks = [group.create_task(self._hear()), group.create_task(self._tell())]
        try:
            self._told.set()
            await _at_most(OPENING_SECONDS, self._hears)
            yield
            await _at_most(CLOSING_SECONDS, self._told)
        finally:
            for task in tasks:
                task.cancel()
            await group.__aexit__(None, None, None)

    def publish(self, run: RunId, but: Wakeups | None = None) -> None:
        self._local.publish(run, but)
        self._untold[run] = None
        self._told.clear()
        self._bell.set()

    def subscribe(self, run: RunId | None) -> AbstractAsyncContextManager[Wakeups]:
        return self._local.subscribe(run)

    async def _tell(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._untold:
                run, _ = self._untold.popitem()
                with suppress(StoreError):  # a reader looks by itself, later
                    await self.link.call(_PUBLISH, [], [f"{CHANNEL}{run}", self._me])
            self._told.set()

    async def _hear(self) -> None:
        rest = FIRST_REST
        while True:
            with suppress(RedisError, OSError):
                async with self.link.listening() as client, client.pubsub() as ears:
                    await ears.psubscribe(f"{CHANNEL}*")
                    async for channel, sender in _messages(ears):
                        self._take(channel, sender)
                        rest = FIRST_REST
            self._hears.clear()
            await asyncio.sleep(rest)
            rest = min(2 * rest, LONGEST_REST)

    def _take(self, channel: bytes, sender: bytes) -> None:
        if not channel:  # listening (again): what came before is unknown
            self._hears.set()
            self._local.publish_all()
        elif sender != self._me:
            self._local.publish(RunId(channel.decode("utf-8", "surrogatepass").removeprefix(CHANNEL)))


async def _messages(ears: PubSub) -> AsyncIterator[tuple[bytes, bytes]]:
    """Channel and sender of each message; an empty channel once when messages begin to come."""
    asked = False
    while True:
        message = await ears.get_message(timeout=QUIET_SECONDS)
        if message is None:
            if asked:
                raise RedisError("the server does not answer any more")
            await ears.ping()
            asked = True
            continue
        asked = False
        if message["type"] == "psubscribe":
            yield b"", b""
        elif message["type"] == "pmessage":
            yield message["channel"], message["data"]


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
