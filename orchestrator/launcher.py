"""Leads the runs that are asked for through the inbox, each beside the others in one process, and goes on with those
that an earlier process of this kind left behind.

Never: a run that another process leads.
"""

import asyncio
from collections.abc import Callable, Coroutine

from orchestrator.compose import House
from orchestrator.launch import plan_accepted
from orchestrator.loop import Loop, Manner
from orchestrator.recovery import load
from orchestrator.session import launch, refuse, resume
from orchestrator.settings import Misuse
from state.ids import IntentId, RunId
from state.intents import LaunchRun, Submitted
from state.plan import Plan
from state.plan_text import parse_plan
from state.ports import StoreError, Wakeups

LAUNCH_WAIT = 5.0
LAUNCHED_BY = "serve"

Told = Callable[[str], None]


class Launcher:
    def __init__(self, house: House, told: Told) -> None:
        """`told` gets one line for each run that starts, goes on, stops or can not start."""
        self._house, self._told = house, told
        self._led: dict[RunId, Loop | None] = {}
        self._seen = IntentId(0)

    async def work(self, stop: asyncio.Event) -> None:
        """Until `stop`; the runs are stopped then so that they can be resumed."""
        async with asyncio.TaskGroup() as group, self._house.bus.subscribe(None) as wakeups:
            await self._go_on(group)
            while not stop.is_set():
                await self._take_up(group)
                await _woken(wakeups, stop)
            for loop in self._led.values():
                if loop is not None:
                    loop.stop()

    async def _go_on(self, group: asyncio.TaskGroup) -> None:
        """Resume what was launched like this, is not finished, and nobody leads."""
        for head in await self._house.store.runs():
            if not head.seq or await self._house.lease.holder(f"run:{head.run}") is not None:
                continue
            run = await load(self._house.store, head.run)
            if run.launched_by == LAUNCHED_BY and not run.finished:
                self._led[head.run] = None
                group.create_task(self._guarded(head.run, self._resume(head.run)))

    async def _take_up(self, group: asyncio.TaskGroup) -> None:
        for run, submitted in await self._house.store.launches(self._seen):
            self._seen = submitted.id
            if run not in self._led and not await self._house.store.last_seq(run):
                self._led[run] = None
                group.create_task(self._guarded(run, self._launch(run, submitted)))

    async def _guarded(self, run: RunId, leading: Coroutine[object, object, None]) -> None:
        try:
            await leading
        except Misuse as refusal:
            self._told(f"run {run} can not go on: {refusal}")
        except (StoreError, BaseExceptionGroup) as broken:
            cause = broken.exceptions[0] if isinstance(broken, BaseExceptionGroup) else broken
            if not isinstance(cause, StoreError):
                raise
            self._told(f"run {run} stopped: {cause}")
        finally:
            self._led[run] = None

    async def _resume(self, run: RunId) -> None:
        self._told(f"run {run} goes on")
        await resume(self._house, run, None, _silent(), lambda loop: self._started(run, loop))

    async def _launch(self, run: RunId, submitted: Submitted) -> None:
        order = submitted.intent
        assert isinstance(order, LaunchRun), "the inbox gave a launch that is none"
        plan = parse_plan(order.plan, order.source)
        try:
            if not isinstance(plan, Plan):
                raise Misuse(str(plan[0]))
            accepted = await plan_accepted(self._house, plan, run, launched_by=LAUNCHED_BY)
        except Misuse as refusal:
            await refuse(self._house, run, submitted, str(refusal))
            self._told(f"run {run} can not start: {refusal}")
            return
        self._told(f"run {run} launched")
        await launch(self._house, accepted, _silent(), lambda loop: self._started(run, loop))

    def _started(self, run: RunId, loop: Loop) -> None:
        self._led[run] = loop


def _silent() -> Manner:
    return Manner(lambda _: None)


async def _woken(wakeups: Wakeups, stop: asyncio.Event) -> None:
    """Until something may have been asked for, or `stop`."""
    async with asyncio.TaskGroup() as group:
        tasks = {group.create_task(wakeups.wait(LAUNCH_WAIT)), group.create_task(stop.wait())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
