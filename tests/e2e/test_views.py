"""Every view of the dashboard, in both languages and both colours: it draws, and axe finds nothing to complain of.

The views of a run are those of a live one, with simulated agents in a real repository, in which something of every kind
has happened and waits. The others show what such a run is not.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orchestrator.compose import House
from state import events as ev
from state.candidate import Rung
from state.ids import IntentId, RunId
from state.intents import CancelRun, LaunchRun, ResolveConflict
from state.lifecycle import Status
from state.question import About
from state.run import RunState
from tests.support.browsing import CHROMIUM, Browser, Page, browsing, chromium, violations
from tests.support.served import at_home, base_of, ended, served, until
from tests.support.stage import PaperFiles, on_stage
from tests.support.story import Story, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
    pytest.mark.timeout(600),
]
PLAN = """tianting: 1
name: views
defaults: {runtime: scripted, retries: 0, timeout: 30m}
windows: {backend: {count: 8}, testing: {count: 1}}
gate: [{name: tests, run: "echo looking at what is there; ls; grep -q COST costs.py"}]
limits: {windows: 9, usd: 20, tokens: 1000000}
tasks:
  - {id: notes, role: backend, touches: [notes.md], priority: 2, script: [{write: notes.md, text: "# Notes\\n"}]}
  - {id: ten, role: backend, touches: [prices.py], script: [{write: prices.py, text: "PERCENT_OFF = 10\\n"}]}
  - {id: fifteen, role: backend, touches: [prices.py], script: [{write: prices.py, text: "PERCENT_OFF = 15\\n"}]}
  - {id: cheap, role: backend, script: [{write: costs.py, text: "COST = 1\\n"}]}
  - {id: dear, role: backend, script: [{write: costs.py, text: "COST = 9\\n"}]}
  - {id: broken, role: backend, script: [{say: "I try."}, {fail: "it can not be done"}]}
  - {id: asks, role: backend, title: Asks first, script: [{write: draft.md, text: "A draft\\n"}, {ask: "For whom?"}]}
  - {id: signed, role: backend, approve: true, script: [{write: signed.md, text: "Signed\\n"}]}
  - {id: later, role: testing, needs: [notes, asks], prompt: "Look at it.", script: [{say: "Looking."}]}
