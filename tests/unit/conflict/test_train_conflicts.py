"""Conflicts in the train: provisional ones wait, real ones go up the ladder, and nobody behind waits for them."""

import pytest

from state import commands as cmd
from state import intents
from state.candidate import Candidate, Conflict, ConflictKind, Rung
from state.events import (
    CandidateProposed,
    ConflictFound,
    ConflictResolved,
    LandingDispatched,
    QuestionAnswered,
    TaskCancelled,
    TrunkMoved,
)
from state.failure import Failure, FailureKind
from state.ids import CandidateId, QuestionId, Sha, TaskId
from state.lifecycle import Status
from state.question import About, Question
from tests.support.trainbook import T0, Trainbook, cid, clashes, failed, on, task, train_of


def asked(book: Trainbook) -> Question:
    """The one thing decided now is a question; it is asked."""
    [order] = book.decide()
    assert isinstance(order, cmd.AskPerson)
    book.expect(order)
    return order.question


def in_conflict(*, ladder: bool = True) -> Trainbook:
    return train_of("a", gate=False, ladder=ladder).proposed("a").clash(T0, "a", "x.py", "y.py")


def choose(book: Trainbook, choice: str, commit: str = "") -> Trainbook:
    return book.wish(intents.ResolveConflict(cid("a"), choice, commit))


# ---------------------------------------------------------------------------------------------- provisional


def test_those_behind_a_conflict_land_without_it() -> None:
    book = train_of("a", "b", "c", gate=False)
    for name in "abc":
        book.proposed(name)
    book.clean(T0, "a").clash(on(T0, "a"), "b").clean(on(T0, "a"), "c")
    book.expect(book.land("a", "c"))


def test_a_conflict_with_a_candidate_ahead_is_asked_about_only_when_that_has_landed() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a").clash(on(T0, "a"), "b")
    book.expect(book.checks("a")).expect().green("a")
    book.expect(book.land("a")).expect()
    book.landed()
    assert asked(book).candidate == cid("b")
    book.expect()


def test_a_conflict_is_real_when_the_trunk_has_gone_past_the_commit_it_was_found_on() -> None:
    book = train_of("a", "b", "c", gate=False)
    for name in "abc":
        book.proposed(name)
    book.clean(T0, "a").clash(on(T0, "a"), "b").clean(on(T0, "a"), "c")
    book.expect(book.land("a", "c")).landed()
    assert asked(book).candidate == cid("b")


def test_a_conflict_with_a_candidate_that_is_dropped_is_probed_again() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a").clash(on(T0, "a"), "b")
    book.expect(book.checks("a")).red("a")
    book.expect(book.drop("a", failed()), book.probe(T0, "b"))


def test_a_conflict_with_a_candidate_that_is_probed_again_elsewhere_is_probed_again() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a").clash(on(T0, "a"), "b")
    book.expect(book.checks("a")).hear(TrunkMoved(T0, Sha("T2")))
    book.expect(book.probe(Sha("T2"), "a", "b"))


def test_a_real_conflict_is_probed_again_when_somebody_else_moves_the_trunk() -> None:
    book = in_conflict()
    first = asked(book)
    book.hear(TrunkMoved(T0, Sha("T2")))
    book.expect(book.probe(Sha("T2"), "a")).clash(Sha("T2"), "a", "x.py", "y.py")
    assert first.id in book.run.questions
    book.expect()  # the same conflict: the question still stands
    book.hear(TrunkMoved(Sha("T2"), Sha("T3"))).clash(Sha("T3"), "a", "z.py")
    again = asked(book)
    assert list(book.run.questions) == [again.id]
    assert "z.py" in again.text


def test_a_landing_under_way_may_make_a_conflict_real() -> None:
    book = train_of("a", "b", "c", gate=False)
    for name in "abc":
        book.proposed(name)
    book.clean(T0, "a").clash(on(T0, "a"), "b")
    book.clean(on(T0, "a"), "c")
    book.expect(book.land("a", "c")).expect()  # b waits for the end of the landing
    book.landed()
    assert asked(book).about is About.CONFLICT


