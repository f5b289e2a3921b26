"""Budgets and quotas: who must stop, who may start, and when a closed door opens again."""

from dataclasses import replace

import pytest

from scheduler.decide import decide_quotas, decide_starts, decide_stops, is_over
from scheduler.held import reason_for
from scheduler.limits import overspent
from scheduler.retry import retry_at
from state import events as ev
from state.commands import OpenQuota
from state.failure import Failure, FailureKind
from state.fold import apply
from state.ids import BranchName, RoleName, RunId, Seq, Sha, TaskId, attempt_id, window_id
from state.plan import Budget, Defaults, Limits, Plan, RuntimeName, TaskSpec, WindowSpec
from state.reasons import BudgetSpent, QuotaShut
from state.run import RunState
from state.transcript import Usage, usage_of

A, B = TaskId("a"), TaskId("b")
BACK, DOCS = RoleName("backend"), RoleName("docs")
ATTEMPT = attempt_id(A, 1)
WINDOW = window_id(BACK, 1)


def told(run: RunState, *events: ev.Event, at: float = 0.0) -> RunState:
    for event in events:
        apply(run, ev.Recorded(Seq(run.seq + 1), max(at, run.last), event))
    return run


def begun(plan: Plan) -> RunState:
    """Task `a` is at work in backend-1, by Claude Code; `b` waits for the docs window."""
    plan = replace(plan, tasks=plan.tasks or (TaskSpec(A, prompt="x"), TaskSpec(B, prompt="x")))
    accepted = ev.PlanAccepted(
        RunId("r"), plan, "/r", BranchName("main"), "refs/heads/main", Sha("0"), (BACK, DOCS), (0, 1)
    )
    started = ev.AttemptStarted(A, ATTEMPT, WINDOW, 1, "/w", RuntimeName.CLAUDE)
    return told(RunState(), accepted, ev.AttemptDispatched(A, ATTEMPT, 1, WINDOW, Sha("0")), started)


def spends(run: RunState, usage: Usage) -> RunState:
    return told(run, ev.AttemptProgressed(A, ATTEMPT, WINDOW, "", usage, model="opus"))


PLAN = Plan("p", (), defaults=Defaults(RuntimeName.CLAUDE))
TEN = Budget(tokens=10)


@pytest.mark.parametrize(
    ("plan", "who"),
    [
        (replace(PLAN, limits=Limits(tokens=10)), "the run"),
        (replace(PLAN, tasks=(TaskSpec(A, prompt="x", budget=TEN), TaskSpec(B, prompt="x"))), "task a"),
        (replace(PLAN, windows=(WindowSpec(BACK, budget=TEN), WindowSpec(DOCS))), "window backend-1"),
        (replace(PLAN, defaults=Defaults(RuntimeName.CLAUDE, budget=TEN)), "the attempt"),
    ],
)
def test_who_has_used_up_its_tokens_is_stopped_while_it_works(plan: Plan, who: str) -> None:
    run = spends(begun(plan), usage_of(4, 5))
    assert decide_stops(run, 0.0) == []
    [stop] = decide_stops(spends(run, usage_of(0, 1)), 0.0)
    assert (stop.attempt, stop.kind, stop.why) == (ATTEMPT, FailureKind.BUDGET, f"{who} has used up its 10 tokens")


def test_money_and_turns_are_limited_too() -> None:
    run = begun(replace(PLAN, limits=Limits(usd=0.5), defaults=Defaults(RuntimeName.CLAUDE, budget=Budget(turns=2))))
    spends(run, Usage(usd=0.4))
    assert overspent(run, run.live[ATTEMPT]) == ""
    spends(run, usage_of(1, 1))
    spends(run, usage_of(1, 1))
    assert overspent(run, run.live[ATTEMPT]) == "the attempt has used up its 2 turns"
    spends(run, Usage(usd=0.1))
    run.live[ATTEMPT].turns = 0
    assert overspent(run, run.live[ATTEMPT]) == "the run has used up its 0.5 US dollars"


def test_a_run_that_has_used_up_its_budget_starts_nothing_more_and_ends() -> None:
    run = begun(replace(PLAN, limits=Limits(tokens=10)))
    assert decide_starts(run, 0.0)
    spends(run, usage_of(10, 0))
    assert decide_starts(run, 0.0) == []
    assert reason_for(run, B, 0.0) == BudgetSpent("the run has used up its 10 tokens")
    assert not is_over(run, 0.0)
    told(run, ev.AttemptFailed(A, ATTEMPT, WINDOW, Failure(FailureKind.BUDGET, "x"), None))
    assert is_over(run, 0.0)


