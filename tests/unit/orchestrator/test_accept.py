"""What is accepted, what is refused, and with which words."""

from collections.abc import Iterable

import pytest

from orchestrator.accept import accept
from state import commands as cmd
from state import events as ev
from state import intents
from state.candidate import Candidate, Conflict, ConflictKind
from state.fold import apply
from state.ids import (
    AttemptId,
    BranchName,
    CandidateId,
    IntentId,
    QuestionId,
    RoleName,
    RunId,
    Seq,
    Sha,
    TaskId,
    WindowId,
)
from state.plan import Plan, TaskSpec
from state.question import About, Question
from state.run import RunState

A, B = TaskId("a"), TaskId("b")
FIRST = AttemptId("a.1")
WINDOW = WindowId("backend-1")
CANDIDATE = CandidateId("a.1")


def run_after(*events: ev.Event) -> RunState:
    role = RoleName("backend")
    plan = Plan("p", (TaskSpec(A, role=role, run="true", approve=True), TaskSpec(B, role=role, run="true")))
    accepted = ev.PlanAccepted(
        RunId("r"), plan, "/r", BranchName("main"), "refs/heads/main", Sha("T"), (role, role), (0, 1)
    )
    run = RunState()
    feed(run, (accepted, *events))
    return run


def feed(run: RunState, events: Iterable[ev.Event]) -> None:
    for event in events:
        apply(run, ev.Recorded(Seq(run.seq + 1), 1.0, event))


STARTED = ev.AttemptDispatched(A, FIRST, 1, WINDOW, Sha("T"))
DONE = ev.AttemptSucceeded(A, FIRST, WINDOW, Sha("H"), Sha("T"), BranchName("x/a"), ("f",))
CLASH = ev.ConflictFound(CANDIDATE, A, Sha("T"), (Conflict(ConflictKind.TEXT, "CONFLICT (contents)", "f"),))


def asked(about: About, *choices: str) -> ev.QuestionAsked:
    question = Question(QuestionId("q"), about, "?", choices, A, FIRST if about is About.AGENT else None, None)
    if about is not About.AGENT:
        question = Question(QuestionId("q"), about, "?", choices, A, None, CANDIDATE)
    return ev.QuestionAsked(question, A)


def submit(run: RunState, intent: intents.Intent) -> tuple[tuple[ev.Event, ...], tuple[cmd.Command, ...]]:
    return accept(run, intents.Submitted(IntentId(7), 1.0, "ann", intent))


@pytest.mark.parametrize(
    ("events", "intent", "why"),
    [
        ((), intents.CancelTask(TaskId("z")), "no task 'z'"),
        ((), intents.RetryTask(A), "only a failed, cancelled or conflicted task"),
        ((), intents.ApproveTask(B), "needs no approval"),
        ((ev.ApprovalGiven(A, "x"),), intents.ApproveTask(A), "approved already"),
        ((), intents.ResumeRun(), "not paused"),
        ((ev.RunPaused("x"),), intents.PauseRun(), "is paused"),
        ((), intents.AnswerQuestion(QuestionId("q"), "yes"), "no open question 'q'"),
        ((STARTED, asked(About.AGENT)), intents.AnswerQuestion(QuestionId("q"), "  "), "must not be empty"),
        (
            (STARTED, DONE, asked(About.APPROVAL, "approve", "drop")),
            intents.AnswerQuestion(QuestionId("q"), "no"),
            "one of",
        ),
        ((STARTED, DONE), intents.ResolveConflict(CANDIDATE, "ours"), "no open conflict"),
        ((STARTED, DONE, CLASH), intents.ResolveConflict(CANDIDATE, "mine"), "the choice is one of"),
        ((STARTED, DONE, CLASH), intents.ResolveConflict(CANDIDATE, "commit"), "name the commit"),
        ((), intents.DropCandidate(CANDIDATE), "no candidate"),
        ((STARTED, DONE), intents.ReorderTrain((CandidateId("b.1"),)), "not in the train: b.1"),
        ((), intents.LaunchRun(RunId("z"), "", ""), "it is run z"),
    ],
)
def test_what_makes_no_sense_now_is_refused_in_one_sentence(
    events: tuple[ev.Event, ...], intent: intents.Intent, why: str
) -> None:
    (refused,), commands = submit(run_after(*events), intent)
    assert isinstance(refused, ev.IntentRefused)
    assert why in refused.why
    assert not commands


def test_an_agents_question_is_answered_into_its_session() -> None:
    events, commands = submit(run_after(STARTED, asked(About.AGENT)), intents.AnswerQuestion(QuestionId("q"), " euro "))
    assert events[1] == ev.QuestionAnswered(QuestionId("q"), "euro", "ann")
    assert commands == (cmd.SteerAttempt(FIRST, "euro", QuestionId("q")),)


def test_an_approving_answer_approves_the_task() -> None:
    run = run_after(STARTED, DONE, asked(About.APPROVAL, "approve", "drop"))
    events, _ = submit(run, intents.AnswerQuestion(QuestionId("q"), "approve"))
    feed(run, events)
    assert run.tasks[A].approved
    assert not run.questions


def test_a_conflict_is_answered_with_a_choice_or_with_a_commit() -> None:
    for text, wanted in (("ours", ("ours", "")), ("abc123", ("commit", "abc123"))):
        run = run_after(STARTED, DONE, CLASH, asked(About.CONFLICT, "ours", "theirs"))
        events, _ = submit(run, intents.AnswerQuestion(QuestionId("q"), text))
        feed(run, events)
        choice = run.candidates[CANDIDATE].choice
        assert choice is not None
        assert (choice.choice, choice.commit) == wanted


def test_steering_reaches_a_live_agent_and_is_kept_for_the_next_one() -> None:
    run = run_after(STARTED)
    events, commands = submit(run, intents.SteerTask(A, "use tabs"))
    feed(run, events)
    assert commands == (cmd.SteerAttempt(FIRST, "use tabs"),)
    assert run.tasks[A].steers == ("use tabs",)


def test_cancelling_a_waiting_task_ends_it_at_once_and_a_live_one_when_it_stops() -> None:
    run = run_after(STARTED)
    for task in (A, B):
        events, _ = submit(run, intents.CancelTask(task))
        feed(run, events)
    assert run.tasks[B].status == "CANCELLED"
    assert run.tasks[A].status == "RUNNING"
    assert run.tasks[A].cancelled


def test_accepted_events_name_who_asked() -> None:
    (accepted, paused), _ = submit(run_after(), intents.PauseRun())
    assert accepted == ev.IntentAccepted(IntentId(7), "ann", intents.PauseRun())
    assert paused == ev.RunPaused("ann")


def test_a_candidate_is_known_by_its_value() -> None:
    run = run_after(STARTED, DONE)
    assert run.candidates[CANDIDATE].value == Candidate(
        CANDIDATE, Sha("H"), Sha("T"), BranchName("x/a"), ("f",), A, FIRST
    )
