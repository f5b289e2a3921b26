"""A person in front of a real browser: logged in, watched for errors and for requests to anybody else."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from dashboard.app import login_path
from tests.support.stage import PATIENCE, Stage

playwright = pytest.importorskip("playwright.async_api", reason="no Playwright here")
Page: TypeAlias = Any
Browser: TypeAlias = Any
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"]
AXE = Path(__file__).parent / "axe" / "axe.min.js"
SIZE = {"width": 1600, "height": 1000}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def browsing(
    browser: Browser,
    stage: Stage,
    locale: str = "en-US",
    scheme: str = "light",
    path: str = "",
    *,
    may_miss: bool = False,
) -> AsyncIterator[Page]:
    """A page of a person who has opened the login link, at `path`. Errors in its console, and requests to anybody
    else, fail; with `may_miss` it may ask for what is not there."""
    trouble: list[str] = []
    context = await browser.new_context(locale=locale, color_scheme=scheme, reduced_motion="reduce", viewport=SIZE)
    try:
        context.set_default_timeout(3 * PATIENCE * 1000)
        page = await context.new_page()
        page.on("console", lambda one: trouble.append(one.text) if _is_trouble(one, may_miss) else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda one: None if _is_own(one.url, stage) else trouble.append(one.url))
        await page.goto(stage.url + login_path(stage.app))
        await page.locator("main").wait_for()
        if path:
            await page.goto(stage.url + path)
        yield page
    finally:
        await context.close()
    assert not trouble, "\n".join(trouble)


def _is_trouble(message: Any, may_miss: bool) -> bool:
    return message.type == "error" and not (may_miss and message.text.startswith("Failed to load resource"))


def _is_own(url: str, stage: Stage) -> bool:
    return url.startswith((stage.url, "data:", f"blob:{stage.url}"))


async def live(page: Page) -> None:
    await page.locator("[data-state=live]").wait_for()


async def tab_to(page: Page, found: Callable[[str], bool], tries: int = 80) -> None:
    """Press Tab until the element with focus is called what is looked for."""
    name = "() => document.activeElement.ariaLabel || document.activeElement.innerText || document.activeElement.id"
    for _ in range(tries):
        await page.keyboard.press("Tab")
        if found(await page.evaluate(name)):
            return
    raise AssertionError("no Tab leads there")


async def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands: the rule, and the first elements that break it."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes'][:4]]} {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
    ]
