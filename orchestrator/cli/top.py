"""`top`: the terminal screen, over a server that it is told of, or over one of its own on loopback that reads the same
ledger as everybody else.

Never: a thing that is shown; that is `dashboard/top`.
"""

import asyncio
import os
import secrets
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.cli.guard import DONE
from orchestrator.cli.house import the_run, with_house
from orchestrator.compose import House
from orchestrator.settings import Misuse

NOT_INSTALLED = "the terminal screen needs a package that is not installed: pip install 'tianting[tui]'"


def show_top(run: str | None, repo: Path, store: str | None, url: str | None) -> int:
    if find_spec("textual") is None:
        raise Misuse(NOT_INSTALLED)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Misuse("the terminal screen needs a terminal; `tianting status` and `tianting log --follow` do without")
    if url is None:
        return with_house(repo, store, lambda house: _beside(house, run), only_look=True)
    return asyncio.run(_far(_address(url), run))


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Misuse(f"--url names a server, such as http://127.0.0.1:7357, not {url!r}")
    return f"{parts.scheme}://{parts.netloc}"


async def _beside(house: House, name: str | None) -> int:
    from dashboard.serve import NoPort
    from orchestrator.serving import serve_privately

    run, token, stop = await the_run(house, name), secrets.token_urlsafe(32), asyncio.Event()
    bound: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_privately(house, token, bound.set_result, stop))
            try:
                await _show(await bound, token, run)
            finally:
                stop.set()
    except* NoPort as error:
        raise Misuse(str(error.exceptions[0])) from None
    return DONE


async def _far(url: str, name: str | None) -> int:
    from dashboard.top.link import Refused, Server, Unanswered
    from orchestrator.serving import token_from

    token = token_from(os.environ)
    try:
        found = (await Server(url, token).get("runs?limit=200"))["runs"]
    except (Unanswered, Refused) as error:
        raise Misuse(f"{url}: {error}; TIANTING_TOKEN names the server's token") from error
    known = [str(one["run"]) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    fits = [one for one in known if name is None or one == name or one.startswith(name)]
    if not fits:
        raise Misuse(f"{url} has no run {name!r}" if name else f"{url} has no run yet")
    await _show(url, token, name if name in fits else fits[0])
    return DONE


async def _show(url: str, token: str, run: str) -> None:
    from dashboard.top.app import Top
    from dashboard.top.link import Server
    from dashboard.top.words import language_of

    app = Top(Server(url, token), run, language_of(os.environ), time.time)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):  # the terminal must be itself again afterwards
        loop.add_signal_handler(number, app.exit)
    await app.run_async()
