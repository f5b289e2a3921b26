"""Two `tianting serve` on one machine and one store: one leads each run, the other takes over when it dies or hangs."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest

from orchestrator.compose import House, open_house
from orchestrator.settings import Settings
from state import events as ev
from state.ids import RunId, Seq
from state.intents import LaunchRun
from tests.support.command import Desk, Leader
from tests.support.ground import assert_nothing_is_left, assert_sound

T = TypeVar("T")

RUN = RunId(f"taken-{os.getpid()}")
LEASE = 2.0
PLAN = """
name: taken
tasks:
  - {id: a, role: backend, run: "echo a > from-a.txt; cat FOLDER/go"}
  - {id: b, role: docs, needs: [a], run: "echo b > from-b.txt"}
"""


@pytest.fixture(params=["", "redis:embedded"], ids=["sqlite", "redis"])
def store(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def desk(tmp_path: os.PathLike[str]) -> Desk:
    desk = Desk.make(tmp_path)  # type: ignore[arg-type]
    os.mkfifo(desk.top.parent / "go")
    return desk


@pytest.fixture
def pair(desk: Desk, store: str) -> tuple[Leader, Leader]:
    """Two servers; the first leads the run, and task a is at work."""
    env = desk.env(TIANTING_LEASE=str(LEASE), TIANTING_STORE=store)
    first = desk.start("serve", "--port", "0", env=env)
    first.until_said("dashboard: ")
    look(desk, store, asked)
    first.until_said(f"run {RUN} launched")
    second = desk.start("serve", "--port", "0", env=env)
    second.until_said("dashboard: ")
    look(desk, store, at_work)
    return first, second


def look(desk: Desk, store: str, work: Callable[[House, Desk], Awaitable[T]]) -> T:
    async def main() -> T:
        async with open_house(desk.top, Settings(desk.home / "tianting", store)) as house:
            return await work(house, desk)

    return asyncio.run(main())


async def asked(house: House, desk: Desk) -> None:
    plan = PLAN.replace("FOLDER", str(desk.top.parent))
    await house.store.submit(RUN, LaunchRun(RUN, plan, "a test"), "tester", house.clock.now())
    house.bus.publish(RUN)


async def log_of(house: House, _desk: Desk) -> Sequence[ev.Recorded]:
    return await house.store.read(RUN, Seq(0), 10_000)


async def until(house: House, seen: Callable[[Sequence[ev.Recorded]], bool]) -> None:
    async with asyncio.timeout(60), house.bus.subscribe(RUN) as wakeups:
        while not seen(await house.store.read(RUN, Seq(0), 10_000)):
            await wakeups.wait(0.5)


async def at_work(house: House, _desk: Desk) -> None:
    await until(house, lambda log: any(isinstance(one.event, ev.AttemptStarted) for one in log))


async def at_work_again(house: House, _desk: Desk) -> None:
    await until(house, lambda log: sum(isinstance(one.event, ev.AttemptStarted) for one in log) == 2)


async def finished(house: House, _desk: Desk) -> None:
    await until(house, lambda log: any(isinstance(one.event, ev.RunFinished) for one in log))


async def all_is_well(house: House, desk: Desk) -> None:
    log = await log_of(house, desk)
    assert_sound(desk.top, log, await house.lease.held_by(""), ["a", "b"])
    assert_nothing_is_left(desk.top, desk.home, RUN, overtaken=True)
    assert sum(isinstance(one.event, ev.LeaseTaken) for one in log) == 2


def go_on(desk: Desk) -> None:
    (desk.top.parent / "go").write_text("go on\n")


def test_a_run_goes_on_in_the_other_server_when_its_leader_is_killed(
    desk: Desk, store: str, pair: tuple[Leader, Leader]
) -> None:
    first, second = pair
    first.signal(signal.SIGKILL)
    assert first.end().code == -signal.SIGKILL
    second.until_said(f"run {RUN} goes on")
    look(desk, store, at_work_again)
    go_on(desk)
    look(desk, store, finished)
    second.signal(signal.SIGTERM)
    assert second.end().code == 0
    look(desk, store, all_is_well)


def test_a_run_goes_on_in_the_other_server_when_its_leader_ends(
    desk: Desk, store: str, pair: tuple[Leader, Leader]
) -> None:
    first, second = pair
    first.signal(signal.SIGTERM)
    assert first.end().code == 0
    second.until_said(f"run {RUN} goes on")
    look(desk, store, at_work_again)
    go_on(desk)
    look(desk, store, finished)
    second.signal(signal.SIGTERM)
    assert second.end().code == 0
    look(desk, store, all_is_well)


def test_a_leader_that_was_paused_is_overtaken_and_touches_the_run_no_more(
    desk: Desk, store: str, pair: tuple[Leader, Leader]
) -> None:
    first, second = pair
    os.kill(first.pid, signal.SIGSTOP)
    second.until_said(f"run {RUN} goes on")
    look(desk, store, at_work_again)
    os.kill(first.pid, signal.SIGCONT)
    first.until_said(f"run {RUN} was taken over by another process")
    go_on(desk)
    look(desk, store, finished)
    for one in pair:
        one.signal(signal.SIGTERM)
        assert one.end().code == 0
    look(desk, store, all_is_well)


def test_of_two_servers_that_are_asked_one_launches(desk: Desk, store: str) -> None:
    env = desk.env(TIANTING_LEASE=str(LEASE), TIANTING_STORE=store)
    pair = [desk.start("serve", "--port", "0", env=env) for _ in range(2)]
    for one in pair:
        one.until_said("dashboard: ")
    gate = desk.top.parent / "go"
    gate.unlink()
    gate.touch()
    look(desk, store, asked)
    look(desk, store, finished)
    said = []
    for one in pair:
        one.signal(signal.SIGTERM)
        told = one.end()
        assert told.code == 0
        said.append(told.out)
    assert sum(f"run {RUN} launched" in one for one in said) == 1, said
    log = look(desk, store, log_of)
    assert sum(isinstance(one.event, ev.LeaseTaken) for one in log) == 1
    assert sum(isinstance(one.event, ev.PlanAccepted) for one in log) == 1
