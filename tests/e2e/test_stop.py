"""Stopping a run in the middle, readers that go away, disks that fill up: nothing is lost, and `resume` goes on."""

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import PATIENCE, PROGRAM, ROOT, Desk, Leader
from tests.support.ground import assert_all_is_well, marked_processes

SLOW = """name: slow
gate: [{name: green, run: "{WORK}"}]
tasks:
  - {id: done, adopt: done}
  - {id: half, role: backend, run: "echo half > half.txt; {WORK}; echo whole > half.txt"}
  - {id: long, role: backend, run: "{TRAP}echo 1 > long.txt; {WORK} & wait"}
  - {id: last, run: "echo 1 > last.txt", needs: [half, long]}
"""
TASKS = ["done", "half", "long", "last"]
ONE = """name: one
tasks:
  - {id: one, run: "echo 1 > one.txt"}
  - {id: two, run: "echo 2 > two.txt", needs: [one]}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def read_once(descriptor: int) -> bytes:
    """What is there to read as soon as there is something; in vain only for so long."""
    assert select.select([descriptor], [], [], PATIENCE)[0], "nothing came"
    return os.read(descriptor, 65_536)


def slow_run(desk: Desk, trap: str = "") -> Leader:
    """A run with two agents at work and a gate that goes on; they end when the file `go` is there. `trap` is what the
    agent of `long` does first."""
    desk.git("checkout", "-q", "-b", "done")
    (desk.top / "done.txt").write_text("done")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "done")
    desk.git("checkout", "-q", "main")
    go, bell = desk.top.parent / "go", desk.top.parent / "bell"
    os.mkfifo(bell)
    heard = os.open(bell, os.O_RDWR)
    work = f"test -e {go} || {{ echo x > {bell}; sleep 600; }}"
    text = SLOW.replace("{WORK}", work).replace("{TRAP}", trap)
    leader = desk.start("run", desk.plan(text))
    at_work = 0
    while at_work < 3:
        at_work += read_once(heard).count(b"x")
    os.close(heard)
    return leader


def finishes(desk: Desk) -> None:
    """`resume` lands every task once and leaves nothing."""
    (desk.top.parent / "go").touch()
    assert desk.tianting("resume").code == 0
    assert desk.git("show", "main:half.txt") == "whole\n"
    desk.git("branch", "-D", "done")
    assert_all_is_well(desk.top, desk.home, TASKS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_run_and_resume_finishes_it(desk: Desk, number: signal.Signals) -> None:
    leader = slow_run(desk)
    leader.signal(number)
    leader.until_said("stopping: agents are asked to end, and their work is kept")
    if number is signal.SIGHUP:
        leader.signal(number)  # the kernel sends one, and the shell another
    told = leader.end()
    [run] = desk.runs()
    assert told.code == 130
    assert "interrupted at once" not in told.err
    assert f"nothing is lost: `tianting resume {run}` goes on" in told.err
    assert marked_processes(run) == []
    assert desk.worktrees_left() == []
    kept = desk.git("for-each-ref", "--format=%(refname)", f"refs/tianting/salvage/{run}").split()
    assert any(desk.git("show", f"{ref}:half.txt", check=False) == "half\n" for ref in kept)
    assert f"led by nobody: `tianting resume {run}` goes on" in desk.tianting("status").out
    finishes(desk)


def test_who_is_not_to_hear_of_a_closed_terminal_goes_on_without_it(desk: Desk) -> None:
    go, bell = desk.top.parent / "go", desk.top.parent / "bell"
    os.mkfifo(bell)
    heard = os.open(bell, os.O_RDWR)
    run = f"echo x > {bell}; until test -e {go}; do sleep 0.1; done; echo 1 > one.txt"
    words = desk.words(("run", desk.plan(f'tasks:\n  - {{id: one, run: "{run}"}}\n')))
    command = ["sh", "-c", "trap '' HUP; exec \"$@\"", "nohup", *PROGRAM, *words]
    process = subprocess.Popen(command, env=desk.env(PYTHONPATH=str(ROOT)), stdout=subprocess.DEVNULL)
    read_once(heard)
    os.close(heard)
    process.send_signal(signal.SIGHUP)
    go.touch()
    assert process.wait(PATIENCE) == 0
    assert desk.status() == {"one": "LANDED"}


def test_a_second_signal_does_not_wait_for_a_deaf_agent(desk: Desk) -> None:
    leader = slow_run(desk, "trap '' INT TERM; ")
    leader.signal()
    leader.until_said("half: failed (cancelled)")  # while the deaf one is still asked to end
    leader.signal()
    told = leader.end()
    [run] = desk.runs()
    assert told.code == 130
    assert f"`tianting resume {run}` goes on" in told.err
    assert [one["task"] for one in desk.log() if one["type"] == "AttemptFailed"] == ["half"]
    assert marked_processes(run) == []
    finishes(desk)


def test_resume_of_a_run_that_another_process_leads_starts_no_second_leader(desk: Desk) -> None:
    leader = slow_run(desk)
    told = desk.tianting("resume")
    assert (told.code, "is led by process" in told.out) == (0, True)
    assert sum(one["type"] == "LeaseTaken" for one in desk.log()) == 1
    leader.signal(signal.SIGKILL)
    leader.end()
    finishes(desk)


def test_what_a_killed_leader_left_is_told_as_interrupted(desk: Desk) -> None:
    leader = slow_run(desk)
    [run] = desk.runs()
    at_work = desk.tianting("status").out
    leader.signal(signal.SIGKILL)
    leader.end()
    told = desk.tianting("status").out
    assert (at_work.count("interrupted"), told.count("interrupted: no process leads the run now")) == (0, 3)
    assert f"run {run}: stopped, 0 of 4 landed on main; led by nobody: `tianting resume {run}` goes on" in told
    shown = desk.tianting("show", "half").out
    assert "attempt 1 in backend-1" in shown
    assert ": interrupted\n" in shown
    finishes(desk)


@pytest.mark.parametrize("what", ["repository", "worktrees"])
def test_work_of_a_killed_run_is_found_after_what_it_stood_in_was_moved(desk: Desk, what: str) -> None:
    leader = slow_run(desk)
    [run] = desk.runs()
    leader.signal(signal.SIGKILL)
    leader.end()
    env = desk.env(TIANTING_HOME=str(desk.home / "new")) if what == "worktrees" else desk.env()
    moved = desk if what == "worktrees" else Desk(desk.top.rename(desk.top.parent / "moved"), desk.home)
    (desk.top.parent / "go").touch()
    told = moved.tianting("resume", env=env)
    assert told.code == 0
    assert f"--repo {moved.top}" in told.lines[-1]
    kept = moved.git("for-each-ref", "--format=%(refname)", f"refs/tianting/salvage/{run}").split()
    assert any(moved.git("show", f"{ref}:half.txt", check=False) == "half\n" for ref in kept)
    moved.git("branch", "-D", "done")
    assert_all_is_well(moved.top, moved.home, TASKS)


def test_merges_that_a_garbage_collection_took_are_made_anew_by_resume(desk: Desk) -> None:
    go = desk.top.parent / "go"
    wait = f"until test -e {go}; do sleep 0.1; done"
    leader = desk.start("run", desk.plan(ONE.replace("echo", f"{wait}; echo").replace("needs: [one]", "role: docs")))
    leader.until_said("one: starts", "two: starts")
    assert desk.tianting("pause").code == 0
    go.touch()
    log = desk.start("log", "--follow", "--json")
    log.until_said('"type":"CandidateProbed"')
    log.until_said('"type":"CandidateProbed"')
    log.signal()
    log.end()
    leader.signal()
    assert leader.end().code == 130
    desk.git("gc", "-q", "--prune=now")
    assert desk.tianting("resume").code == 0
    assert_all_is_well(desk.top, desk.home, ["one", "two"])


# ------------------------------------------------------------------------------------------------------ readers

MANY = "tasks:\n" + "".join(f'  - {{id: t{number}, run: "echo 1 > {number}.txt"}}\n' for number in range(10))
"""Its lines do not fit into a small pipe and what reads one line of it."""


def plain(desk: Desk, *args: str, stdout: int, stderr: int | None = None) -> "subprocess.Popen[bytes]":
    """A command in a fresh interpreter, with just these streams."""
    env = desk.env(PYTHONPATH=str(ROOT))
    return subprocess.Popen([*PROGRAM, *desk.words(args)], env=env, stdout=stdout, stderr=stderr)


def test_a_reader_that_goes_away_does_not_stop_the_run(desk: Desk) -> None:
    for text, more in ((ONE, ()), (ONE.replace("one", "uno").replace("two", "due"), ("--port", "0"))):
        leader = desk.start("run", desk.plan(text), *more)
        leader.stdout.readline()
        leader.look_away()
        told = leader.end()
        assert (told.code, told.err) == (0, "")
        assert set(desk.status().values()) == {"LANDED"}
    [run, _] = desk.runs()
    logged = desk.start("log", run, "--json")
    logged.look_away()
    assert logged.end().err == ""


def test_a_reader_that_does_not_read_does_not_hold_the_run_up(desk: Desk) -> None:
    leader = desk.start("run", desk.plan(MANY), "--json")
    fcntl.fcntl(leader.stdout.fileno(), fcntl.F_SETPIPE_SZ, 4096)
    first = leader.stdout.readline()
    follower = desk.start("log", "--follow", "--json")
    follower.until_said('"type":"RunFinished"')
    assert follower.end().code == 0
    told = leader.end()
    assert (told.code, len(told.out) > 12_288) == (0, True)
    assert [json.loads(line) for line in [first, *told.lines]] == desk.log()


def test_a_second_signal_does_not_wait_for_a_reader_that_does_not_read(desk: Desk) -> None:
    leader = desk.start("run", desk.plan(MANY), "--json")
    fcntl.fcntl(leader.stdout.fileno(), fcntl.F_SETPIPE_SZ, 4096)
    leader.stdout.readline()
    follower = desk.start("log", "--follow")
    follower.until_said("finished: 10 landed")
    follower.end()
    assert any("led by" not in desk.tianting("status").out for _ in range(100))  # only the lines are left to do
    ended = os.pidfd_open(leader.pid)
    leader.signal()
    assert not select.select([ended], [], [], 0)[0]  # lines wait for the reader
    leader.signal(signal.SIGTERM)
    assert select.select([ended], [], [], PATIENCE)[0]
    os.close(ended)
    assert leader.end().code == 130
    assert set(desk.status().values()) == {"LANDED"}


def test_a_full_disk_behind_standard_output_does_not_stop_the_run(desk: Desk) -> None:
    with open("/dev/full", "wb") as full:
        assert plain(desk, "run", desk.plan(ONE), stdout=full.fileno()).wait(PATIENCE) == 0
        assert desk.status() == {"one": "LANDED", "two": "LANDED"}
        looking = plain(desk, "status", stdout=full.fileno(), stderr=subprocess.PIPE)
        said = looking.communicate(timeout=PATIENCE)[1].decode()
    assert looking.returncode == 1
    assert said == "tianting: standard output can not be written: No space left on device\n"


def test_streams_that_were_never_open_are_not_missed(desk: Desk) -> None:
    command = " ".join(f"'{word}'" for word in [*PROGRAM, *desk.words(("run", desk.plan(ONE)))])
    env = desk.env(PYTHONPATH=str(ROOT))
    ran = subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"], env=env, timeout=PATIENCE, check=False)
    assert ran.returncode == 0
    assert desk.status() == {"one": "LANDED", "two": "LANDED"}


def test_what_an_agent_prints_can_not_speak_to_the_terminal_nor_stop_a_narrow_one(desk: Desk) -> None:
    plan = desk.plan("""tasks:
  - {id: one, run: "printf '\\\\033[2Jü\\\\a漢\\\\n'; echo 1 > 'ü漢.txt'"}
