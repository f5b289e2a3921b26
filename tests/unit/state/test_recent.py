"""What a process has at hand of the logs that it writes."""

import pytest

from state.events import Event, Recorded, RunPaused
from state.ids import RunId, Seq
from state.ports import SeqTaken
from state.recent import KEPT, RUNS, Recent

RUN = RunId("r")


def some(first: int, count: int) -> list[tuple[float, Event]]:
    return [(float(number), RunPaused(f"person {number}")) for number in range(first, first + count)]


def recorded(first: int, count: int) -> list[Recorded]:
    return [Recorded(Seq(int(ts)), ts, event) for ts, event in some(first, count)]


def store(recent: Recent, after: int, count: int, run: RunId = RUN) -> None:
    with recent.storing(run, Seq(after), some(after + 1, count)):
        pass


def test_what_was_stored_is_at_hand() -> None:
    recent = Recent()
    store(recent, 0, 3)
    store(recent, 3, 2)
    assert recent.after(RUN, Seq(0), 10) == recorded(1, 5)
    assert recent.after(RUN, Seq(2), 2) == recorded(3, 2)
    assert recent.after(RUN, Seq(5), 10) == []
    assert recent.after(RUN, Seq(9), 10) == []


def test_what_was_stored_before_this_process_wrote_is_not_at_hand() -> None:
    recent = Recent()
    store(recent, 7, 2)
    assert recent.after(RUN, Seq(6), 10) == []
    assert recent.after(RUN, Seq(7), 10) == recorded(8, 2)


def test_after_a_gap_only_what_came_behind_it_is_at_hand() -> None:
    recent = Recent()
    store(recent, 0, 3)
    store(recent, 5, 2)
    assert recent.after(RUN, Seq(0), 10) == []
    assert recent.after(RUN, Seq(5), 10) == recorded(6, 2)


def test_a_failed_append_leaves_nothing_at_hand() -> None:
    recent = Recent()
    store(recent, 0, 3)
    with pytest.raises(SeqTaken), recent.storing(RUN, Seq(3), some(4, 1)):
        raise SeqTaken("another process has written")
    assert recent.after(RUN, Seq(0), 10) == []


def test_it_is_bounded() -> None:
    recent = Recent()
    for at in range(0, 3 * KEPT, 50):
        store(recent, at, 50)
    assert recent.after(RUN, Seq(0), 1) == []
    assert recent.after(RUN, Seq(2 * KEPT), 3 * KEPT) == recorded(2 * KEPT + 1, KEPT)
    for number in range(RUNS):
        store(recent, 0, 1, RunId(f"other-{number}"))
    assert recent.after(RUN, Seq(2 * KEPT), 1) == []


def test_a_forgotten_run_is_not_at_hand() -> None:
    recent = Recent()
    store(recent, 0, 3)
    recent.forget(RUN)
    assert recent.after(RUN, Seq(0), 10) == []
