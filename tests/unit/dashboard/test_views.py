"""What the screens and `--json` are told of a run is what its log says, and simulated agents are called simulated."""

import json

import pytest

from dashboard.detail import conflicts_view, task_detail
from dashboard.history import History
from dashboard.plain import to_json
from dashboard.snapshot import run_view
from dashboard.views import report_view, run_status, status_view, task_view
from state import events as ev
from state.candidate import ConflictKind
from state.failure import Failure, FailureKind
from state.fold import replay
from state.ids import AttemptId, CandidateId, QuestionId, RunId, Seq, TaskId, WindowId
from state.intents import CancelRun
from state.lifecycle import Status
from state.question import About, Question
from state.run import RunState
from tests.support.story import BASE, PlainForecast, Story, World, bookshop, sha

FORECAST = PlainForecast()


@pytest.fixture
async def story() -> Story:
    return await Story.begin(World())


async def folded(story: Story) -> RunState:
    return replay(await story.world.store.read(story.run, Seq(0), 1000))


async def past(story: Story) -> History:
    history = History()
    for recorded in await story.world.store.read(story.run, Seq(0), 1000):
        history.note(recorded)
    return history


async def test_status_has_the_keys_that_programs_rely_on(story: Story) -> None:
    await story.whole("schema")
    view = status_view(await folded(story), FORECAST, 0.0, led=True)
    assert list(view) == ["run", "status", "counts", "tasks"]
    assert all(
        list(task) == ["id", "status", "reason", "attempts", "window", "branch", "landed"] for task in view["tasks"]
    )
    assert view["tasks"][0] == {
        "id": "schema",
        "status": "LANDED",
        "reason": None,
        "attempts": 1,
        "window": "backend-1",
        "branch": "tianting-bookshop-1/schema",
        "landed": sha("mschema"),
    }
    assert view["tasks"][2]["reason"] == "needs api to land first"
    assert json.loads(json.dumps(view)) == view


async def test_what_was_under_way_is_interrupted_when_nobody_leads(story: Story) -> None:
    await story.dispatch("schema")
    run = await folded(story)
    led, alone = (status_view(run, FORECAST, 0.0, led=led) for led in (True, False))
    assert (led["status"], led["tasks"][0]["reason"]) == ("running", "at work in backend-1")
    assert (alone["status"], alone["tasks"][0]["reason"]) == ("stopped", "interrupted: no process leads the run now")
    assert led["tasks"][1:] == alone["tasks"][1:]
    history = await past(story)
    outcomes = [task_detail(run, history, TaskId("schema"), FORECAST, 0.0, led=led)["history"] for led in (True, False)]
    assert [[one["outcome"] for one in attempts] for attempts in outcomes] == [["live"], ["interrupted"]]
    assert run_view(run, FORECAST, 0.0, led=False)["tasks"][0]["why"] == "Interrupted"
    await story.succeed("schema")
    await story.tell(ev.GateStarted(CandidateId("schema.1"), TaskId("schema"), sha("schema")))
    run = await folded(story)
    assert status_view(run, FORECAST, 0.0, led=False)["tasks"][0]["reason"] == alone["tasks"][0]["reason"]
    await story.tell(ev.RunPaused("ada"))
    assert status_view(await folded(story), FORECAST, 0.0, led=False)["status"] == "paused"


async def test_counts_name_every_status_and_add_up(story: Story) -> None:
    await story.whole("schema")
    await story.dispatch("docs", window="docs-1")
    counts = status_view(await folded(story), FORECAST, 0.0, led=True)["counts"]
    assert set(counts) == set(Status)
    assert counts["LANDED"] == counts["RUNNING"] == 1
    assert sum(counts.values()) == 4


async def test_a_failed_task_says_why_it_failed(story: Story) -> None:
    await story.dispatch("schema")
    await story.fail("schema")
    view = task_view(await folded(story), TaskId("schema"), FORECAST, 0.0, led=True)
    assert view["reason"] == "failed (verify): the task's own checks are red"


