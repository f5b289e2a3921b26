"""What each event means for the state, and that a log can not say what can not have happened."""

from dataclasses import replace
from typing import get_args

import pytest

from state import events as ev
from state import intents
from state.candidate import Candidate, Conflict, ConflictKind, Rung
from state.failure import Failure, FailureKind
from state.fold import apply, replay
from state.ids import (
    AttemptId,
    BranchName,
    CandidateId,
    IntentId,
    QuestionId,
    RoleName,
    Seq,
    Sha,
    TaskId,
    WindowId,
)
from state.lifecycle import IllegalMove, Status
from state.question import About, Question
from state.run import RunState
from state.standing import Choice, Gate
from state.transcript import Usage
from tests.support.playbook import (
    TRUNK,
    Playbook,
    adopted,
    asked,
    cancelled,
    dropped,
    failed,
    finished,
    landed,
    later,
    plan,
    start,
    stop,
    succeeded,
    task,
    wish,
)

A, B = TaskId("a"), TaskId("b")
A1, CANDIDATE = AttemptId("a.1"), CandidateId("a.1")
WINDOW = WindowId("backend-1")


def running(*more: str, **limits: int) -> Playbook:
    """`a` is at work in the first window; the others wait."""
    return Playbook(plan("a", *more, windows=1, **limits)) << start("a")


def proposed(*paths: str) -> Playbook:
    return running() >> succeeded("a", *paths)


# ------------------------------------------------------------------------------------------------ the log itself


def test_every_event_has_its_fold() -> None:
    from state import fold

    assert set(fold._FOLDS) == set(get_args(ev.Event))


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_a_log_with_a_gap_or_a_repeat_is_refused(seq: int) -> None:
    run = Playbook(plan("a")).run
    with pytest.raises(ValueError, match=f"event {seq} does not follow 1"):
        apply(run, ev.Recorded(Seq(seq), 0.0, ev.RunPaused("ann")))


def test_an_event_that_can_not_follow_is_refused() -> None:
    book = running()
    with pytest.raises(IllegalMove):
        book.hear(ev.AttemptDispatched(A, AttemptId("a.2"), 2, WINDOW, TRUNK))


def test_a_log_of_any_length_replays_to_the_same_state() -> None:
    book = running("b") >> failed("a") << start("b") >> later(9) >> finished("b") << start("a", number=2)
    for length in range(1, len(book.log) + 1):
        again = replay(book.log[:length])
        assert again.seq == length
    assert replay(book.log).tasks == book.run.tasks


def test_time_never_goes_back() -> None:
    run = RunState()
    for seq, ts in enumerate((5.0, 3.0), 1):
        event = Playbook(plan("a")).log[0].event if seq == 1 else ev.RunPaused("ann")
        apply(run, ev.Recorded(Seq(seq), ts, event))
    assert run.last == 5.0


# ------------------------------------------------------------------------------------------------ launch


def test_a_plan_is_laid_out_in_tasks_windows_and_children() -> None:
    specs = [task("a"), task("b", needs="a a"), task("c", needs="a b", role="docs"), task("d", adopt="x")]
    run = Playbook(plan(*specs, windows={"backend": 2, "docs": 1})).run
    assert list(run.windows) == ["backend-1", "backend-2", "docs-1"]
    assert {name: state.needs_left for name, state in run.tasks.items()} == {"a": 0, "b": 1, "c": 2, "d": 0}
    assert (run.children[A], run.children[B]) == ([B, "c"], ["c"])
    assert run.tasks[TaskId("c")].key == ("docs", (), ())
    assert (run.tasks[TaskId("d")].adopted, list(run.to_adopt)) == ("head-d", ["d"])
    assert (len(run.ready), run.counts[Status.WAITING]) == (1, 4)
    assert (run.trunk, run.trunk_before, run.started) == (TRUNK, TRUNK, 1000.0)


