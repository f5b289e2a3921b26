"""What a run leaves: it is played again, compared with another and taken out as files; and overlaps while it lives."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from state import events as ev
from state.candidate import ConflictKind
from state.ids import AttemptId, TaskId, WindowId
from tests.support.browsing import CHROMIUM, Browser, Page, browsing, chromium, live
from tests.support.stage import on_stage
from tests.support.story import Story, World, bookshop

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
]
RUN = "/runs/bookshop-1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


async def told(world: World, name: str = "bookshop-1", tries: int = 1) -> Story:
    """A run that landed two tasks; the first of them at the last of so many tries, each a minute long."""
    story = await Story.begin(world, name)
    for number in range(1, tries + 1):
        await story.dispatch("schema", number)
        world.clock.at += 60.0
        if number < tries:
            await story.fail("schema", number, retry_at=world.clock.now())
    await story.succeed("schema", tries)
    await story.land("schema", tries)
    await story.dispatch("docs", window="docs-1")
    world.clock.at += 30.0
    await story.succeed("docs", window="docs-1")
    await story.land("docs")
    await story.finish("schema", "docs")
    return story


async def test_a_run_is_played_again_from_any_place_of_its_log(browser: Browser) -> None:
    story = await told(World())
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/replay?at=3") as page:
        tile = page.locator(".node[data-task=schema]")
        await page.locator(".node[data-task=schema][data-status=RUNNING]").wait_for()
        scrub = page.get_by_role("slider", name="Place in the log")
        assert await scrub.get_attribute("aria-valuenow") == "3"
        await scrub.focus()
        await page.keyboard.press("End")
        await page.locator(".node[data-task=docs][data-status=LANDED]").wait_for()
        assert await page.locator(".replay .event").last.get_attribute("data-type") == "RunFinished"
        await page.keyboard.press("Home")
        await page.locator(".node[data-task=docs][data-status=WAITING]").wait_for()
        assert await page.locator(".replay .event").count() == 1
        await page.get_by_text("×100").click()
        await page.get_by_role("button", name="Play").click()
        await page.wait_for_url(f"**/replay?at={story.last}")
        await page.locator(".node[data-task=docs][data-status=LANDED]").wait_for()
        assert await tile.get_attribute("data-status") == "LANDED"


async def test_two_runs_are_compared_by_what_they_took(browser: Browser) -> None:
    world = World()
    await told(world, "bookshop-1")
    await told(world, "bookshop-2", tries=3)
    async with on_stage(world) as stage, browsing(browser, stage, path="/compare") as page:
        for label, name in (("One run", "bookshop-1"), ("Another", "bookshop-2")):
            await page.get_by_role("combobox", name=label).fill(name)
            await page.locator(f".ant-select-item-option-active[title='{name}']").wait_for()
            await page.keyboard.press("Enter")
            await page.locator(f".compare-pick [title='{name}']").wait_for()
        await page.wait_for_url("**/compare?a=bookshop-1&b=bookshop-2")
        await page.locator(".compare table").nth(1).wait_for()
        tries = page.locator("tr", has=page.get_by_role("rowheader", name="Attempts", exact=True))
        assert await tries.locator("td").all_inner_texts() == ["2", "4", "+2"]
        time = page.locator("tr", has=page.get_by_role("rowheader", name="Time", exact=True))
        assert await time.locator("td").all_inner_texts() == ["1:30", "3:30", "+2:00"]
        most = page.locator("tr", has=page.get_by_role("rowheader", name="schema", exact=True))
        assert await most.locator("td").all_inner_texts() == ["1:00", "3:00", "+2:00"]


async def taken(page: Page, kind: str) -> str:
    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as download:
        await page.get_by_role("menuitem", name=kind).click()
    await page.get_by_role("menu").wait_for(state="hidden")
    return Path(await (await download.value).path()).read_text(encoding="utf-8")


async def test_a_run_is_taken_out_as_a_trace_a_table_and_its_log(browser: Browser) -> None:
    story = await told(World())
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        trace = json.loads(await taken(page, "Chrome trace (Perfetto)"))["traceEvents"]
        spans = {(one["cat"], one["name"], one["ts"], one["dur"]) for one in trace if one["ph"] == "X"}
        assert {("attempt", "schema", 0, 60_000_000), ("attempt", "docs", 60_000_000, 30_000_000)} <= spans
        assert ("gate", "docs", 90_000_000, 1_500_000) in spans
        named = {one["args"]["name"] for one in trace if one["ph"] == "M"}
        assert {"bookshop-1", "backend-1", "docs-1"} <= named
        rows = list(csv.DictReader(io.StringIO(await taken(page, "Tasks as CSV"))))
        assert [(row["task"], row["status"], row["work_seconds"]) for row in rows] == [
            ("schema", "LANDED", "60.000"),
            ("api", "WAITING", "0.000"),
            ("page", "WAITING", "0.000"),
            ("docs", "LANDED", "30.000"),
        ]
        log = [json.loads(line) for line in (await taken(page, "Log as JSON lines")).splitlines()]
        assert [one["seq"] for one in log] == list(range(1, story.last + 1))
        assert (log[0]["type"], log[-1]["type"]) == ("PlanAccepted", "RunFinished")


async def test_of_a_large_graph_what_is_near_is_drawn_and_all_of_it_from_far_away(browser: Browser) -> None:
    story = await Story.begin(World(), plan=bookshop(1000))
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/graph?group=none") as page:
        await page.locator(".node[data-task=schema]").wait_for()
        assert 0 < await page.locator(".react-flow__node").count() < 500
        await page.get_by_role("button", name="Show all").click()
        await page.locator("canvas.far[data-drawn='1004']").wait_for()
        await page.locator(".react-flow__node").first.wait_for(state="detached")
        await page.get_by_placeholder("Find a task").fill("extra-999")
        await page.keyboard.press("Enter")
        await page.locator(".node.found[data-task=extra-999]").wait_for()


async def test_overlaps_that_the_radar_sees_stand_in_the_matrix_until_they_are_gone(browser: Browser) -> None:
    story = await Story.begin(World())
    await story.dispatch("schema")
    await story.dispatch("docs", window="docs-1")
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/conflicts") as page:
        await live(page)
        await page.get_by_text("No two tasks that could run at once claim the same.").wait_for()
        both = ev.Overlap(ConflictKind.STRUCTURE, "symbol-edited-twice", "shop.py", "place", "both change place")
        windows = TaskId("docs"), AttemptId("docs.1"), WindowId("docs-1")
        await story.tell(ev.OverlapSeen(*windows, TaskId("schema"), (both,)))
        cell = page.locator(".matrix td.seen")
        await cell.wait_for()
        assert "both change place" in (await cell.get_attribute("title") or "")
        assert await page.locator(".seen li").get_attribute("data-seen") == "docs/schema"
        await page.locator(".seen li", has_text="both change place").wait_for()
        await story.tell(ev.OverlapGone(TaskId("docs"), TaskId("schema"), "they do not meet any more"))
        await cell.wait_for(state="detached")
        await page.locator(".seen").wait_for(state="detached")