def test_a_choice_for_a_provisional_conflict_waits_until_it_is_real() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a").clash(on(T0, "a"), "b")
    book.expect(book.checks("a")).wish(intents.ResolveConflict(cid("b"), "ours"))
    book.expect().green("a")
    book.expect(book.land("a")).landed()
    book.expect(cmd.ResolveConflict(book.value("b"), on(T0, "a"), "ours", "", "ann"))


# ------------------------------------------------------------------------------------------------- the person


def test_the_question_names_the_task_and_the_paths_and_takes_a_commit_for_an_answer() -> None:
    book = train_of("a", gate=False).proposed("a")
    book.clash(T0, "a", *(f"file{number}.py" for number in range(7)))
    question = asked(book)
    assert question.choices == ("ours", "theirs", "both", "retry", "drop")
    assert (question.task, question.candidate) == (TaskId("a"), cid("a"))
    for part in ("task a", "file0.py", "and 2 more", "id of a commit", "head-a-1"):
        assert part in question.text
    assert "file6.py" not in question.text


def test_an_adopted_branch_can_not_be_done_again() -> None:
    book = train_of(task("a", adopt="feature/x"), gate=False)
    book.expect(cmd.AdoptBranches((TaskId("a"),)))
    adopted = Candidate(cid("a"), Sha("head-a"), T0, None, ("x.py",), TaskId("a"))
    book.hear(CandidateProposed(adopted)).clash(T0, "a")
    question = asked(book)
    assert question.choices == ("ours", "theirs", "both", "drop")
    assert "feature/x" in question.text


@pytest.mark.parametrize("choice", ["ours", "theirs", "both"])
def test_a_choice_is_carried_out_on_the_commit_the_person_saw(choice: str) -> None:
    book = in_conflict()
    question = asked(book)
    book.hear(QuestionAnswered(question.id, choice, "ann"))
    book.expect(cmd.ResolveConflict(book.value("a"), T0, choice, "", "ann")).expect()


def test_any_other_answer_names_a_commit() -> None:
    book = in_conflict()
    book.hear(QuestionAnswered(asked(book).id, "abc123", "ann"))
    book.expect(cmd.ResolveConflict(book.value("a"), T0, "commit", "abc123", "ann"))


def test_nothing_is_resolved_while_a_probe_may_be_at_work_on_the_old_head() -> None:
    book = choose(in_conflict(), "ours")
    book.probing = True
    book.expect()
    book.probing = False
    book.expect(cmd.ResolveConflict(book.value("a"), T0, "ours", "", "ann"))


def test_a_resolved_candidate_is_probed_with_its_new_head_and_wider_paths() -> None:
    book = choose(in_conflict(), "ours")
    book.expect(cmd.ResolveConflict(book.value("a"), T0, "ours", "", "ann"))
    book.settling = frozenset()
    resolved = ConflictResolved(
        cid("a"), TaskId("a"), Rung.PERSON, "ann", "ours", T0, Sha("head-a-1"), Sha("merged"), ("x.py", "y.py")
    )
    book.hear(resolved)
    assert book.value("a").head == "merged"
    assert book.value("a").paths == ("a.py", "x.py", "y.py")
    book.expect(book.probe(T0, "a")).clean(T0, "a")
    book.expect(book.land("a"))


def test_a_choice_that_settles_nothing_is_asked_about_again_with_the_reason() -> None:
    book = in_conflict()
    first = asked(book)
    choose(book, "both")
    book.expect(cmd.ResolveConflict(book.value("a"), T0, "both", "", "ann"))
    book.settling = frozenset()
    book.clash(T0, "a", "x.py", "y.py", note="x.py can not be both")
    again = asked(book)
    assert again.id != first.id
    assert "x.py can not be both" in again.text
    assert list(book.run.questions) == [again.id]


def test_retry_drops_the_candidate_as_a_conflict_which_is_tried_again() -> None:
    book = choose(in_conflict(), "retry")
    failure = Failure(FailureKind.CONFLICT, "ann wants it done again: conflicts in x.py, y.py")
    book.expect(book.drop("a", failure)).dropped("a", retry_at=0.0)
    assert book.run.tasks[TaskId("a")].status is Status.WAITING


def test_a_retry_of_a_conflicted_task_is_the_same_choice() -> None:
    book = in_conflict().wish(intents.RetryTask(TaskId("a")))
    [order] = book.decide()
    assert isinstance(order, cmd.DropCandidate)
    assert order.failure.kind is FailureKind.CONFLICT


