"""Every reason reaches the screens as a sentence and in parts."""

import pytest

from dashboard.reasoning import hold
from state import reasons as why
from state.fold import replay
from state.ids import CandidateId, QuestionId, Seq, TaskId
from state.lifecycle import Status
from state.run import RunState
from tests.support.story import PlainForecast, Story, World


class Fixed(PlainForecast):
    def __init__(self, reason: why.Reason) -> None:
        self.fixed = reason

    def reason(self, run: RunState, task: TaskId, now: float) -> why.Reason:
        return self.fixed


@pytest.mark.parametrize(
    ("reason", "on"),
    [
        (why.Ended(Status.CANCELLED), ("CANCELLED",)),
        (why.AtWork("docs-1"), ("docs-1",)),
        (why.NeedsNotLanded((TaskId("a"), TaskId("b"))), ("a", "b")),
        (why.NeedGone(TaskId("a"), Status.FAILED), ("a", "FAILED")),
        (why.ClaimHeld("migrations/**", TaskId("a")), ("migrations/**", "a")),
        (why.PoolFull("backend", 2), ("backend", "2")),
        (why.WindowsFull(4), ("4",)),
        (why.CoolingDown(9.0), ()),
        (why.TimeUp(90.0), ("90",)),
        (why.BudgetSpent("the run has used up its 5 tokens"), ("the run has used up its 5 tokens",)),
        (why.QuotaShut(90.0), ("90",)),
        (why.Paused(), ()),
        (why.WaitingForYou(QuestionId("q1"), "which?"), ("q1", "which?")),
        (why.Adopting(), ()),
        (why.InTrain(2, "gated"), ("2", "gated")),
        (why.Conflicts(CandidateId("a.1"), ("x.py",)), ("x.py",)),
        (why.Next(), ()),
    ],
)
async def test_a_reason_is_told_as_a_sentence_and_in_parts(reason: why.Reason, on: tuple[str, ...]) -> None:
    story = await Story.begin(World())
    run = replay(await story.world.store.read(story.run, Seq(0), 10))
    held = hold(run, run.tasks[TaskId("schema")], Fixed(reason), 0.0, led=True)
    assert (held.text, held.kind, held.on) == (reason.sentence(), type(reason).__name__, on)