def test_roles_and_order_must_fit_the_plan() -> None:
    accepted = Playbook(plan("a", "b")).log[0].event
    assert isinstance(accepted, ev.PlanAccepted)
    with pytest.raises(ValueError, match="zip"):
        apply(RunState(), ev.Recorded(Seq(1), 0.0, replace(accepted, roles=(RoleName("backend"),))))


# ------------------------------------------------------------------------------------------------ attempts


def test_an_attempt_lives_from_dispatch_to_its_end() -> None:
    book = running()
    attempt = book.run.live[A1]
    assert (attempt.task, attempt.window, attempt.number, attempt.base) == ("a", WINDOW, 1, TRUNK)
    assert not attempt.started
    book >> later(7) >> ev.AttemptStarted(A, A1, WINDOW, 41, "/w", "command")
    assert (attempt.started, attempt.pid, attempt.worktree) == (True, 41, "/w")
    book >> ev.AttemptProgressed(A, A1, WINDOW, "reads", Usage(5, 0.1)) >> later(3) >> succeeded("a")
    window = book.run.windows[WINDOW]
    assert (window.attempt, window.attempts, window.busy) == (None, 1, 10.0)
    assert (book.run.live, book.run.tasks[A].live) == ({}, None)


def test_what_agents_spend_is_summed_up() -> None:
    book = running()
    for note in ("one", "two"):
        book >> ev.AttemptProgressed(A, A1, WINDOW, note, Usage(5, 0.5))
    assert (book.run.cost, book.run.live[A1].note) == (Usage(10, 1.0), "two")


def test_a_snapshot_changes_nothing() -> None:
    book = running()
    before = replay(book.log)
    book >> ev.SnapshotTaken(A, A1, Sha("s"), "refs/tianting/salvage/s", "it was stopped")
    assert replace(book.run, seq=before.seq) == before


def test_success_makes_a_candidate_of_what_changed() -> None:
    book = proposed("x.py", "y.py")
    value = book.run.candidates[CANDIDATE].value
    assert value == Candidate(CANDIDATE, Sha("head-a.1"), TRUNK, BranchName("tianting-run/a"), ("x.py", "y.py"), A, A1)
    assert (book.run.train, book.run.tasks[A].candidate) == ([CANDIDATE], CANDIDATE)
    assert book.run.tasks[A].status is Status.PROPOSED


def test_failures_count_but_for_those_that_are_nobodys_fault() -> None:
    book = running(retries=1)
    book >> failed("a", FailureKind.LOST) << start("a", number=2) >> failed("a") >> later(9) << start("a", number=3)
    state = book.run.tasks[A]
    assert (state.attempts, state.failures) == (3, 1)
    book >> failed("a", FailureKind.TIMEOUT)
    assert (state.status, state.failures) == (Status.FAILED, 2)
    assert state.failure == Failure(FailureKind.TIMEOUT, "it failed")


def test_a_cancelled_attempt_that_succeeds_all_the_same_is_to_leave_the_train() -> None:
    book = running() >> cancelled("a") << stop("a") >> succeeded("a")
    assert book.run.candidates[CANDIDATE].drop == "the task was cancelled"


# ------------------------------------------------------------------------------------------------ questions


def test_a_question_is_open_until_it_is_answered() -> None:
    book = running() >> asked("a")
    assert list(book.run.questions) == ["q1"]
    book >> ev.QuestionAnswered(QuestionId("q1"), "blue", "ann")
    assert (book.run.questions, book.run.asked) == ({}, 1)
    book >> ev.QuestionAnswered(QuestionId("q1"), "green", "bob")
    assert not book.run.questions


def test_a_question_ends_with_the_attempt_or_candidate_that_it_is_about() -> None:
    assert not (running() >> asked("a") >> failed("a")).run.questions
    assert not (proposed() >> asked("a", About.APPROVAL) >> dropped("a")).run.questions
    assert not (proposed() >> asked("a", About.CONFLICT) >> landed("a")).run.questions


CLASH = (Conflict(ConflictKind.TEXT, "CONFLICT (contents)", "x.py"),)


def conflicted() -> Playbook:
    return proposed() >> ev.ConflictFound(CANDIDATE, A, TRUNK, CLASH)


