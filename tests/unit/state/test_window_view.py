"""What programs outside read of a window."""

import json

from state import events as ev
from state.fold import replay
from state.ids import AttemptId, BranchName, RoleName, RunId, Seq, Sha, TaskId, WindowId
from state.plan import Plan, RuntimeName, TaskSpec
from state.run import RunState
from state.window_view import windows_json

A, TRY, WINDOW = TaskId("a"), AttemptId("a.1"), WindowId("docs-1")


def a_run(*events: ev.Event) -> RunState:
    accepted = ev.PlanAccepted(
        run=RunId("r"),
        plan=Plan("p", (TaskSpec(A, title="Write it", runtime=RuntimeName.SCRIPTED),)),
        repository="/r",
        trunk=BranchName("main"),
        trunk_ref="refs/heads/main",
        trunk_sha=Sha("a" * 40),
        roles=(RoleName("docs"),),
        order=(0,),
    )
    log = [accepted, *events]
    return replay([ev.Recorded(Seq(seq), float(seq), event) for seq, event in enumerate(log, 1)])


DISPATCHED = ev.AttemptDispatched(A, TRY, 1, WINDOW, Sha("a" * 40), ())


def test_a_window_without_work_says_so() -> None:
    view = json.loads(windows_json(a_run())[WINDOW])
    assert (view["working"], view["attempts"], view["task"], view["since"]) == (False, 0, None, None)


def test_a_window_at_work_says_at_what_since_when_and_that_its_agent_is_simulated() -> None:
    run = a_run(DISPATCHED, ev.AttemptProgressed(A, TRY, WINDOW, "reading\n天"))
    text = windows_json(run)[WINDOW]
    assert "\n" not in text
    assert json.loads(text) == {
        "window": "docs-1",
        "role": "docs",
        "working": True,
        "attempts": 1,
        "busy": 0.0,
        "task": "a",
        "attempt": "a.1",
        "title": "Write it",
        "since": 2.0,
        "note": "reading\n天",
        "simulated": True,
    }
