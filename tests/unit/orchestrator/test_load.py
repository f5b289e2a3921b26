"""A state that was kept is the fold of its log, and nothing but a state is ever read for one."""

import pickle
import zlib
from dataclasses import replace

import pytest

from orchestrator.load import EVERY, frozen, keep, load, thawed
from scheduler.decide import decide_starts
from state import events as ev
from state.fold import apply, replay
from state.ids import AttemptId, Seq, TaskId, WindowId
from state.run import RunState
from tests.golden.test_golden import LOGS, log_of
from tests.support.story import Story, World


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_a_state_that_was_kept_anywhere_goes_on_as_the_log_does(path: str) -> None:
    log = log_of(path)  # type: ignore[arg-type]
    whole, live = replay(log), RunState()
    for place in range(0, len(log), 7):
        kept = thawed(frozen(live))
        assert kept == live
        assert kept is not None
        assert decide_starts(kept, live.last) == decide_starts(live, live.last)
        for recorded in log[place:]:
            apply(kept, recorded)
        assert kept == whole
        for recorded in log[place : place + 7]:
            apply(live, recorded)


class Bad:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('run')",))


class BadGit:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        from state.git.repository import GitRepository

        return (GitRepository, ("/",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        zlib.compress(b""),
        zlib.compress(pickle.dumps(7)),
        zlib.compress(pickle.dumps(Bad())),
        zlib.compress(pickle.dumps(BadGit())),
        frozen(RunState())[:-9],
    ],
    ids=["nothing", "no zlib", "no pickle", "no state", "code", "a body", "half"],
)
def test_what_is_no_state_is_read_as_none_and_never_run(data: bytes) -> None:
    assert thawed(data) is None


async def long_story(events: int) -> tuple[World, Story]:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    for number in range(events):
        note = ev.AttemptProgressed(TaskId("schema"), AttemptId("schema.1"), WindowId("backend-1"), f"step {number}")
        await story.tell(note)
    return world, story


async def test_a_long_run_is_opened_from_where_it_was_kept() -> None:
    world, story = await long_story(EVERY + 10)
    first = await load(world.store, story.run)
    kept = await world.store.checkpoint(story.run)
    assert kept is not None
    assert kept.seq == first.seq
    log = world.store._logs[story.run].recorded
    for place in range(EVERY):  # it needs none of these any more
        log[place] = replace(log[place], seq=Seq(0))
    assert await load(world.store, story.run) == first


@pytest.mark.parametrize("change", [{"maker": "another"}, {"data": b"no"}, {"seq": Seq(3)}])
async def test_a_checkpoint_that_can_not_be_trusted_is_as_none(change: dict[str, object]) -> None:
    world, story = await long_story(20)
    state = await load(world.store, story.run)
    await keep(world.store, story.run, state)
    kept = await world.store.checkpoint(story.run)
    assert kept is not None
    world.store._checkpoints[story.run] = replace(kept, **change)  # type: ignore[arg-type]
    assert await load(world.store, story.run) == state


async def test_a_checkpoint_that_the_log_can_not_follow_is_left_for_the_log() -> None:
    world, story = await long_story(20)
    wrong = await load(world.store, story.run)
    wrong.live.clear()
    await keep(world.store, story.run, wrong)
    await story.tell(ev.AttemptProgressed(TaskId("schema"), AttemptId("schema.1"), WindowId("backend-1"), "on"))
    assert (await load(world.store, story.run)).live
