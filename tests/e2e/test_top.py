"""The terminal screen over real servers: what the feed brings is on it, and its keys steer a real run."""

import asyncio
import os
import pty
import select
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static

from dashboard.top.app import Rows, Top
from dashboard.top.link import Server
from dashboard.top.words import EN, ZH
from orchestrator.compose import open_house
from orchestrator.serving import serve_privately
from orchestrator.settings import Settings
from state import events as ev
from state.candidate import Conflict, ConflictKind, Side
from state.ids import IntentId, RunId, Sha, TaskId, gate_id
from state.intents import (
    AnswerQuestion,
    CancelTask,
    DropCandidate,
    PauseRun,
    ReorderTrain,
    ResolveConflict,
    RetryTask,
    SteerTask,
)
from state.transcript import Entry, EntryKind
from tests.support.command import PATIENCE, PROGRAM, ROOT, Desk, one_sentence
from tests.support.stage import TOKEN, PaperObjects, Stage, on_stage
from tests.support.story import Story, World, sha

SIZE = (150, 44)
RUN = "bookshop-1"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


@asynccontextmanager
async def screen(server: Server, run: str, language: str = EN) -> AsyncIterator[tuple[Top, Pilot[None]]]:
    app = Top(server, run, language, time.time)
    async with app.run_test(size=SIZE) as pilot:
        yield app, pilot


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Let the screen work until this holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await pilot.pause(0.02)


def tasks(app: Top) -> dict[str, tuple[str, ...]]:
    """What the rows of the tasks say, by task, in the order in which they stand."""
    table = app.screen_stack[0].query_one("#tasks", Rows)
    return {str(row[1]): tuple(map(str, row)) for row in map(table.get_row_at, range(table.row_count))}


def text(app: Top, name: str) -> str:
    return str(app.screen_stack[-1].query_one(f"#{name}", Static).render())


def stage_server(stage: Stage) -> Server:
    return Server(stage.url, TOKEN)


async def asked(world: World) -> list[object]:
    return [one.intent for one in await world.store.pending(RunId(RUN), IntentId(0))]


async def test_what_happens_is_on_the_screen_and_rows_do_not_move() -> None:
    world = World()
    story = await Story.begin(world)
    async with on_stage(world) as stage, screen(stage_server(stage), RUN) as (app, pilot):
        await until(pilot, lambda: len(tasks(app)) == 4 and app.link == "live")
        before = list(tasks(app))
        assert tasks(app)["api"][5].startswith("needs schema")
        await story.dispatch("schema")
        await until(pilot, lambda: "Running" in tasks(app)["schema"][0])
        assert tasks(app)["schema"][2].endswith("backend-1")
        await story.progress("schema", "writes \x1b[31mmodels")
        await until(pilot, lambda: "models" in tasks(app)["schema"][5])
        assert "\x1b" not in tasks(app)["schema"][5], "what an agent wrote does not speak to the terminal"
        await story.succeed("schema")
        await until(pilot, lambda: "Proposed" in tasks(app)["schema"][0])
        assert list(tasks(app)) == before
        head = str(app.query_one("#head", Static).render())
        assert "0 of 4 landed" in head
        assert "Live" in head


