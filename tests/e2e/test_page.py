"""The page in a real browser: it follows a run live, is steered by keyboard alone, and asks its own server alone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from state import events as ev
from state.ids import AttemptId, IntentId, QuestionId, TaskId
from state.intents import AnswerQuestion, CancelTask, PauseRun
from state.question import About, Question
from tests.support.browsing import CHROMIUM, Browser, Page, browsing, chromium, live, tab_to
from tests.support.stage import TOKEN, on_stage
from tests.support.story import Story, World

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


@pytest_asyncio.fixture(loop_scope="module")
async def story() -> Story:
    story = await Story.begin(World())
    await story.dispatch("schema")
    return story


def row(task: str) -> str:
    return f".task-table tr[data-task='{task}']"


async def told(page: Page, text: str) -> None:
    await page.locator(".ant-message", has_text=text).first.wait_for()


async def test_the_page_follows_a_run_without_being_reloaded(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        await live(page)
        assert await page.title() == "bookshop · Running · Tianting"
        await page.locator(row("schema"), has_text="Running").wait_for()
        await page.evaluate("window.stayed = true")
        await story.progress("schema", "writing the tables")
        await page.locator(".windows li.busy", has_text="writing the tables").wait_for()
        await story.succeed("schema")
        await story.land("schema")
        await page.locator(row("schema"), has_text="Landed").wait_for()
        await page.locator(".event", has_text="schema landed").wait_for()
        await page.locator(row("api"), has_text="starts next").wait_for()
        assert await page.evaluate("window.stayed")


async def test_the_graph_draws_each_task_by_its_state_and_marks_the_critical_path(
    story: Story, browser: Browser
) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=RUN) as page:
        await page.wait_for_url("**/graph")
        await page.locator(".node[data-task=schema][data-status=RUNNING]", has_text="Running").wait_for()
        await story.whole("docs", window="docs-1")
        await page.locator(".node[data-task=docs][data-status=LANDED]", has_text="Landed").wait_for()
        await page.locator(".node[data-task=docs] [title=simulated]").wait_for()
        await page.get_by_placeholder("Find a task").fill("page")
        await page.locator(".node.found[data-task=page]").wait_for()
        assert await page.locator(".node.dim").count() == 3
        await page.locator(".react-flow__node[data-id=schema]").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tasks/schema")


async def test_groups_of_the_graph_show_all_that_they_have(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/graph?group=role") as page:
        group = page.locator(".node[data-group]").first
        await group.wait_for()
        assert await group.evaluate("node => node.scrollHeight <= node.parentElement.clientHeight")
        frame = await group.evaluate("node => getComputedStyle(node.parentElement).borderTopWidth")
        assert frame == "0px", "a group has one frame, its own"


async def test_where_an_agent_is_at_work_is_copied_and_opened(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks/schema") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_role("button", name="Copy the path").click()
        await told(page, "Copied.")
        assert await page.evaluate("navigator.clipboard.readText()") == "/srv/windows/backend-1"
        editor = page.get_by_role("link", name="Open the worktree in an editor")
        assert await editor.get_attribute("href") == "vscode://file/srv/windows/backend-1"
        await story.succeed("schema")
        await page.get_by_role("button", name="Copy the path").wait_for(state="detached")
        await page.get_by_role("button", name="Copy the branch").wait_for()


async def test_an_approval_is_asked_for_in_the_readers_language_with_the_changes_at_hand(browser: Browser) -> None:
    story = await Story.begin(World())
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    asks = Question(
        QuestionId("q7"), About.APPROVAL, "approve or drop?", ("approve", "drop"), TaskId("schema"), candidate=candidate
    )
    await story.tell(ev.QuestionAsked(asks, TaskId("schema")))
    async with on_stage(story.world) as stage, browsing(browser, stage, "zh-CN", path=RUN) as page:
        await page.locator(".question", has_text="schema 请求合入。").wait_for()
        await page.locator(".question").get_by_role("link", name="改动").click()
        await page.locator(".diff-line.add").first.wait_for()
        await page.locator(".question").get_by_role("button", name="批准").click()
        await told(page, "已发送。")
        (submitted,) = await story.world.store.pending(story.run, IntentId(0))
        assert submitted.intent == AnswerQuestion(QuestionId("q7"), "approve")


async def test_a_question_is_answered_by_keyboard_alone(story: Story, browser: Browser) -> None:
    await story.succeed("schema")
    await story.conflict("schema")
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.locator(".panel.needs", has_text="shop/orders.py").wait_for()
        await tab_to(page, lambda name: name == "Keep the lines of both")
        await page.keyboard.press("Enter")
        await told(page, "Sent.")
        (submitted,) = await story.world.store.pending(story.run, IntentId(0))
        assert (submitted.intent, submitted.by) == (AnswerQuestion(QuestionId("q1"), "both"), "dashboard")
        await story.resolve("schema")
        await page.locator(".panel.needs").wait_for(state="hidden")


async def test_an_agent_is_answered_in_words(story: Story, browser: Browser) -> None:
    question = Question(QuestionId("q2"), About.AGENT, "Which currency?", (), TaskId("schema"), AttemptId("schema.1"))
    await story.tell(ev.QuestionAsked(question, TaskId("schema")))
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks/schema") as page:
        await page.get_by_label("Your answer").fill("the yuan")
        await page.keyboard.press("Enter")
        await told(page, "Sent.")
        (submitted,) = await story.world.store.pending(story.run, IntentId(0))
        assert submitted.intent == AnswerQuestion(QuestionId("q2"), "the yuan")


async def test_a_run_is_steered_and_a_refusal_is_told(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        await page.get_by_role("button", name="Pause").click()
        await told(page, "Sent.")
        await story.tell(ev.IntentRefused(IntentId(1), "dashboard", PauseRun(), "the moon is full"))
        await told(page, "Refused: the moon is full")
        await story.tell(ev.RunPaused("dashboard"))
        await page.get_by_role("button", name="Resume").wait_for()
        await page.get_by_role("button", name="Cancel: schema").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel", exact=True).click()
        await page.get_by_role("dialog").wait_for(state="hidden")
        await told(page, "Sent.")
        await page.wait_for_function("() => !document.querySelector('.ant-modal-confirm')")
        submitted = await story.world.store.pending(story.run, IntentId(1))
        assert [one.intent for one in submitted] == [CancelTask(TaskId("schema"))]


async def test_a_feed_that_breaks_goes_on_where_it_stood(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/log") as page:
        await live(page)
        for turn in range(2):
            stage.app.state.room.feeds._tails[story.run].end("the store failed for a moment")
            await page.locator("[data-state=lost]").wait_for()
            await story.progress("schema", f"meanwhile {turn}")
            await live(page)
            await page.locator(".event", has_text=f"meanwhile {turn}").wait_for()
        shown = await page.locator(".event").evaluate_all("nodes => nodes.map(node => Number(node.dataset.seq))")
        assert shown == list(range(1, story.last + 1))


async def test_a_task_is_opened_with_its_past_and_what_it_changes(story: Story, browser: Browser) -> None:
    await story.succeed("schema")
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        await live(page)
        await tab_to(page, lambda name: name == "schema")
        await page.keyboard.press("Enter")
        await page.locator("article.task", has_text="Attempt 1 in backend-1").wait_for()
        await page.get_by_text("Changes", exact=True).click()
        await page.locator(".diff-line.add").first.wait_for()
        await page.go_back()
        await page.locator(row("schema")).wait_for()


async def test_views_have_addresses_that_keep_what_was_chosen(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        await page.get_by_role("button", name="Running").click()
        await page.locator(row("api")).wait_for(state="detached")
        await page.reload()
        await page.locator(row("schema")).wait_for()
        assert await page.locator(".task-table tbody tr").count() == 1
        await page.goto(f"{stage.url}{RUN}/lanes?by=task")
        await page.locator(".chart canvas").wait_for()
        await page.goto(f"{stage.url}{RUN}/nothing-here")
        await page.get_by_text("There is nothing at this address.").wait_for()
    async with on_stage(story.world) as stage, browsing(browser, stage, path="/nothing-here", may_miss=True) as page:
        await page.get_by_text("There is nothing at this address.").wait_for()


async def test_everything_is_reached_by_keyboard(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=f"{RUN}/tasks") as page:
        await page.locator(row("api")).wait_for()
        await page.keyboard.press("?")
        await page.get_by_role("dialog", name="Keyboard").wait_for()
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="hidden")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.locator(f"{row('api')}.chosen").wait_for()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tasks/api")
        for key, view in (("l", "lanes"), ("m", "train"), ("c", "conflicts"), ("e", "log"), ("g", "graph")):
            await page.keyboard.press("g")
            await page.keyboard.press(key)
            await page.wait_for_url(f"**/{view}")
        await page.keyboard.press("Control+k")
        await page.get_by_role("combobox", name="Command palette").fill("docs")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tasks/docs")
        await page.keyboard.press("p")
        await told(page, "Sent.")
        (submitted,) = await story.world.store.pending(story.run, IntentId(0))
        assert submitted.intent == PauseRun()


async def test_chinese_browsers_read_chinese_and_simulated_agents_are_named_so(browser: Browser) -> None:
    story = await Story.begin(World(), simulated=True)
    await story.dispatch("docs", window="docs-1")
    async with on_stage(story.world) as stage, browsing(browser, stage, "zh-CN", "dark", f"{RUN}/tasks") as page:
        await page.locator(row("docs"), has_text="进行中").wait_for()
        await page.locator(row("docs"), has_text="模拟").wait_for()
        await page.locator(".windows li.busy", has_text="模拟").wait_for()
        await page.locator(".run-head", has_text="模拟").wait_for()
        assert await page.evaluate("document.documentElement.lang") == "zh-CN"
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert "等待 api 先合入" in await page.locator(row("page")).inner_text()
        await page.get_by_role("button", name="语言").click()
        await page.locator(row("docs"), has_text="Running").wait_for()
        await page.goto(stage.url)
        await page.locator(".card", has_text="simulated").wait_for()


async def test_a_run_that_nobody_leads_says_so(story: Story, browser: Browser) -> None:
    await story.world.lease.release(story.held)
    async with on_stage(story.world) as stage, browsing(browser, stage, path=RUN) as page:
        await page.get_by_role("alert").filter(has_text="tianting resume bookshop-1").wait_for()


async def test_a_stranger_is_asked_to_log_in_and_may_use_the_token(story: Story, browser: Browser) -> None:
    # The page may ask once more for the runs after it has lost its right to.
    async with on_stage(story.world) as stage, browsing(browser, stage, may_miss=True) as page:
        await page.locator(".card").wait_for()
        await page.goto("about:blank")  # a page that is open would go on asking, and be refused
        await page.context.clear_cookies()
        await page.goto(f"{stage.url}/login")
        await page.get_by_label("Token").fill(TOKEN)
        await page.keyboard.press("Enter")
        await page.locator(".card").wait_for()
        await page.get_by_role("button", name="Log out").click()
        await page.get_by_label("Token").wait_for()


async def test_logging_out_ends_the_feeds_before_the_right_to_them(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, may_miss=True) as page:
        await page.goto("about:blank")
        async with page.expect_websocket() as opening:
            await page.goto(stage.url + RUN)
        feed = await opening.value
        ended = []

        async def not_yet(route: Any) -> None:
            if not feed.is_closed():
                await feed.wait_for_event("close")
            ended.append(True)
            await route.continue_()

        await page.route("**/logout", not_yet)
        await live(page)
        await page.get_by_role("button", name="Log out").click()
        await page.get_by_label("Token").wait_for()
        assert ended == [True]


async def test_other_tabs_of_who_logs_out_ask_to_log_in(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage, path=RUN, may_miss=True) as page:
        await live(page)
        other = await page.context.new_page()
        await other.goto(stage.url)
        await other.locator(".card").wait_for()
        await other.get_by_role("button", name="Log out").click()
        await page.get_by_label("Token").wait_for()


async def test_the_description_of_the_api_is_read_in_the_browser(story: Story, browser: Browser) -> None:
    async with on_stage(story.world) as stage, browsing(browser, stage) as page:
        await page.goto(f"{stage.url}/docs")
        await page.locator(".operation", has_text="/api/v1/runs/{run}/feed").wait_for()


async def test_there_is_something_to_read_before_the_first_run(browser: Browser) -> None:
    async with on_stage(World()) as stage, browsing(browser, stage) as page:
        await page.get_by_role("heading", name="Nothing to watch yet").wait_for()