""")
    env = desk.env(PYTHONPATH=str(ROOT), PYTHONIOENCODING="ascii")
    for args in (("run", plan), ("show", "one"), ("show", "one", "--json"), ("log", "--json")):
        ran = subprocess.run([*PROGRAM, *desk.words(args)], env=env, capture_output=True, timeout=PATIENCE, check=False)
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert not {0x1B, 0x07} & set(ran.stdout)
        if "--json" in args:
            assert all(json.loads(line) for line in ran.stdout.decode("utf-8").splitlines())


def test_a_dashboard_that_can_not_be_served_does_not_stop_the_run(desk: Desk) -> None:
    env = desk.env(TIANTING_TOKEN_FILE="/nowhere")
    told = desk.tianting("run", desk.plan(ONE), "--port", "0", env=env)
    assert told.code == 0
    assert "no dashboard: TIANTING_TOKEN_FILE /nowhere can not be read" in told.out


def test_a_server_with_unreadable_rates_does_not_start(desk: Desk) -> None:
    told = desk.tianting("serve", "--port", "0", env=desk.env(TIANTING_RATES="read=often"))
    assert told.code == 2
    assert "TIANTING_RATES can not be read: 'read=often' is no rate" in told.err


def test_a_terminal_shows_below_the_lines_who_is_at_work(desk: Desk) -> None:
    go = desk.top.parent / "go"
    plan = desk.plan(f"""tasks:
  - id: one
    role: backend
    runtime: scripted
    script: [{{run: "until test -e {go}; do sleep 0.1; done"}}, {{write: one.txt, text: "1"}}]
