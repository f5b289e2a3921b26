"""Gates that end without a verdict, and candidates that leave the train."""

import pytest

from dashboard.history import History
from dashboard.timeline import timeline_view
from state import events as ev
from state.failure import Failure, FailureKind
from state.ids import CandidateId, Seq, Sha, TaskId
from state.run import RunState
from state.transcript import Usage

ONE, TASK = CandidateId("a.1"), TaskId("a")
FIRST, SECOND = Sha("1" * 40), Sha("2" * 40)
LOST = Failure(FailureKind.CANCELLED, "not wanted any more")


def told(*events: ev.Event) -> History:
    """A past in which each event comes ten seconds after the one before."""
    history = History()
    for at, event in enumerate(events):
        history.note(ev.Recorded(Seq(at + 1), 10.0 * at, event))
    return history


BEGUN = ev.GateStarted(ONE, TASK, FIRST)
ENDS: list[ev.Event] = [
    ev.CandidateProbed(ONE, TASK, SECOND, SECOND),
    ev.ConflictFound(ONE, TASK, SECOND, ()),
    ev.CandidateDropped(ONE, TASK, LOST, None),
    ev.Landed(ONE, TASK, SECOND, FIRST, SECOND, "refs/heads/main"),
    ev.RunFinished(FIRST, SECOND, (), (), Usage(), cancelled=True),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda one: type(one).__name__)
def test_a_gate_ends_with_the_reason_that_it_ran_for(end: ev.Event) -> None:
    [gate] = told(BEGUN, end).of(TASK).gates
    assert (gate.passed, gate.stopped, gate.seconds) == (None, True, 10.0)


def test_a_gate_goes_on_where_the_same_merge_is_probed_again() -> None:
    [gate] = told(BEGUN, ev.CandidateProbed(ONE, TASK, SECOND, FIRST)).of(TASK).gates
    assert (gate.passed, gate.stopped, gate.seconds) == (None, False, None)


def test_a_verdict_that_comes_after_all_counts() -> None:
    [gate] = told(BEGUN, ENDS[0], ev.ChecksPassed(ONE, TASK, FIRST, 15.0)).of(TASK).gates
    assert (gate.passed, gate.stopped, gate.seconds) == (True, False, 15.0)


def test_who_left_the_train_is_told_with_the_reason() -> None:
    drop = told(ENDS[2]).drops[0]
    assert (drop.candidate, drop.at, drop.failure) == (ONE, 0.0, LOST)
    shown = timeline_view(RunState(), told(ENDS[2]))["drops"]
    assert [(one["task"], one["kind"], one["detail"]) for one in shown] == [(TASK, "cancelled", "not wanted any more")]
