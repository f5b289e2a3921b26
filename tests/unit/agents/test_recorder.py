from collections.abc import Sequence
from pathlib import Path

from agents.recorder import Recorder
from agents.site import Site
from state.git.memory import MemoryRepository
from state.git.memory_worktrees import MemoryWorktrees
from state.ids import AttemptId, RunId
from state.leases.memory import MemoryLease
from state.plan import Plan
from state.ports import StoreAway
from state.stores.memory import MemoryStore
from state.transcript import Entry, EntryKind
from tests.support.unchallenged import Unchallenged

RUN, ATTEMPT = RunId("r"), AttemptId("t.1")


class Noon:
    def now(self) -> float:
        return 43200.0


class Leaving(MemoryStore):
    """A store that can be away."""

    away = False

    async def add(self, run: RunId, attempt: AttemptId, entries: Sequence[Entry]) -> None:
        if self.away:
            raise StoreAway("it can not be reached")
        await super().add(run, attempt, entries)


class Desk:
    """A recorder with a store to look into."""

    def __init__(self, simulated: bool = False) -> None:
        clock = Noon()
        lease = MemoryLease(clock)
        self.store = Leaving(lease.newest)
        repository = MemoryRepository()
        site = Site(
            RUN,
            Plan("p", ()),
            MemoryWorktrees(repository),
            repository,
            lease,
            Unchallenged(),
            "h",
            self.store,
            clock,
            Path("/nowhere"),
            Path("/nowhere"),
        )
        self.recorder = Recorder(site, ATTEMPT, simulated, lambda text: text.replace("secret", "•••"))

    async def stored(self) -> list[Entry]:
        await self.recorder.flush()
        return [entry for _, entry in await self.store.entries(RUN, ATTEMPT, 0, 1_000_000)]


async def test_entries_are_stamped_labelled_and_scrubbed() -> None:
    desk = Desk(simulated=True)
    desk.recorder.say(EntryKind.MESSAGE, "the secret word")
    assert await desk.stored() == [Entry(43200.0, EntryKind.MESSAGE, "the ••• word", simulated=True)]


def is_due(desk: Desk) -> bool:
    return desk.recorder.due is not None


async def test_nothing_is_due_when_nothing_waits() -> None:
    desk = Desk()
    assert not is_due(desk)
    desk.recorder.say(EntryKind.OUTPUT, "x")
    assert is_due(desk)
    await desk.recorder.flush()
    assert not is_due(desk)


async def test_a_batch_fills_up() -> None:
    desk = Desk()
    for _ in range(1000):
        desk.recorder.say(EntryKind.OUTPUT, "x")
    assert desk.recorder.full
    assert len(await desk.stored()) == 1000


async def test_a_flood_of_empty_lines_is_bounded_and_its_cut_is_told_once() -> None:
    desk = Desk()
    for _ in range(100_000):
        desk.recorder.say(EntryKind.OUTPUT, "")
    stored = await desk.stored()
    assert len(stored) < 60_000
    assert [entry.kind for entry in stored].count(EntryKind.ERROR) == 1


async def test_a_person_is_heard_after_the_cut() -> None:
    desk = Desk()
    for _ in range(100):
        desk.recorder.say(EntryKind.OUTPUT, "x" * 65_536)
    desk.recorder.say(EntryKind.STEER, "stop that")
    desk.recorder.say(EntryKind.OUTPUT, "no")
    assert (await desk.stored())[-1].text == "stop that"


async def test_even_questions_come_to_an_end() -> None:
    desk = Desk()
    for _ in range(1000):
        desk.recorder.say(EntryKind.QUESTION, "why?" * 10_000)
    assert sum(len(entry.text) for entry in await desk.stored()) <= 5_000_000


async def test_a_long_entry_is_cut_and_says_by_how_much() -> None:
    desk = Desk()
    desk.recorder.say(EntryKind.MESSAGE, "x" * 100_000)
    [entry] = await desk.stored()
    assert entry.text.endswith("x … (34464 characters more)")


async def test_the_tail_is_what_the_program_said() -> None:
    desk = Desk()
    desk.recorder.say(EntryKind.SESSION, "attempt 1")
    for number in range(100):
        desk.recorder.say(EntryKind.OUTPUT, f"line {number}")
    assert desk.recorder.tail().splitlines()[-1] == "line 99"
    assert "attempt" not in desk.recorder.tail()


async def test_what_was_said_while_the_store_was_away_is_stored_when_it_is_back() -> None:
    desk = Desk()
    desk.store.away = True
    desk.recorder.say(EntryKind.OUTPUT, "one")
    assert await desk.stored() == []
    assert is_due(desk)
    desk.recorder.say(EntryKind.OUTPUT, "two")
    assert await desk.stored() == []
    desk.store.away = False
    assert [entry.text for entry in await desk.stored()] == ["one", "two"]