@pytest.mark.parametrize(
    ("text", "choice"), [("drop", Choice("drop", "", "ann")), ("abc123", Choice("commit", "abc123", "ann"))]
)
def test_an_answer_about_a_conflict_is_a_choice_or_else_a_commit(text: str, choice: Choice) -> None:
    book = conflicted() >> asked("a", About.CONFLICT) >> ev.QuestionAnswered(QuestionId("q1"), text, "ann")
    state = book.run.candidates[CANDIDATE]
    assert (state.choice, state.question) == (choice, None)


def test_an_answer_that_denies_approval_drops_the_candidate() -> None:
    book = proposed() >> asked("a", About.APPROVAL) >> ev.QuestionAnswered(QuestionId("q1"), "drop", "ann")
    assert book.run.candidates[CANDIDATE].drop == "not approved by ann"


def test_approval_settles_the_question_and_leaves_room_for_the_next() -> None:
    book = proposed() >> asked("a", About.APPROVAL) >> ev.ApprovalGiven(A, "ann")
    assert book.run.tasks[A].approved
    assert not book.run.questions
    assert book.run.candidates[CANDIDATE].question is None


def test_an_answer_about_a_candidate_that_is_gone_changes_nothing() -> None:
    book = proposed()
    question = Question(QuestionId("q"), About.CONFLICT, "which?", candidate=CANDIDATE)
    book >> ev.QuestionAsked(question, A) >> landed("a")
    book.run.questions[question.id] = question
    apply(book.run, ev.Recorded(Seq(book.run.seq + 1), 0.0, ev.QuestionAnswered(question.id, "ours", "ann")))
    assert not book.run.candidates


# ------------------------------------------------------------------------------------------------ the train


def test_a_clean_probe_makes_a_speculative_commit_and_asks_for_a_new_gate() -> None:
    book = proposed() >> ev.CandidateProbed(CANDIDATE, A, TRUNK, Sha("T+a")) >> ev.GateStarted(CANDIDATE, A, Sha("T+a"))
    state = book.run.candidates[CANDIDATE]
    assert (state.onto, state.commit, state.gate) == (TRUNK, "T+a", Gate.RUNNING)
    assert book.run.tasks[A].status is Status.GATING
    book >> ev.CandidateProbed(CANDIDATE, A, Sha("U"), Sha("U+a"))
    assert (state.gate, book.run.tasks[A].status) == (Gate.NONE, Status.PROPOSED)


def gated() -> Playbook:
    return proposed() >> ev.CandidateProbed(CANDIDATE, A, TRUNK, Sha("T+a")) >> ev.GateStarted(CANDIDATE, A, Sha("T+a"))


def test_a_gate_speaks_of_its_commit_alone() -> None:
    book = gated() >> ev.ChecksPassed(CANDIDATE, A, Sha("another"), 1.0)
    assert gate_of(book) == (Gate.RUNNING, None)
    book >> ev.ChecksPassed(CANDIDATE, A, Sha("T+a"), 1.0)
    assert gate_of(book) == (Gate.GREEN, None)
    why = Failure(FailureKind.GATE, "no")
    book >> ev.ChecksFailed(CANDIDATE, A, Sha("T+a"), "tests", why, 1.0)
    assert gate_of(book) == (Gate.RED, why)


def gate_of(book: Playbook) -> tuple[Gate, Failure | None]:
    state = book.run.candidates[CANDIDATE]
    return state.gate, state.gate_failure


def test_a_gate_that_ends_after_its_candidate_has_left_changes_nothing() -> None:
    book = gated() >> dropped("a") >> ev.ChecksPassed(CANDIDATE, A, Sha("T+a"), 1.0)
    assert not book.run.candidates


def test_a_gate_of_a_leader_that_is_gone_is_forgotten() -> None:
    book = gated() >> ev.LeaseTaken("next", 7)
    assert book.run.candidates[CANDIDATE].gate is Gate.NONE
    assert (book.run.holder, book.run.token) == ("next", 7)


