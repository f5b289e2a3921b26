"""What the routes share: the ports, and what the dashboard keeps in memory of the runs.

Never: an answer; those are made in `routes/`.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from dashboard.auth import Access
from dashboard.follow import Followed, Follows
from dashboard.live import Feeds
from dashboard.metrics import Metrics
from dashboard.pace import Pace
from dashboard.pages import Pages
from dashboard.ports import Options, Ports
from dashboard.problems import Problem
from state.ids import IntentId, RunId
from state.intents import LaunchRun


@dataclass(frozen=True, slots=True)
class Room:
    ports: Ports
    options: Options
    access: Access
    pace: Pace
    metrics: Metrics
    follows: Follows
    pages: Pages
    feeds: Feeds

    async def followed(self, run: RunId) -> Followed:
        """The run as it stands; a 404 problem when nobody has heard of it. A launched run that nobody has begun yet
        is there, at seq 0."""
        followed = await self.follows.of(run)
        if not followed.state.seq and not await self._is_expected(run):
            raise unknown_run(run)
        return followed

    async def check_known(self, run: RunId) -> None:
        """The same 404, without reading the log."""
        if not await self.ports.store.last_seq(run) and not await self._is_expected(run):
            raise unknown_run(run)

    async def _is_expected(self, run: RunId) -> bool:
        if any(head.run == run for head in await self.ports.store.runs()):
            return True
        launches = await self.ports.inbox.launches(IntentId(0))
        return any(isinstance(one.intent, LaunchRun) and one.intent.run == run for _, one in launches)

    async def is_led(self, run: RunId) -> bool:
        """Whether a process leads this run now."""
        return await self.ports.lease.holder(f"run:{run}") is not None


def unknown_run(run: RunId) -> Problem:
    return Problem(404, "unknown-run", f"there is no run {run!r}")


def room_of(connection: HTTPConnection) -> Room:
    room: Room = connection.app.state.room
    return room


TheRoom = Annotated[Room, Depends(room_of)]
