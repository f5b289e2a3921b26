"""The lookout: takes glimpses of live worktrees as they come, has the radar look at each, and hands in what follows.

Never: more than the newest glimpse of an attempt looked at; a wait of the agents or of the loop for it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from conflict.foresee import Foresight
from conflict.radar import Radar
from state.events import Event, OverlapSeen
from state.glimpse import Glimpse
from state.ids import AttemptId, QuestionId, TaskId
from state.kept import Cache
from state.ports import Repository
from state.run import RunState

_MOST_TOLD = 5

Tell = Callable[[AttemptId, str, QuestionId | None], Awaitable[bool]]


async def _nobody(_attempt: AttemptId, _text: str, _question: QuestionId | None) -> bool:
    return False


class Lookout:
    """To be used from the loop's thread alone. `tell` hands a sentence to a live agent."""

    def __init__(self, repository: Repository, run: RunState, kept: Cache | None = None) -> None:
        self._radar = Radar(repository, Foresight(repository, asyncio.to_thread, kept))
        self._run = run
        self._waiting: dict[AttemptId, Glimpse] = {}
        self._told: set[tuple[AttemptId, TaskId | None]] = set()
        self.seen: dict[TaskId, Glimpse] = {}
        """The newest glimpse of each task that is or was at work."""
        self._bell = asyncio.Event()
        self.tell: Tell = _nobody

    def note(self, glimpse: Glimpse) -> None:
        """A newer one takes the place of one that waits still."""
        self._waiting[glimpse.attempt] = self.seen[glimpse.task] = glimpse
        self._bell.set()

    def ring(self) -> None:
        """Something has ended, landed or left."""
        self._bell.set()

    async def keep(self, emit: Callable[[Event], None]) -> None:
        """Until cancelled."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            waiting, self._waiting = self._waiting, {}
            for glimpse in waiting.values():
                async for event in self._radar.look(glimpse, self._run):
                    await self._hand_in(event, emit)
            async for event in self._radar.settle(self._run):
                await self._hand_in(event, emit)

    async def _hand_in(self, event: Event, emit: Callable[[Event], None]) -> None:
        emit(event)
        if isinstance(event, OverlapSeen):
            for live in list(self._run.live.values()):
                other = event.other if live.task == event.task else event.task
                if live.task in (event.task, event.other) and (live.id, other) not in self._told:
                    self._told.add((live.id, other))
                    await self.tell(live.id, _said(event, other), None)


def _said(event: OverlapSeen, other: TaskId | None) -> str:
    """What an agent is told about the work beside its own; it goes on, and may mind it."""
    rows = [f"- {one.path}: {one.detail or one.rule}" for one in event.overlaps[:_MOST_TOLD]]
    who = "the trunk, which has moved since you began," if other is None else f"task {other}, at work beside you,"
    return f"Your work meets that of {who} here:\n" + "\n".join(rows) + "\nGo on, and keep to what is yours there."
