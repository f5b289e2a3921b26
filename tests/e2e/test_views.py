"""Every view of the dashboard, in both languages and both colours: it draws, and axe finds nothing to complain of."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from state import events as ev
from state.candidate import ConflictKind
from state.ids import AttemptId, QuestionId, TaskId, WindowId
from state.question import About, Question
from tests.support.browsing import CHROMIUM, Browser, browsing, chromium, violations
from tests.support.stage import on_stage
from tests.support.story import Story, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
RUN = "/runs/bookshop-1"
VIEWS = {
    "/": ".card",
    f"{RUN}/graph": ".node[data-task=docs]",
    f"{RUN}/graph?group=role": ".node[data-group]",
    f"{RUN}/lanes": ".chart canvas",
    f"{RUN}/tasks": ".task-table tr[data-task=docs]",
    f"{RUN}/tasks/schema": "article.task .attempts",
    f"{RUN}/tasks/schema?view=changes": ".diff-line.add",
    f"{RUN}/conflicts": ".case",
    f"{RUN}/train": ".train-page table",
    f"{RUN}/log": ".log-line",
    f"{RUN}/replay?at=7": ".tile",
    "/compare?a=bookshop-1&b=bookshop-1": ".compare table",
    "/design": ".plan-text .cm-editor",
}
LOOKS = [("en-US", "light"), ("zh-CN", "dark"), ("en-US", "dark"), ("zh-CN", "light")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


async def eventful() -> Story:
    """A run in which something of every kind has happened: landed, settled, open, asked, at work, failed."""
    story = await Story.begin(World(), simulated=True)
    await story.dispatch("schema")
    await story.fail("schema", retry_at=story.world.clock.now())
    await story.dispatch("schema", 2)
    await story.succeed("schema", 2)
    await story.conflict("schema", 2)
    await story.resolve("schema", 2)
    await story.land("schema", 2)
    await story.dispatch("api")
    await story.succeed("api")
    await story.conflict("api")
    await story.dispatch("docs", window="docs-1")
    await story.progress("docs", "wrote down the half of it", window="docs-1")
    question = Question(QuestionId("q9"), About.AGENT, "For whom?", (), TaskId("docs"), AttemptId("docs.1"))
    await story.tell(ev.QuestionAsked(question, TaskId("docs")))
    seen = ev.Overlap(ConflictKind.STRUCTURE, "symbol-edited-twice", "shop.py", "place", "both change place")
    await story.tell(ev.OverlapSeen(TaskId("docs"), AttemptId("docs.1"), WindowId("docs-1"), TaskId("page"), (seen,)))
    return story


@pytest.mark.parametrize(("locale", "scheme"), LOOKS)
async def test_axe_finds_nothing_in_any_view(browser: Browser, locale: str, scheme: str) -> None:
    story = await eventful()
    found: dict[str, list[str]] = {}
    async with on_stage(story.world) as stage, browsing(browser, stage, locale, scheme) as page:
        for path, drawn in VIEWS.items():
            await page.goto(stage.url + path)
            await page.locator(drawn).first.wait_for()
            found[path] = await violations(page)
        await page.keyboard.press("?")
        await page.get_by_role("dialog").wait_for()
        found["keyboard"] = await violations(page)
    assert not {path: faults for path, faults in found.items() if faults}
