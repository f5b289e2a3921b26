"""What starts, what stops and when it is over, as conversations."""

from scheduler.decide import LOOK_AHEAD, decide_starts, is_over
from state import events as ev
from state import intents
from state.failure import FailureKind
from state.ids import QuestionId, Sha, TaskId
from state.lifecycle import Status
from state.question import About, Question
from tests.support.playbook import (
    Playbook,
    adopted,
    asked,
    cancelled,
    dropped,
    failed,
    finished,
    landed,
    later,
    not_over,
    nothing,
    over,
    plan,
    start,
    stop,
    succeeded,
    task,
    wish,
)

# ---------------------------------------------------------------------------------------------- order and capacity


def test_a_task_starts_when_what_it_needs_has_landed_and_not_before() -> None:
    book = Playbook(plan("a", task("b", needs="a")))
    book << start("a", number=1) >> succeeded("a") << nothing >> landed("a") << start("b") >> finished("b") << over


def test_an_attempt_stands_on_the_trunk_as_it_is_then() -> None:
    book = Playbook(plan("a", task("b", needs="a"))) << start("a") >> finished("a")
    (order,) = decide_starts(book.run, book.now)
    assert order.base == book.run.trunk == Sha("T+a")


def test_all_that_fits_starts_in_one_decision_and_no_more() -> None:
    book = Playbook(plan("a", "b", "c", "d", "e", windows=3))
    assert [order.task.id for order in decide_starts(book.run, book.now)] == ["a", "b", "c"]


def test_a_decision_changes_nothing_that_a_second_one_would_see() -> None:
    claims = [task(name, exclusive=("lock",), touches=(name,)) for name in "abc"]
    book = Playbook(plan(*claims, "d", "e"))
    assert decide_starts(book.run, book.now) == decide_starts(book.run, book.now)


def test_the_limit_of_the_run_holds_over_all_pools() -> None:
    specs = [task("a"), task("b", role="docs"), task("c"), task("d", role="docs")]
    book = Playbook(plan(*specs, windows={"backend": 2, "docs": 2}, limit=3))
    book << start("a") << start("b") << start("c") << nothing >> succeeded("c") << start("d") << nothing


def test_a_pool_that_is_full_does_not_hold_another() -> None:
    specs = [task("a"), task("b"), task("c", role="docs")]
    Playbook(plan(*specs, windows={"backend": 1, "docs": 1})) << start("a") << start("c") << nothing


def test_priority_comes_before_the_critical_path() -> None:
    specs = [task("long"), task("tail", needs="long"), task("urgent", priority=1)]
    Playbook(plan(*specs, windows=1)) << start("urgent") >> finished("urgent") << start("long") << nothing


def test_the_critical_path_comes_before_the_order_of_the_plan() -> None:
    specs = [task("short"), task("long", estimate=10.0), task("tail", needs="long", estimate=5000.0)]
    Playbook(plan(*specs, windows=1)) << start("long") >> finished("long") << start("tail") << nothing


def test_where_one_more_may_be_live_the_best_task_of_all_pools_is_started() -> None:
    specs = [task("a", role="docs"), task("b", priority=1), task("c", role="docs", priority=2)]
    book = Playbook(plan(*specs, windows={"docs": 2, "backend": 2}, limit=1))
    book << start("c") >> finished("c") << start("b") >> finished("b") << start("a") << nothing


# ---------------------------------------------------------------------------------------------- windows


def test_a_task_may_name_one_window_and_waits_for_that_one() -> None:
    specs = [task("a", window="backend-2"), task("b", window="backend-2"), task("c")]
    book = Playbook(plan(*specs, windows=2))
    book << start("a", "backend-2") << start("c", "backend-1") << nothing >> finished("c") << nothing
    book >> finished("a") << start("b", "backend-2") << nothing


def test_a_task_leaves_the_window_free_that_another_one_names() -> None:
    specs = [task("a", priority=1), task("b", window="backend-1")]
    Playbook(plan(*specs, windows=2)) << start("a", "backend-2") << start("b", "backend-1") << nothing


def test_the_window_with_the_least_work_behind_it_is_next() -> None:
    book = Playbook(plan("a", "b", task("c", needs="a b"), task("d", needs="c"), windows=2))
    book << start("a", "backend-1") << start("b", "backend-2") >> later(10) >> finished("a") >> later(10)
    book >> finished("b") << start("c", "backend-1") >> later(60) >> finished("c") << start("d", "backend-2")


# ---------------------------------------------------------------------------------------------- claims


def test_an_exclusive_claim_is_held_from_dispatch_until_the_work_has_landed() -> None:
    specs = [task("a", exclusive=("migrations/**",)), task("b", exclusive=("migrations/002.sql",)), task("c")]
    book = Playbook(plan(*specs)) << start("a") << start("c") << nothing
    book >> succeeded("a") << nothing >> landed("a") << start("b") << nothing


def test_a_claim_is_given_back_with_a_failure() -> None:
    specs = [task("a", exclusive=("lock",), priority=1), task("b", exclusive=("lock",))]
    book = Playbook(plan(*specs)) << start("a") >> failed("a") << start("b") << nothing >> later(300) << nothing
    book >> finished("b") << start("a", number=2)


