"""`forget`: what is kept of runs that have ended is deleted from the ledger, when somebody asks for it.

Never: a run that can go on; a commit, a branch, a ref.
"""

from pathlib import Path

from orchestrator.cli import out
from orchestrator.cli.guard import DONE
from orchestrator.cli.house import the_run, with_house
from orchestrator.compose import House
from orchestrator.retention import ended_before, forget
from orchestrator.settings import Misuse
from state.plan_fields import seconds_of


def forget_runs(names: list[str], older_than: str | None, repo: Path, store: str | None) -> int:
    age = None if older_than is None else seconds_of(older_than)
    if older_than is not None and age is None:
        raise Misuse(f"--older-than is a time such as 30d or 12h, not {older_than!r}")
    if bool(names) is (age is not None):
        raise Misuse("name the runs to forget, or say --older-than 30d for all that ended before then")

    async def work(house: House) -> int:
        runs = [await the_run(house, name) for name in names] if age is None else await ended_before(house, age)
        for run in runs:
            await forget(house, run)
            out.say(f"run {run} is forgotten; its commits and refs stay")
        return DONE

    return with_house(repo, store, work, only_look=True)
