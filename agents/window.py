"""The windows of one run: an order to start an attempt goes in, its one event comes out; a person's words find their
way to the live ones; after a crash what was left is kept; at the end nothing is left.

Never: a decision about retrying or landing.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from agents.attempt import Attempt
from agents.clocks import Clocks
from agents.environment import marker_for, release_ports
from agents.folders import take_down
from agents.prompt import Brief
from agents.site import Site
from agents.sweep import sweep
from agents.worktree import Whose, Workshop
from state.commands import StartAttempt
from state.events import AttemptFailed, AttemptProgressed, AttemptSucceeded, Event
from state.failure import Failure, FailureKind
from state.ids import AttemptId, QuestionId, Sha, TaskId, WindowId
from state.ports import RepositoryFault


class Windows:
    """To be used from the loop's thread alone."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._workshop = Workshop(site)
        self._tasks = {task.id: task for task in site.plan.tasks}
        self._live: dict[AttemptId, Attempt] = {}

    async def run(
        self, order: StartAttempt, brief: Brief, emit: Callable[[Event], None]
    ) -> AttemptSucceeded | AttemptFailed:
        """One attempt, to its end. When this is cancelled, its processes are gone and its work is in salvage first."""
        needs = [self._tasks[need] for need in order.task.needs]
        defaults = self._site.plan.defaults
        clocks = Clocks(defaults.startup, defaults.idle, self._site.plan.timeout_of(order.task))
        attempt = Attempt(self._site, self._workshop, order, brief, needs, emit, clocks)
        self._live[order.attempt] = attempt
        try:
            return await attempt.run()
        finally:
            del self._live[order.attempt]

    async def interrupt(self, attempt: AttemptId, why: str, kind: FailureKind = FailureKind.CANCELLED) -> None:
        """Begin to stop a live attempt, whose `run` then ends in `AttemptFailed`; nothing happens when none is live."""
        if live := self._live.get(attempt):
            live.clocks.stop(why, kind)

    async def steer(self, attempt: AttemptId, text: str, question: QuestionId | None) -> bool:
        """Hand a sentence to a live agent, with `question` as the answer to it; whether it was taken."""
        live = self._live.get(attempt)
        return live is not None and live.play is not None and await live.play.steer(text, question)

    async def salvage(self, window: WindowId, attempt: AttemptId, task: TaskId, base: Sha) -> tuple[Event, ...]:
        """After a crash: end what is left of an attempt and keep what it left; the events that say so."""
        await sweep(marker_for(self._site, attempt))
        await release_ports(self._site, attempt)
        place = self._workshop.found(window, base)
        if place is None:
            return ()
        message = f"{task}: what a lost attempt left\n\nTianting-Task: {task}\nTianting-Attempt: {attempt}"
        taken = await self._workshop.snapshot(place, attempt, message)
        if not isinstance(taken, Failure):
            try:
                return await self._workshop.keep_all(Whose(task, attempt, base), taken, "lost")
            except RepositoryFault as fault:
                taken = self._workshop.set_aside(window, attempt, str(fault))
        return (AttemptProgressed(task, attempt, window, taken.detail),)

    async def sweep(self) -> None:
        """After a crash: end every process of this run, whichever attempt or gate it was for."""
        await sweep(self._site.run)

    async def remove(self, window: WindowId) -> None:
        """Take down the worktree of a window whose last attempt has ended."""
        await self._site.right.sure()
        await self._workshop.remove(window)

    async def close(self, ended: bool = True) -> None:
        """Leave nothing of this run on the machine but its refs: no process, worktree, folder or lease; and, when it is
        to be gone on with, what its agents remember."""
        await sweep(self._site.run)
        for path in await self._site.worktrees.known(str(self._site.folder)):
            await self._site.worktrees.remove(path)
        await asyncio.to_thread(take_down, self._site.folder)
        if ended:
            await asyncio.to_thread(take_down, self._site.sessions)
            with suppress(OSError):  # others of this repository are at work, or it was never made
                self._site.sessions.parent.rmdir()
        await release_ports(self._site, None)
