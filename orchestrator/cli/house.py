"""What every command needs first: the repository opened, the run named, the plan read.

Never: printing.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from orchestrator.compose import House, find_repository, open_house
from orchestrator.load import load
from orchestrator.settings import InFile, Misuse, Settings, read_settings, where_kept
from state import events as ev
from state.ids import START, RunId
from state.plan import Plan
from state.plan_fault import PlanFault
from state.plan_text import parse_plan
from state.run import RunState

T = TypeVar("T")


class Unsound(Misuse):
    """A plan with faults: all of them, a line each that begins with file, line and column."""

    def __init__(self, source: str, faults: Sequence[PlanFault]) -> None:
        many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        last = f"tianting: {source} has {many}; nothing was started"
        super().__init__("\n".join([*map(str, faults), last]))
        self.faults = tuple(faults)


class NotBegun(Misuse):
    """The repository has no ledger yet; looking must not make one."""


def with_house(
    repo: Path,
    store: str | None,
    work: Callable[[House], Awaitable[T]],
    *,
    only_look: bool = False,
    leading: bool = False,
    mqtt: str | None = None,
) -> T:
    """Run `work` on the opened repository, closed at the end. `only_look`: there must be a ledger. `leading`: runs may
    be led, and the message broker is told of them."""

    async def main() -> T:
        settings = read_settings(os.environ, store, mqtt)
        if only_look:
            _must_have_begun(repo, settings)
        async with open_house(repo, settings, leading=leading) as house:
            return await work(house)

    return asyncio.run(main())


def _must_have_begun(repo: Path, settings: Settings) -> None:
    place = find_repository(repo)
    kept = where_kept(settings.store, Path(place.common_dir))
    if isinstance(kept, InFile) and not os.path.lexists(kept.path):
        raise NotBegun(_no_run(place.top_level or place.common_dir))


def _no_run(place: object) -> str:
    return f"{place} has no run yet; start one with `tianting run PLAN`"


async def the_run(house: House, name: str | None) -> RunId:
    """The run of that id (or of an id that begins so), else the newest; `Misuse` when there is none."""
    known = [head.run for head in await house.store.runs() if head.seq]  # else it died before its first event
    if name is None:
        for run in known:
            if isinstance(await opening(house, run), ev.PlanAccepted):  # else it was refused
                return run
        raise Misuse(_no_run(house.path))
    if name in known:
        return RunId(name)
    begun = [run for run in known if run.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise Misuse(f"{name!r} may be any of {', '.join(begun[:5])}; give more of the run's id")
    raise Misuse(f"there is no run {name!r} in {house.path}; `tianting runs` lists them")


async def the_state(house: House, name: str | None) -> RunState:
    """The state of a run, folded from its whole log; `Misuse` for one that was refused at its launch."""
    run = await the_run(house, name)
    match await opening(house, run):
        case ev.IntentRefused(why=why):
            raise Misuse(f"run {run} never started: {why}")
        case _:
            return await load(house.store, run)


async def opening(house: House, run: RunId) -> ev.Event:
    """The first event of a run's log: `PlanAccepted`, or why it never started."""
    [first] = await house.store.read(run, START, 1)
    return first.event


def read_plan(path: Path) -> Plan:
    """The plan in a file (`-`: standard input); `Unsound` with every fault."""
    source = "standard input" if str(path) == "-" else str(path)
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise Misuse(f"{source} can not be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Misuse(f"{source} is not UTF-8 text: byte {error.start} is the first that is not") from error
    found = parse_plan(text, source)
    if isinstance(found, Plan):
        return found
    raise Unsound(source, found)
