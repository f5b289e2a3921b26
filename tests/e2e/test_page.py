"""The page in a real browser: it follows a run live, is steered by keyboard alone, and asks its own server alone."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from dashboard.app import login_path
from state import events as ev
from state.ids import AttemptId, IntentId, QuestionId, TaskId
from state.intents import AnswerQuestion, CancelTask, PauseRun
from state.question import About, Question
from tests.support.stage import PATIENCE, TOKEN, Stage, on_stage
from tests.support.story import Story, World

playwright = pytest.importorskip("playwright.async_api", reason="no Playwright here")
Page: TypeAlias = Any
Browser: TypeAlias = Any
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def browsing(browser: Browser, stage: Stage, locale: str = "en-US", scheme: str = "light") -> AsyncIterator[Page]:
    """A page of a person who has opened the login link. Errors in its console, and requests to anybody else, fail."""
    trouble: list[str] = []
    context = await browser.new_context(locale=locale, color_scheme=scheme)
    try:
        context.set_default_timeout(PATIENCE * 1000)
        page = await context.new_page()
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith(stage.url) else trouble.append(one.url))
        await page.goto(stage.url + login_path(stage.app))
        yield page
    finally:
        await context.close()
    assert not trouble


async def live(page: Page) -> None:
    await page.locator("[data-state=live]").wait_for()


async def tab_to(page: Page, found: Callable[[str], bool], tries: int = 60) -> None:
    """Press Tab until the element with focus is called what is looked for."""
    name = "() => document.activeElement.ariaLabel || document.activeElement.innerText || document.activeElement.id"
    for _ in range(tries):
        await page.keyboard.press("Tab")
        if found(await page.evaluate(name)):
            return
    raise AssertionError("no Tab leads there")


def row(task: str) -> str:
    return f"#tasks tr[data-key='{task}']"


@pytest_asyncio.fixture(loop_scope="module")
async def story() -> Story:
    story = await Story.begin(World())
    await story.dispatch("schema")
    return story


async def test_the_page_follows_a_run_without_being_reloaded(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await live(page)
        assert await page.title() == "bookshop · Running · Tianting"
        await page.locator(row("schema"), has_text="Running").wait_for()
        await page.evaluate("window.stayed = true")
        await story.progress("schema", "writing the tables")
        await page.locator("#windows li.busy", has_text="writing the tables").wait_for()
        await story.succeed("schema")
        await story.land("schema")
        await page.locator(row("schema"), has_text="Landed").wait_for()
        await page.locator("#log li", has_text="schema landed").wait_for()
        await page.locator(row("api"), has_text="starts next").wait_for()
        assert await page.evaluate("window.stayed")


async def test_a_question_is_answered_by_keyboard_alone(story: Story, browser: Browser) -> None:
    await story.succeed("schema")
    await story.conflict("schema")
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.locator("#needs", has_text="shop/orders.py").wait_for()
        await tab_to(page, lambda name: name == "Keep the lines of both")
        await page.keyboard.press("Enter")
        await page.locator("#toast", has_text="Sent.").wait_for()
        (submitted,) = await story.world.store.pending(story.run, IntentId(0))
        assert (submitted.intent, submitted.by) == (AnswerQuestion(QuestionId("q1"), "both"), "dashboard")
        await story.resolve("schema")
        await page.locator("#needs").wait_for(state="hidden")
        assert await page.evaluate("document.activeElement !== document.body"), "the keyboard has lost its place"


async def test_an_agent_is_answered_in_words(story: Story, browser: Browser) -> None:
    question = Question(QuestionId("q2"), About.AGENT, "Which currency?", (), TaskId("schema"), AttemptId("schema.1"))
    await story.tell(ev.QuestionAsked(question, TaskId("schema")))
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.get_by_label("Your answer").fill("the yuan")
        await page.keyboard.press("Enter")
        await page.locator("#toast", has_text="Sent.").wait_for()
        (submitted,) = await story.world.store.pending(story.run, IntentId(0))
        assert submitted.intent == AnswerQuestion(QuestionId("q2"), "the yuan")


async def test_a_run_is_steered_and_a_refusal_is_told(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.get_by_role("button", name="Pause").click()
        await page.locator("#toast", has_text="Sent.").wait_for()
        await story.tell(ev.IntentRefused(IntentId(1), "dashboard", PauseRun(), "the moon is full"))
        await page.locator("#toast", has_text="Refused: the moon is full").wait_for()
        await story.tell(ev.RunPaused("dashboard"))
        await page.get_by_role("button", name="Resume").wait_for()
        await page.get_by_role("button", name="Cancel: schema").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel", exact=True).click()
        await page.locator("#toast", has_text="Sent.").wait_for()
        submitted = await story.world.store.pending(story.run, IntentId(1))
        assert [one.intent for one in submitted] == [CancelTask(TaskId("schema"))]


async def test_a_feed_that_breaks_goes_on_where_it_stood(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await live(page)
        for turn in range(2):
            stage.app.state.room.feeds._tails[story.run].end("the store failed for a moment")
            await page.locator("[data-state=lost]").wait_for()
            await story.progress("schema", f"meanwhile {turn}")
            await live(page)
            await page.locator("#log li", has_text=f"meanwhile {turn}").wait_for()
        seen = await page.locator("#log li").count()
        assert seen == story.last


async def test_a_task_is_opened_with_its_past_and_closed_by_escape(story: Story, browser: Browser) -> None:
    await story.succeed("schema")
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await live(page)
        await tab_to(page, lambda name: name == "schema")
        await page.keyboard.press("Enter")
        await page.locator("#detail", has_text="Attempt 1 in backend-1").wait_for()
        await page.locator("#detail .diff .added", has_text="+").first.wait_for()
        await page.keyboard.press("Escape")
        await page.locator("#detail").wait_for(state="hidden")
        assert await page.evaluate("document.activeElement.innerText") == "schema"


async def test_chinese_browsers_read_chinese_and_simulated_agents_are_named_so(browser: Browser) -> None:
    story = await Story.begin(World(), simulated=True)
    await story.dispatch("docs", window="docs-1")
    async with on_stage(story.world) as stage, browsing(browser, stage, "zh-CN", "dark") as page:
        await page.locator(row("docs"), has_text="进行中").wait_for()
        await page.locator(row("docs"), has_text="模拟").wait_for()
        await page.locator("#windows li.busy", has_text="模拟").wait_for()
        await page.locator("#runs", has_text="模拟").wait_for()
        await page.locator("#notice", has_text="模拟").wait_for()
        assert await page.evaluate("document.documentElement.lang") == "zh-CN"
        assert "等待 api 先合入" in await page.locator(row("page")).inner_text()


async def test_a_run_that_nobody_leads_says_so(story: Story, browser: Browser) -> None:
    await story.world.lease.release(story.held)
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.locator("#notice", has_text="tianting resume bookshop-1").wait_for()


async def test_a_stranger_is_asked_to_log_in_and_may_use_the_token(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await live(page)
        await page.context.clear_cookies()
        await page.goto(f"{stage.url}/login")
        await page.get_by_label("Token").fill(TOKEN)
        await page.keyboard.press("Enter")
        await page.locator(row("schema")).wait_for()
        await page.get_by_role("button", name="Log out").click()
        await page.get_by_label("Token").wait_for()


async def test_the_description_of_the_api_is_read_in_the_browser(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await live(page)
        await page.goto(f"{stage.url}/docs")
        await page.locator(".operation", has_text="/api/v1/runs/{run}/feed").wait_for()


async def test_there_is_something_to_read_before_the_first_run(browser: Browser) -> None:
    async with on_stage(World()) as stage, browsing(browser, stage) as page:
        await page.get_by_role("heading", name="Nothing to watch yet").wait_for()