async def test_a_task_in_the_train_names_its_candidates_branch(story: Story) -> None:
    await story.dispatch("schema")
    assert task_view(await folded(story), TaskId("schema"), FORECAST, 0.0, led=True)["branch"] is None
    await story.succeed("schema")
    view = task_view(await folded(story), TaskId("schema"), FORECAST, 0.0, led=True)
    assert (view["branch"], view["candidate"]) == ("tianting-bookshop-1/schema", "schema.1")


async def test_run_status_follows_the_run_from_launch_to_end(story: Story) -> None:
    assert run_status(RunState()) == "launching"
    assert run_status(await folded(story)) == "running"
    await story.tell(ev.RunPaused("ada"))
    assert run_status(await folded(story)) == "paused"
    await story.tell(ev.RunResumed("ada"))
    await story.finish()
    assert run_status(await folded(story)) == "failed"


async def test_a_run_with_everything_landed_is_finished(story: Story) -> None:
    for task in ("schema", "api", "page", "docs"):
        await story.whole(task)
    await story.finish("schema", "api", "page", "docs")
    assert run_status(await folded(story)) == "finished"


async def test_a_cancelled_run_is_still_running_until_it_has_ended(story: Story) -> None:
    await story.dispatch("schema")
    await story.tell(ev.IntentAccepted(1, "ada", CancelRun()))  # type: ignore[arg-type]
    run = await folded(story)
    assert (run_status(run), run_view(run, FORECAST, 0.0, led=True)["cancelled"]) == ("running", True)
    await story.fail("schema")
    await story.finish(cancelled=True)
    assert run_status(await folded(story)) == "cancelled"


async def test_a_run_waits_for_a_person_only_when_nothing_else_goes_on(story: Story) -> None:
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.dispatch("docs", window="docs-1")
    await story.conflict("schema")
    assert run_status(await folded(story)) == "running"
    await story.fail("docs", window="docs-1")
    assert run_status(await folded(story)) == "waiting"


async def test_simulated_agents_are_called_simulated_wherever_they_show(story: Story) -> None:
    await story.dispatch("docs", window="docs-1")
    await story.progress("docs", "reading", window="docs-1")
    question = Question(QuestionId("q7"), About.AGENT, "which?", (), TaskId("docs"), AttemptId("docs.1"))
    await story.tell(ev.QuestionAsked(question, TaskId("docs")))
    run = await folded(story)
    view = run_view(run, FORECAST, 0.0, led=True)
    assert {task["id"]: task["simulated"] for task in view["tasks"]} == {
        "schema": False, "api": False, "page": False, "docs": True,
    }  # fmt: skip
    assert {window["id"] for window in view["windows"] if window["simulated"]} == {"docs-1"}
    assert [question["simulated"] for question in view["questions"]] == [True]
    detail = task_detail(run, await past(story), TaskId("docs"), FORECAST, 0.0, led=True)
    assert [attempt["simulated"] for attempt in detail["history"]] == [True]
    await story.succeed("docs", window="docs-1")
    await story.land("docs")
    assert [task["simulated"] for task in report_view(await folded(story))["landed"]] == [True]


async def test_a_simulated_run_says_so_as_a_whole() -> None:
    story = await Story.begin(World(), simulated=True)
    run = await folded(story)
    assert run_view(run, FORECAST, 0.0, led=True)["simulated"]
    assert report_view(run)["simulated"]


async def test_the_snapshot_shows_windows_train_and_questions(story: Story) -> None:
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.dispatch("docs", window="docs-1")
    await story.progress("docs", "reading", window="docs-1")
    await story.conflict("schema")
    view = run_view(await folded(story), FORECAST, 0.0, led=False)
    assert view["seq"] == story.last
    assert not view["led"]
    busy = [window for window in view["windows"] if window["task"]]
    assert [(window["id"], window["note"]) for window in busy] == [("docs-1", "reading")]
    assert [(one["candidate"], one["conflicts"], one["question"]) for one in view["train"]] == [("schema.1", 1, "q1")]
    (question,) = view["questions"]
    assert question["choices"] == ["ours", "theirs", "both", "retry", "drop"]
    assert question["paths"] == ["shop/orders.py"]
    assert {task["id"] for task in view["tasks"] if task["waiting_for_you"]} == {"schema"}