def test_what_was_spent_is_counted_by_task_window_and_model() -> None:
    run = spends(spends(begun(PLAN), usage_of(1, 2, 3, 4)), Usage(usd=0.25))
    spent = Usage(10, 0.25, 1, 2, 3, 4)
    assert (run.cost, run.tasks[A].spent, run.windows[WINDOW].spent) == (spent, spent, spent)
    assert run.models == {"claude opus": spent}


KEYED = replace(
    PLAN,
    windows=(WindowSpec(BACK, inherit=("ANTHROPIC_API_KEY",)), WindowSpec(DOCS, inherit=("OPENAI_API_KEY",))),
)


def test_a_closed_door_stops_all_who_share_the_credential_and_holds_their_queue() -> None:
    for plan, shared in ((PLAN, True), (KEYED, False)):
        run = begun(plan)
        told(run, ev.QuotaClosed(plan.credential_of(BACK), 60.0, "429"))
        [stop] = decide_stops(run, 0.0)
        assert (stop.attempt, stop.kind) == (ATTEMPT, FailureKind.QUOTA)
        assert (decide_starts(run, 0.0) == []) is shared
        assert (reason_for(run, B, 0.0) == QuotaShut(60.0)) is shared
        assert not is_over(run, 0.0)


def test_a_closed_door_opens_by_itself_and_the_task_is_tried_again_then() -> None:
    run = begun(PLAN)
    credential = PLAN.credential_of(BACK)
    told(run, ev.QuotaClosed(credential, 60.0, "429"))
    failure = Failure(FailureKind.QUOTA, "x")
    assert retry_at(run, run.tasks[A], failure, 1.0) == 60.0
    told(run, ev.AttemptFailed(A, ATTEMPT, WINDOW, failure, 60.0), at=1.0)
    assert run.tasks[A].failures == 0
    assert decide_quotas(run, 59.0) == []
    assert decide_quotas(run, 60.0) == [OpenQuota(credential)]
    told(run, ev.QuotaOpened(credential), at=60.0)
    run.warm_up(60.0)
    assert {start.task.id for start in decide_starts(run, 60.0)} == {A, B}


def test_credentials_are_told_apart_and_not_told() -> None:
    plain, other = PLAN.credential_of(BACK), KEYED.credential_of(BACK)
    assert plain != other
    secret = replace(PLAN, defaults=Defaults(env=(("ANTHROPIC_API_KEY", "very-secret"), ("LANG", "C"))))
    assert "secret" not in secret.credential_of(BACK)
    assert secret.credential_of(BACK) == secret.credential_of(DOCS)


def test_an_interrupted_agent_is_begun_again_where_it_was() -> None:
    run = begun(PLAN)
    told(run, ev.AttemptProgressed(A, ATTEMPT, WINDOW, "", session="s1"))
    told(run, ev.SnapshotTaken(A, ATTEMPT, Sha("w"), "refs/x", FailureKind.LOST))
    told(run, ev.SnapshotTaken(A, ATTEMPT, Sha("stray"), "refs/y", "commits that do not go on from the base"))
    told(run, ev.AttemptFailed(A, ATTEMPT, WINDOW, Failure(FailureKind.LOST, "x"), 0.0))
    told(run, ev.TrunkMoved(Sha("0"), Sha("1")))
    starts = {start.task.id: start for start in decide_starts(run, 0.0)}
    assert (starts[A].base, starts[A].work, starts[A].session) == (Sha("0"), Sha("w"), "s1")
    assert (starts[B].base, starts[B].work, starts[B].session) == (Sha("1"), None, "")


def test_an_agent_that_failed_begins_anew() -> None:
    run = begun(PLAN)
    told(run, ev.AttemptProgressed(A, ATTEMPT, WINDOW, "", session="s1"))
    told(run, ev.SnapshotTaken(A, ATTEMPT, Sha("w"), "refs/x", FailureKind.EXIT))
    told(run, ev.AttemptFailed(A, ATTEMPT, WINDOW, Failure(FailureKind.EXIT, "x"), 0.0))
    [start] = [one for one in decide_starts(run, 0.0) if one.task.id == A]
    assert (start.base, start.work, start.session) == (Sha("0"), None, "")
