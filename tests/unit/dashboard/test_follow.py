"""Runs are folded on demand, shared by their readers, and let go of when there are too many."""

import asyncio
import json
import threading

import pytest

from dashboard.follow import BrokenLog, Follows
from dashboard.metrics import Metrics
from state import events as ev
from state.ids import AttemptId, RunId, TaskId, WindowId
from state.reasons import Reason
from state.run import RunState
from tests.support.story import PlainForecast, Story, World, bookshop


class Slow(PlainForecast):
    """Counts how often it is asked for a whole run, and where; and takes its time."""

    def __init__(self) -> None:
        self.asked = 0
        self.threads: set[int] = set()

    def remaining(self, run: RunState, now: float) -> float:
        self.asked += 1
        self.threads.add(threading.get_ident())
        return 0.0

    def reason(self, run: RunState, task: TaskId, now: float) -> Reason:
        return super().reason(run, task, now)


def follows(world: World) -> Follows:
    return Follows(world.store, world.clock, Metrics(), kept=3)


async def test_a_run_is_brought_to_where_its_log_stands() -> None:
    world = World()
    story, known = await Story.begin(world), follows(world)
    assert (await known.of(story.run)).state.seq == story.last
    await story.whole("schema")
    followed = await known.of(story.run)
    assert followed.state.seq == story.last
    assert followed.history.of(TaskId("schema")).landed is not None


async def test_an_unknown_run_stands_at_zero_and_is_not_kept() -> None:
    known = follows(World())
    assert (await known.of(RunId("none"))).state.seq == 0
    assert not known._runs


async def test_of_many_runs_the_last_used_are_kept() -> None:
    world = World()
    known = follows(world)
    stories = [await Story.begin(world, f"run-{number}") for number in range(5)]
    for story in stories:
        await known.of(story.run)
    assert list(known._runs) == ["run-2", "run-3", "run-4"]


async def test_many_at_once_fold_a_run_once() -> None:
    world = World()
    story, known = await Story.begin(world), follows(world)
    for task in ("schema", "api", "page"):
        await story.whole(task)
    found = await asyncio.gather(*(known.of(story.run) for _ in range(20)))
    assert len({id(one) for one in found}) == 1
    assert found[0].state.seq == story.last


async def test_readers_of_a_run_that_stands_still_share_one_snapshot() -> None:
    world, forecast = World(), Slow()
    story = await Story.begin(world)
    followed = await follows(world).of(story.run)
    texts = await asyncio.gather(*(followed.snapshot(forecast, 0.0, led=True) for _ in range(50)))
    assert (forecast.asked, len({id(text) for text in texts})) == (1, 1)
    assert json.loads((await followed.snapshot(forecast, 0.0, led=False)).plain)["led"] is False


async def test_a_snapshot_of_a_run_that_went_on_is_made_anew() -> None:
    world, forecast = World(), Slow()
    story, known = await Story.begin(world), follows(world)
    await (await known.of(story.run)).snapshot(forecast, 0.0, led=True)
    await story.dispatch("schema")
    shown = json.loads((await (await known.of(story.run)).snapshot(forecast, 0.0, led=True)).plain)
    assert shown["seq"] == story.last


async def test_a_snapshot_of_many_tasks_is_made_beside_the_loop() -> None:
    world, forecast = World(), Slow()
    story = await Story.begin(world, plan=bookshop(2100))
    followed = await follows(world).of(story.run)
    await followed.snapshot(forecast, 0.0, led=True)
    assert threading.get_ident() not in forecast.threads


async def test_a_log_that_is_none_of_ours_is_broken_and_forgotten() -> None:
    world = World()
    story, known = await Story.begin(world), follows(world)
    await story.tell(
        ev.AttemptProgressed(TaskId("schema"), AttemptId("schema.9"), WindowId("backend-1"), "never begun")
    )
    for _ in range(2):
        with pytest.raises(BrokenLog, match="event 3 of run bookshop-1"):
            await known.of(story.run)
    assert not known._runs