def test_a_conflict_is_kept_with_its_sides_until_it_is_resolved() -> None:
    book = conflicted()
    state = book.run.candidates[CANDIDATE]
    assert (state.conflicts, state.commit, book.run.tasks[A].status) == (CLASH, None, Status.CONFLICTED)
    resolved = ev.ConflictResolved(
        CANDIDATE, A, Rung.PERSON, "ann", "took both", TRUNK, Sha("head-a.1"), Sha("new"), ("x.py",)
    )
    book >> resolved
    assert (state.conflicts, state.value.head, book.run.tasks[A].status) == ((), "new", Status.PROPOSED)
    assert (book.run.resolved, book.run.resolutions) == ([CANDIDATE], [resolved])


def test_landing_moves_the_trunk_and_frees_those_that_wait() -> None:
    book = (
        Playbook(plan("a", task("b", needs="a"), task("c", needs="a b"))) << start("a") >> finished("a") << start("b")
    )
    run = book.run
    assert (run.trunk, run.landed, run.tasks[A].landed) == ("T+a", [A], "T+a")
    assert (run.tasks[B].needs_left, run.tasks[TaskId("c")].needs_left) == (0, 1)
    assert (run.landing, run.train, run.candidates) == (None, [], {})


def test_a_refused_landing_leaves_the_candidate_and_may_change_the_ref() -> None:
    book = gated() >> ev.ChecksPassed(CANDIDATE, A, Sha("T+a"), 1.0)
    book >> ev.LandingDispatched((CANDIDATE,), "refs/heads/main", TRUNK, Sha("T+a"), "/checkout")
    book >> ev.LandingRefused((CANDIDATE,), "checkout", TRUNK, "refs/tianting/trunk/main")
    assert (book.run.landing, book.run.trunk, book.run.train) == (None, TRUNK, [CANDIDATE])
    assert book.run.trunk_ref == "refs/tianting/trunk/main"
    book >> ev.LandingRefused((CANDIDATE,), "trunk-moved", Sha("U"))
    assert (book.run.trunk, book.run.trunk_ref) == ("U", "refs/tianting/trunk/main")


def test_the_trunk_goes_where_somebody_else_moved_it() -> None:
    assert (proposed() >> ev.TrunkMoved(TRUNK, Sha("U"))).run.trunk == "U"


def test_commits_of_a_person_land_without_a_task() -> None:
    book = Playbook(plan("a", windows=1)) << start("a")
    theirs = Candidate(CandidateId("trunk@1"), Sha("p"), TRUNK, None, ("x",))
    book >> ev.CandidateProposed(theirs) >> ev.CandidateProbed(theirs.id, None, TRUNK, Sha("T+p"))
    book >> ev.GateStarted(theirs.id, None, Sha("T+p")) >> ev.ChecksPassed(theirs.id, None, Sha("T+p"), 1.0)
    book >> ev.Landed(theirs.id, None, Sha("T+p"), TRUNK, Sha("T+p"), "refs/heads/main")
    assert (book.run.trunk, book.run.landed) == ("T+p", [])


def test_a_candidate_without_a_task_can_conflict_and_leave() -> None:
    book = Playbook(plan("a", windows=1)) << start("a")
    theirs = Candidate(CandidateId("trunk@1"), Sha("p"), TRUNK, None, ("x",))
    book >> ev.CandidateProposed(theirs) >> ev.ConflictFound(theirs.id, None, TRUNK, CLASH)
    book >> ev.ConflictResolved(theirs.id, None, Rung.PERSON, "ann", "", TRUNK, Sha("p"), Sha("q"), ())
    assert book.run.candidates[theirs.id].value.head == "q"
    book >> ev.CandidateProbed(theirs.id, None, TRUNK, Sha("T+q")) >> ev.GateStarted(theirs.id, None, Sha("T+q"))
    book >> ev.ChecksFailed(theirs.id, None, Sha("T+q"), "tests", Failure(FailureKind.GATE, ""), 1.0)
    book >> ev.CandidateDropped(theirs.id, None, Failure(FailureKind.GATE, ""), None)
    assert not book.run.train


