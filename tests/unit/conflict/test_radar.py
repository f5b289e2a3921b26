"""Live windows held against each other, the train and the trunk, as their work goes on."""

from collections.abc import AsyncIterator

from conflict.foresee import Foresight
from conflict.radar import Radar
from state import events as ev
from state.candidate import Candidate, ConflictKind
from state.git.memory import MemoryRepository
from state.glimpse import Glimpse
from state.ids import AttemptId, CandidateId, Sha, TaskId, WindowId
from state.run import RunState
from state.standing import AttemptState, CandidateState

SHOP = "def place(item, count):\n    total = count\n    return total\n\n\ndef other():\n    return 1\n"
FILES = {"shop.py": SHOP.encode(), "page.py": b"X = 1\n", "notes.txt": b"a\n"}


class Room:
    """Two tasks at work, and what the radar says of them."""

    def __init__(self) -> None:
        self.repository = MemoryRepository()
        self.base = self.repository.seed(FILES, "refs/heads/main")
        self.run = RunState(trunk=self.base)
        self.radar = Radar(self.repository, Foresight(self.repository))
        for name in ("one", "two"):
            live = AttemptState(AttemptId(f"{name}.1"), TaskId(name), WindowId(f"w-{name}"), 1, self.base, 0.0)
            self.run.live[live.id] = live

    def commit(self, **files: str) -> Sha:
        edits = {f"{name}.py": ("100644", text.encode()) for name, text in files.items()}
        return self.repository.commit_files(self.base, edits, "seen", 1.0)

    async def see(self, name: str, **files: str) -> list[ev.Event]:
        """What follows from that task's files being so now."""
        commit = self.commit(**files)
        paths = self.repository.changed(self.base, commit)
        attempt = AttemptId(f"{name}.1")
        glimpse = Glimpse(TaskId(name), attempt, WindowId(f"w-{name}"), self.base, commit, paths)
        return await told(self.radar.look(glimpse, self.run))

    async def settle(self) -> list[ev.Event]:
        return await told(self.radar.settle(self.run))


async def told(events: AsyncIterator[ev.Event]) -> list[ev.Event]:
    return [event async for event in events if not isinstance(event, ev.FootprintSeen)]


def plus(number: int) -> str:
    return SHOP.replace("total = count", f"total = count + {number}")


async def test_what_a_live_attempt_touches_is_told_once() -> None:
    room = Room()
    glimpse = Glimpse(
        TaskId("one"), AttemptId("one.1"), WindowId("w"), room.base, room.commit(shop=plus(1)), ("shop.py",)
    )
    first = [event async for event in room.radar.look(glimpse, room.run)]
    assert first == [ev.FootprintSeen(TaskId("one"), AttemptId("one.1"), WindowId("w"), ("shop.py",))]
    assert [event async for event in room.radar.look(glimpse, room.run)] == []


async def test_two_that_write_one_function_are_told_of_until_they_do_not() -> None:
    room = Room()
    assert await room.see("one", shop=plus(1)) == []
    [seen] = await room.see("two", shop=plus(2))
    assert isinstance(seen, ev.OverlapSeen)
    assert (seen.task, seen.other) == ("two", "one")
    assert {(row.kind, row.symbol, row.certain) for row in seen.overlaps} == {
        (ConflictKind.TEXT, "", True),
        (ConflictKind.STRUCTURE, "place", True),
    }
    assert await room.see("one", shop=plus(1), page="X = 3\n") == [], "nothing new about the pair"
    [gone] = await room.see("one", page="X = 3\n")
    assert gone == ev.OverlapGone(TaskId("one"), TaskId("two"), "they do not meet any more")


async def test_a_call_of_what_the_other_changes_is_seen_though_they_share_no_file() -> None:
    room = Room()
    assert await room.see("one", page="from shop import place\n\nplace(1, 2)\n") == []
    [seen] = await room.see("two", shop=SHOP.replace("item, count", "item, count, buyer"))
    assert isinstance(seen, ev.OverlapSeen)
    assert [(row.rule, row.path, row.symbol) for row in seen.overlaps] == [("call-signature", "page.py", "place")]


async def test_two_far_apart_are_not_told_of() -> None:
    room = Room()
    assert await room.see("one", shop=plus(1)) == []
    assert await room.see("two", page="Y = 2\n") == []


async def test_a_function_edited_in_two_places_is_worth_knowing_and_not_certain() -> None:
    room = Room()
    await room.see("one", shop=SHOP.replace("item, count", "item, count=1"))
    [seen] = await room.see("two", shop=SHOP.replace("return total", "return total + 1"))
    assert isinstance(seen, ev.OverlapSeen)
    assert [(row.rule, row.symbol, row.certain) for row in seen.overlaps] == [("symbol-edited-twice", "place", False)]


async def test_one_that_ends_without_a_candidate_is_gone() -> None:
    room = Room()
    await room.see("one", shop=plus(1))
    await room.see("two", shop=plus(2))
    del room.run.live[AttemptId("one.1")]
    assert await room.settle() == [ev.OverlapGone(TaskId("two"), TaskId("one"), "one is not at work any more")]
    assert await room.settle() == []


async def test_a_candidate_in_the_train_counts_as_at_work() -> None:
    room = Room()
    head = room.commit(shop=plus(1))
    del room.run.live[AttemptId("one.1")]
    value = Candidate(CandidateId("one.1"), head, room.base, None, ("shop.py",), TaskId("one"))
    room.run.candidates[value.id] = CandidateState(value)
    room.run.train.append(value.id)
    [seen] = await room.see("two", shop=plus(2))
    assert isinstance(seen, ev.OverlapSeen)
    assert seen.other == "one"


async def test_work_that_the_trunk_has_overtaken_is_told_of_without_another_change() -> None:
    room = Room()
    assert await room.see("one", shop=plus(1)) == []
    room.run.trunk = room.commit(shop=plus(2))
    [seen] = await room.settle()
    assert isinstance(seen, ev.OverlapSeen)
    assert (seen.task, seen.other) == ("one", None)
    assert await room.settle() == [], "each place of the trunk is looked at once"


async def test_what_is_not_at_work_is_not_looked_at() -> None:
    room = Room()
    del room.run.live[AttemptId("one.1")]
    assert await room.see("one", shop=plus(1)) == []
