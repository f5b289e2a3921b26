"""Follows the log of a run and puts its windows up where programs outside read them.

It goes by the log alone, like any other reader: what it shows is the fold, a moment later. Never: an error of the
board's that stops a run.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from orchestrator.ledger import Board
from state.fold import apply
from state.ids import RunId, WindowId
from state.ports import Bus, EventStore, StoreError
from state.run import RunState
from state.window_view import windows_json

PAGE = 5000
LOOK_WAIT = 5.0
LAST_SECONDS = 5.0


@dataclass(slots=True)
class Follower:
    """One run, from the first event on."""

    store: EventStore
    board: Board
    run: RunId
    _state: RunState = field(default_factory=RunState)
    _up: dict[WindowId, str] | None = None

    async def catch_up(self) -> None:
        """Show where the log stands now."""
        while page := await self.store.read(self.run, self._state.seq, PAGE):
            for recorded in page:
                apply(self._state, recorded)
        windows, up = windows_json(self._state), self._up or {}
        if windows != self._up:
            new = {window: text for window, text in windows.items() if up.get(window) != text}
            await self.board.show(self.run, self._state.seq, new, whole=self._up is None)
            self._up = windows

    async def work(self, bus: Bus) -> None:
        async with bus.subscribe(self.run) as wakeups:
            while True:
                # Away for a while: all is shown anew then, the server may have come back without the last changes.
                try:
                    await self.catch_up()
                except StoreError:
                    self._up = None
                await wakeups.wait(LOOK_WAIT)


@asynccontextmanager
async def shown(store: EventStore, bus: Bus, board: Board | None, run: RunId) -> AsyncIterator[None]:
    """While the block lasts the windows of the run are on the board, and at its end as they stand then."""
    if board is None:
        yield
        return
    follower = Follower(store, board, run)
    group = asyncio.TaskGroup()
    # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
    await group.__aenter__()
    following = group.create_task(follower.work(bus))
    try:
        yield
    finally:
        following.cancel()
        await group.__aexit__(None, None, None)
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await follower.catch_up()
