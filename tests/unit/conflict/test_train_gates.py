"""Approvals, lanes, carried gates, adoption: what decides how soon a candidate gets through."""

import pytest

from conflict.train import LOOK_AHEAD, carries
from state import commands as cmd
from state import intents
from state.candidate import Candidate
from state.events import (
    ApprovalGiven,
    CandidateProposed,
    ChecksPassed,
    QuestionAnswered,
    RunPaused,
    TaskCancelled,
)
from state.failure import Failure, FailureKind
from state.ids import QuestionId, Sha, TaskId
from state.lifecycle import Status
from state.question import About, Question
from state.standing import Step
from tests.support.trainbook import T0, Trainbook, cid, failed, on, task, train_of

# ------------------------------------------------------------------------------------------------ approval


def approval(name: str, number: int = 1) -> cmd.AskPerson:
    text = f"task {name} asks to land on main (1 file changed): approve or drop?"
    choices = ("approve", "drop")
    question = QuestionId(f"approval-{name}.1-{number}")
    return cmd.AskPerson(Question(question, About.APPROVAL, text, choices, task=TaskId(name), candidate=cid(name)))


def test_a_candidate_that_needs_approval_is_asked_about_once_and_kept_out_of_the_chain() -> None:
    book = train_of(task("a", approve=True), "b", gate=False).proposed("a").proposed("b")
    book.expect(approval("a"), book.probe(T0, "b")).expect()
    book.clean(T0, "b")
    book.expect(book.land("b"))


def test_an_approved_candidate_takes_its_place() -> None:
    book = train_of(task("a", approve=True), "b").proposed("a").proposed("b")
    book.expect(approval("a"), book.probe(T0, "b")).clean(T0, "b")
    book.expect(book.checks("b")).hear(ApprovalGiven(TaskId("a"), "ann"))
    assert not book.run.questions
    book.expect(book.probe(T0, "a")).clean(T0, "a")
    book.expect(book.probe(on(T0, "a"), "b"), book.checks("a"))


def test_a_candidate_that_is_not_approved_is_dropped() -> None:
    book = train_of(task("a", approve=True)).proposed("a")
    book.expect(approval("a")).hear(QuestionAnswered(QuestionId("approval-a.1-1"), "drop", "ann"))
    book.expect(book.drop("a", Failure(FailureKind.CANCELLED, "not approved by ann")))


def test_the_next_try_at_a_task_is_approved_anew() -> None:
    book = train_of(task("a", approve=True)).proposed("a").hear(ApprovalGiven(TaskId("a"), "ann"))
    book.clean(T0, "a").expect(book.checks("a")).red("a")
    book.expect(book.drop("a", failed())).dropped("a", retry_at=0.0).proposed("a")
    [order] = book.decide()
    assert isinstance(order, cmd.AskPerson)
    assert order.question.about is About.APPROVAL


# ---------------------------------------------------------------------------------------------------- lanes


def lanes(*paths: tuple[str, ...], gates: int) -> Trainbook:
    names = [chr(ord("a") + number) for number in range(len(paths))]
    book = train_of(*names, gates=gates)
    for name, mine in zip(names, paths, strict=True):
        book.proposed(name, *mine)
    return book.clean(T0, *names)


def test_who_shares_no_path_with_those_ahead_is_gated_first() -> None:
    book = lanes(("x.py",), ("x.py", "y.py"), ("z.py",), gates=2)
    book.expect(book.checks("a"), book.checks("c"))


def test_without_lanes_gates_run_in_order() -> None:
    book = lanes(("x.py",), ("x.py",), ("x.py",), gates=2)
    book.expect(book.checks("a"), book.checks("b"))


def test_a_green_candidate_ahead_is_in_nobodys_way() -> None:
    book = lanes(("x.py",), ("x.py", "y.py"), ("z.py",), gates=1)
    book.expect(book.checks("a")).green("a")
    found = book.decide()
    assert book.checks("b") in found
    assert book.checks("c") not in found


def test_a_file_and_a_folder_of_the_same_name_share_a_lane() -> None:
    book = lanes(("lib",), ("lib/x.py",), ("z.py",), gates=2)
    book.expect(book.checks("a"), book.checks("c"))


def test_lanes_are_looked_for_near_the_head_only() -> None:
    names = [f"t{number}" for number in range(LOOK_AHEAD + 2)]
    book = train_of(*names, gates=2)
    for name in names[:-1]:
        book.proposed(name, "same.py")
    book.proposed(names[-1], "other.py").clean(T0, *names)
    book.expect(book.checks("t0"), book.checks("t1"))


# ------------------------------------------------------------------------------------------------ carrying


def after_a_drop(*, carry: bool, shared: bool, behind: tuple[str, ...] = ("b.py",)) -> Trainbook:
    """b was green on top of a, then a was dropped and b probed again."""
    book = train_of("a", "b", carry=carry).proposed("a", "a.py")
    book.proposed("b", *(("a.py", *behind) if shared else behind)).clean(T0, "a", "b")
    book.expect(book.checks("a"), book.checks("b")).green("b").red("a")
    book.expect(book.drop("a", failed()), book.probe(T0, "b")).dropped("a")
    return book.clean(T0, "b")


def test_a_green_gate_is_carried_over_when_only_a_disjoint_candidate_left() -> None:
    book = after_a_drop(carry=True, shared=False)
    book.expect(book.carry("b"))
    assert book.run.candidates[cid("b")].carried
    book.expect(book.land("b"))


def test_nothing_is_carried_unless_the_plan_says_so() -> None:
    book = after_a_drop(carry=False, shared=False)
    book.expect(book.checks("b"))


def test_nothing_is_carried_over_a_shared_path() -> None:
    book = after_a_drop(carry=True, shared=True)
    book.expect(book.checks("b"))


