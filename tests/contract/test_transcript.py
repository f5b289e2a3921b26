"""The promises of `TranscriptStore`, for every body."""

from state.ids import AttemptId, RunId
from state.transcript import Entry, EntryKind
from tests.contract.bodies import Body

RUN, ATTEMPT = RunId("r"), AttemptId("a.1")


def lines(*texts: str) -> list[Entry]:
    return [Entry(float(number), EntryKind.OUTPUT, text) for number, text in enumerate(texts)]


async def test_entries_come_back_numbered_from_1(body: Body) -> None:
    first = [
        Entry(1.5, EntryKind.MESSAGE, "say \0 \udce9 天", simulated=True),
        Entry(2.0, EntryKind.TOOL, ""),
    ]
    await body.store.add(RUN, ATTEMPT, first)
    await body.store.add(RUN, ATTEMPT, lines("more"))
    assert await body.other_store.entries(RUN, ATTEMPT, 0, 10) == list(enumerate([*first, *lines("more")], 1))


async def test_reading_goes_on_after_a_number_and_stops_at_the_limit(body: Body) -> None:
    await body.store.add(RUN, ATTEMPT, lines("a", "b", "c", "d"))
    read = await body.store.entries(RUN, ATTEMPT, 1, 2)
    assert [(number, entry.text) for number, entry in read] == [(2, "b"), (3, "c")]
    assert await body.store.entries(RUN, ATTEMPT, 4, 2) == []


async def test_attempts_and_runs_are_kept_apart(body: Body) -> None:
    await body.store.add(RUN, ATTEMPT, lines("a"))
    await body.store.add(RUN, AttemptId("a.2"), lines("b"))
    await body.store.add(RunId("other"), ATTEMPT, lines("c"))
    assert await body.store.entries(RUN, ATTEMPT, 0, 9) == [(1, *lines("a"))]
    assert await body.store.entries(RUN, AttemptId("a.2"), 0, 9) == [(1, *lines("b"))]
    assert await body.store.entries(RUN, AttemptId("a.3"), 0, 9) == []


async def test_adding_nothing_is_nothing(body: Body) -> None:
    await body.store.add(RUN, ATTEMPT, [])
    assert await body.store.entries(RUN, ATTEMPT, 0, 9) == []
