"""`mcp`: Tianting as an MCP server on standard input and output, with the runs that it launches led by this process; or
in front of a server that runs elsewhere.

Never: a word on standard output that is not the protocol's.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import out
from orchestrator.cli.guard import DONE, endings
from orchestrator.cli.house import with_house
from orchestrator.compose import House
from orchestrator.settings import Misuse

if TYPE_CHECKING:
    from orchestrator.api_client import ApiClient

_START = 60.0
"""Seconds until our own server answers."""


def serve_mcp(repo: Path, url: str | None, store: str | None, mqtt: str | None) -> int:
    if find_spec("mcp") is None:
        raise Misuse("an MCP server needs a package that is not here: pip install 'tianting[mcp]'")
    if sys.stdin.isatty():
        out.complain("tianting: this speaks MCP to a program; give `tianting mcp` to your coding agent as a server")
    if url is not None:
        return asyncio.run(_before(url))
    return with_house(repo, store, _with, leading=True, mqtt=mqtt)


async def _before(url: str) -> int:
    from orchestrator.api_client import open_api
    from orchestrator.serving import token_from

    token = token_from(os.environ)
    if not token:
        raise Misuse("set TIANTING_TOKEN (or TIANTING_TOKEN_FILE) to the token of the server that --url names")
    async with open_api(url, token) as api:
        await _speak(api)
    return DONE


async def _with(house: House) -> int:
    from orchestrator.launcher import Launcher

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(Launcher(house, out.complain).work(stop))
        try:
            async with _own_api(house, stop, group) as api:
                await _speak(api)
        finally:
            stop.set()
    return DONE


@asynccontextmanager
async def _own_api(house: House, stop: asyncio.Event, group: asyncio.TaskGroup) -> AsyncIterator["ApiClient"]:
    """Our own dashboard, at a free port, and a client of it. A person may look at it too."""
    from orchestrator.api_client import open_api
    from orchestrator.serving import serve_house

    told: asyncio.Queue[str] = asyncio.Queue()
    token = secrets.token_urlsafe(32)
    group.create_task(serve_house(house, "127.0.0.1", 0, stop, told.put_nowait, can_launch=True, token=token))
    async with asyncio.timeout(_START):
        link = await told.get()
    out.complain(f"dashboard: {link}")
    async with open_api(link.partition("/login")[0], token) as api:
        yield api


async def _speak(api: "ApiClient") -> None:
    """Until the program at the other end goes away, or we are asked to end."""
    from dashboard.mcp import server_for

    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        one = group.create_task(server_for(api).run_stdio_async())
        for number in endings():
            loop.add_signal_handler(number, one.cancel)
