"""Every reason is one sentence that names what must change."""

from typing import get_args

import pytest

from state import reasons as why
from state.ids import CandidateId, QuestionId, TaskId
from state.lifecycle import Status

A = TaskId("a")
SENTENCES: list[tuple[why.Reason, str]] = [
    (why.Ended(Status.LANDED), "it is landed"),
    (why.AtWork("backend-1"), "at work in backend-1"),
    (why.NeedsNotLanded((A, TaskId("b"))), "needs a, b to land first"),
    (why.NeedGone(A, Status.FAILED), "needs a, which is failed; `tianting retry a` would free it"),
    (why.ClaimHeld("db/**", A), "claims db/**, which a holds until it has landed"),
    (why.PoolFull("docs", 2), "all 2 windows of docs are busy"),
    (why.WindowsFull(4), "4 windows are busy, which is the limit of the run"),
    (why.CoolingDown(7.0), "waits a while before the next try"),
    (why.Paused(), "the run is paused"),
    (why.TimeUp(90.0), "the run has used up the 90 seconds that its plan gives it"),
    (why.BudgetSpent("the run has used up its 5 tokens"), "the run has used up its 5 tokens"),
    (why.QuotaShut(9.0), "the provider's limit is reached; it goes on by itself"),
    (why.WaitingForYou(QuestionId("q1"), "which?"), "waiting for you (q1): which?"),
    (why.Adopting(), "its branch is about to enter the train"),
    (why.InTrain(0, "landing"), "first in the train, landing"),
    (why.InTrain(2, "its gate is running"), "2 ahead of it in the train, its gate is running"),
    (why.Conflicts(CandidateId("a.1"), ("x", "y")), "conflicts in x, y"),
    (why.Next(), "starts next"),
]


@pytest.mark.parametrize(("reason", "sentence"), SENTENCES, ids=lambda one: type(one).__name__)
def test_a_reason_says(reason: why.Reason, sentence: str) -> None:
    assert reason.sentence() == sentence


def test_no_reason_is_left_out() -> None:
    assert {type(reason) for reason, _ in SENTENCES} == set(get_args(why.Reason))
