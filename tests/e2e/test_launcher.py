"""Runs launched through `serve`: led, refused with a reason, and gone on with after a crash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator.compose import House, open_house
from orchestrator.launcher import Launcher
from orchestrator.load import load
from orchestrator.settings import Settings
from state.ids import RunId
from state.intents import LaunchRun
from state.run import RunState
from tests.support.ground import make_repository, sh

PLAN = """
name: small
tasks:
  - {id: a, role: backend, run: "echo a > a.txt"}
  - {id: b, role: backend, needs: [a], run: "echo b > b.txt"}
"""


@asynccontextmanager
async def launching(tmp_path: Path) -> AsyncIterator[tuple[House, list[str]]]:
    """A house with a launcher at work."""
    told: list[str] = []
    stop = asyncio.Event()
    async with (
        open_house(tmp_path / "repository", Settings(tmp_path / "home", "")) as house,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(Launcher(house, told.append).work(stop))
        try:
            yield house, told
        finally:
            stop.set()


async def ended(house: House, run: RunId) -> RunState:
    """The run, once it is finished or was refused."""
    async with asyncio.timeout(30), house.bus.subscribe(run) as wakeups:
        while True:
            if await house.store.last_seq(run):
                state = await load(house.store, run)
                if state.finished or state.refused:
                    return state
            await wakeups.wait(1.0)


async def launch(house: House, run: str, plan: str) -> RunState:
    name = RunId(run)
    await house.store.submit(name, LaunchRun(name, plan, "the API"), "ann", house.clock.now())
    house.bus.publish(name)
    return await ended(house, name)


async def test_a_launched_run_is_led_to_its_end(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    make_repository(top, {"README.md": "here\n"})
    async with launching(tmp_path) as (house, _):
        run = await launch(house, "small-1", PLAN)
    assert run.landed == ["a", "b"]
    assert run.launched_by == "serve"
    assert sh(top, "show", "main:b.txt") == "b\n"


async def test_a_run_that_can_not_start_says_why_in_its_log(tmp_path: Path) -> None:
    make_repository(tmp_path / "repository", {"README.md": "here\n"})
    async with launching(tmp_path) as (house, told):
        run = await launch(house, "small-2", PLAN.replace("name: small", "name: small\ntrunk: nowhere"))
    assert "no branch 'nowhere'" in run.refused
    assert any("small-2 can not start" in line for line in told)


async def test_a_run_left_behind_by_a_dead_server_is_gone_on_with(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    make_repository(top, {"README.md": "here\n"})
    slow = PLAN.replace("echo a >", "sleep 30; echo a >")
    async with launching(tmp_path) as (house, _):
        name = RunId("small-3")
        await house.store.submit(name, LaunchRun(name, slow, "the API"), "ann", house.clock.now())
        house.bus.publish(name)
        async with asyncio.timeout(30), house.bus.subscribe(name) as wakeups:
            while not await house.store.last_seq(name) or not (await load(house.store, name)).live:
                await wakeups.wait(1.0)
    async with launching(tmp_path) as (house, told):
        async with asyncio.timeout(30), house.bus.subscribe(name) as wakeups:
            while not (await load(house.store, name)).live:
                await wakeups.wait(1.0)
        assert any("small-3 goes on" in line for line in told)
    assert not (await _state(tmp_path, name)).finished


async def test_what_a_finished_run_left_when_its_leader_was_killed_is_cleared_away(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    make_repository(top, {"README.md": "here\n"})
    async with launching(tmp_path) as (house, _):
        run = await launch(house, "small-4", PLAN)
    async with open_house(top, Settings(tmp_path / "home", "")) as house:
        await house.worktrees.prepare(str(house.home / run.id / "backend-1"), run.trunk)
    (house.home / "sessions" / run.id).mkdir(parents=True)
    async with launching(tmp_path) as (house, told):
        async with asyncio.timeout(30):  # nothing rings when that is done
            while house.has_left(run.id) or await house.lease.holder(f"run:{run.id}"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert sh(top, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert told == []
    assert (await _state(tmp_path, run.id)).seq == run.seq


async def _state(tmp_path: Path, name: RunId) -> RunState:
    async with open_house(tmp_path / "repository", Settings(tmp_path / "home", "")) as house:
        return await load(house.store, name)
