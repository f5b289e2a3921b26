"""Plans written, opened, tried out and launched in the browser over a real repository, and their conflicts settled by
hand there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from state.candidate import Rung
from tests.support.browsing import CHROMIUM, Browser, Page, chromium
from tests.support.ground import sh
from tests.support.served import at_home, ended, served, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
    pytest.mark.timeout(300),
]
PRICES = '"""What a customer pays."""\n\nPERCENT_OFF = 0\n'


def clash() -> str:
    """Two tasks that say different things of one value: no rung below a person knows which is meant."""
    ten, fifteen = (PRICES.replace("= 0", f"= {percent}").replace("\n", "\\n") for percent in (10, 15))
    ten, fifteen = ten.replace('"', '\\"'), fifteen.replace('"', '\\"')
    return f"""tianting: 1
name: clash   # a comment that stays
defaults: {{runtime: scripted}}
tasks:
  - id: discount
    role: backend
    touches: [prices.py]
    script:
      - {{write: prices.py, text: "{ten}"}}
  - id: winter-sale
    role: backend
    touches: [prices.py]
    script:
      - {{write: prices.py, text: "{fifteen}"}}
"""


FILES = {"prices.py": PRICES, "plan.yaml": clash()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


async def launch(page: Page) -> None:
    await page.locator(".dry-run", has_text="The plan is sound: 2 tasks.").wait_for()
    await page.get_by_role("button", name="Launch").click()
    await page.wait_for_url("**/runs/clash-*/graph")


async def paste(page: Page, text: str) -> None:
    """In place of all that stands in the editor with focus."""
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Control+v")


async def test_a_plan_is_launched_and_its_conflict_settled_by_hand(tmp_path: Path, browser: Browser) -> None:
    async with served(tmp_path, FILES) as (house, link), at_home(browser, link, "/design") as page:
        await page.get_by_label("Path of a plan in the repository").fill("plan.yaml")
        await page.keyboard.press("Enter")
        await page.locator(".plan-node[data-task=discount]").wait_for()
        await launch(page)
        await page.get_by_role("link", name="See the sides").click()
        await page.locator(".cm-conflict").first.wait_for()
        settle = page.get_by_role("button", name="Settle with this result")
        assert await settle.is_disabled()
        await page.get_by_role("button", name="Trunk here").click()
        await page.get_by_text("Nothing is left to settle.").wait_for()
        await page.get_by_role("textbox", name="Result").click()
        await page.keyboard.press("Control+End")
        await page.keyboard.type("# Both were asked for; a person has decided.\n")
        await settle.click()
        run = await ended(house)
        await page.locator("[data-status=finished]").first.wait_for()
    assert sorted(run.landed) == ["discount", "winter-sale"]
    assert [one.rung for one in run.resolutions] == [Rung.PERSON]
    landed = sh(tmp_path / "repository", "show", "main:prices.py")
    assert landed.endswith("# Both were asked for; a person has decided.\n")
    assert "PERCENT_OFF = 0" not in landed
    assert "<<<" not in landed


async def test_a_result_that_does_not_settle_is_told_with_its_reason_and_asked_again(
    tmp_path: Path, browser: Browser
) -> None:
    async with served(tmp_path, FILES) as (house, link), at_home(browser, link, "/design?path=plan.yaml") as page:
        await launch(page)
        first = await until(house, lambda state: bool(state.questions))
        [asked] = first.questions
        await page.get_by_role("link", name="See the sides").click()
        await page.locator(".cm-conflict").first.wait_for()
        commit = page.locator(".case-detail").get_by_label("Or the id of a commit of yours that settles it")
        await commit.fill("0" * 40)
        await commit.press("Enter")
        await page.get_by_role("alert").filter(has_text=f"there is no commit '{'0' * 40}'").wait_for()
        again = await until(house, lambda state: bool(state.questions) and asked not in state.questions)
        assert [one.text for one in again.questions.values() if "there is no commit" in one.text]
        assert await page.locator(".panel.needs").count() == 0, "its question is where its sides are"
        assert await page.locator(".conflict-list .case").count() == 1
        await page.get_by_role("button", name="Task here").click()
        await page.get_by_role("button", name="Settle with this result").click()
        run = await ended(house)
        assert sorted(run.landed) == ["discount", "winter-sale"]


async def test_a_plan_comes_from_a_file_and_from_a_paste_and_is_tried_out_before_it_costs_anything(
    tmp_path: Path, browser: Browser
) -> None:
    async with served(tmp_path, FILES) as (house, link), at_home(browser, link, "/design") as page:
        own = tmp_path / "mine.yaml"
        own.write_text(clash().replace("name: clash", "name: mine"), encoding="utf-8")
        await page.get_by_label("Open a file").set_input_files(own)
        await page.get_by_role("textbox", name="Plan text").get_by_text("name: mine").wait_for()
        foreseen = page.locator(".dry-run")
        await foreseen.get_by_text("The plan is sound: 2 tasks.").wait_for()
        await foreseen.locator("tr", has_text="discount · winter-sale").wait_for()
        assert await foreseen.locator(".waves li").count() == 1
        text = page.get_by_role("textbox", name="Plan text")
        await text.click()
        await paste(page, clash().replace("role: backend\n", "role: backend\n    needs: [gone]\n", 1))
        await page.locator(".faults li", has_text="gone").wait_for()
        assert await page.get_by_role("button", name="Launch").is_disabled()
        await paste(page, clash())
        assert not await house.store.runs()
        await launch(page)
        run = await until(house, lambda state: bool(state.seq))
        assert run.launched_by == "serve"
        await page.get_by_role("button", name="Cancel run").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
        assert (await ended(house)).cancelled


async def test_a_plan_is_changed_in_the_graph_and_in_a_form_and_its_text_keeps_its_comments(
    tmp_path: Path, browser: Browser
) -> None:
    async with served(tmp_path, FILES) as (_, link), at_home(browser, link, "/design?path=plan.yaml") as page:
        await page.locator(".plan-node[data-task=winter-sale]").wait_for()
        source = page.locator(".plan-node[data-task=discount] .react-flow__handle-right")
        target = page.locator(".plan-node[data-task=winter-sale] .react-flow__handle-left")
        await source.drag_to(target)
        text = page.get_by_role("textbox", name="Plan text")
        await text.get_by_text("needs: [discount]").wait_for()
        await page.locator(".plan-node[data-task=winter-sale]").click()
        await page.get_by_label("Title").fill("Say goodbye")
        await text.get_by_text("title: Say goodbye").wait_for()
        assert "a comment that stays" in await text.inner_text()
        await page.get_by_role("button", name="Add a task").click()
        await page.locator(".plan-node[data-task='task-3']").wait_for()
        await text.click()
        await page.keyboard.press("Control+Home")
        await page.keyboard.type("unknown: 1\n")
        await page.locator(".faults li", has_text="line 1").wait_for()
        assert await page.get_by_role("button", name="Launch").is_disabled()
