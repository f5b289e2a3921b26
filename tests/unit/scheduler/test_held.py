"""Why a task is not further than it is."""

from scheduler.held import reason_for
from state import events as ev
from state import intents
from state import reasons as why
from state.candidate import Conflict, ConflictKind
from state.failure import Failure, FailureKind
from state.ids import CandidateId, QuestionId, Sha, TaskId
from state.lifecycle import Status
from state.question import About
from tests.support.playbook import (
    Playbook,
    adopted,
    asked,
    cancelled,
    failed,
    finished,
    later,
    plan,
    start,
    stop,
    succeeded,
    task,
    wish,
)


def reason(book: Playbook, name: str) -> why.Reason:
    return reason_for(book.run, TaskId(name), book.now)


def test_an_ended_task_says_how_it_ended() -> None:
    book = Playbook(plan("a", "b", "c", windows=2, retries=0)) << start("a") << start("b") >> finished("a")
    book << start("c") >> failed("b") >> cancelled("c") << stop("c") >> failed("c", FailureKind.CANCELLED)
    assert [reason(book, name) for name in "abc"] == [
        why.Ended(Status.LANDED),
        why.Ended(Status.FAILED),
        why.Ended(Status.CANCELLED),
    ]


def test_a_task_at_work_says_where_and_a_question_of_its_agent_comes_first() -> None:
    book = Playbook(plan("a")) << start("a")
    assert reason(book, "a") == why.AtWork("backend-1")
    book >> asked("a")
    assert reason(book, "a") == why.WaitingForYou(QuestionId("q1"), "which?")


def test_a_task_names_the_needs_that_have_not_landed() -> None:
    book = Playbook(plan("a", "b", task("c", needs="a b"))) << start("a") << start("b")
    assert reason(book, "c") == why.NeedsNotLanded((TaskId("a"), TaskId("b")))
    book >> finished("a")
    assert reason(book, "c") == why.NeedsNotLanded((TaskId("b"),))


def test_a_need_that_has_failed_is_named_through_a_chain_of_others() -> None:
    book = Playbook(plan("a", task("b", needs="a"), task("c", needs="b"), retries=0)) << start("a") >> failed("a")
    assert reason(book, "c") == why.NeedGone(TaskId("a"), Status.FAILED)
    assert reason(book, "b") == why.NeedGone(TaskId("a"), Status.FAILED)


def test_the_search_for_a_failed_need_is_bounded() -> None:
    chain = [task(f"t{number}", needs=f"t{number - 1}") for number in range(1, 400)]
    book = Playbook(plan("t0", *chain, retries=0)) << start("t0") >> failed("t0")
    assert reason(book, "t200") == why.NeedGone(TaskId("t0"), Status.FAILED)
    assert reason(book, "t399") == why.NeedsNotLanded((TaskId("t398"),))


def test_a_pause_is_named_before_what_passes_by_itself() -> None:
    book = Playbook(plan("a", "b", windows=1)) << start("a") >> ev.RunPaused("ann")
    assert reason(book, "b") == why.Paused()


def test_a_run_out_of_time_says_so() -> None:
    book = Playbook(plan("a", "b", windows=1, wall=10)) << start("a") >> later(10) << stop("a")
    assert reason(book, "b") == why.TimeUp(10.0)


def test_a_task_that_cools_down_says_until_when() -> None:
    book = Playbook(plan("a")) << start("a") >> failed("a")
    until = book.run.tasks[TaskId("a")].not_before
    assert reason(book, "a") == why.CoolingDown(until)
    assert until > book.now


def test_a_claim_that_is_held_is_named_with_its_holder() -> None:
    specs = [task("a", exclusive=("db/**",)), task("b", exclusive=("own", "db/1"))]
    book = Playbook(plan(*specs)) << start("a")
    assert reason(book, "b") == why.ClaimHeld("db/1", TaskId("a"))


def test_full_windows_are_those_of_the_pool_before_those_of_the_run() -> None:
    specs = [task("a"), task("b"), task("c", role="docs"), task("d", window="backend-1")]
    book = Playbook(plan(*specs, windows={"backend": 1, "docs": 1}, limit=1)) << start("a")
    assert reason(book, "b") == why.PoolFull("backend", 1)
    assert reason(book, "d") == why.PoolFull("backend-1", 1)
    assert reason(book, "c") == why.WindowsFull(1)


def test_a_task_that_nothing_holds_starts_next() -> None:
    assert reason(Playbook(plan("a")), "a") == why.Next()


def test_an_adopted_branch_is_about_to_enter() -> None:
    assert reason(Playbook(plan(task("a", adopt="x"))), "a") == why.Adopting()


def in_train() -> Playbook:
    return Playbook(plan(task("a", adopt="x"), task("b", adopt="y"))) >> adopted("a") >> adopted("b")


def test_a_candidate_says_its_place_and_what_is_done_with_it() -> None:
    book, b = in_train(), (CandidateId("b.1"), TaskId("b"))
    assert reason(book, "b") == why.InTrain(1, "to be merged onto what is ahead")
    book >> ev.CandidateProbed(*b, Sha("T+a"), Sha("T+a+b"))
    assert reason(book, "b") == why.InTrain(1, "its gate is to run")
    book >> ev.GateStarted(*b, Sha("T+a+b"))
    assert reason(book, "b") == why.InTrain(1, "its gate is running")
    book >> ev.ChecksPassed(*b, Sha("T+a+b"), 1.0)
    assert reason(book, "b") == why.InTrain(1, "green, to land in its turn")
    book >> ev.RunPaused("ann")
    assert reason(book, "b") == why.InTrain(1, "held by the pause")
    book >> ev.RunResumed("ann") >> ev.LandingDispatched((b[0],), "", Sha("T"), Sha("T+a+b"), "")
    assert reason(book, "b") == why.InTrain(1, "landing")


def test_a_red_gate_and_a_wish_to_drop_are_said() -> None:
    book, b = in_train(), (CandidateId("b.1"), TaskId("b"))
    book >> ev.CandidateProbed(*b, Sha("T"), Sha("T+b")) >> ev.GateStarted(*b, Sha("T+b"))
    book >> ev.ChecksFailed(*b, Sha("T+b"), "tests", Failure(FailureKind.GATE, "no"), 1.0)
    assert reason(book, "b") == why.InTrain(1, "its gate is red")
    book >> wish(intents.DropCandidate(b[0]))
    assert reason(book, "b") == why.InTrain(1, "about to leave it")


def test_a_conflict_names_its_paths_and_the_question_about_it_comes_first() -> None:
    book, b = in_train(), (CandidateId("b.1"), TaskId("b"))
    found = tuple(Conflict(ConflictKind.TEXT, rule, "shop.py") for rule in ("CONFLICT (contents)", "CONFLICT (modes)"))
    book >> ev.ConflictFound(*b, Sha("T"), found)
    assert reason(book, "b") == why.Conflicts(b[0], ("shop.py",))
    book >> asked("b", About.CONFLICT)
    assert reason(book, "b") == why.WaitingForYou(QuestionId("q1"), "which?")
    assert reason(book, "a") == why.InTrain(0, "to be merged onto what is ahead")


def test_every_reason_is_one_sentence() -> None:
    book = Playbook(plan("a", task("b", needs="a"))) << start("a") >> succeeded("a")
    for name in "ab":
        assert reason(book, name).sentence()