async def test_a_question_is_answered_and_agents_are_steered_by_keys() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.conflict("schema")
    async with on_stage(world) as stage, screen(stage_server(stage), RUN) as (app, pilot):
        await until(pilot, lambda: "Needs you (1)" in text(app, "needs"))
        assert "Needs you" in tasks(app)["schema"][0]
        await pilot.press("j", "j", "g", "n", "a")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("s")
        await until(pilot, lambda: app.screen.query(Input))
        await pilot.press(*"use q", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("r", "c")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("c")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape", "p")
        async with asyncio.timeout(PATIENCE):
            while len(found := await asked(world)) < 5:
                await pilot.pause(0.02)
    kinds = {type(one) for one in found}
    assert kinds == {AnswerQuestion, SteerTask, RetryTask, CancelTask, PauseRun}
    [steered] = [one for one in found if isinstance(one, SteerTask)]
    assert (steered.task, steered.text) == ("schema", "use q")


async def test_a_task_is_looked_at_and_the_language_is_changed() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    async with on_stage(world) as stage, screen(stage_server(stage), RUN, ZH) as (app, pilot):
        await until(pilot, lambda: "进行中" in tasks(app).get("schema", ("",))[0])
        assert "等待 schema 先合入" in tasks(app)["api"][5]
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "第 1 次尝试，窗口 backend-1" in text(app, "page")
        await pilot.press("escape", "L")
        await until(pilot, lambda: "Running" in tasks(app)["schema"][0])
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "cancel the run" in text(app, "page")


class SidesOfPrices(PaperObjects):
    """Each side of the conflict has another price."""

    def __init__(self, **sides: str) -> None:
        super().__init__()
        self.sides = {sha(name): text for name, text in sides.items()}

    async def read_blob(self, blob: Sha) -> bytes:
        return self.sides[blob].encode()


async def test_a_conflict_is_seen_side_by_side_and_settled_by_keys() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    names = {"base": "0", "ours": "15", "theirs": "10"}
    base, ours, theirs = (Side(sha(name), "100644") for name in names)
    found = Conflict(ConflictKind.TEXT, "CONFLICT (contents)", "prices.py", base, ours, theirs)
    await story.tell(ev.ConflictFound(candidate, TaskId("schema"), sha("onto"), (found,)))
    texts = {name: f"# What it costs\nOFF = {value}\n" for name, value in names.items()}
    async with (
        on_stage(world, objects=SidesOfPrices(**texts)) as stage,
        screen(stage_server(stage), RUN) as (app, pilot),
    ):
        await until(pilot, lambda: len(tasks(app)) == 4)
        await pilot.press("g", "c")
        await until(pilot, lambda: len(app.screen_stack) == 2 and "2 + OFF = 10" in text(app, "theirs"))
        assert "2 + OFF = 15" in text(app, "ours")
        assert "2 - OFF = 0" in text(app, "base")
        assert "1   # What it costs" in text(app, "ours")
        await pilot.press("3")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        await pilot.press("down", "enter")
        async with asyncio.timeout(PATIENCE):
            while not (settled := await asked(world)):
                await pilot.pause(0.02)
        assert settled == [ResolveConflict(candidate, "theirs")]
        await story.resolve("schema")
        await until(pilot, lambda: "by a person" in text(app, "case"))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_the_train_is_seen_with_what_its_gate_prints_and_reordered_by_keys() -> None:
    world = World()
    story = await Story.begin(world)
    candidates = []
    for task, window in (("schema", "backend-1"), ("docs", "docs-1")):
        await story.dispatch(task, window=window)
        candidates.append(await story.succeed(task, window=window))
    first, second = candidates
    commit = sha("speculative")
    await story.tell(
        ev.CandidateProbed(first, TaskId("schema"), sha("trunk"), commit),
        ev.GateStarted(first, TaskId("schema"), commit),
    )
    await world.store.add(story.run, gate_id(commit), [Entry(1.0, EntryKind.OUTPUT, "looking closely\x1b[31m")])
    async with on_stage(world) as stage, screen(stage_server(stage), RUN) as (app, pilot):
        await until(pilot, lambda: len(tasks(app)) == 4)
        await pilot.press("g", "m")
        await until(pilot, lambda: len(app.screen_stack) == 2 and "looking closely" in text(app, "gate"))
        table = app.screen_stack[-1].query_one("#train", DataTable)
        assert [str(table.get_row_at(at)[1]) for at in range(2)] == ["schema", "docs"]
        assert [str(table.get_row_at(at)[2]) for at in range(2)] == ["1", "2"]
        assert "gate runs" in str(table.get_row_at(0)[3])
        await world.store.add(story.run, gate_id(commit), [Entry(2.0, EntryKind.OUTPUT, "found nothing")])
        await until(pilot, lambda: "found nothing" in text(app, "gate"))
        await pilot.press("J")
        async with asyncio.timeout(PATIENCE):
            while not (wished := await asked(world)):
                await pilot.pause(0.02)
        assert wished == [ReorderTrain((second, first))]
        await pilot.press("j", "d")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        await pilot.press("down", "enter")
        async with asyncio.timeout(PATIENCE):
            while len(wished := await asked(world)) < 2:
                await pilot.pause(0.02)
        assert wished[1] == DropCandidate(second)


async def test_a_server_that_comes_back_is_followed_where_it_was() -> None:
    world = World()
    story = await Story.begin(world)
    async with on_stage(world) as stage, screen(stage_server(stage), RUN) as (app, pilot):
        await until(pilot, lambda: app.link == "live")
        connections = stage.app.state.room.feeds
        connections.close()
        await until(pilot, lambda: app.link == "lost")
        connections._closing.clear()
        await story.dispatch("schema")
        await until(pilot, lambda: app.link == "live" and "Running" in tasks(app)["schema"][0])
        seqs = [one["seq"] for one in app._events]
        assert seqs == list(range(seqs[0], story.last + 1))


async def test_a_real_run_is_paused_resumed_and_seen_to_its_end(desk: Desk) -> None:
    go = desk.top.parent / "go"
    plan = desk.plan(f"""name: two
tasks:
  - {{id: one, role: backend, run: "until test -e {go}; do sleep 0.1; done; echo 1 > one.txt"}}
  - {{id: two, role: backend, needs: [one], run: "echo 2 > two.txt"}}
""")
    leader = desk.start("run", plan)
    stop = asyncio.Event()
    try:
        await asyncio.to_thread(leader.until_said, "one: starts in")
        async with open_house(desk.top, Settings(desk.home / "tianting", "")) as house, asyncio.TaskGroup() as group:
            url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            group.create_task(serve_privately(house, TOKEN, url.set_result, stop))
            try:
                async with screen(Server(await url, TOKEN), desk.runs()[0]) as (app, pilot):
                    await until(pilot, lambda: "Running" in tasks(app).get("one", ("",))[0])
                    await pilot.press("p")
                    await until(pilot, lambda: "Paused" in text(app, "head"))
                    await pilot.press("p")
                    await until(pilot, lambda: "Paused" not in text(app, "head"))
                    go.touch()
                    await until(pilot, lambda: "Finished" in text(app, "head"))
                    assert all("Landed" in row[0] for row in tasks(app).values())
            finally:
                stop.set()
    finally:
        go.touch()
        told = await asyncio.to_thread(leader.end)
    assert told.code == 0
    assert desk.files() == ["a.txt", "b.txt", "one.txt", "two.txt"]


def test_on_a_terminal_it_shows_the_run_and_leaves_by_q(desk: Desk) -> None:
    assert desk.run("tasks: [{id: one, role: backend, run: 'echo 1 > one.txt'}]\n").code == 0
    leader, follower = pty.openpty()
    env = desk.env(TERM="xterm-256color", PYTHONPATH=str(ROOT), COLUMNS="120", LINES="40", LANG="zh_CN.UTF-8")
    with subprocess.Popen(
        [*PROGRAM, "top", "--repo", str(desk.top)], stdin=follower, stdout=follower, stderr=follower, env=env
    ) as shown:
        os.close(follower)
        try:
            _read(leader, "已合入".encode(), "窗口".encode(), b"one")
            os.write(leader, b"q")
            _drain(leader, shown)
            assert shown.wait(PATIENCE) == 0
        finally:
            shown.kill() if shown.poll() is None else None
            os.close(leader)


def _read(leader: int, *words: bytes) -> None:
    """Until all of the words were shown, in whatever order the screen is drawn."""
    seen, end = b"", time.monotonic() + PATIENCE
    while not all(word in seen for word in words):
        ready, _, _ = select.select([leader], [], [], 1.0)
        assert time.monotonic() < end, seen[-2000:]
        seen += os.read(leader, 65_536) if ready else b""


def _drain(leader: int, shown: "subprocess.Popen[bytes]") -> None:
    """A terminal takes what it is told until the program has gone."""
    while shown.poll() is None:
        ready, _, _ = select.select([leader], [], [], 0.1)
        try:
            if ready and not os.read(leader, 65_536):
                return
        except OSError:
            return


def test_without_a_terminal_or_a_run_it_says_what_to_do(desk: Desk) -> None:
    one_sentence(desk.tianting("top"), 2, "needs a terminal", "tianting status")
