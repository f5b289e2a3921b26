"""Bad input: refused with one plain sentence, exit 2, before anything is started."""

import json
import os
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.command import PATIENCE, PROGRAM, ROOT, Desk, Told, one_sentence

BAD = """name: bad
colour: red
limits: {windows: many}
tasks:
  - {id: one, run: "true", needs: [two, ghost]}
  - {id: two, run: "true", needs: [one], touches: ["a/[b"]}
  - {id: two, run: "true"}
  - {id: three, run: true}
"""
PLACES = ["3:1", "4:19", "6:35", "6:41", "7:52", "8:10", "9:22"]
GOOD = """name: good
tasks:
  - {id: one, run: "echo 1 > one.txt"}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def nothing_was_started(desk: Desk) -> None:
    assert not (desk.top / ".git" / "tianting").exists()
    assert desk.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]
    assert not (desk.home / "tianting").exists()
    assert desk.git("status", "--porcelain") == ""


def test_every_fault_of_a_plan_is_told_at_once_with_its_place_and_nothing_is_started(desk: Desk) -> None:
    plan = desk.plan(BAD)
    told = desk.tianting("run", plan)
    assert told.code == 2
    *faults, last = told.err.splitlines()
    assert [line.removeprefix(f"{plan}:").split(": ")[0] for line in faults] == PLACES
    assert last == f"tianting: {plan} has {len(PLACES)} faults; nothing was started"
    nothing_was_started(desk)


def test_plan_check_tells_the_same_faults_to_people_and_to_programs(desk: Desk) -> None:
    plan = desk.plan(BAD)
    told, listed = desk.tianting("plan", "check", plan), desk.tianting("plan", "check", plan, "--json")
    assert told.code == listed.code == 2
    faults = json.loads(listed.out)["faults"]
    assert [f"{one['line']}:{one['column']}" for one in faults] == PLACES
    assert [f"{plan}:{one['line']}:{one['column']}: {one['message']}" for one in faults] == told.err.splitlines()[:-1]


@pytest.mark.parametrize(
    "text", ["", "[]", "tasks: []", "tasks:\n\t- x", "tasks: {", '{"tasks": [', "tasks: [{id: a, needs: a}]", "\0"]
)
def test_a_text_that_is_no_plan_is_refused_with_its_place(desk: Desk, text: str) -> None:
    told = desk.tianting("run", "-", feed=text)
    assert told.code == 2
    assert told.err.startswith("standard input:1:") or told.err.startswith("standard input:2:")
    nothing_was_started(desk)


def test_a_plan_that_can_not_be_read_is_refused(desk: Desk, tmp_path: Path) -> None:
    one_sentence(desk.tianting("run", "nowhere.yaml"), 2, "nowhere.yaml can not be read")
    one_sentence(desk.tianting("run", str(tmp_path)), 2, "can not be read")
    (tmp_path / "bytes.yaml").write_bytes(b"tasks: \xff")
    one_sentence(desk.tianting("plan", "show", str(tmp_path / "bytes.yaml")), 2, "is not UTF-8")
    nothing_was_started(desk)


def test_all_that_does_not_fit_the_repository_is_told_at_once(desk: Desk) -> None:
    told = desk.run("tasks:\n  - {id: a, adopt: nowhere}\n  - {id: b, adopt: elsewhere}\n")
    assert told.code == 2
    assert [("nowhere" in line, "elsewhere" in line) for line in told.err.splitlines()] == [
        (True, False),
        (False, True),
    ]
    assert desk.runs() == []
    assert not (desk.home / "tianting").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("nonsense",),
        ("run",),
        ("run", "PLAN", "--windows", "0"),
        ("run", "PLAN", "--port", "70000"),
        ("run", "PLAN", "--store", "cupboard:x"),
        ("status", "--nonsense"),
        ("land",),
        ("land", "main", "--ladder", "sideways"),
        ("conflicts", "main"),
        ("steer", "one"),
    ],
)
def test_bad_usage_is_exit_code_2(desk: Desk, args: tuple[str, ...]) -> None:
    told = desk.tianting(*(desk.plan(GOOD) if word == "PLAN" else word for word in args))
    assert told.code == 2
    assert told.err
    assert not (desk.home / "tianting").exists()


def test_a_folder_that_is_gone_is_no_place_to_start_from(desk: Desk, tmp_path: Path) -> None:
    command = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'
    words = ["sh", "-c", command, str(tmp_path / "gone"), *PROGRAM, "status"]
    env = desk.env(PYTHONPATH=str(ROOT))
    ran = subprocess.run(words, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    one_sentence(Told(ran.returncode, ran.stdout, ran.stderr), 2, "the folder you are in is gone")


def test_a_machine_without_git_is_told_so(desk: Desk, tmp_path: Path) -> None:
    env = desk.env(PYTHONPATH=str(ROOT), PATH=str(tmp_path / "empty"))
    for words in (["status"], ["run", desk.plan(GOOD)], ["conflicts", "main", "main"]):
        command = [*PROGRAM, *words, "--repo", str(desk.top)]
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        one_sentence(Told(ran.returncode, ran.stdout, ran.stderr), 2, "git is not installed, or not on the PATH")


@pytest.mark.parametrize("place", ["inside", "linked", "relative", "blocked"])
def test_a_worktree_folder_that_can_not_be_used_is_refused_before_the_run(
    desk: Desk, tmp_path: Path, place: str
) -> None:
    (tmp_path / "link").symlink_to(desk.top)
    (tmp_path / "file").write_text("in the way")
    homes = {
        "inside": str(desk.top / "x"),
        "linked": str(tmp_path / "link" / "x"),
        "relative": "x",
        "blocked": str(tmp_path / "file" / "x"),
    }
    told = desk.tianting("run", desk.plan(GOOD), env=desk.env(TIANTING_HOME=homes[place]))
    one_sentence(told, 2, "TIANTING_HOME")
    assert not (desk.top / "x").exists()
    assert desk.runs() == []


def test_looking_makes_no_ledger(desk: Desk) -> None:
    for command in ("status", "log", "resume", "pause"):
        one_sentence(desk.tianting(command), 2, "has no run yet", "tianting run PLAN")
    assert desk.tianting("runs").out == ""
    assert desk.tianting("runs", "--json").out == "[]\n"
    nothing_was_started(desk)


# ------------------------------------------------------------------------------------------------------ ledgers


def ledger(desk: Desk) -> Path:
    return desk.top / ".git" / "tianting" / "ledger.sqlite"


def rewrite(desk: Desk, sql: str) -> None:
    db = sqlite3.connect(ledger(desk))
    db.execute(sql)
    db.commit()
    db.close()


def broken(desk: Desk, how: str) -> bytes:
    """The ledger made unusable; its bytes."""
    match how:
        case "damaged":
            ledger(desk).write_bytes(ledger(desk).read_bytes()[:5000])
        case "empty":
            ledger(desk).write_bytes(b"")
        case "foreign":
            ledger(desk).write_text("my diary")
        case "newer":
            rewrite(desk, "PRAGMA user_version = 99")
        case _:
            ledger(desk).unlink()
            ledger(desk).mkdir()
    return ledger(desk).read_bytes() if ledger(desk).is_file() else b""


def test_a_ledger_that_can_not_be_used_is_said_and_left_alone(desk: Desk) -> None:
    assert desk.run(GOOD).code == 0
    trunk, whole = desk.trunk(), ledger(desk).read_bytes()
    for how in ("damaged", "empty", "foreign", "newer", "folder"):
        ledger(desk).write_bytes(whole)
        stands = broken(desk, how)
        for args in (("run", desk.plan(GOOD)), ("status",)):
            one_sentence(desk.tianting(*args), 1, str(ledger(desk)))
        assert (ledger(desk).read_bytes() if ledger(desk).is_file() else b"") == stands
    assert desk.trunk() == trunk
    assert desk.worktrees_left() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_ledger_that_may_not_be_read_is_said(desk: Desk) -> None:
    assert desk.run(GOOD).code == 0
    ledger(desk).chmod(0)
    one_sentence(desk.tianting("status"), 1, str(ledger(desk)))
    ledger(desk).chmod(stat.S_IRUSR | stat.S_IWUSR)


WRONG = {
    "UPDATE events SET version = 99 WHERE seq = 3": "update",
    "UPDATE events SET name = 'Strange' WHERE seq = 3": "'Strange'",
    "UPDATE events SET data = '{' WHERE seq = 3": "can not be read",
    "DELETE FROM events WHERE seq = 3": "gap",
    "UPDATE events SET name = 'Landed', data = (SELECT data FROM events WHERE name = 'Landed') WHERE seq = 3": (
        "makes no sense at event 3"
    ),
}


def test_a_log_that_can_not_be_followed_is_said_and_other_runs_go_on(desk: Desk) -> None:
    assert desk.run(GOOD).code == 0
    whole = ledger(desk).read_bytes()
    [run] = desk.runs()
    for sql, said in WRONG.items():
        ledger(desk).write_bytes(whole)
        rewrite(desk, sql)
        one_sentence(desk.tianting("status", run), 1, said)
    for command in ("resume", "show"):
        one_sentence(desk.tianting(command, run), 1, "makes no sense")
    assert desk.run(GOOD.replace("one", "two")).code == 0
    assert desk.status() == {"two": "LANDED"}


# ------------------------------------------------------------------------------------------------- a great plan


def test_a_plan_of_5000_tasks_is_accepted_and_starts(desk: Desk) -> None:
    tasks = "\n".join(f'  - {{id: t{number}, run: "true"}}' for number in range(5000))
    leader = desk.start("run", desk.plan(f"tasks:\n{tasks}\n"), "--windows", "1")
    leader.until_said("5000 tasks onto main", "starts in")
    leader.signal()
    told: Told = leader.end()
    assert told.code == 130
    assert len(desk.status()) == 5000
