"""By keyboard alone: a plan is designed and launched, the run paused, resumed and cancelled, its agent answered and
steered, its conflict settled. And what is written there: a plan file, the plan that takes a resolution back, news."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from state import events as ev
from state.candidate import Rung
from state.ids import AttemptId, IntentId, QuestionId, TaskId
from state.intents import LaunchRun
from state.question import About, Question
from tests.support.browsing import CHROMIUM, Browser, Page, browsing, chromium, tab_to
from tests.support.ground import sh
from tests.support.served import at_home, ended, served, until
from tests.support.stage import on_stage
from tests.support.story import Story, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
    pytest.mark.timeout(300),
]
OLD = "PERCENT_OFF = 0\n"
PLAN = """tianting: 1
name: keys
defaults: {runtime: scripted}
tasks:
  - id: ten
    role: backend
    script:
      - {write: prices.py, text: "PERCENT_OFF = 10\\n"}
  - id: fifteen
    role: backend
    script:
      - {ask: "Who has asked for it?"}
      - {write: prices.py, text: "PERCENT_OFF = 15\\n"}
"""
FILES = {"prices.py": OLD, "plan.yaml": PLAN}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


async def keys(page: Page, *names: str) -> None:
    for name in names:
        await page.keyboard.press(name)


async def test_a_plan_is_designed_run_steered_and_its_conflict_settled_by_keyboard_alone(
    tmp_path: Path, browser: Browser
) -> None:
    async with served(tmp_path, FILES) as (house, link), at_home(browser, link) as page:
        await page.locator("h1").first.wait_for(state="attached")
        await keys(page, "g", "d")
        await page.wait_for_url("**/design")
        await tab_to(page, lambda name: name == "Path of a plan in the repository")
        await page.keyboard.type("plan.yaml")
        await page.keyboard.press("Enter")
        await page.locator(".plan-node[data-task=fifteen]").wait_for()
        await tab_to(page, lambda name: name == "Add a task")
        await page.keyboard.press("n")
        await page.locator(".task-form[data-task=task-3] input:focus").wait_for()
        await page.keyboard.type("Say it")
        await page.get_by_label("Command", exact=True).focus()
        await page.keyboard.type("echo said > said.md")
        await page.locator(".dry-run", has_text="The plan is sound: 3 tasks.").wait_for()
        await keys(page, "Control+Enter")
        await page.wait_for_url("**/runs/keys-*/graph")
        await until(house, lambda run: bool(run.questions))
        await page.locator(".question").wait_for()
        await keys(page, "g", "n")
        await page.locator(".question input:focus").wait_for()
        await page.keyboard.type("the bookkeeper")
        await page.keyboard.press("Enter")
        await until(house, lambda run: any(one.about is About.CONFLICT for one in run.questions.values()))
        await page.get_by_role("main").focus()
        await keys(page, "g", "c")
        await page.locator(".cm-conflict").first.wait_for()
        await page.keyboard.press("3")
        await page.get_by_text("Nothing is left to settle.").wait_for()
        await page.locator(".three .pane:nth-child(2) .cm-content:focus").wait_for()
        await keys(page, "Control+End")
        await page.keyboard.type("# decided\n")
        await keys(page, "Control+Enter")
        run = await ended(house)
        assert sorted(run.landed) == ["fifteen", "task-3", "ten"]
        assert [one.rung for one in run.resolutions] == [Rung.PERSON]
        top = tmp_path / "repository"
        assert sh(top, "show", "main:said.md") == "said\n"
        assert "# decided" in sh(top, "show", "main:prices.py")
        await page.locator(".undo button").wait_for()
        await page.get_by_role("button", name="Undo by a new task").focus()
        await page.keyboard.press("Enter")
        await page.locator(".dry-run", has_text="The plan is sound: 1 task.").wait_for()
        await keys(page, "Control+Enter")
        await page.wait_for_url("**/runs/undo-*/graph")
        await until(house, lambda again: again.finished and again.id != run.id)
        settled = next(one for one in run.resolutions).task
        assert sh(top, "show", "main:prices.py") == f"PERCENT_OFF = {10 if settled == 'fifteen' else 15}\n"


async def test_a_run_is_paused_resumed_and_cancelled_and_its_agent_steered_by_keyboard_alone(
    tmp_path: Path, browser: Browser
) -> None:
    alone = PLAN[: PLAN.index("  - id: ten")] + PLAN[PLAN.index("  - id: fifteen") :]
    async with (
        served(tmp_path, {"prices.py": OLD, "plan.yaml": alone}) as (house, link),
        at_home(browser, link, "/design?path=plan.yaml") as page,
    ):
        await page.locator(".dry-run", has_text="The plan is sound").wait_for()
        await keys(page, "Control+Enter")
        await page.wait_for_url("**/runs/keys-*/graph")
        await until(house, lambda run: bool(run.questions))
        await page.keyboard.press("p")
        await until(house, lambda run: run.paused)
        await page.get_by_role("button", name="Resume").wait_for()
        await keys(page, "Control+k")
        await page.get_by_role("combobox", name="Command palette").wait_for()
        await page.keyboard.type("resume")
        await page.keyboard.press("Enter")
        await until(house, lambda run: not run.paused)
        await page.get_by_role("combobox", name="Command palette").wait_for(state="detached")
        await keys(page, "g", "t")
        await page.locator(".task-table tr[data-task=fifteen]").wait_for()
        await keys(page, "j", "Enter")
        await page.wait_for_url("**/tasks/fifteen")
        await page.locator(".steer textarea").wait_for()
        await page.keyboard.press("s")
        await page.locator(".steer textarea:focus").wait_for()
        await page.keyboard.type("take twenty")
        await keys(page, "Control+Enter")
        await until(house, lambda run: run.tasks[TaskId("fifteen")].steers == ("take twenty",))
        await tab_to(page, lambda name: name == "Send")
        await page.keyboard.press("X")
        await page.get_by_role("dialog").wait_for()
        await tab_to(page, lambda name: name == "Cancel run")
        await page.keyboard.press("Enter")
        assert (await ended(house)).cancelled


async def test_a_plan_is_saved_to_the_repository_and_what_another_wrote_meanwhile_stays(
    tmp_path: Path, browser: Browser
) -> None:
    async with served(tmp_path, FILES) as (_, link), at_home(browser, link, "/design") as page:
        file = tmp_path / "repository" / "plan.yaml"
        await page.get_by_label("Path of a plan in the repository").fill("plan.yaml")
        await page.keyboard.press("Enter")
        await page.locator(".plan-node[data-task=ten]").wait_for()
        await page.get_by_role("button", name="Add a task").click()
        await page.locator(".plan-node[data-task=task-3]").wait_for()
        await page.get_by_role("button", name="Save there").click()
        await page.locator(".ant-message", has_text="Saved as plan.yaml").first.wait_for()
        assert "id: task-3" in file.read_text(encoding="utf-8")
        file.write_text(PLAN, encoding="utf-8")
        await page.get_by_role("button", name="Add a task").click()
        await page.locator(".plan-node[data-task=task-4]").wait_for()
        await page.get_by_role("button", name="Save there").click()
        await page.locator(".ant-message", has_text="has been changed since it was read").first.wait_for()
        assert file.read_text(encoding="utf-8") == PLAN
        await page.get_by_label("Path of a plan in the repository").fill("other.yaml")
        await page.get_by_role("button", name="Save there").click()
        await page.locator(".ant-message", has_text="Saved as other.yaml").first.wait_for()
        assert "id: task-4" in (file.parent / "other.yaml").read_text(encoding="utf-8")
        await page.get_by_role("combobox", name="Versions").click()
        await page.locator(".ant-select-item-option").last.click()
        await page.locator(".desk-version .diff-line.add").first.wait_for()
        await page.get_by_role("button", name="Go back to it").click()
        await page.locator(".plan-node[data-task=task-4]").wait_for(state="detached")
        await page.locator(".plan-node[data-task=task-3]").wait_for()


async def test_what_was_launched_is_a_version_to_compare_with_and_to_go_back_to(browser: Browser) -> None:
    world = World()
    story = await Story.begin(world)
    written = "tianting: 1\nname: bookshop   # as it was launched\ntasks:\n  - {id: one, run: 'true'}\n"
    await story.tell(ev.IntentAccepted(IntentId(1), "ada", LaunchRun(story.run, written, "plan.yaml")))
    async with on_stage(world) as stage, browsing(browser, stage, path="/design") as page:
        text = page.get_by_role("textbox", name="Plan text")
        await text.click()
        await page.keyboard.insert_text(written.replace("id: one", "id: two"))
        await page.get_by_role("combobox", name="Versions").click()
        await page.locator(".ant-select-item-option", has_text="bookshop-1").click()
        await page.locator(".desk-version .diff-line.del", has_text="id: one").wait_for()
        await page.locator(".desk-version .diff-line.add", has_text="id: two").wait_for()
        await page.get_by_role("button", name="Go back to it").click()
        await text.get_by_text("# as it was launched").wait_for()
        await page.locator(".plan-node[data-task=one]").wait_for()


HEARD = """() => {
  window.heard = [];
  const Told = function (title, options) { window.heard.push(title); };
  Told.permission = "granted";
  Told.requestPermission = async () => "granted";
  window.Notification = Told;
}"""


async def test_the_browser_tells_who_asked_for_it_that_a_run_needs_them_and_that_it_has_ended(browser: Browser) -> None:
    story = await Story.begin(World())
    await story.dispatch("docs", window="docs-1")
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.add_init_script(f"({HEARD})()")
        await page.reload()
        bell = page.get_by_role("button", name="Tell me when a run needs me or has ended")
        await bell.click()
        await page.locator("button[aria-pressed=true]", has=page.locator(".anticon-bell")).wait_for()
        await page.locator(".card").wait_for()
        asked = Question(QuestionId("q9"), About.AGENT, "For whom?", (), TaskId("docs"), AttemptId("docs.1"))
        await story.tell(ev.QuestionAsked(asked, TaskId("docs")))
        await page.wait_for_function("() => window.heard.includes('bookshop needs you (1)')")
        await story.finish()
        await page.wait_for_function("() => window.heard.length === 2")
        assert (await page.evaluate("window.heard"))[1] == "bookshop: Failed"
