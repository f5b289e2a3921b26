"""A repository with a real server over it that takes launches, for a person with a browser."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator.compose import House, open_house
from orchestrator.launcher import Launcher
from orchestrator.load import load
from orchestrator.serving import serve_house
from orchestrator.settings import Settings
from state.run import RunState
from tests.support.browsing import SIZE, Browser, Page
from tests.support.ground import make_repository
from tests.support.stage import PATIENCE

LONG = 120


@asynccontextmanager
async def served(tmp_path: Path, files: Mapping[str, str], store: str = "") -> AsyncIterator[tuple[House, str]]:
    """A repository of these files with its server and launcher; the login link."""
    make_repository(tmp_path / "repository", dict(files))
    stop = asyncio.Event()
    link: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with (
        open_house(tmp_path / "repository", Settings(tmp_path / "home", store)) as house,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(Launcher(house, lambda _: None).work(stop))
        group.create_task(serve_house(house, "127.0.0.1", 0, stop, link.set_result, can_launch=True))
        try:
            async with asyncio.timeout(3 * PATIENCE):
                shown = await link
            yield house, shown
        finally:
            stop.set()


@asynccontextmanager
async def at_home(browser: Browser, link: str, path: str = "", locale: str = "en-US") -> AsyncIterator[Page]:
    """A page of a person who has followed the login link, at `path`; what its scripts throw fails."""
    context = await browser.new_context(locale=locale, reduced_motion="reduce", viewport=SIZE)
    await context.grant_permissions(["clipboard-read", "clipboard-write", "notifications"])
    trouble: list[str] = []
    try:
        context.set_default_timeout(LONG * 1000)
        page = await context.new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda one: trouble.append(one.text) if "Content Security" in one.text else None)
        await page.goto(link)
        await page.locator("main").wait_for()
        if path:
            await page.goto(base_of(link) + path)
        yield page
    finally:
        await context.close()
    assert not trouble, "\n".join(trouble)


def base_of(link: str) -> str:
    return link.partition("/login")[0]


async def until(house: House, true: Callable[[RunState], bool]) -> RunState:
    """The first run of the house that is as wanted."""
    async with asyncio.timeout(LONG), house.bus.subscribe(None) as wakeups:
        while True:
            for head in await house.store.runs():
                state = await load(house.store, head.run)
                if true(state):
                    return state
            await wakeups.wait(1.0)


async def ended(house: House) -> RunState:
    return await until(house, lambda state: state.finished)