def test_a_claim_is_held_until_a_cancelled_attempt_has_ended() -> None:
    specs = [task("a", exclusive=("lock",), priority=1), task("b", exclusive=("lock",))]
    book = Playbook(plan(*specs)) << start("a") >> cancelled("a") << stop("a") << nothing
    book >> failed("a", FailureKind.CANCELLED) << start("b")


def test_a_claim_is_given_back_when_the_candidate_leaves_the_train() -> None:
    specs = [task("a", exclusive=("lock",), priority=1), task("b", exclusive=("lock",))]
    book = Playbook(plan(*specs, retries=0)) << start("a") >> succeeded("a") << nothing >> dropped("a") << start("b")
    assert book.run.tasks[TaskId("a")].status is Status.FAILED


def test_two_picks_of_one_decision_never_claim_the_same() -> None:
    specs = [task("a", exclusive=("x/*", "y")), task("b", exclusive=("z", "x/1")), task("c", exclusive=("z",))]
    Playbook(plan(*specs)) << start("a") << start("c") << nothing


def test_a_blocked_task_holds_nobody_behind_it_even_of_its_own_claims() -> None:
    specs = [task("a", exclusive=("lock",)), task("b", exclusive=("lock", "own")), task("c", exclusive=("own",))]
    Playbook(plan(*specs)) << start("a") << start("c") << nothing


# ---------------------------------------------------------------------------------------------- overlaps


def test_a_task_that_overlaps_with_a_live_one_gives_way_to_one_that_does_not() -> None:
    specs = [task("a", touches=("shop/**",)), task("b", touches=("shop/cart.py",)), task("c", touches=("docs/**",))]
    book = Playbook(plan(*specs, windows=2)) << start("a", near="") << start("c", near="") << nothing
    book >> finished("a") << start("b", near="")


def test_a_task_that_gave_way_starts_after_those_that_it_gave_way_to() -> None:
    specs = [task("a", touches=("shop/**",)), task("b", touches=("shop/x",)), task("c"), task("d")]
    Playbook(plan(*specs, windows=4)) << start("a") << start("c") << start("d") << start("b", near="a") << nothing


def test_where_all_overlap_the_first_starts_and_says_with_whom() -> None:
    specs = [task("a", touches=("shop/**",)), task("b", touches=("shop/x",)), task("c", exclusive=("shop/x",))]
    book = Playbook(plan(*specs, windows=3)) << start("a", near="") << start("b", near="a") << start("c", near="a b")
    assert [event.overlaps for event in dispatches(book)] == [(), ("a",), ("a", "b")]


def test_a_touch_meets_an_exclusive_claim_as_an_overlap_and_not_as_a_block() -> None:
    specs = [task("a", exclusive=("lock",)), task("b", touches=("lock",))]
    Playbook(plan(*specs)) << start("a") << start("b", near="a")


def test_one_that_does_not_overlap_is_looked_for_among_the_next_few_only() -> None:
    same = [task(f"t{n:02}", touches=(f"shop/{n}",), priority=1) for n in range(LOOK_AHEAD)]
    apart = task("apart", touches=("docs",))
    first = task("a", touches=("shop/**",), priority=2)
    book = Playbook(plan(first, *same[1:], apart, windows=2)) << start("a") << start("apart") << nothing
    book = Playbook(plan(first, *same, apart, windows=2)) << start("a") << start("t00", near="a") << nothing
    book.done()


def test_a_task_that_names_no_paths_overlaps_with_nobody() -> None:
    specs = [task("a", touches=("**",)), task("b", touches=("x",)), task("c")]
    Playbook(plan(*specs, windows=2)) << start("a") << start("c", near="")


def dispatches(book: Playbook) -> list[ev.AttemptDispatched]:
    return [one.event for one in book.log if isinstance(one.event, ev.AttemptDispatched)]


# ---------------------------------------------------------------------------------------------- retries


def test_a_failed_task_starts_again_when_its_time_has_come_and_not_before() -> None:
    book = Playbook(plan("a")) << start("a", number=1) >> failed("a") << nothing >> later(3.9) << not_over
    book >> later(1.2) << start("a", number=2) >> failed("a") >> later(7.9) << nothing
    book >> later(2.2) << start("a", number=3) >> failed("a") << over
    assert book.run.tasks[TaskId("a")].status is Status.FAILED


def test_a_task_whose_need_has_failed_waits_and_the_run_is_over() -> None:
    book = Playbook(plan("a", task("b", needs="a"), "c", retries=0)) << start("a") << start("c")
    book >> failed("a") << not_over >> finished("c") << over
    assert book.run.tasks[TaskId("b")].status is Status.WAITING


def test_a_person_may_try_a_failed_task_again_and_the_rest_follows() -> None:
    book = Playbook(plan("a", task("b", needs="a"), retries=0)) << start("a") >> failed("a") << over
    book >> wish(intents.RetryTask(TaskId("a"))) << start("a", number=2) >> finished("a") << start("b")


