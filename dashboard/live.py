"""The live feed: each client is a place in the log that waits for the log to grow, over WebSocket or SSE.

One task a followed run watches the log and wakes its clients; a client then reads shared pages at its own speed and
awaits its own socket alone, so that a slow one costs the others nothing and holds no queue. Never: an event kept for a
client.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from dashboard.pages import Pages
from state.ids import RunId, Seq
from state.ports import Bus, StoreError

# A wake-up may be lost between processes: look this often in any case.
_LOOK_EVERY = 1.0
# What comes within the gap goes out as one frame. It grows with the clients, so that waking them all leaves the loop,
# which may lead the run too, most of its time.
_GAP = 0.01
_GAP_OF_A_CLIENT = 0.00005
HEARTBEAT = 15.0
SEND_TIMEOUT = 20.0

Next = Callable[[RunId, Seq, Seq], Awaitable[tuple[str, Seq]]]
"""From run, place and end of the log to a text and the place after it: `Pages.frame` or `Pages.chunk`."""


class FeedEnded(Exception):
    """The feed can not go on: the server closes, or the store failed (then `fault` says how)."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault or "the server closes")
        self.fault = fault


@dataclass(slots=True, eq=False)
class Tail:
    """The end of one run's log, as far as it is known."""

    run: RunId
    last: Seq
    readers: int = 0
    ended: bool = False
    fault: str = ""
    watcher: asyncio.Task[None] | None = None
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    def advance(self, last: Seq) -> None:
        self.last = last
        self._wake()

    def end(self, fault: str = "") -> None:
        self.ended, self.fault = True, fault
        self._wake()

    def let_go(self) -> None:
        """End it and its watcher."""
        self.end()
        if self.watcher is not None:
            self.watcher.cancel()

    def _wake(self) -> None:
        woken, self._grown = self._grown, asyncio.Event()
        woken.set()

    async def beyond(self, place: Seq, timeout: float | None) -> bool:
        """Until the log reaches past `place` (True) or `timeout` seconds went by; `FeedEnded` when it is over."""
        try:
            async with asyncio.timeout(timeout):
                while self.last <= place and not self.ended:
                    await self._grown.wait()
        except TimeoutError:
            return False
        if self.ended:
            raise FeedEnded(self.fault)
        return True


class Feeds:
    """All feeds of this process. `watching` runs as long as the application does and owns the watchers."""

    def __init__(self, pages: Pages, bus: Bus) -> None:
        self.pages = pages
        self.clients = 0
        self._bus = bus
        self._tails: dict[RunId, Tail] = {}
        self._closing = asyncio.Event()
        self._watchers: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as watchers:
            self._watchers = watchers
            try:
                yield
            finally:
                self._watchers = None
                self.close()

    def close(self) -> None:
        """End every feed, and every one that comes later."""
        self._closing.set()
        for tail in self._tails.values():
            tail.let_go()

    @asynccontextmanager
    async def follow(self, run: RunId) -> AsyncIterator[Tail]:
        """The shared tail of a run, watched while somebody follows it."""
        tail = self._tails.get(run)
        if tail is None or tail.ended:
            last = await self._last(run)
            tail = self._tails.get(run)  # somebody else may have been quicker
            if tail is None or tail.ended:
                tail = self._begin(Tail(run, last))
        tail.readers += 1
        self.clients += 1
        try:
            yield tail
        finally:
            self.clients -= 1
            tail.readers -= 1
            if not tail.readers and self._tails.get(run) is tail:
                del self._tails[run]
                tail.let_go()

    async def _last(self, run: RunId) -> Seq:
        try:
            return await self.pages.last(run)
        except StoreError as error:
            raise FeedEnded(str(error)) from error

    def _begin(self, tail: Tail) -> Tail:
        if self._watchers is None or self._closing.is_set():
            raise FeedEnded
        self._tails[tail.run] = tail
        tail.watcher = self._watchers.create_task(self._watch(tail), name=f"feed of {tail.run}")
        return tail

    async def _watch(self, tail: Tail) -> None:
        try:
            async with self._bus.subscribe(tail.run) as bell:
                while not tail.ended:
                    last = await self.pages.last(tail.run)
                    if last > tail.last:
                        tail.advance(last)
                        await self._gather(tail)
                    await bell.wait(_LOOK_EVERY)
        except StoreError as error:
            tail.end(str(error))

    async def _gather(self, tail: Tail) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GAP + tail.readers * _GAP_OF_A_CLIENT):
                await self._closing.wait()

    async def texts(
        self, tail: Tail, after: Seq, following: Next, heartbeat: float | None
    ) -> AsyncGenerator[str | None, None]:
        """Everything after `after`, for ever: texts as `following` makes them; None where nothing came for
        `heartbeat` seconds."""
        place = after
        while True:
            if not await tail.beyond(place, heartbeat):
                yield None
                continue
            try:
                text, place = await following(tail.run, place, tail.last)
            except StoreError as error:
                raise FeedEnded(str(error)) from error
            yield text
            if place < tail.last:  # a client far behind on a fast socket must not keep the loop to itself
                await asyncio.sleep(0)


async def first_of(*works: Coroutine[None, None, None]) -> None:
    """Run these until one ends, then end the others."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