"""
FILES = {"prices.py": "PERCENT_OFF = 0\n", "costs.py": "COST = 5\n", "plan.yaml": PLAN, "bad.yaml": PLAN + "  - 1\n"}
LOOKS = [("en", "light"), ("en", "dark"), ("zh-CN", "dark"), ("zh-CN", "light")]
RUN_VIEWS = {
    "graph": ".node[data-task=later]",
    "graph?path=critical&focus=live": ".node[data-task=asks]",
    "graph?group=role": ".node[data-group]",
    "lanes": ".chart canvas",
    "lanes?by=task": ".chart canvas",
    "tasks": ".task-table tr[data-task=later]",
    "tasks?status=FAILED": ".task-table tr[data-task=broken]",
    "tasks?q=nowhere-to-be-found": ".tasks .empty",
    "tasks/asks": ".steer textarea",
    "tasks/asks?view=changes": ".task .empty, .diff-line",
    "tasks/broken": ".task .failure",
    "tasks/notes?view=changes": ".diff-line.add",
    "tasks/no-such-task": ".ant-alert",
    "conflicts": ".cm-conflict",
    "train": ".gate-output .line-output",
    "log": ".log-line",
    "replay?at=9": ".node[data-task=later]",
    "no-such-view": ".nothing",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


async def in_all_looks(page: Page, name: str, key: str = "") -> dict[str, list[str]]:
    """What axe finds on the page as it stands, or in the dialog that a key opens, in each language and colour; the page
    ends as it began."""
    found: dict[str, list[str]] = {}
    for language, scheme in [*LOOKS[1:], LOOKS[0]]:
        await page.emulate_media(color_scheme=scheme)
        await page.locator(f":root[data-theme={scheme}]").wait_for()
        await page.evaluate("document.activeElement.blur()")
        if await page.evaluate("document.documentElement.lang") != language:
            await page.keyboard.press("Shift+L")
            await page.locator(f":root[lang={language}]").wait_for()
        if key:
            await page.keyboard.press(key)
            await page.get_by_role("dialog").wait_for()
        found[f"{name} {language} {scheme}"] = await violations(page)
        if key:
            await page.keyboard.press("Escape")
            await page.get_by_role("dialog").wait_for(state="hidden")
    return found


async def look_through(page: Page, base: str, views: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, drawn in views.items():
        await page.goto(base + path)
        await page.locator(drawn).first.wait_for()
        found |= await in_all_looks(page, path)
    return {look: faults for look, faults in found.items() if faults}


async def asked_once(house: House, run: RunState, path: str) -> None:
    """Settle the conflict in a file, once it is asked about, for the audit to have one."""
    for one in run.questions.values():
        candidate = None if one.candidate is None else run.candidates[one.candidate]
        if one.about is About.CONFLICT and candidate is not None and candidate.conflicts[0].path == path:
            await house.store.submit(run.id, ResolveConflict(candidate.value.id, "theirs"), "ada", house.clock.now())
            house.bus.publish(run.id)


def stands(run: RunState) -> bool:
    """Whether all that goes on by itself has gone on: of one pair one landed and the other asks, the rest has ended or
    waits."""
    settled = {one.rung for one in run.resolutions} == {Rung.PERSON}
    asked = {one.about for one in run.questions.values()} == {About.AGENT, About.CONFLICT, About.APPROVAL}
    idle = len(run.live) == 1 and not run.counts[Status.GATING]
    return settled and asked and idle and len(run.questions) == 3 and len(run.landed) == 4


async def test_axe_finds_nothing_in_any_view_of_a_live_run(tmp_path: Path, browser: Browser) -> None:
    async with served(tmp_path, FILES) as (house, link), at_home(browser, link) as page:
        name = RunId("views-live")
        await house.store.submit(name, LaunchRun(name, PLAN, "plan.yaml"), "ada", house.clock.now())
        house.bus.publish(name)
        both = await until(house, lambda run: sum(one.about is About.CONFLICT for one in run.questions.values()) == 2)
        await asked_once(house, both, "costs.py")
        run = await until(house, stands)
        settled = run.resolutions[0].candidate
        base = f"{base_of(link)}/runs/{name}/"
        found = await look_through(page, base, {**RUN_VIEWS, f"conflicts/{settled}": ".settled .facts"})
        found |= await look_through(page, base_of(link), {"/": ".card", f"/compare?a={name}&b={name}": "table"})
        assert not found, "\n".join(f"{look}: {faults}" for look, faults in found.items())
        await house.store.submit(name, CancelRun(), "ada", house.clock.now())
        house.bus.publish(name)
        await ended(house)


async def paused_unled_and_ended(world: World) -> None:
    paused = await Story.begin(world, "paused-1")
    await paused.tell(ev.RunPaused("ada"))
    alone = await Story.begin(world, "alone-1")
    await alone.dispatch("schema")
    await world.lease.release(alone.held)
    done = await Story.begin(world, "done-1")
    await done.whole("schema")
    await done.finish("schema", cancelled=True)
    await world.store.create(RunId("early-1"), "early", "/srv/shop", world.clock.now())
    run = RunId("refused-1")
    await world.store.create(run, "refused", "/srv/shop", world.clock.now())
    held = await world.lease.take(f"run:{run}", "me", 10**9)
    assert held is not None
    refused = Story(world, run, held)
    await refused.tell(ev.IntentRefused(IntentId(1), "ada", LaunchRun(refused.run, "", "plan"), "there is no branch"))


OTHER_VIEWS = {
    "/": ".card",
    "/runs/paused-1/tasks": ".task-table",
    "/runs/alone-1/graph": "[role=alert]",
    "/runs/done-1/train": ".train-page table",
    "/runs/done-1/conflicts": ".overlaps",
    "/runs/early-1/graph": "main .run, main .page",
    "/runs/refused-1/graph": "main .page",
    "/runs/none-1/graph": ".ant-alert",
    "/compare": ".compare .empty",
    "/design": ".plan-text .cm-editor",
    "/design?path=bad.yaml": ".faults li",
    "/nothing-here": ".nothing",
}


async def test_axe_finds_nothing_in_what_a_running_plan_does_not_show(browser: Browser) -> None:
    world, files = World(), PaperFiles()
    files.files = {name: text.encode() for name, text in FILES.items()}
    await paused_unled_and_ended(world)
    async with on_stage(world, files=files) as stage, browsing(browser, stage, may_miss=True) as page:
        found = await look_through(page, stage.url, OTHER_VIEWS)
        await page.goto(f"{stage.url}/design?path=plan.yaml")
        await page.locator(".plan-node[data-task=later]").click()
        await page.locator(".task-form").wait_for()
        found |= await in_all_looks(page, "a task of a plan")
        await page.get_by_role("button", name="Keep this version").click()
        await page.locator(".ant-message").first.wait_for(state="detached")
        await page.get_by_role("combobox", name="Versions").click()
        await page.locator(".ant-select-item-option").last.click()
        await page.locator(".desk-version").wait_for()
        found |= await in_all_looks(page, "a version of a plan")
        await page.goto(f"{stage.url}/runs/paused-1/tasks")
        await page.locator(".task-table").wait_for()
        for key in ("?", "Control+k", "Shift+X"):
            found |= await in_all_looks(page, f"dialog {key}", key)
        await page.get_by_role("button", name="Export").click()
        await page.get_by_role("menu").wait_for()
        found["menu of exports"] = await violations(page)
    async with on_stage(World()) as stage, browsing(browser, stage, may_miss=True) as page:
        found |= await look_through(page, stage.url, {"/": ".nothing"})
        for path, drawn in (("/docs", ".operation"), ("/login", "form"), ("/login?once=no-such-link", "form")):
            await page.goto(stage.url + path)
            await page.locator(drawn).first.wait_for()
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                found[f"{path} {scheme}"] = await violations(page)
    wrong = "\n".join(f"{look}: {faults}" for look, faults in found.items() if faults)
    assert not wrong, wrong