""")
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, 0x5414, b"\x18\x00\x50\x00\x00\x00\x00\x00")  # TIOCSWINSZ: 24 lines of 80
    env = desk.env(PYTHONPATH=str(ROOT), TERM="xterm")
    process = subprocess.Popen(
        [*PROGRAM, *desk.words(("run", plan))], env=env, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    seen = b""
    while b"1 running" not in seen or b"backend-1  one" not in seen or b" s\x1b[0m  (simulated)" not in seen:
        seen += read_once(leader)
    go.touch()
    while b"Landed 1 of 1 tasks: one" not in seen:
        seen += read_once(leader)
    assert process.wait(PATIENCE) == 0
    os.close(leader)
    assert b"\x1b[2K" in seen  # the lines of the area are taken away again


# -------------------------------------------------------------------------------------------------- full disks


@contextmanager
def small_disk(place: Path, size: str = "2m") -> Iterator[Path]:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, timeout=PATIENCE, check=False).returncode:
        pytest.skip("only root, and not in every container, can make a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], timeout=PATIENCE, check=True)


def fill(disk: Path, once: Path) -> str:
    """A command that fills the disk, when it is run for the first time."""
    return f"test -e {once} || {{ touch {once}; head -c 9000000 /dev/zero > {disk}/filler || true; }}"


def test_a_disk_that_is_full_for_the_ledger_stops_the_run_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        desk = Desk(Desk.make(disk).top, tmp_path / "home")
        plan = tmp_path / "plan.yaml"
        plan.write_text("tianting: 1\n" + ONE.replace("echo 2", f"{fill(disk, tmp_path / 'once')}; echo 2"))
        told = desk.tianting("run", str(plan))
        assert told.code == 1
        assert "the disk is full" in told.err
        assert "`tianting resume" in told.err
        (disk / "filler").unlink()
        assert desk.tianting("resume").code == 0
        assert desk.status() == {"one": "LANDED", "two": "LANDED"}
        assert desk.git("status", "--porcelain") == ""


def test_a_disk_that_is_full_for_a_landing_stops_the_run_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        desk = Desk(Desk.make(disk).top, tmp_path / "home")
        gate = f"test ! -e two.txt || {{ {fill(disk, tmp_path / 'once')}; }}"
        plan = tmp_path / "plan.yaml"
        plan.write_text(f'tianting: 1\ngate: [{{name: g, run: "{gate}"}}]\n{ONE}')
        store = ("--store", f"sqlite:{tmp_path}/ledger.sqlite")
        told = desk.tianting("run", str(plan), *store)
        assert told.code == 1
        assert "`tianting resume" in told.err
        assert desk.status(*store) == {"one": "LANDED", "two": "GATING"}
        (disk / "filler").unlink()
        assert desk.tianting("resume", *store).code == 0
        assert desk.status(*store) == {"one": "LANDED", "two": "LANDED"}


def test_a_disk_that_is_full_for_the_worktrees_fails_the_attempt_and_it_can_be_tried_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        desk = Desk.make(tmp_path)
        env = desk.env(TIANTING_HOME=str(disk / "home"))
        plan = desk.plan('tasks:\n  - {id: big, retries: 0, run: "head -c 3000000 /dev/urandom > big"}\n')
        assert desk.tianting("run", plan, env=env).code == 1
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], timeout=PATIENCE, check=True)
        assert desk.tianting("retry", "big", env=env).code == 0
        assert desk.tianting("resume", env=env).code == 0
        assert desk.git("cat-file", "-s", "main:big") == "3000000\n"
