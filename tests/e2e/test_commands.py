"""Every command of the command line, as a person or a program uses it from another terminal."""

import json
import signal
from pathlib import Path

import pytest

from tests.support.command import Desk, one_sentence

THREE = """name: three
gate: [{name: there, run: "test -e a.txt"}]
tasks:
  - {id: one, title: The first, run: "echo said; echo 1 > one.txt", touches: [one.txt]}
  - {id: two, run: "echo 2 > two.txt", needs: [one]}
  - {id: bad, run: "exit 3", retries: 0}
"""
HELD = """name: held
tasks:
  - {id: slow, run: "until test -e {GO}; do sleep 0.1; done; echo 1 > slow.txt"}
  - {id: mine, run: "echo 2 > mine.txt", approve: true}
  - {id: later, run: "echo 3 > later.txt", needs: [slow]}
  - {id: asks, script: [{ask: "which colour?"}, {write: asks.txt, text: "hi\\n"}]}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


# ---------------------------------------------------------------------------------------------------- looking


def test_run_prints_every_event_once_as_the_feed_does(desk: Desk) -> None:
    told = desk.run(THREE, "--json")
    assert told.code == 1
    assert told.err == ""
    events = [json.loads(line) for line in told.lines]
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    assert {tuple(one) for one in events} == {("seq", "ts", "run", "type", "task", "window", "data")}
    assert (events[0]["type"], events[-1]["type"]) == ("PlanAccepted", "RunFinished")
    assert desk.log() == events
    assert desk.log("--since", "5") == events[5:]
    assert [json.loads(line) for line in desk.tianting("log", "--json", "--follow").lines] == events


def test_what_is_known_of_a_run_is_told_to_people_and_to_programs(desk: Desk) -> None:
    told = desk.run(THREE)
    assert told.code == 1
    assert "\x1b" not in told.out
    [run] = desk.runs()
    status = json.loads(desk.tianting("status", "--json").out)
    assert list(status) == ["run", "status", "counts", "tasks"]
    assert {tuple(task) for task in status["tasks"]} == {
        ("id", "status", "reason", "attempts", "window", "branch", "landed")
    }
    assert (status["run"], status["status"]) == (run, "failed")
    assert status["counts"] == {
        **dict.fromkeys(("WAITING", "RUNNING", "PROPOSED", "GATING", "CONFLICTED", "CANCELLED"), 0),
        "LANDED": 2,
        "FAILED": 1,
    }
    lines = desk.tianting("status").lines
    assert lines[0].startswith(f"run {run}: failed, 2 of 3 landed on main")
    words = ("STATUS", "LANDED", "LANDED", "FAILED")
    assert len({line.index(word) for line, word in zip(lines[1:], words, strict=True)}) == 1
    shown = desk.tianting("show", "one")
    assert ["The first" in shown.out, "said" in shown.out, "one.txt" in shown.out, "green" in shown.out] == [True] * 4
    detail = json.loads(desk.tianting("show", "one", "--json").out)
    assert detail["history"][0]["outcome"] == "succeeded"
    assert [line["text"] for line in detail["transcripts"]["one.1"] if line["kind"] == "output"] == ["said"]
    report = json.loads(desk.tianting("show", run, "--report", "--json").out)
    assert [one["task"] for one in report["landed"]] == ["one", "two"]
    assert [one["task"] for one in report["dropped"]] == ["bad"]
    assert (report["trunk"]["now"], report["trunk"]["ref"]) == (desk.trunk(), "refs/heads/main")
    assert "Landed 2 of 3 tasks" in desk.tianting("show", run, "--report").out
    one_sentence(desk.tianting("show", "nobody"), 2, "no task 'nobody'")
    one_sentence(desk.tianting("status", "nobody"), 2, "no run 'nobody'")


def test_a_plan_is_looked_at_without_a_repository(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "none", tmp_path / "home")
    plan = desk.plan(THREE)
    assert "'three' is sound: 3 tasks" in desk.tianting("plan", "check", plan).out
    checked = json.loads(desk.tianting("plan", "check", plan, "--json").out)
    assert checked == {"plan": "three", "tasks": 3, "faults": [], "overlaps": []}
    seen = json.loads(desk.tianting("plan", "show", plan, "--json").out)
    assert (seen["waves"], seen["critical_path"]) == ([["one", "bad"], ["two"]], ["one", "two"])
    assert "one -> two" in desk.tianting("plan", "show", plan).out
    for more in ((), ("--json",)):
        assert json.loads(desk.tianting("plan", "schema", *more).out)["title"] == "Tianting plan"


def test_doctor_names_what_is_there(desk: Desk) -> None:
    findings = {one["what"]: one for one in json.loads(desk.tianting("doctor", "--json").out)}
    assert findings["git"]["ok"]
    assert str(desk.top) in findings["repository"]["detail"]
    assert "MISSING" not in desk.tianting("doctor").out


# --------------------------------------------------------------------------------------------------- steering


def test_a_run_is_steered_from_another_terminal_while_it_is_led(desk: Desk, tmp_path: Path) -> None:
    go = tmp_path / "go"
    leader = desk.start("run", desk.plan(HELD.replace("{GO}", str(go))))
    leader.until_said("which colour?", "asks to land")
    assert desk.tianting("pause").out == "done\n"
    assert "refused: the run is paused" in desk.tianting("pause").err
    go.touch()
    leader.until_said("slow: done")
    assert desk.tianting("resume").code == 0
    leader.until_said("slow: landed")
    assert desk.tianting("steer", "asks", "be quick").out == "done\n"
    assert "'nobody'" in desk.tianting("steer", "nobody", "x").err
    assert "needs no approval" in desk.tianting("approve", "slow").err
    assert "only a failed" in desk.tianting("retry", "slow").err
    assert "no open question" in desk.tianting("answer", "nobody", "x").err
    assert "must not be empty" in desk.tianting("answer", "asks.1.q1", " ").err
    assert desk.tianting("answer", "asks.1.q1", "green").out == "done\n"
    assert desk.tianting("approve", "mine").out == "done\n"
    told = leader.end()
    assert told.code == 0, told.out
    assert set(desk.status().values()) == {"LANDED"}


def test_one_task_or_the_whole_run_is_cancelled_while_it_is_led(desk: Desk, tmp_path: Path) -> None:
    leader = desk.start("run", desk.plan(HELD.replace("{GO}", str(tmp_path / "go"))))
    leader.until_said("which colour?")
    assert desk.tianting("cancel", "--task", "slow").out == "done\n"
    leader.until_said("slow: failed (cancelled)")
    assert "cancelled already" in desk.tianting("cancel", "--task", "slow").err
    assert desk.tianting("cancel").out == "done\n"
    assert leader.end().code == 1
    assert set(desk.status().values()) == {"CANCELLED"}
    assert desk.worktrees_left() == []


def test_what_an_agent_program_wrote_before_it_died_is_shown_once(desk: Desk) -> None:
    dies = "echo why I can not begin >&2; exit 3"
    window = {"runtime": "autogen", "model": "anthropic:any", "command": ["sh", "-c", dies]}
    tasks = [
        {"id": "agent", "role": "backend", "prompt": "Work.", "retries": 0},
        {"id": "shell", "role": "testing", "run": dies, "retries": 0},
    ]
    plan = desk.plan(f"windows: {json.dumps({'backend': window})}\ntasks: {json.dumps(tasks)}\n")
    assert desk.tianting("run", plan).code == 1
    assert desk.tianting("show", "agent").out.count("why I can not begin") == 1
    assert desk.tianting("show", "shell").out.count("why I can not begin") == 1


def test_what_is_asked_of_a_run_that_nobody_leads_is_noted_and_carried_out_by_resume(desk: Desk) -> None:
    assert desk.run(THREE).code == 1
    [run] = desk.runs()
    assert "ended" in desk.tianting("resume").out
    ended = desk.log()
    for _ in range(2):
        assert desk.tianting("resume").code == 1
    assert desk.log() == ended  # nothing was asked, so nothing happened
    assert "refused: task one is landed" in desk.tianting("retry", "one").err
    assert "refused: the run has ended" in desk.tianting("pause").err
    noted = desk.tianting("retry", "bad")
    assert (noted.code, f"tianting resume {run}" in noted.out) == (0, True)
    assert "refused: task bad is waiting" in desk.tianting("retry", "bad").err  # as noted before
    assert desk.tianting("steer", "bad", "try harder").code == 0
    again = desk.tianting("resume")
    assert (again.code, "bad: starts" in again.out) == (1, True)
    assert desk.log()[: len(ended)] == ended
    assert "try harder" in desk.tianting("show", "bad").out


def test_a_pause_outlasts_its_leader_and_resume_ends_it(desk: Desk, tmp_path: Path) -> None:
    go = tmp_path / "go"
    leader = desk.start("run", desk.plan(HELD.replace("{GO}", str(go))))
    leader.until_said("which colour?", "asks to land")
    assert desk.tianting("pause").code == 0
    leader.signal(signal.SIGKILL)
    assert leader.end().code == -signal.SIGKILL
    assert "led by nobody" in desk.tianting("status").out
    assert "the agent that asked ended" in desk.tianting("answer", "asks.1.q1", "x").err
    for command in (("approve", "mine"), ("cancel", "--task", "asks")):
        assert "tianting resume" in desk.tianting(*command).out
    go.touch()
    told = desk.tianting("resume")
    assert told.code == 1
    assert desk.status() == {"slow": "LANDED", "mine": "LANDED", "later": "LANDED", "asks": "CANCELLED"}


# ----------------------------------------------------------------------------------------- what a plan can ask


def test_the_keys_of_a_plan_do_what_they_say(desk: Desk) -> None:
    (desk.top / ".gitignore").write_text("*.local\nbuilt/\nreport.txt\n")
    desk.git("add", ".gitignore")
    desk.git("commit", "-q", "-m", "ignore")
    (desk.top / "secret.local").write_text("copied\n")
    told = desk.run(
        """name: keys
