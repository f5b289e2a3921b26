"""What every command needs first: the repository opened, the run named, the plan read.

Never: printing.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from orchestrator.compose import House, open_house
from orchestrator.settings import Misuse, read_settings
from state.ids import RunId
from state.plan import Plan
from state.plan_text import parse_plan

T = TypeVar("T")


def with_house(repo: Path, store: str | None, work: Callable[[House], Awaitable[T]]) -> T:
    """Run `work` on the opened repository, closed at the end."""

    async def main() -> T:
        async with open_house(repo, read_settings(os.environ, store)) as house:
            return await work(house)

    return asyncio.run(main())


async def the_run(house: House, name: str | None) -> RunId:
    """The run of that id (or of an id that begins so), else the newest; `Misuse` when there is none."""
    known = [head.run for head in await house.store.runs() if head.seq]  # else it died before its first event
    if name is None:
        if not known:
            raise Misuse(f"{house.path} has no run yet; start one with `tianting run PLAN`")
        return known[0]
    if name in known:
        return RunId(name)
    begun = [run for run in known if run.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    raise Misuse(f"there is no run {name!r} in {house.path}; `tianting runs` lists them")


def read_plan(path: Path) -> Plan:
    """The plan in a file (`-`: standard input); `Misuse` with every fault, a line each."""
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
    raise Misuse("\n".join(str(fault) for fault in found))
