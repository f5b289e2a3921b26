"""`serve`, and the dashboard beside `run`, `resume` and `demo`.

Never: a route.
"""

import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import out
from orchestrator.cli.guard import DONE, endings
from orchestrator.cli.house import with_house
from orchestrator.cli.narrate import of_reach, of_risk
from orchestrator.compose import House
from orchestrator.retention import keep_for
from orchestrator.settings import Misuse

if TYPE_CHECKING:
    from orchestrator.serving import Told


def serve_house(repo: Path, host: str, port: int, store: str | None, mqtt: str | None = None) -> int:
    async def work(house: House) -> int:
        from dashboard.serve import NoPort
        from orchestrator import serving
        from orchestrator.launcher import Launcher

        stop = asyncio.Event()
        house.reach.tell(lambda why: out.say(of_reach(why)))
        if house.risk:
            out.say(of_risk(house.risk))
        loop = asyncio.get_running_loop()
        for number in endings():
            loop.add_signal_handler(number, stop.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(Launcher(house, out.say).work(stop))
                group.create_task(serving.serve_house(house, host, port, stop, _to(out.say), can_launch=True))
                if house.keep is not None:
                    group.create_task(keep_for(house, house.keep, out.say, stop))
        except* NoPort as error:
            raise Misuse(str(_first(error))) from None
        return DONE

    return with_house(repo, store, work, leading=True, mqtt=mqtt)


async def serve_beside(house: House, port: int, stop: asyncio.Event, told: "Told") -> str | None:
    """Serve until `stop`; loaded in a thread, so that the first window does not wait for the web framework. Why that
    could not be done, None when it was."""
    serving = await asyncio.to_thread(importlib.import_module, "orchestrator.serving")
    from dashboard.serve import NoPort

    try:
        await serving.serve_house(house, "127.0.0.1", port, stop, _to(told), can_launch=False)
    except (NoPort, Misuse) as error:
        return str(error)
    return None


def _to(told: "Told") -> "Told":
    return lambda link: told(f"dashboard: {link}")


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
