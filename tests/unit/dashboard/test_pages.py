"""The log in pages: any place is served without gap or repeat, each event encoded once, in bounded memory."""

import asyncio
import json

import pytest

from dashboard.pages import FRAME, PAGE, Pages
from state.ids import RunId, Seq
from state.ports import StoreError
from tests.support.story import Story, World


class Counted:
    """A store that tells how often it was read."""

    def __init__(self, world: World) -> None:
        self.store = world.store
        self.reads = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    async def read(self, run: RunId, after: Seq, limit: int):  # type: ignore[no-untyped-def]
        self.reads += 1
        await asyncio.sleep(0)  # as a store behind a socket would
        return await self.store.read(run, after, limit)


async def long_story(events: int, note: str = "line") -> tuple[World, Story]:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    for number in range(events - 4):
        await story.progress("schema", f"{note} {number}")
    assert story.last == events
    return world, story


async def walk(pages: Pages, run: RunId, after: int, last: int) -> list[int]:
    seqs, place = [], Seq(after)
    while place < last:
        text, place = await pages.frame(run, place, Seq(last))
        seqs += [one["seq"] for one in json.loads(text)]
    return seqs


@pytest.mark.parametrize("after", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
async def test_from_any_place_on_there_is_no_gap_and_no_repeat(after: int) -> None:
    world, story = await long_story(2 * PAGE + 7)
    assert await walk(Pages(world.store), story.run, after, story.last) == list(range(after + 1, story.last + 1))


async def test_a_page_that_grows_is_served_to_its_new_end() -> None:
    world, story = await long_story(10)
    pages = Pages(world.store)
    assert await walk(pages, story.run, 0, 10) == list(range(1, 11))
    await story.progress("schema", "more")
    assert await walk(pages, story.run, 10, 11) == [11]
    assert await walk(pages, story.run, 4, 11) == list(range(5, 12))


async def test_a_thousand_readers_at_one_place_cost_one_read_and_share_one_text() -> None:
    world, story = await long_story(50)
    counted = Counted(world)
    pages = Pages(counted)  # type: ignore[arg-type]
    frames = await asyncio.gather(*(pages.frame(story.run, Seq(0), story.last) for _ in range(1000)))
    assert counted.reads == 1
    assert len({id(text) for text, _ in frames[1:]}) <= 2


async def test_memory_is_bounded_whatever_is_read() -> None:
    world, story = await long_story(8 * PAGE)
    pages = Pages(world.store, kept=100_000)
    assert await walk(pages, story.run, 0, story.last) == list(range(1, story.last + 1))
    assert pages.size <= 100_000 + PAGE * 400
    assert await walk(pages, story.run, 0, story.last) == list(range(1, story.last + 1))


async def test_a_frame_ends_at_its_limit_but_holds_one_envelope_at_least() -> None:
    world, story = await long_story(12, note="x" * FRAME)
    pages = Pages(world.store)
    text, place = await pages.frame(story.run, Seq(4), story.last)
    assert place == 5
    assert len(json.loads(text)) == 1
    assert await walk(pages, story.run, 0, story.last) == list(range(1, 13))


async def test_server_sent_events_carry_their_seq_as_id() -> None:
    world, story = await long_story(6)
    text, _ = await Pages(world.store).chunk(story.run, Seq(3), story.last)
    ids = [line for line in text.splitlines() if line.startswith("id: ")]
    assert ids == ["id: 4", "id: 5", "id: 6"]
    data = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [one["seq"] for one in data] == [4, 5, 6]
    assert text.endswith("\n\n")


async def test_a_log_that_lost_its_end_is_an_error_and_no_gap() -> None:
    world, story = await long_story(6)
    with pytest.raises(StoreError, match="ends before event 9"):
        await Pages(world.store).frame(story.run, Seq(0), Seq(9))
