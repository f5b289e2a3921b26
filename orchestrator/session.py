"""Leading one run in this process, from launch or resume to its end.

Never: printing, arguments; that is the command line's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from orchestrator.collector import calm
from orchestrator.compose import Crew, House, open_crew
from orchestrator.heralds.reader import heralded
from orchestrator.load import checkpointed, load
from orchestrator.loop import Loop, Manner
from orchestrator.recovery import recover
from orchestrator.right import LeaseRight
from orchestrator.settings import Misuse
from state import events as ev
from state.ids import START, RunId, Seq
from state.intents import PauseRun, ResumeRun, Submitted
from state.leases.holder import spoken
from state.ports import RepositoryFault, StoreError, WorktreeFault
from state.run import RunState

Started = Callable[[Loop], None]


class LedElsewhere(Misuse):
    """Another process leads the run, or has already: there is nothing to do here."""


@asynccontextmanager
async def _leading(house: House, run: RunId) -> AsyncIterator[LeaseRight]:
    """The right to lead a run, given back at the end; `LedElsewhere` when another process has it."""
    right = await house.take(run)
    if right is None:
        other = await house.leading.lease.holder(f"run:{run}")
        raise LedElsewhere(
            f"run {run} is led by another process ({spoken(other.holder) if other else 'just now'}); "
            "steer it from here with pause, cancel, retry, approve or answer"
        )
    try:
        async with _kept(right):
            yield right
    finally:
        await right.release()


@asynccontextmanager
async def _kept(right: LeaseRight) -> AsyncIterator[None]:
    """Renewed while the block lasts; when it is lost the block is cancelled, and `StaleLease` comes out."""
    group = asyncio.TaskGroup()
    # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
    await group.__aenter__()
    keeping = group.create_task(right.keep())
    try:
        yield
    finally:
        keeping.cancel()
        await group.__aexit__(None, None, None)


async def launch(house: House, accepted: ev.PlanAccepted, manner: Manner, started: Started) -> RunState:
    """Lead a new run to its end. `started` gets the loop as soon as it can be stopped."""
    run = RunState(id=accepted.run)
    async with _leading(house, accepted.run) as right:
        await _open_log(house, accepted.run, accepted.plan.name)
        async with open_crew(house, accepted.run, accepted.plan, run, right) as crew:
            loop = Loop(house.wiring(run), crew.effects, run, right, manner)
            started(loop)
            calm()
            async with _watched(house, START, right, manner):
                await loop.lead((accepted, ev.LeaseTaken(right.held.holder, right.held.token)))
    return run


@asynccontextmanager
async def _watched(house: House, since: Seq, right: LeaseRight, manner: Manner) -> AsyncIterator[None]:
    """While the block lasts, the readers of the log that belong to who leads a run are at work."""
    run = RunId(right.held.name.removeprefix("run:"))
    heralds = () if house.heralds is None else house.heralds.of_a_run(manner.told)
    async with (
        heralded(house.store, house.bus, run, since, heralds),
        checkpointed(house.store, run),
        _told(house, run, since, right, manner),
    ):
        yield


def _told(house: House, run: RunId, since: Seq, right: LeaseRight, manner: Manner) -> AbstractAsyncContextManager[None]:
    """While the block lasts the message broker, if there is one, is told how the run stands."""
    if house.beacon is None:
        return nullcontext()
    from orchestrator.broadcast import Air, Broadcast

    async def leads() -> bool:
        try:
            now = await house.lease.holder(right.held.name)
        except StoreError:
            return False
        return now is not None and now.token == right.held.token

    broker, intents = house.beacon.broker, house.beacon.intents
    air = Air(house.store, house.bus, house.clock, broker, run, since, intents, manner.told, leads)
    return Broadcast(air).at_work()


async def _open_log(house: House, run: RunId, name: str) -> None:
    """An empty log. Of two that were asked to launch one run, the one that came too late finds it begun."""
    store = house.leading.store
    if await store.last_seq(run):
        raise LedElsewhere(f"run {run} was launched by another process")
    if all(head.run != run for head in await store.runs()):  # else it died before its first event
        await store.create(run, name, str(house.path), house.clock.now())


async def refuse(house: House, run: RunId, submitted: Submitted, why: str) -> None:
    """Open and close the log of a run that can not start, so that whoever asked for it learns why."""
    async with _leading(house, run) as right:
        await _open_log(house, run, "refused")
        refused = ev.IntentRefused(submitted.id, submitted.by, submitted.intent, why)
        await house.leading.store.append(run, [(house.clock.now(), refused)], START, right.held)
    house.bus.publish(run)


async def resume(house: House, name: RunId, by: str | None, manner: Manner, started: Started) -> RunState:
    """Reconcile a run with the world and lead it on to its end. A pause ends when somebody (`by`) asked for this."""
    store = house.leading.store
    async with _leading(house, name) as right:
        run = await load(store, name)
        if by and await _stays_paused(house, run):
            await store.submit(name, ResumeRun(), by, house.clock.now())
        async with open_crew(house, name, run.plan, run, right) as crew:
            events = await _recovered(house, run, crew)
            if await is_settled(house, run):
                return run  # what was left of it is cleared away, and its log has nothing to add
            loop = Loop(house.wiring(run), crew.effects, run, right, manner)
            started(loop)
            calm()
            async with _watched(house, run.seq, right, manner):
                await loop.lead((ev.LeaseTaken(right.held.holder, right.held.token), *events))
    return run


async def clear_left(house: House, told: Callable[[str], None]) -> None:
    """Clear away what runs left on this machine that have ended, and whose leader was killed before it had done so.
    What is on the disk is looked at, not every run that the store has."""
    for name in sorted(house.left()):
        last = await house.store.last_seq(name)
        if not last:
            continue
        try:
            newest = await house.store.read(name, Seq(last - 1), 1)
            ended = bool(newest) and isinstance(newest[0].event, ev.RunFinished)  # else it waits to be resumed
            if ended and await is_settled(house, await load(house.store, name)):
                await resume(house, name, None, Manner(lambda _: None), lambda _: None)
        except LedElsewhere:
            continue
        except (Misuse, StoreError, RepositoryFault, WorktreeFault, ExceptionGroup) as fault:
            why = f"what run {name} left here could not be cleared away: {fault}"
            told(f"{why}; when that is mended, `tianting resume {name}` does it")


async def is_settled(house: House, run: RunState) -> bool:
    """Whether the run has ended, and nobody has asked anything of it since."""
    return run.finished and not await house.store.pending(run.id, run.intent)


async def _stays_paused(house: House, run: RunState) -> bool:
    """Whether the run is paused when all that was asked of it has been taken up, in its order."""
    paused = run.paused
    for submitted in await house.store.pending(run.id, run.intent):
        paused = isinstance(submitted.intent, PauseRun) or (paused and not isinstance(submitted.intent, ResumeRun))
    return paused


async def _recovered(house: House, run: RunState, crew: Crew) -> tuple[ev.Event, ...]:
    return tuple(
        await recover(run, house.clock.now(), crew.windows, crew.trunk, crew.repository, crew.worktrees, house.home)
    )
