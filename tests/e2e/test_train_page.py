"""The train in the browser: its lanes, what its gates print while they run, and who left it and why; and what was
spent, by model and of what the plan allows."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from state import events as ev
from state.failure import Failure, FailureKind
from state.ids import AttemptId, IntentId, TaskId, WindowId, gate_id
from state.intents import DropCandidate, ReorderTrain
from state.plan import Limits
from state.transcript import Entry, EntryKind, usage_of
from tests.support.browsing import CHROMIUM, Browser, browsing, chromium, live
from tests.support.stage import on_stage
from tests.support.story import Story, World, bookshop, sha

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
RUN = "/runs/bookshop-1"
FIRST, SECOND = sha("first"), sha("second")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


def said(text: str) -> list[Entry]:
    return [Entry(1.0, EntryKind.OUTPUT, text)]


async def test_what_a_gate_prints_is_shown_while_it_runs_and_of_any_gate_later(browser: Browser) -> None:
    story = await Story.begin(World())
    for task, window in (("schema", "backend-1"), ("docs", "docs-1")):
        await story.dispatch(task, window=window)
        await story.succeed(task, window=window)
    schema, docs = story.candidate("schema"), story.candidate("docs")
    await story.tell(
        ev.CandidateProbed(schema, TaskId("schema"), sha("trunk"), FIRST),
        ev.GateStarted(schema, TaskId("schema"), FIRST),
    )
    add = story.world.store.add
    await add(story.run, gate_id(FIRST), said("12 tests collected"))
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/train") as page:
        await live(page)
        output = page.locator(".gate-output")
        await output.get_by_text("12 tests collected").wait_for()
        await output.get_by_text("gate runs").wait_for()
        lanes = page.locator("tr[data-candidate] td:nth-child(3)")
        assert await lanes.all_inner_texts() == ["1", "2"]
        await add(story.run, gate_id(FIRST), said("1 failed"))
        await output.get_by_text("1 failed").wait_for()
        await story.tell(
            ev.CandidateProbed(docs, TaskId("docs"), FIRST, SECOND), ev.GateStarted(docs, TaskId("docs"), SECOND)
        )
        await add(story.run, gate_id(SECOND), said("nothing to see"))
        red = Failure(FailureKind.GATE, "`pytest` ended with exit code 1", "1 failed")
        await story.tell(
            ev.ChecksFailed(schema, TaskId("schema"), FIRST, "tests", red, 2.0),
            ev.CandidateDropped(schema, TaskId("schema"), red, None),
        )
        await output.get_by_text("nothing to see").wait_for()
        left = page.locator("tr[data-dropped='schema.1']")
        assert "`pytest` ended with exit code 1" in await left.inner_text()
        await page.get_by_role("link", name="Output: schema").click()
        await page.wait_for_url(f"**/train?gate={FIRST}")
        await output.get_by_text("1 failed").wait_for()
        await output.get_by_text("gate red").wait_for()
        await story.tell(ev.CandidateProbed(docs, TaskId("docs"), sha("trunk"), sha("third")))
        await page.locator(f"tr[data-gate='{SECOND}']", has_text="given up").wait_for()


async def test_the_train_is_reordered_and_thinned_by_mouse(browser: Browser) -> None:
    story = await Story.begin(World())
    for task, window in (("schema", "backend-1"), ("docs", "docs-1")):
        await story.dispatch(task, window=window)
        await story.succeed(task, window=window)
    schema, docs = story.candidate("schema"), story.candidate("docs")
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/train") as page:
        await page.get_by_role("button", name="Later: schema").click()
        await page.locator(".ant-message", has_text="Sent.").first.wait_for()
        await page.get_by_role("button", name="Remove: docs").click()
        await page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
        await page.get_by_role("dialog").wait_for(state="hidden")
        await page.wait_for_function("() => !document.querySelector('.ant-modal-confirm')")
        wished = [one.intent for one in await story.world.store.pending(story.run, IntentId(0))]
        assert wished == [ReorderTrain((docs, schema)), DropCandidate(docs)]


async def test_what_was_spent_is_told_by_model_and_of_what_the_plan_allows(browser: Browser) -> None:
    plan = replace(bookshop(), limits=Limits(usd=4.0, tokens=100_000))
    story = await Story.begin(World(), plan=plan)
    await story.dispatch("schema")
    attempt, window = AttemptId("schema.1"), WindowId("backend-1")
    for model, usage in (("opus", usage_of(1000, 500, 2000, usd=3.5)), ("haiku", usage_of(100, 50, usd=0.25))):
        await story.tell(ev.AttemptProgressed(TaskId("schema"), attempt, window, "works", usage, model=model))
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        spent = page.locator(".figure.tone-needs", has_text="Spent")
        await spent.get_by_text("of $4.00 · 3,650 of 100K tokens").wait_for()
        assert await spent.locator("strong").inner_text() == "$3.75"
        row = page.locator(".spent tr[data-model='command opus']")
        assert await row.locator("td").all_inner_texts() == ["3,500", "2,000", "$3.50"]
        assert await page.locator(".spent tbody th").all_inner_texts() == ["command opus", "command haiku"]
        await page.goto(stage.url)
        await page.locator(".card", has_text="$3.75 of $4.00").wait_for()
