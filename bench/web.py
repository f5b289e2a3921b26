"""What a person waits for in a real browser: the overview, and runs of 2,000 and 10,000 tasks that open and are panned.

Each view is opened in a fresh context (nothing cached) of Debian's Chromium without a graphics card. A time is what the
page's own clock says when the first frame after the awaited element is drawn, counted from the navigation. A frame of
panning is the time between two animation frames while the mouse drags the graph. Never: an assertion about a time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bench.graphs import layered
from bench.report import Json, Options, Report, Table, Target, median
from scheduler.forecast import Foresight
from state.ids import TaskId
from state.plan import Plan, TaskSpec
from tests.support.browsing import Browser, Page, chromium
from tests.support.stage import Stage, on_stage
from tests.support.story import Story, World

SIZE = {"width": 1600, "height": 1000}
RUN = "/runs/big-1"
NODE = ".react-flow__node .node[data-task]"
GROUP = ".react-flow__node .node"
OVERVIEW = ".card .strip li"
PAN_SECONDS = 3.0
PATIENCE = 120.0

WATCH = """selector => {
  const look = () => {
    if (document.querySelector(selector)) requestAnimationFrame(() => { window.drawn ??= performance.now(); });
    else requestAnimationFrame(look);
  };
  look();
}"""
FRAMES = """() => {
  window.frames_ = [];
  let before = performance.now();
  const next = (now) => {
    window.frames_.push(now - before);
    before = now;
    if (window.panning) requestAnimationFrame(next);
  };
  window.panning = true;
  requestAnimationFrame(next);
}"""


@dataclass(frozen=True, slots=True)
class Opened:
    seconds: float
    frames: Sequence[float] = ()

    @property
    def mean(self) -> float:
        return sum(self.frames) / len(self.frames)

    @property
    def late(self) -> float:
        return sorted(self.frames)[int(len(self.frames) * 0.95)]


def bench(options: Options) -> Report:
    return asyncio.run(_bench(1 if options.quick else 3))


async def _bench(times: int) -> Report:
    rows: dict[str, list[Opened]] = {}
    async with chromium() as browser:
        for size in (2_000, 10_000):
            world = await _world(size)
            async with on_stage(world, forecast=Foresight()) as stage:
                for _ in range(times):
                    if size == 2_000:
                        _put(rows, "overview, first useful paint", await _open(browser, stage, "/", OVERVIEW))
                    grouped = await _open(browser, stage, f"{RUN}/graph", GROUP)
                    single = await _open(browser, stage, f"{RUN}/graph?group=none", NODE, pan=True)
                    table = await _open(browser, stage, f"{RUN}/tasks", ".task-table tbody tr")
                    _put(rows, f"{size:,} tasks, grouped", grouped)
                    _put(rows, f"{size:,} tasks, each one", single)
                    _put(rows, f"{size:,} tasks, as a table", table)
    return _report(rows)


def _put(rows: dict[str, list[Opened]], name: str, opened: Opened) -> None:
    rows.setdefault(name, []).append(opened)


async def _world(size: int) -> World:
    needs = layered(size, 7)
    names = [TaskId(f"task-{number:05}") for number in range(size)]
    tasks = tuple(
        TaskSpec(name, f"The part called {name}", needs=tuple(names[need] for need in of), run="true")
        for name, of in zip(names, needs, strict=True)
    )
    world = World()
    story = await Story.begin(world, "big-1", Plan("big", tasks))
    for name in names[:20]:
        await story.whole(name)
    for name in names[20:24]:
        await story.dispatch(name, window="backend-1")
    return world


async def _open(browser: Browser, stage: Stage, path: str, awaited: str, *, pan: bool = False) -> Opened:
    context = await browser.new_context(locale="en-US", viewport=SIZE)
    try:
        context.set_default_timeout(PATIENCE * 1000)
        page = await context.new_page()
        once = stage.app.state.room.access.new_login()
        await page.goto(f"{stage.url}/login?once={once}")
        await page.locator("main").wait_for()
        await page.close()
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        await page.add_init_script(f"({WATCH})({awaited!r})")
        await page.goto(stage.url + path)
        await page.wait_for_function("() => window.drawn")
        seconds = await page.evaluate("window.drawn") / 1000
        return Opened(seconds, await _pan(page) if pan else ())
    finally:
        await context.close()


async def _pan(page: Page) -> Sequence[float]:
    """Drag the graph to and fro; milliseconds between frames."""
    box = await page.locator(".react-flow__pane").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.move(*middle)
    await page.mouse.down()
    await page.evaluate(FRAMES)
    loop = asyncio.get_running_loop()
    until, step = loop.time() + PAN_SECONDS, 0
    while loop.time() < until:
        step += 1
        reach = 300 * (1 if step // 30 % 2 else -1)
        await page.mouse.move(middle[0] + reach * (step % 30) / 30, middle[1] + reach * (step % 30) / 60)
    frames: Sequence[float] = await page.evaluate("() => { window.panning = false; return window.frames_; }")
    await page.mouse.up()
    return frames[2:]


def _report(rows: dict[str, list[Opened]]) -> Report:
    opened = {name: median([one.seconds for one in many]) for name, many in rows.items()}
    pans = {name: many for name, many in rows.items() if many[0].frames}
    mean = {name: median([one.mean for one in many]) for name, many in pans.items()}
    late = {name: median([one.late for one in many]) for name, many in pans.items()}
    table = Table(
        "The dashboard in a browser: seconds until it is drawn, milliseconds a frame while panning",
        ("view", "drawn s", "frame ms, mean", "frame ms, p95"),
        tuple(
            (name, f"{opened[name]:.2f}", *((f"{mean[name]:.0f}", f"{late[name]:.0f}") if name in mean else ("", "")))
            for name in rows
        ),
    )
    aims = (
        ("overview, first useful paint", 1.0),
        ("2,000 tasks, grouped", 2.0),
        ("2,000 tasks, each one", 2.0),
        ("10,000 tasks, grouped", 5.0),
        ("10,000 tasks, each one", 5.0),
    )
    panned = "2,000 tasks, each one"
    targets = (
        *(Target(f"{name}: drawn, s", opened[name], aim) for name, aim in aims),
        Target(f"{panned}: panning, ms a frame", mean[panned], 50.0),
    )
    data: dict[str, Json] = {
        name: {"seconds": [one.seconds for one in many], "frames": [list(one.frames) for one in many]}
        for name, many in rows.items()
    }
    return Report("web", (table,), targets, data)
