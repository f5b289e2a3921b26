"""Leading one run in this process, from launch or resume to its end.

Never: printing, arguments; that is the command line's.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from orchestrator.board import shown
from orchestrator.compose import Crew, House, open_crew
from orchestrator.loop import LEASE_TTL, Loop, Manner
from orchestrator.recovery import load, recover
from orchestrator.settings import Misuse
from state import events as ev
from state.ids import START, RunId
from state.intents import PauseRun, ResumeRun, Submitted
from state.leases.holder import spoken
from state.ports import Held
from state.run import RunState

Started = Callable[[Loop], None]


@asynccontextmanager
async def _held(house: House, run: RunId) -> AsyncIterator[Held]:
    """The lease of a run, given back at the end; `Misuse` when another process leads it."""
    name = f"run:{run}"
    held = await house.lease.take(name, house.holder(run), LEASE_TTL)
    if held is None:
        other = await house.lease.holder(name)
        raise Misuse(
            f"run {run} is led by another process ({spoken(other.holder) if other else 'just now'}); "
            "steer it from here with pause, cancel, retry, approve or answer"
        )
    try:
        yield held
    finally:
        await house.lease.release(held)


async def launch(house: House, accepted: ev.PlanAccepted, manner: Manner, started: Started) -> RunState:
    """Lead a new run to its end. `started` gets the loop as soon as it can be stopped."""
    await _open_log(house, accepted.run, accepted.plan.name)
    run = RunState(id=accepted.run)
    async with _held(house, accepted.run) as held, open_crew(house, accepted.run, accepted.plan, run) as crew:
        loop = Loop(house.wiring(), crew.effects, run, held, manner)
        started(loop)
        async with shown(house.store, house.bus, house.board, accepted.run):
            await loop.lead((accepted, ev.LeaseTaken(held.holder, held.token)))
    return run


async def _open_log(house: House, run: RunId, name: str) -> None:
    if all(head.run != run for head in await house.store.runs()):  # else it died before its first event
        await house.store.create(run, name, str(house.path), house.clock.now())


async def refuse(house: House, run: RunId, submitted: Submitted, why: str) -> None:
    """Open and close the log of a run that can not start, so that whoever asked for it learns why."""
    await _open_log(house, run, "refused")
    async with _held(house, run) as held:
        refused = ev.IntentRefused(submitted.id, submitted.by, submitted.intent, why)
        await house.store.append(run, [(house.clock.now(), refused)], START, held)
    house.bus.publish(run)


async def resume(house: House, name: RunId, by: str | None, manner: Manner, started: Started) -> RunState:
    """Reconcile a run with the world and lead it on to its end. A pause ends when somebody (`by`) asked for this."""
    async with _held(house, name) as held:
        run = await load(house.store, name)
        if by and await _stays_paused(house, run):
            await house.store.submit(name, ResumeRun(), by, house.clock.now())
        async with open_crew(house, name, run.plan, run) as crew:
            events = await _recovered(house, run, crew)
            if await is_settled(house, run):
                return run  # what was left of it is cleared away, and its log has nothing to add
            loop = Loop(house.wiring(), crew.effects, run, held, manner)
            started(loop)
            async with shown(house.store, house.bus, house.board, name):
                await loop.lead((ev.LeaseTaken(held.holder, held.token), *events))
    return run


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
        await recover(run, house.clock.now(), crew.windows, crew.trunk, house.repository, house.worktrees, house.home)
    )
