"""How long ended runs are kept: forgotten when somebody asks for it, or by a server that was told for how long.

Never: a run that can go on; a commit, a branch, a ref; a wait for a store that is away.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from orchestrator.compose import House
from orchestrator.load import load
from orchestrator.settings import Misuse
from state.ids import RunId
from state.ports import StoreAway, StoreError

LOOK_SECONDS = 3600.0


async def ended_before(house: House, age: float) -> list[RunId]:
    """Runs that ended, or were refused, more than `age` seconds ago."""
    since = house.clock.now() - age
    found: list[RunId] = []
    for head in await house.store.runs():
        if head.created < since and head.seq:  # else it can not have ended by then, and needs no look
            run = await load(house.store, head.run)
            if (run.finished or run.refused) and run.last < since:
                found.append(head.run)
    return found


async def forget(house: House, name: RunId) -> None:
    """Delete all that is kept of a run that has ended; `Misuse` for another one."""
    run = await load(house.store, name)
    if not (run.finished or run.refused):
        raise Misuse(f"run {name} has not ended; `tianting cancel {name}` ends it")
    right = await house.take(name)
    if right is None:
        raise Misuse(f"run {name} is led by another process; wait until that has ended")
    try:
        await house.leading.store.forget(name, right.held)
    finally:
        await right.release()


async def keep_for(house: House, age: float, told: Callable[[str], None], stop: asyncio.Event) -> None:
    """Until `stop`: forget runs that ended more than `age` seconds ago, one line for each."""
    while not stop.is_set():
        try:
            for run in await ended_before(house, age):
                with suppress(Misuse):  # somebody went on with it meanwhile, or forgets it too
                    await forget(house, run)
                    told(f"run {run} is forgotten, as TIANTING_KEEP says; its commits and refs stay")
        except StoreAway:
            pass  # a screen says so already
        except StoreError as broken:
            told(f"old runs are not forgotten: {broken}")
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
