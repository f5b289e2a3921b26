"""The table of legal moves: whole, and kept."""

from typing import get_args

import pytest

from state import events
from state.lifecycle import ENDED, IN_TRAIN, MOVES, IllegalMove, Status, check_move

MOVED = [
    (event, before, after) for event, moves in MOVES.items() for before, afters in moves.items() for after in afters
]


def test_every_mover_is_an_event() -> None:
    assert set(MOVES) <= {cls.__name__ for cls in get_args(events.Event)}


@pytest.mark.parametrize("event", MOVES)
def test_exactly_the_moves_of_the_table_are_legal(event: str) -> None:
    for before in Status:
        for after in Status:
            if (event, before, after) in MOVED:
                check_move("t", before, after, event)
            else:
                with pytest.raises(IllegalMove):
                    check_move("t", before, after, event)


def test_an_event_that_moves_nothing_is_refused_as_a_mover() -> None:
    with pytest.raises(IllegalMove, match="task 't' can not go from WAITING to RUNNING because of RunPaused"):
        check_move("t", Status.WAITING, Status.RUNNING, "RunPaused")


def test_an_illegal_move_carries_its_story() -> None:
    with pytest.raises(IllegalMove) as caught:
        check_move("t", Status.LANDED, Status.RUNNING, "AttemptDispatched")
    told = caught.value
    assert (told.task, told.before, told.after, told.event) == (
        "t",
        Status.LANDED,
        Status.RUNNING,
        "AttemptDispatched",
    )


def test_nothing_leads_out_of_landed() -> None:
    assert not [move for move in MOVED if move[1] is Status.LANDED]


def test_only_the_train_leads_to_landed() -> None:
    assert {before for _, before, after in MOVED if after is Status.LANDED} == IN_TRAIN


def test_every_status_can_be_reached_and_every_open_one_can_still_land() -> None:
    after_of = {before: {after for _, came, after in MOVED if came is before} for before in Status}

    def reached(first: Status) -> set[Status]:
        found, todo = {first}, [first]
        while todo:
            fresh = after_of[todo.pop()] - found
            found |= fresh
            todo += fresh
        return found

    assert reached(Status.WAITING) == set(Status)
    assert all(Status.LANDED in reached(status) for status in Status if status not in ENDED)
