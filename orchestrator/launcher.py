"""Leads the runs that are asked for through the inbox, each beside the others in one process, and takes over those
that another process of this kind can not lead any more.

Never: a run that another process leads.
"""

import asyncio
from collections.abc import Callable, Coroutine

from orchestrator.compose import House
from orchestrator.launch import plan_accepted
from orchestrator.load import load
from orchestrator.loop import Loop, Manner
from orchestrator.session import LedElsewhere, launch, refuse, resume
from orchestrator.settings import Misuse
from state.ids import IntentId, RunId, Seq
from state.intents import LaunchRun, Submitted
from state.plan import Plan
from state.plan_fault import PlanFault
from state.plan_known import known_plan
from state.plan_text import parse_plan
from state.ports import RepositoryFault, RunHead, SeqTaken, StaleLease, StoreAway, StoreError, Wakeups, WorktreeFault

LONGEST_WAIT = 5.0
LONGEST_REST = 600.0
LAUNCHED_BY = "serve"

Told = Callable[[str], None]
_FAULTS = (StoreError, RepositoryFault, WorktreeFault)
_LOST = (StaleLease, SeqTaken)


class Launcher:
    def __init__(self, house: House, told: Told) -> None:
        """`told` gets one line for each run that starts, goes on, stops or can not start."""
        self._house, self._told = house, told
        self._wait = min(LONGEST_WAIT, house.lease_seconds / 3)
        self._seen = IntentId(0)
        self._asked: dict[RunId, Submitted] = {}
        self._led: dict[RunId, Loop | None] = {}
        self._settled: dict[RunId, Seq] = {}
        self._rests: dict[RunId, tuple[float, float]] = {}
        self._stopping = False

    async def work(self, stop: asyncio.Event) -> None:
        """Until `stop`; the runs are stopped then so that they can be resumed."""
        clock, look_at = asyncio.get_running_loop().time, 0.0
        async with asyncio.TaskGroup() as group, self._house.bus.subscribe(None) as wakeups:
            while not stop.is_set():
                try:
                    await self._take_up(group)
                    if clock() >= look_at:
                        await self._look_after(group)
                        look_at = clock() + self._wait
                except StoreAway:
                    pass  # a screen says so already; what is led here waits for itself
                await _woken(wakeups, stop, self._wait)
            self._stopping = True
            self._house.reach.patient = False
            for loop in self._led.values():
                if loop is not None:
                    loop.stop()

    async def _take_up(self, group: asyncio.TaskGroup) -> None:
        """Launch what was asked for. Who began with it and died before the first event leaves it to be asked again."""
        for run, submitted in await self._house.store.launches(self._seen):
            self._seen = submitted.id
            self._asked[run] = submitted
        for run, submitted in list(self._asked.items()):
            if await self._house.store.last_seq(run):
                del self._asked[run]
            elif self._is_free(run):
                self._begin(group, run, self._launch(run, submitted))

    async def _look_after(self, group: asyncio.TaskGroup) -> None:
        """Go on with what was launched like this, is not finished, and is led by nobody; and clear away what a run has
        left here whose leader was killed between its last event and the end of clearing away."""
        led = {held.name for held in await self._house.lease.held_by("run:")}
        for head in await self._house.store.runs():
            alone = head.seq and f"run:{head.run}" not in led and self._settled.get(head.run) != head.seq
            if alone and self._is_free(head.run) and await self._is_ours(head):
                self._begin(group, head.run, self._resume(head.run))

    async def _is_ours(self, head: RunHead) -> bool:
        try:
            run = await load(self._house.store, head.run)
        except StoreAway:
            raise
        except StoreError as broken:
            self._told(f"run {head.run} can not go on: {broken}")
            self._settled[head.run] = head.seq
            return False
        if run.launched_by == LAUNCHED_BY and not run.finished:
            return True
        self._settled[head.run] = head.seq
        return run.finished and self._house.has_left(head.run)

    def _is_free(self, run: RunId) -> bool:
        due, _ = self._rests.get(run, (0.0, 0.0))
        return run not in self._led and asyncio.get_running_loop().time() >= due

    def _begin(self, group: asyncio.TaskGroup, run: RunId, leading: Coroutine[object, object, None]) -> None:
        self._led[run] = None
        group.create_task(self._guarded(run, leading))

    async def _guarded(self, run: RunId, leading: Coroutine[object, object, None]) -> None:
        try:
            await leading
        except LedElsewhere:
            return  # of two that saw it alone, or were asked for it, the other was quicker
        except Misuse as refusal:
            self._told(f"run {run} can not go on: {refusal}")
            self._rest(run)
        except (*_FAULTS, BaseExceptionGroup) as broken:
            self._told(self._how_it_stopped(run, broken))
        else:
            self._rests.pop(run, None)
        finally:
            del self._led[run]

    def _how_it_stopped(self, run: RunId, broken: BaseException) -> str:
        causes = list(_leaves(broken))
        if any(isinstance(cause, _LOST) for cause in causes):
            return f"run {run} was taken over by another process"
        known = [cause for cause in causes if isinstance(cause, _FAULTS)]
        if len(known) < len(causes):
            raise broken
        self._rest(run)
        return f"run {run} stopped: {known[0]}"

    def _rest(self, run: RunId) -> None:
        """What stopped for a reason is tried again later and later: the reason may be mended meanwhile."""
        _, rest = self._rests.get(run, (0.0, self._house.lease_seconds))
        self._rests[run] = (asyncio.get_running_loop().time() + rest, min(2 * rest, LONGEST_REST))

    async def _resume(self, run: RunId) -> None:
        await resume(self._house, run, None, self._manner(run), lambda loop: self._started(run, loop, "goes on"))

    async def _launch(self, run: RunId, submitted: Submitted) -> None:
        order = submitted.intent
        assert isinstance(order, LaunchRun), "the inbox gave a launch that is none"
        plan = await known_plan(self._house.cache, order.plan, order.source, _parsed)
        try:
            if not isinstance(plan, Plan):
                raise Misuse(str(plan[0]))
            accepted = await plan_accepted(self._house, plan, run, launched_by=LAUNCHED_BY)
        except Misuse as refusal:
            await refuse(self._house, run, submitted, str(refusal))
            self._told(f"run {run} can not start: {refusal}")
            return
        await launch(self._house, accepted, self._manner(run), lambda loop: self._started(run, loop, "launched"))

    def _manner(self, run: RunId) -> Manner:
        return Manner(lambda _: None, told=lambda line: self._told(f"run {run}: {line}"))

    def _started(self, run: RunId, loop: Loop, how: str) -> None:
        self._led[run] = loop
        self._told(f"run {run} {how}")
        if self._stopping:
            loop.stop()


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


async def _parsed(text: str, source: str) -> Plan | tuple[PlanFault, ...]:
    return await asyncio.to_thread(parse_plan, text, source)


async def _woken(wakeups: Wakeups, stop: asyncio.Event, timeout: float) -> None:
    """Until something may have been asked for, or `stop`."""
    async with asyncio.TaskGroup() as group:
        tasks = {group.create_task(wakeups.wait(timeout)), group.create_task(stop.wait())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