async def test_a_candidate_that_lands_now_is_shown_as_landing(story: Story) -> None:
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    await story.tell(
        ev.CandidateProbed(candidate, TaskId("schema"), BASE, sha("m")),
        ev.LandingDispatched((candidate,), "refs/heads/main", BASE, sha("m"), ""),
    )
    run = await folded(story)
    assert [one["landing"] for one in run_view(run, FORECAST, 0.0, led=True)["train"]] == [True]
    assert run_status(run) == "running"


async def test_a_run_not_yet_begun_has_an_empty_snapshot() -> None:
    run = RunState(id=RunId("soon"))
    view = run_view(run, FORECAST, 0.0, led=False)
    assert (view["run"], view["status"], view["seq"], view["tasks"], view["remaining"]) == (
        "soon",
        "launching",
        0,
        [],
        0,
    )


async def test_the_report_tells_what_landed_what_was_resolved_and_what_was_left(story: Story) -> None:
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.conflict("schema")
    await story.resolve("schema")
    await story.land("schema")
    await story.dispatch("api")
    await story.fail("api")
    story.world.clock.at += 90
    await story.finish("schema")
    report = report_view(await folded(story))
    assert report["trunk"] == {
        "branch": "main", "ref": "refs/heads/main", "before": BASE, "now": sha("mschema"),
    }  # fmt: skip
    assert [task["task"] for task in report["landed"]] == ["schema"]
    (resolved,) = report["resolved"]
    assert (resolved["rung"], resolved["by"], resolved["how"]) == ("person", "ada", "the lines of both")
    assert (resolved["previous"], resolved["head"]) == (sha("schema"), sha("new"))
    assert [(one["task"], one["kind"]) for one in report["dropped"]] == [("api", "verify")]
    assert [one["task"] for one in report["open"]] == ["page", "docs"]
    assert report["seconds"] == 90
    json.loads(json.dumps(report))


async def test_a_tasks_past_holds_every_attempt_and_gate(story: Story) -> None:
    await story.dispatch("schema")
    await story.progress("schema", "half done")
    await story.tell(
        ev.SnapshotTaken(TaskId("schema"), AttemptId("schema.1"), sha("s"), "refs/tianting/salvage/x", "it")
    )
    await story.fail("schema", retry_at=5.0)
    await story.dispatch("schema", 2)
    candidate = await story.succeed("schema", 2)
    commit = sha("m")
    failure = Failure(FailureKind.GATE, "the gate tests is red", "boom")
    await story.tell(
        ev.CandidateProbed(candidate, TaskId("schema"), BASE, commit),
        ev.GateStarted(candidate, TaskId("schema"), commit),
        ev.ChecksFailed(candidate, TaskId("schema"), commit, "tests", failure, 2.0),
        ev.CandidateDropped(candidate, TaskId("schema"), failure, None),
    )
    detail = task_detail(await folded(story), await past(story), TaskId("schema"), FORECAST, 0.0, led=True)
    first, second = detail["history"]
    assert (first["outcome"], first["note"], first["tokens"], first["usd"]) == ("verify", "half done", 10, 0.5)
    assert [kept["ref"] for kept in first["kept"]] == ["refs/tianting/salvage/x"]
    assert (second["outcome"], second["head"], second["paths"]) == ("succeeded", sha("schema"), ["schema.py"])
    assert [(gate["passed"], gate["gate"]) for gate in detail["gates"]] == [(False, "tests")]
    assert detail["failure"] == {"kind": "gate", "detail": "the gate tests is red", "output": "boom"}


async def test_green_carried_over_is_shown_as_carried(story: Story) -> None:
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    await story.tell(
        ev.CandidateProbed(candidate, TaskId("schema"), BASE, sha("m")),
        ev.ChecksPassed(candidate, TaskId("schema"), sha("m"), 0.0, carried=True),
    )
    run, history = await folded(story), await past(story)
    assert [
        gate["carried"] for gate in task_detail(run, history, TaskId("schema"), FORECAST, 0.0, led=True)["gates"]
    ] == [True]
    assert [one["carried"] for one in run_view(run, FORECAST, 0.0, led=True)["train"]] == [True]