def test_giving_up_is_not_tried_again() -> None:
    book = choose(in_conflict(), "drop")
    book.expect(book.drop("a", Failure(FailureKind.CANCELLED, "given up by ann: conflicts in x.py, y.py")))


def test_with_the_ladder_off_a_real_conflict_drops_the_candidate_unasked() -> None:
    book = in_conflict(ladder=False)
    book.expect(book.drop("a", Failure(FailureKind.CONFLICT, "conflicts in x.py, y.py")))


def test_with_the_ladder_off_a_provisional_conflict_still_waits() -> None:
    book = train_of("a", "b", ladder=False).proposed("a").proposed("b")
    book.clean(T0, "a").clash(on(T0, "a"), "b")
    book.expect(book.checks("a")).expect()


# ------------------------------------------------------------------------------------------------- leaving


def test_a_person_takes_a_candidate_out() -> None:
    book = train_of("a", "b").proposed("a").proposed("b").clean(T0, "a", "b")
    book.wish(intents.DropCandidate(cid("a")))
    order = book.drop("a", Failure(FailureKind.CANCELLED, "dropped by ann"))
    book.expect(order, book.probe(T0, "b")).expect()


def test_a_cancelled_task_leaves_the_train() -> None:
    book = train_of("a").proposed("a").clean(T0, "a").hear(TaskCancelled(TaskId("a"), "ann", "no need"))
    book.expect(book.drop("a", Failure(FailureKind.CANCELLED, "cancelled by ann"))).dropped("a")
    assert book.run.tasks[TaskId("a")].status is Status.CANCELLED


def test_a_cancelled_run_lands_nothing_and_empties_its_train() -> None:
    book = train_of("a", gate=False).proposed("a").clean(T0, "a")
    own = Candidate(CandidateId("main@1"), Sha("tip"), T0, None, ("z.py",))
    book.hear(CandidateProposed(own)).clean(on(T0, "a"), "main@1").wish(intents.CancelRun())
    why = Failure(FailureKind.CANCELLED, "the run was cancelled")
    book.expect(book.drop("a", why), book.drop("main@1", why)).expect()


def test_who_is_landing_is_not_dropped() -> None:
    book = train_of("a", gate=False).proposed("a").clean(T0, "a")
    book.expect(book.land("a")).wish(intents.DropCandidate(cid("a"))).expect()
    book.refused(T0)
    book.expect(book.drop("a", Failure(FailureKind.CANCELLED, "dropped by ann")))


def test_nobody_is_dropped_until_it_is_known_who_is_landing() -> None:
    book = train_of("a", "b", gate=False).proposed("a").proposed("b").clean(T0, "a")
    book.clash(on(T0, "a"), "b").wish(intents.DropCandidate(cid("b")))
    book.landing = True
    book.expect()
    book.hear(LandingDispatched((cid("a"),), "refs/heads/main", T0, on(T0, "a"), ""))
    book.expect(book.drop("b", Failure(FailureKind.CANCELLED, "dropped by ann")))


# ------------------------------------------------------------------------------------- work of a person


def test_a_persons_own_commits_go_through_the_train_as_a_candidate_without_a_task() -> None:
    book = train_of("a")
    own = Candidate(CandidateId("main@1"), Sha("tip"), T0, None, ("z.py",))
    book.hear(CandidateProposed(own))
    assert book.run.foreign == "tip"
    book.expect(book.probe(T0, "main@1")).clean(T0, "main@1")
    book.expect(book.checks("main@1")).green("main@1")
    book.expect(book.land("main@1")).landed().expect()
    assert book.run.landed == []


def test_a_conflict_of_a_persons_own_commits_is_asked_about_without_retry() -> None:
    book = train_of("a", gate=False)
    own = Candidate(CandidateId("main@1"), Sha("0123456789abcdef"), T0, None, ("z.py",))
    book.hear(CandidateProposed(own)).clash(T0, "main@1")
    question = asked(book)
    assert question.choices == ("ours", "theirs", "both", "drop")
    assert question.text.startswith("your own work on main (0123456789ab) conflicts")
    assert question.id == QuestionId("conflict-main@1-1")


