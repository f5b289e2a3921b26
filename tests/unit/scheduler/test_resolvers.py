"""When the resolver starts, stops, and is given up, decided from the state alone."""

from dataclasses import replace

from scheduler.decide import decide_starts, decide_stops
from scheduler.resolvers import decide_passes
from state import events as ev
from state.candidate import Conflict, ConflictKind, Rung
from state.failure import Failure, FailureKind
from state.ids import AttemptId, BranchName, CandidateId, QuestionId, Sha, TaskId, WindowId
from state.plan import RESOLVER, Budget, Plan, ResolverSpec, WindowSpec
from state.question import About, Question
from state.transcript import Usage
from tests.support.playbook import Playbook, succeeded, task
from tests.support.playbook import plan as plan_of

CLASH = (Conflict(ConflictKind.TEXT, "CONFLICT (contents)", "a.txt"),)
A, CANDIDATE, BASE = TaskId("a"), CandidateId("a.1"), Sha("b" * 40)


def called(attempts: int = 2, plan: Plan | None = None) -> Playbook:
    """A task whose candidate conflicts, and for which the resolver was called."""
    plan = plan or plan_of(task("a"), task("b"))
    windows = (*plan.windows, WindowSpec(RESOLVER))
    book = Playbook(replace(plan, windows=windows, resolver=ResolverSpec(attempts, run="solve")))
    book.settle()
    book >> succeeded("a", "a.txt")
    book.hear(ev.ConflictFound(CANDIDATE, A, book.run.trunk, CLASH))
    book.hear(ev.ResolverCalled(CANDIDATE, A, book.run.trunk, BASE))
    return book


def ends(book: Playbook, attempt: str, kind: FailureKind | None) -> None:
    name, window = AttemptId(attempt), WindowId("resolver-1")
    if kind is None:
        book.hear(ev.AttemptSucceeded(A, name, window, Sha("r" * 40), BASE, BranchName(""), ("a.txt",)))
    else:
        book.hear(ev.AttemptFailed(A, name, window, Failure(kind, "it failed"), None))


def test_it_starts_at_the_merge_with_its_clashes_in_a_window_of_its_own() -> None:
    book = called()
    [start] = decide_starts(book.run, book.now)
    assert (start.attempt, start.window, start.base, start.candidate) == ("a.2", "resolver-1", BASE, CANDIDATE)
    assert (start.task.run, start.task.role) == ("solve", RESOLVER)


def test_there_is_one_for_a_conflict_and_it_holds_its_window() -> None:
    book = called().settle()
    assert book.run.windows[WindowId("resolver-1")].attempt == "a.2"
    assert decide_starts(book.run, book.now) == []
    assert book.run.tasks[A].status == "CONFLICTED"


def test_after_a_failure_it_tries_again_and_then_a_person_is_next() -> None:
    book = called(attempts=2).settle()
    ends(book, "a.2", FailureKind.EXIT)
    assert not decide_passes(book.run)
    book.settle()
    ends(book, "a.3", FailureKind.EXIT)
    [over] = decide_passes(book.run)
    assert (over.candidate, over.conflicts) == (CANDIDATE, CLASH)
    assert "it failed" in over.why
    assert decide_starts(book.run, book.now) == []


def test_what_was_lost_or_stopped_is_no_try() -> None:
    book = called(attempts=1).settle()
    ends(book, "a.2", FailureKind.LOST)
    assert not decide_passes(book.run)
    assert [start.attempt for start in decide_starts(book.run, book.now)] == ["a.3"]


def test_a_spent_budget_ends_it_at_once() -> None:
    book = called(attempts=9).settle()
    ends(book, "a.2", FailureKind.BUDGET)
    assert decide_passes(book.run)


def test_the_budget_of_the_task_counts_for_its_conflict_too() -> None:
    book = called(plan=plan_of(task("a", budget=Budget(tokens=10)), task("b"))).settle()
    book.hear(ev.AttemptProgressed(A, AttemptId("a.2"), WindowId("resolver-1"), "", Usage(20)))
    assert [stop.kind for stop in decide_stops(book.run, book.now)] == [FailureKind.BUDGET]
    ends(book, "a.2", FailureKind.EXIT)
    [over] = decide_passes(book.run)
    assert "10 tokens" in over.why


def test_it_stops_when_a_person_has_decided() -> None:
    book = called().settle()
    name = QuestionId("q")
    book.hear(ev.QuestionAsked(Question(name, About.CONFLICT, "which?", ("ours",), A, None, CANDIDATE), A))
    book.hear(ev.QuestionAnswered(name, "ours", "ann"))
    assert [stop.attempt for stop in decide_stops(book.run, book.now)] == ["a.2"]


def test_what_it_left_waits_to_be_judged_and_none_starts_meanwhile() -> None:
    book = called().settle()
    ends(book, "a.2", None)
    call = book.run.candidates[CANDIDATE].call
    assert call is not None
    assert call.result == Sha("r" * 40)
    assert not decide_starts(book.run, book.now)
    assert not decide_passes(book.run)


def test_a_result_that_was_not_taken_is_a_try_with_the_reason() -> None:
    book = called().settle()
    ends(book, "a.2", None)
    book.hear(ev.ConflictFound(CANDIDATE, A, book.run.trunk, CLASH, "it lacks a line", Rung.CONTRACT))
    call = book.run.candidates[CANDIDATE].call
    assert call is not None
    assert call.tries == 1
    assert call.failure is not None
    assert call.failure.detail == "it lacks a line"
    assert [start.attempt for start in decide_starts(book.run, book.now)] == ["a.3"]


def test_another_conflict_is_another_call() -> None:
    book = called().settle()
    other = (replace(CLASH[0], path="b.txt"),)
    book.hear(ev.ConflictFound(CANDIDATE, A, book.run.trunk, other))
    assert book.run.candidates[CANDIDATE].call is None
    assert [stop.attempt for stop in decide_stops(book.run, book.now)] == ["a.2"]
