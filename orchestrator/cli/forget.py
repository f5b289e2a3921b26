"""`forget`: what is kept of runs that have ended is deleted from the ledger, when somebody asks for it.

Never: a run that can go on; a commit, a branch, a ref.
"""

from pathlib import Path

from orchestrator.cli import out
from orchestrator.cli.guard import DONE
from orchestrator.cli.house import the_run, with_house
from orchestrator.compose import House
from orchestrator.load import load
from orchestrator.settings import Misuse
from state.ids import RunId
from state.plan_fields import seconds_of


def forget_runs(names: list[str], older_than: str | None, repo: Path, store: str | None) -> int:
    age = None if older_than is None else seconds_of(older_than)
    if older_than is not None and age is None:
        raise Misuse(f"--older-than is a time such as 30d or 12h, not {older_than!r}")
    if bool(names) is (age is not None):
        raise Misuse("name the runs to forget, or say --older-than 30d for all that ended before then")

    async def work(house: House) -> int:
        runs = [await the_run(house, name) for name in names]
        if age is not None:
            runs = [head.run for head in await house.store.runs() if await _ended_before(house, head.run, age)]
        for run in runs:
            await _forget(house, run)
            out.say(f"run {run} is forgotten; its commits and refs stay")
        return DONE

    return with_house(repo, store, work, only_look=True)


async def _ended_before(house: House, name: RunId, age: float) -> bool:
    if not await house.store.last_seq(name):
        return False
    run = await load(house.store, name)
    return (run.finished or bool(run.refused)) and run.last < house.clock.now() - age


async def _forget(house: House, name: RunId) -> None:
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