setup: ["mkdir -p built && echo ready > built/state"]
copy: ["*.local"]
keep: [report.txt]
gate:
  - {name: ready, run: "test -e built/state && test {port.gate} -gt 0 && ! grep -q wrong two.txt"}
defaults: {retries: 1}
tasks:
  - id: one
    exclusive: ["db/**"]
    env: {WHERE: "{worktree}/x", PORT: "{port.web}", WHO: "{run}/{task}"}
    run: "cat secret.local built/state > one.txt; echo $WHERE $PORT {port.web} $WHO >> one.txt; echo kept > report.txt"
    verify: ["grep -q ready one.txt", "test {port.web} -gt 0"]
  - {id: two, exclusive: ["db/**"], run: "test -e mark && echo right > two.txt || echo wrong > two.txt; touch {run}"}
  - {id: three, needs: [one], verify: ["false"], run: "echo 3 > three.txt"}
""".replace("test -e mark", f"test -e {desk.top.parent}/mark").replace("touch {run}", f"touch {desk.top.parent}/mark")
    )
    assert desk.status() == {"one": "LANDED", "two": "LANDED", "three": "FAILED"}, told.out
    first, second = desk.git("show", "main:one.txt").splitlines()[:2]
    assert (first, second) == ("copied", "ready")
    where, port, same, who = desk.git("show", "main:one.txt").splitlines()[2].split()
    assert where.endswith("/x")
    assert (port, who) == (same, f"{desk.runs()[0]}/one")
    assert desk.git("show", "main:report.txt") == "kept\n"
    assert "secret.local" not in desk.files()
    dropped = [one for one in desk.log() if one["type"] == "CandidateDropped"]
    assert [one["task"] for one in dropped] == ["two"]  # red once, then done again
    live: set[object] = set()
    for one in desk.log():
        if one["type"] == "AttemptDispatched" and one["task"] in ("one", "two"):
            assert not live
            live.add(one["task"])
        if one["type"] in ("Landed", "CandidateDropped", "AttemptFailed"):
            live.discard(one["task"])


def test_a_run_ends_when_the_time_that_its_plan_gives_it_has_passed(desk: Desk) -> None:
    told = desk.run('limits: {wall: 1s}\ntasks:\n  - {id: one, run: "echo half > one.txt; sleep 600"}\n')
    assert told.code == 1
    assert "the time of the run has run out" in told.out
    assert desk.git("for-each-ref", "refs/tianting/salvage") != ""
    assert desk.worktrees_left() == []


def test_adopted_branches_land_in_the_order_of_their_needs(desk: Desk) -> None:
    for name in ("late", "early"):
        desk.git("checkout", "-q", "-b", name, "main")
        (desk.top / f"{name}.txt").write_text(name)
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", name)
    desk.git("checkout", "-q", "main")
    told = desk.run("tasks:\n  - {id: b, adopt: late, needs: [c]}\n  - {id: a, adopt: early}\n"
                    '  - {id: c, needs: [a], run: "cat early.txt > c.txt"}\n')  # fmt: skip
    assert told.code == 0, told.out
    assert [one["task"] for one in desk.log() if one["type"] == "Landed"] == ["a", "c", "b"]
    assert desk.git("rev-parse", "late", "early").count("\n") == 2  # a person's branches stay
    assert desk.git("for-each-ref", "refs/heads/tianting-*") == ""


def test_plan_check_foresees_which_tasks_would_meet(desk: Desk) -> None:
    tasks = "tasks:\n  - {id: a, run: x, touches: [shop/**]}\n  - {id: b, run: x, touches: [shop/cart.py]}\n"
    plan = desk.plan(tasks)
    assert "overlap: a (shop/**) and b (shop/cart.py) may conflict" in desk.tianting("plan", "check", plan).lines
    [overlap] = json.loads(desk.tianting("plan", "check", plan, "--json").out)["overlaps"]
    assert overlap["between"] == ["a", "b"]
    held = desk.plan("overlaps: hold\n" + tasks)
    assert "overlap: a (shop/**) and b (shop/cart.py) will be kept apart" in desk.tianting("plan", "check", held).lines


def test_a_plan_that_holds_what_overlaps_runs_one_after_the_other(desk: Desk) -> None:
    first, second = "echo one > same.txt", "cat same.txt > seen.txt; echo two >> same.txt"
    plan = f"""overlaps: hold
tasks:
  - {{id: one, role: backend, touches: [same.txt], priority: 1, run: "{first}"}}
  - {{id: two, role: docs, touches: [same.txt], run: "{second}"}}
"""
    assert desk.run(plan).code == 0
    assert desk.git("show", "main:seen.txt") == "one\n"
    assert desk.git("show", "main:same.txt") == "one\ntwo\n"


def test_what_a_task_changed_in_an_earlier_run_is_expected_of_it_in_the_next(desk: Desk) -> None:
    assert desk.run("tasks:\n  - {id: one, role: backend, run: echo first > same.txt}\n").code == 0
    plan = """overlaps: hold
tasks:
  - {id: one, role: backend, priority: 1, run: echo one > same.txt}
  - {id: two, role: docs, touches: [same.txt], run: cat same.txt > seen.txt}
"""
    assert desk.run(plan).code == 0
    assert desk.git("show", "main:seen.txt") == "one\n"