def test_an_adopted_branch_counts_as_an_attempt() -> None:
    book = Playbook(plan(task("a", adopt="x"))) >> adopted("a")
    assert (book.run.tasks[A].attempts, book.run.to_adopt) == (1, {})


# ------------------------------------------------------------------------------------------------ wishes


def test_a_refused_intent_changes_nothing_but_how_far_the_inbox_is_read() -> None:
    book = running()
    refused = ev.IntentRefused(IntentId(9), "ann", intents.CancelTask(TaskId("nobody")), "there is no such task")
    book >> refused
    assert (book.run.intent, book.run.live[A1].task) == (9, "a")


def test_a_steer_is_kept_for_the_attempts_to_come() -> None:
    book = running() >> wish(intents.SteerTask(A, "use httpx")) >> wish(intents.SteerTask(A, "no classes"))
    assert book.run.tasks[A].steers == ("use httpx", "no classes")


def test_an_intent_without_an_effect_of_its_own_is_only_noted() -> None:
    book = running() >> wish(intents.PauseRun())
    assert (book.run.paused, book.run.intent) == (False, 1)


def test_a_person_settles_drops_and_reorders_candidates() -> None:
    book = Playbook(plan(*(task(name, adopt=name) for name in "abc")))
    book >> adopted("a") >> adopted("b") >> adopted("c")
    b, c = CandidateId("b.1"), CandidateId("c.1")
    book >> wish(intents.ReorderTrain((c, CandidateId("gone"), c, b)))
    assert book.run.train == ["c.1", "b.1", "a.1"]
    book >> wish(intents.DropCandidate(b)) >> wish(intents.ResolveConflict(c, "ours"))
    assert book.run.candidates[b].drop == "dropped by ann"
    assert book.run.candidates[c].choice == Choice("ours", "", "ann")


def test_a_conflicted_task_that_is_to_be_tried_again_gives_its_candidate_up() -> None:
    book = conflicted() >> cancelled("a") >> wish(intents.RetryTask(A))
    state = book.run.candidates[CANDIDATE]
    assert (state.choice, state.drop, book.run.tasks[A].cancelled) == (Choice("retry", "", "ann"), None, False)


def test_a_cancelled_task_in_the_train_is_to_leave_it() -> None:
    assert (proposed() >> cancelled("a")).run.candidates[CANDIDATE].drop == "cancelled by ann"


def test_a_task_that_failed_can_be_cancelled_for_good() -> None:
    book = running(retries=0) >> failed("a") >> cancelled("a")
    assert book.run.tasks[A].status is Status.CANCELLED


def test_a_task_tried_again_waits_for_what_it_needs() -> None:
    book = Playbook(plan("a", task("b", needs="a"))) << start("a") >> cancelled("b") >> wish(intents.RetryTask(B))
    assert (book.run.tasks[B].status, len(book.run.ready)) == (Status.WAITING, 0)
    book >> finished("a") << start("b")


def test_a_cancelled_task_that_waits_out_its_backoff_is_not_started_when_it_ends() -> None:
    book = running("b") >> failed("a") << start("b") >> cancelled("a") >> later(300) >> finished("b")
    assert (book.run.cooling, len(book.run.ready)) == ([], 0)


def test_a_task_that_may_start_at_once_waits_for_no_time() -> None:
    book = running("b") >> failed("a", FailureKind.LOST)
    assert (book.run.tasks[A].not_before, book.run.cooling, len(book.run.ready)) == (0.0, [], 2)


def test_a_run_can_be_taken_up_again_after_its_end() -> None:
    book = running(retries=0) >> failed("a")
    book >> ev.RunFinished(TRUNK, TRUNK, (), (), Usage())
    assert book.run.finished
    assert not (book >> ev.LeaseTaken("next", 2)).run.finished
    book >> ev.RunFinished(TRUNK, TRUNK, (), (), Usage()) >> wish(intents.RetryTask(A))
    assert not book.run.finished
