"""`serve`, and the dashboard beside `run`, `resume` and `demo`.

Never: a route.
"""

import asyncio
import importlib
import signal
import sys
from pathlib import Path

from orchestrator.cli.guard import DONE
from orchestrator.cli.house import with_house
from orchestrator.compose import House


def serve_house(repo: Path, host: str, port: int, store: str | None) -> int:
    async def work(house: House) -> int:
        from orchestrator import serving
        from orchestrator.launcher import Launcher

        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with asyncio.TaskGroup() as group:
            group.create_task(Launcher(house, _say).work(stop))
            group.create_task(serving.serve_house(house, host, port, stop, _dashboard, can_launch=True))
        return DONE

    return with_house(repo, store, work)


async def serve_beside(house: House, port: int, stop: asyncio.Event, quiet: bool) -> None:
    """Serve until `stop`; loaded in a thread, so that the first window does not wait for the web framework."""
    serving = await asyncio.to_thread(importlib.import_module, "orchestrator.serving")
    told = _to_stderr if quiet else _dashboard
    await serving.serve_house(house, "127.0.0.1", port, stop, told, can_launch=False)


def _dashboard(link: str) -> None:
    _say(f"dashboard: {link}")


def _to_stderr(link: str) -> None:
    sys.stderr.write(f"dashboard: {link}\n")
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
