"""The walls around agents: what they can not reach, and that honest work is not hindered by them."""

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from agents.sandbox import Kind, find_sandbox
from tests.support.command import Desk, Told, one_sentence
from tests.support.ground import assert_all_is_well, marked_processes

WALLS = find_sandbox(())
needs_walls = pytest.mark.skipif(WALLS.kind is Kind.NONE, reason=f"no sandbox on this machine: {WALLS.why}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def plan_of(desk: Desk, tasks: dict[str, str]) -> str:
    """One shell command a task, and one window for each of them."""
    listed = [{"id": name, "role": "backend", "run": command, "retries": 0} for name, command in tasks.items()]
    windows = {"backend": {"count": len(tasks)}}
    return desk.plan(f"windows: {json.dumps(windows)}\ntasks: {json.dumps(listed)}\n")


def run(desk: Desk, tasks: dict[str, str]) -> Told:
    return desk.tianting("run", plan_of(desk, tasks), env=desk.env(TIANTING_SANDBOX="required"))


@needs_walls
def test_honest_work_and_commits_of_an_agent_land(desk: Desk) -> None:
    commit = "echo 1 > one.txt && git add -A && git commit -q -m 'by the agent' && echo 2 > two.txt"
    scratch = 'echo x > "$TMPDIR/x" && echo x > /tmp/x && echo x > "$HOME/x"'
    told = run(desk, {"work": f"{commit} && {scratch} && git log --oneline && git diff HEAD --stat && git status"})
    assert told.code == 0, told.out
    assert desk.git("show", "main:one.txt", "main:two.txt") == "1\n2\n"
    assert "by the agent" in desk.git("log", "--format=%s", "main")
    assert_all_is_well(desk.top, desk.home, ["work"])
    desk.git("fsck", "--strict", "--no-dangling")


@needs_walls
def test_nothing_outside_of_the_worktree_can_be_written(desk: Desk) -> None:
    (desk.home / "kept").mkdir(parents=True)
    common = desk.top / ".git"
    before = (common / "config").read_bytes()
    targets = [
        f"touch {shlex.quote(str(desk.top))}/evil",
        f"git -C {shlex.quote(str(desk.top))} config core.fsmonitor evil",
        "git config core.hooksPath evil",
        "git branch evil",
        "echo x >> a.txt; git stash",
        "git update-ref refs/heads/main HEAD~0 --no-deref && git update-ref -d refs/heads/main",
        "echo evil > $(git rev-parse --git-dir)/commondir",
        f"rm -rf {shlex.quote(str(common))}/objects/*; test -z ''; rm {shlex.quote(str(common))}/HEAD",
        "touch /etc/evil",
        "touch /usr/evil",
        "mount -o remount,rw /",
    ]
    tried = "; ".join(
        f"({target}) >/dev/null 2>&1 && echo {number} >> done.txt" for number, target in enumerate(targets)
    )
    hook = f"echo 'exit 1' > {shlex.quote(str(common))}/hooks/pre-commit"  # into a folder of its own
    told = run(desk, {"evil": f"echo tried > done.txt; {hook}; {tried}; true"})
    assert told.code == 0, told.out
    assert desk.git("show", "main:done.txt") == "tried\n"
    assert (common / "config").read_bytes() == before
    assert desk.git("branch", "--format=%(refname:short)", "--list", "evil") == ""
    assert desk.git("stash", "list") == ""
    assert not (desk.top / "evil").exists()
    assert not (common / "hooks" / "pre-commit").exists()
    desk.git("fsck", "--strict", "--no-dangling")


@needs_walls
def test_the_home_of_the_user_and_other_windows_are_out_of_sight(desk: Desk) -> None:
    (desk.home / ".ssh").mkdir(parents=True)
    (desk.home / ".ssh" / "id").write_text("the secret of the user")
    desk.git("config", "remote.origin.url", "https://someone:geheim@example.invalid/x.git")
    home, go = (
        shlex.quote(str(desk.home)),
        "until ls ../other* >/dev/null 2>&1 || test $i -gt 20; do i=$((i+1)); sleep 0.1; done",
    )
    look = f"cat {home}/.ssh/id; ls -a {home}; ls ..; git config --list; env"
    told = run(
        desk,
        {"look": f"({look}) > seen.txt 2>&1; i=0; {go}; ls .. >> seen.txt", "other": "sleep 2; echo 1 > other.txt"},
    )
    assert told.code == 0, told.out
    seen = desk.git("show", "main:seen.txt")
    assert "secret of the user" not in seen
    assert "geheim" not in seen
    assert ".ssh" not in seen.replace(f"{desk.home}/.ssh/id", "")
    assert "backend-1\n" in seen or "backend-2\n" in seen
    assert not ("backend-1\n" in seen and "backend-2\n" in seen)


@needs_walls
def test_no_process_outlives_its_window_whatever_it_does(desk: Desk) -> None:
    seconds = f"{1000 + os.getpid()}"
    flee = f"setsid sh -c 'env -i sleep {seconds}' >/dev/null 2>&1 & sleep 0.2; echo 1 > one.txt"
    told = run(desk, {"flee": flee})
    assert told.code == 0, told.out
    sleeping = [
        pid for pid in os.listdir("/proc") if pid.isdecimal() and _command(pid) == f"sleep\0{seconds}\0".encode()
    ]
    assert sleeping == []
    assert marked_processes(desk.runs()[0]) == []


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@needs_walls
def test_how_a_program_ended_is_told_from_behind_the_walls(desk: Desk) -> None:
    told = run(desk, {"killed": "kill -9 $$", "failed": "exit 3", "missing": "no-such-program-here"})
    assert told.code == 1
    for words in ("was killed by SIGKILL", "ended with exit code 3", "was not found"):
        assert words in told.out


@needs_walls
def test_a_cancelled_agent_hears_the_signal_and_its_work_is_kept(desk: Desk) -> None:
    begin = "echo begun > one.txt; git add -A; git commit -q -m begun"
    work = f"trap 'echo heard >> one.txt; exit 1' INT; {begin}; while :; do sleep 0.1; done"
    leader = desk.start("run", plan_of(desk, {"work": work}), env=desk.env(TIANTING_SANDBOX="required"))
    leader.until_said("work: starts")
    while not list((desk.home / "tianting").glob("*/*/*/one.txt")):
        os.sched_yield()
    assert desk.tianting("cancel", "--task", "work").code == 0
    leader.end()
    kept = desk.git("for-each-ref", "--format=%(refname)", "refs/tianting/salvage").split()
    assert "heard\n" in {desk.git("show", f"{ref}:one.txt", check=False).removeprefix("begun\n") for ref in kept}


def test_a_sandbox_that_is_asked_for_and_not_there_starts_nothing(desk: Desk, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "env", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    plan = desk.plan('tasks:\n  - {id: one, run: "echo 1 > one.txt"}\n')
    told = desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="required", PATH=str(tools)))
    one_sentence(told, 2, "bwrap was not found")
    one_sentence(desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="perhaps")), 2, "TIANTING_SANDBOX")
    told = desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="auto", PATH=str(tools)))
    assert told.code == 0
    assert "agents are not confined: bwrap was not found" in told.out
    assert "not confined: bwrap was not found" in desk.tianting("show", "one").out