def test_nothing_is_carried_when_somebody_else_moves_the_trunk() -> None:
    book = train_of("a", carry=True).proposed("a").clean(T0, "a")
    book.expect(book.checks("a")).green("a")
    book.expect(book.land("a")).refused(Sha("T2"))
    book.expect(book.probe(Sha("T2"), "a")).clean(Sha("T2"), "a")
    book.expect(book.checks("a"))


def test_nothing_is_carried_when_a_candidate_with_a_shared_path_joins_ahead() -> None:
    book = train_of(task("a", approve=True), "b", "c", carry=True)
    book.proposed("a", "x.py").proposed("b", "x.py").proposed("c", "c.py")
    book.expect(approval("a"), book.probe(T0, "b", "c")).clean(T0, "b", "c")
    book.expect(book.checks("b"), book.checks("c")).green("c").hear(
        ChecksPassed(cid("b"), TaskId("b"), on(T0, "b"), 1.0), RunPaused("ann"), ApprovalGiven(TaskId("a"), "ann")
    )
    book.expect(book.probe(T0, "a")).clean(T0, "a")
    book.expect(book.probe(on(T0, "a"), "b", "c")).clean(on(T0, "a"), "b", "c")
    book.expect(book.carry("c"))  # and b waits: the run is paused


def test_nothing_is_carried_when_a_candidate_with_a_shared_path_turns_red_ahead() -> None:
    book = train_of("a", "b", "c", carry=True)
    book.proposed("a", "a.py").proposed("b", "x.py").proposed("c", "x.py").clean(T0, "a", "b", "c")
    book.expect(book.checks("a"), book.checks("b"), book.checks("c")).green("c").red("b")
    book.expect(book.probe(on(T0, "a"), "c")).clean(on(T0, "a"), "c")
    book.expect(book.checks("c"))


def test_nothing_is_carried_when_a_candidate_with_a_shared_path_turns_out_to_conflict_ahead() -> None:
    book = train_of("z", "a", "b", carry=True)
    book.proposed("z", "z.py").proposed("a", "x.py").proposed("b", "x.py").clean(T0, "z", "a", "b")
    book.expect(book.checks("z"), book.checks("a"), book.checks("b")).green("a", "b").red("z")
    book.expect(book.drop("z", failed()), book.probe(T0, "a", "b")).dropped("z")
    book.clash(T0, "a").clean(T0, "b")
    [asked, gated] = book.decide()
    assert isinstance(asked, cmd.AskPerson)
    assert gated == book.checks("b")


def steps(*merges: str) -> dict[Sha, Step]:
    """`T+a+b` is b merged onto `T+a`; who is called in one letter changes the file of that letter."""
    found = {}
    for merge in merges:
        names = merge.split("+")
        for size in range(2, len(names) + 1):
            commit, onto, last = Sha("+".join(names[:size])), Sha("+".join(names[: size - 1])), names[size - 1]
            found[commit] = Step(onto, Sha(last), (last,))
    return found


@pytest.mark.parametrize(
    ("green", "commit", "carried"),
    [
        ("T+a+b+c", "T+a+c", True),
        ("T+a+c", "T+a+b+c", True),
        ("T+a+c", "T+b+c", True),
        ("T+a+b+c", "T+b+a+c", False),
        ("T+a+b+c", "U+a+b+c", False),
        ("T+a+c/x+c", "T+a+c", False),
        ("T+a+c", "T+a+c/x+c", False),
    ],
)
def test_a_gate_is_carried_between_merges_that_differ_in_disjoint_candidates_alone(
    green: str, commit: str, carried: bool
) -> None:
    assert carries(steps(green, commit), Sha(green), Sha(commit), ("c",)) is carried


# ------------------------------------------------------------------------------------------------ adoption


def test_adopted_branches_enter_together_in_the_order_of_the_plan() -> None:
    book = train_of(task("a", adopt="x"), task("b", adopt="y", needs=["a"]), task("c", adopt="z"))
    book.run.to_adopt = {TaskId("c"): None, TaskId("a"): None}
    book.expect(cmd.AdoptBranches((TaskId("a"), TaskId("c")))).expect()


def test_an_adopted_branch_waits_for_what_it_needs() -> None:
    book = train_of("a", task("b", adopt="y", needs=["a"]), gate=False).proposed("a").clean(T0, "a")
    book.expect(book.land("a")).landed()
    book.expect(cmd.AdoptBranches((TaskId("b"),)))


def test_a_paused_run_adopts_nothing() -> None:
    train_of(task("a", adopt="x")).hear(RunPaused("ann")).expect()


def test_a_branch_that_is_tried_again_is_adopted_again() -> None:
    book = train_of(task("a", adopt="x"))
    book.expect(cmd.AdoptBranches((TaskId("a"),)))
    book.adopting = frozenset()
    book.hear(CandidateProposed(Candidate(cid("a"), Sha("head-a"), T0, None, (), TaskId("a"))))
    book.wish(intents.DropCandidate(cid("a"))).dropped("a").wish(intents.RetryTask(TaskId("a")))
    book.expect(cmd.AdoptBranches((TaskId("a"),)))


def test_a_branch_adopted_for_a_task_that_was_cancelled_meanwhile_leaves_again() -> None:
    book = train_of(task("a", adopt="x"))
    book.expect(cmd.AdoptBranches((TaskId("a"),))).hear(TaskCancelled(TaskId("a"), "ann", "no need"))
    book.hear(CandidateProposed(Candidate(cid("a"), Sha("head-a"), T0, None, (), TaskId("a"))))
    book.expect(book.drop("a", Failure(FailureKind.CANCELLED, "the task was cancelled"))).dropped("a")
    assert book.run.tasks[TaskId("a")].status is Status.CANCELLED