@pytest.mark.parametrize("end", ["resolved", "gone", "dropped"])
async def test_a_conflict_is_listed_once_open_and_then_as_it_ended(story: Story, end: str) -> None:
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    await story.conflict("schema")
    view = conflicts_view(await folded(story), await past(story))
    assert [(case["candidate"], case["question"]) for case in view["open"]] == [("schema.1", "q1")]
    assert view["open"][0]["conflicts"][0]["ours"] == {"blob": sha("blob"), "mode": "100644"}
    if end == "resolved":
        await story.resolve("schema")
    elif end == "gone":
        await story.tell(ev.CandidateProbed(candidate, TaskId("schema"), BASE, sha("m")))
    else:
        failure = Failure(FailureKind.CONFLICT, "a person dropped it")
        await story.tell(ev.CandidateDropped(candidate, TaskId("schema"), failure, None))
    view = conflicts_view(await folded(story), await past(story))
    assert not view["open"]
    assert [case["settled"] for case in view["settled"]] == [end]
    assert (view["settled"][0]["resolution"] is not None) is (end == "resolved")


async def test_odd_file_names_do_not_break_a_view(story: Story) -> None:
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.conflict("schema", path="caf\udce9/订单.py")
    text = to_json(run_view(await folded(story), FORECAST, 0.0, led=True))
    assert json.loads(text.encode())["questions"][0]["paths"] == ["caf\udce9/订单.py"]


async def test_every_event_can_be_noted(story: Story) -> None:
    """History keeps what it knows and lets the rest pass; none may trip it, whatever came before."""
    history = History()
    history.note(ev.Recorded(Seq(1), 0.0, ev.AttemptProgressed(TaskId("x"), AttemptId("x.1"), WindowId("w"), "hm")))
    history.note(ev.Recorded(Seq(2), 0.0, ev.GateStarted(CandidateId("user"), None, sha("m"))))
    history.note(ev.Recorded(Seq(3), 0.0, ev.TrunkMoved(BASE, sha("m"))))
    assert not history.of(TaskId("x")).attempts


async def test_a_plan_of_many_tasks_keeps_its_order() -> None:
    story = await Story.begin(World(), plan=bookshop(50))
    view = status_view(await folded(story), FORECAST, 0.0, led=True)
    assert [task["id"] for task in view["tasks"]][4:] == [f"extra-{number}" for number in range(50)]


async def test_a_choice_that_did_not_settle_stands_with_its_reason_in_the_conflict_that_goes_on(story: Story) -> None:
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    await story.conflict("schema")
    again = ev.ConflictFound(candidate, TaskId("schema"), sha("onto"), (), "there is no commit 'abc'")
    await story.tell(again)
    view = conflicts_view(await folded(story), await past(story))
    assert [(case["note"], case["settled"]) for case in view["open"]] == [("there is no commit 'abc'", "")]
    assert view["settled"] == []


async def test_overlaps_of_live_windows_stand_beside_the_conflicts_until_they_are_gone(story: Story) -> None:
    attempt = await story.dispatch("schema")
    await story.dispatch("docs", window="docs-1")
    seen = ev.Overlap(ConflictKind.TEXT, "CONFLICT (contents)", "shop.py", "", "both change line 3", certain=False)
    await story.tell(ev.OverlapSeen(TaskId("schema"), attempt, WindowId("backend-1"), TaskId("docs"), (seen,)))
    [pair] = conflicts_view(await folded(story), await past(story))["seen"]
    assert (pair["task"], pair["other"]) == ("schema", "docs")
    assert pair["overlaps"][0]["path"] == "shop.py"
    assert pair["overlaps"][0]["certain"] is False
    await story.tell(ev.OverlapGone(TaskId("docs"), TaskId("schema"), "docs has landed"))
    assert conflicts_view(await folded(story), await past(story))["seen"] == []