# ------------------------------------------------------------------------------------------------- by rule

TWO_HEADS = Conflict(ConflictKind.SCHEMA, "alembic-heads", "v/c1.py", symbol="c1", detail="b1 and c1 both follow a1")


def heads_found(book: Trainbook, tried: Rung = Rung.TRIVIAL, note: str = "") -> Trainbook:
    book.hear(ConflictFound(cid("a"), TaskId("a"), T0, (TWO_HEADS,), note, tried))
    book.probing = False
    return book


def test_a_clash_that_a_rule_may_settle_is_tried_by_rule_before_a_person_is_asked() -> None:
    book = heads_found(train_of("a", gate=False).proposed("a"))
    book.expect(cmd.ResolveConflict(book.value("a"), T0, "", "", "Tianting", Rung.CONTRACT))
    book.settling = frozenset()
    question = asked(heads_found(book, Rung.CONTRACT))
    assert "b1 and c1 both follow a1" in question.text
    assert question.choices == ("both", "retry", "drop")


def test_text_alone_is_no_matter_for_a_rule() -> None:
    assert asked(in_conflict()).about is About.CONFLICT


def test_what_a_person_chose_and_did_not_settle_it_goes_back_to_the_person() -> None:
    book = heads_found(train_of("a", gate=False).proposed("a"), Rung.PERSON, "there is no commit 'x'")
    assert "there is no commit 'x'." in asked(book).text


def test_without_the_ladder_no_rule_is_tried() -> None:
    book = heads_found(train_of("a", gate=False, ladder=False).proposed("a"))
    [order] = book.decide()
    assert isinstance(order, cmd.DropCandidate)


# ------------------------------------------------------------------------------------------- without a person


def resolved_by_the_ladder(book: Trainbook) -> Trainbook:
    found = clashes(("x.py",))
    book.hear(
        ConflictResolved(
            cid("a"),
            TaskId("a"),
            Rung.STRUCTURAL,
            "Tianting",
            "",
            T0,
            Sha("head-a-1"),
            Sha("made"),
            ("x.py",),
            conflicts=found,
        )
    )
    return book.clean(T0, "a")


def test_the_ladder_is_climbed_before_a_person_is_asked() -> None:
    book = train_of("a").proposed("a").clash(T0, "a", "x.py", tried=Rung.TRIVIAL)
    order = cmd.ResolveConflict(book.value("a"), T0, "", "", "Tianting", Rung.REMEMBERED)
    book.expect(order).clash(T0, "a", "x.py", note="not sure enough")
    book.settling = frozenset()
    assert "not sure enough" in asked(book).text


def test_a_conflict_that_was_climbed_in_vain_is_not_climbed_again_when_it_is_found_again() -> None:
    book = train_of("a").proposed("a").clash(T0, "a", "x.py").clash(Sha("T1"), "a", "x.py", tried=Rung.TRIVIAL)
    assert book.run.candidates[cid("a")].tried is Rung.STRUCTURAL


def test_what_the_ladder_made_is_taken_back_when_its_gate_is_red() -> None:
    book = resolved_by_the_ladder(train_of("a").proposed("a").clash(T0, "a", "x.py", tried=Rung.TRIVIAL))
    made = book.value("a")
    assert made.head == Sha("made")
    book.expect(book.checks("a")).red("a")
    [order] = book.decide()
    assert isinstance(order, cmd.TakeBack)
    assert (order.candidate, order.head, order.conflicts) == (made, Sha("head-a-1"), clashes(("x.py",)))
    book.expect(order).clash(T0, "a", "x.py", note=order.why, back=order.head)
    book.settling = frozenset()
    assert book.value("a").head == Sha("head-a-1")
    assert "did not pass the gate" in asked(book).text


def test_a_red_gate_drops_what_a_person_resolved() -> None:
    book = train_of("a").proposed("a").clash(T0, "a", "x.py")
    book.hear(ConflictResolved(cid("a"), TaskId("a"), Rung.PERSON, "ann", "", T0, Sha("head-a-1"), Sha("m"), ("x.py",)))
    book.clean(T0, "a").expect(book.checks("a")).red("a")
    assert book.decide() == [book.drop("a", failed())]