def test_a_person_need_not_wait_for_a_task_that_cools_down() -> None:
    book = Playbook(plan("a")) << start("a") >> failed("a") << nothing
    book >> wish(intents.RetryTask(TaskId("a"))) << start("a", number=2)


def test_work_lost_with_its_leader_is_done_again_at_once_and_does_not_count() -> None:
    book = Playbook(plan("a", retries=0)) << start("a") >> failed("a", FailureKind.LOST) << start("a", number=2)
    assert book.run.tasks[TaskId("a")].failures == 0


# ---------------------------------------------------------------------------------------------- pause, cancel, wall


def test_nothing_starts_while_the_run_is_paused_and_it_is_not_over() -> None:
    book = Playbook(plan("a", "b", windows=1)) << start("a") >> ev.RunPaused("ann") >> finished("a") << not_over
    book >> ev.RunResumed("ann") << start("b")


def test_a_cancelled_task_is_stopped_and_its_dependents_wait() -> None:
    book = Playbook(plan("a", task("b", needs="a"))) << start("a") >> cancelled("a") << stop("a") << not_over
    book >> failed("a", FailureKind.CANCELLED) << over
    assert [state.status for state in book.run.tasks.values()] == [Status.CANCELLED, Status.WAITING]


def test_a_cancelled_run_stops_what_is_live_and_is_over_when_it_has_ended() -> None:
    book = Playbook(plan("a", "b", "c", windows=2)) << start("a") << start("b") >> wish(intents.CancelRun())
    book << stop("a") << stop("b") << not_over >> failed("a", FailureKind.CANCELLED) << not_over
    book >> failed("b", FailureKind.CANCELLED) << over
    assert {state.status for state in book.run.tasks.values()} == {Status.CANCELLED}


def test_a_cancelled_run_is_not_over_while_a_candidate_is_in_the_train() -> None:
    book = Playbook(plan("a")) << start("a") >> succeeded("a") >> wish(intents.CancelRun()) << not_over
    book >> dropped("a", FailureKind.CANCELLED) << over


def test_a_task_of_a_cancelled_run_may_be_tried_again_alone() -> None:
    book = Playbook(plan("a", "b", windows=1)) << start("a") >> wish(intents.CancelRun()) << stop("a")
    book >> failed("a", FailureKind.CANCELLED) << over >> wish(intents.RetryTask(TaskId("b"))) << start("b") << nothing


def test_past_its_wall_the_run_starts_nothing_stops_what_is_live_and_is_over() -> None:
    book = Playbook(plan("a", task("b", needs="a"), "c", windows=2, wall=100)) << start("a") << start("c")
    book >> later(99) >> finished("a") << start("b") >> later(1) << stop("c") << stop("b") << not_over
    book >> failed("c", FailureKind.CANCELLED) >> failed("b", FailureKind.CANCELLED) << over
    assert book.run.counts[Status.WAITING] == 2


def test_a_landing_under_way_is_waited_for_past_the_wall() -> None:
    book = Playbook(plan("a", wall=100)) << start("a") >> succeeded("a") >> later(200)
    candidate = book.run.train[0]
    book >> ev.CandidateProbed(candidate, TaskId("a"), Sha("T"), Sha("T+a")) << over
    book >> ev.LandingDispatched((candidate,), "refs/heads/main", Sha("T"), Sha("T+a"), "") << not_over


def test_a_finished_run_starts_nothing_and_is_not_declared_over_again() -> None:
    book = Playbook(plan("a", retries=0)) << start("a") >> failed("a") << over
    book >> ev.RunFinished(Sha("T"), Sha("T"), (), (), book.run.cost) << not_over
    assert not is_over(book.run, book.now)


# ---------------------------------------------------------------------------------------------- questions, adoption


def test_a_run_with_an_open_question_is_not_over() -> None:
    book = Playbook(plan("a")) << start("a") >> succeeded("a") >> asked("a", About.CONFLICT) >> dropped("a") << not_over
    book = Playbook(plan("a", retries=0)) << start("a") >> failed("a")
    book >> ev.QuestionAsked(Question(QuestionId("q"), About.AGENT, "go on?"), None) << not_over
    book >> ev.QuestionAnswered(QuestionId("q"), "yes", "ann") << over


def test_an_agent_that_waits_for_an_answer_keeps_its_window() -> None:
    book = Playbook(plan("a", "b", windows=1)) << start("a") >> asked("a") << nothing
    book >> finished("a") << start("b")
    assert not book.run.questions


def test_an_adopted_branch_is_never_started_and_frees_what_needs_it_when_landed() -> None:
    book = Playbook(plan(task("a", adopt="feature/a"), task("b", needs="a"))) << not_over
    assert list(book.run.to_adopt) == ["a"]
    book >> adopted("a") << not_over >> landed("a") << start("b")


def test_an_adopted_branch_that_left_the_train_is_adopted_again_when_a_person_wants_it() -> None:
    book = Playbook(plan(task("a", adopt="feature/a"))) >> adopted("a") >> dropped("a") << over
    book >> wish(intents.RetryTask(TaskId("a"))) << not_over
    assert list(book.run.to_adopt) == ["a"]
    book >> adopted("a") >> landed("a") << over
