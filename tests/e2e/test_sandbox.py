"""The walls around agents: what they can not reach, and that honest work is not hindered by them."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agents.sandbox import found_kind
from agents.walls import Kind
from tests.support.command import ROOT, Desk, Told, one_sentence
from tests.support.ground import assert_all_is_well, marked_processes
from tests.support.walls import no_landlock

ASKED = {Kind.BUBBLEWRAP: "required", Kind.LANDLOCK: "landlock"}
"""How each kind of walls is had for certain; the first is preferred where it works."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


@pytest.fixture(params=list(ASKED))
def kind(request: pytest.FixtureRequest) -> Kind:
    wanted: Kind = request.param
    why = no_landlock() if wanted is Kind.LANDLOCK else found_kind(wanted, ()).why
    if why:
        pytest.skip(f"not on this machine: {why}")
    return wanted


def plan_of(desk: Desk, tasks: dict[str, str]) -> str:
    """One shell command a task, and one window for each of them."""
    listed = [{"id": name, "role": "backend", "run": command, "retries": 0} for name, command in tasks.items()]
    windows = {"backend": {"count": len(tasks)}}
    return desk.plan(f"windows: {json.dumps(windows)}\ntasks: {json.dumps(listed)}\n")


def run(desk: Desk, kind: Kind, tasks: dict[str, str]) -> Told:
    told = desk.tianting("run", plan_of(desk, tasks), env=desk.env(TIANTING_SANDBOX=ASKED[kind]))
    assert {one["data"]["confined"] for one in desk.log() if one["type"] == "AttemptStarted"} == {kind}  # type: ignore[index]
    return told


def test_honest_work_and_commits_of_an_agent_land(desk: Desk, kind: Kind) -> None:
    commit = "echo 1 > one.txt && git add -A && git commit -q -m 'by the agent' && echo 2 > two.txt"
    scratch = 'echo x > "$TMPDIR/x" && echo x > "$HOME/x" && echo x > /dev/null && yes | head -1'
    scratch += " && echo x > /tmp/x" if kind is Kind.BUBBLEWRAP else ""
    look = "git log --oneline && git diff HEAD --stat && git status"
    told = run(desk, kind, {"work": f"{commit} && {scratch} && {look}"})
    assert told.code == 0, told.out
    assert desk.git("show", "main:one.txt", "main:two.txt") == "1\n2\n"
    assert "by the agent" in desk.git("log", "--format=%s", "main")
    assert_all_is_well(desk.top, desk.home, ["work"])
    desk.git("fsck", "--strict", "--no-dangling")


def test_nothing_outside_of_the_worktree_can_be_written(desk: Desk, kind: Kind) -> None:
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
        f"rm -rf {shlex.quote(str(common))}/objects/*; test -z ''; rm {shlex.quote(str(common))}/HEAD",
        "touch /etc/evil",
        "touch /usr/evil",
        "mount -o remount,rw /",
        f"kill -9 {os.getpid()}",
        f"cat /proc/{os.getpid()}/environ",
        f"ln {shlex.quote(str(common))}/config ./config && echo evil >> config",
        f"mv {shlex.quote(str(common))}/packed-refs .",
        "head -c1 /dev/[sv]d[a-z]",
    ]
    targets += ["echo evil > $(git rev-parse --git-dir)/commondir"] if kind is Kind.BUBBLEWRAP else []
    tried = "; ".join(
        f"({target}) >/dev/null 2>&1 && echo {number} >> done.txt" for number, target in enumerate(targets)
    )
    hook = f"echo 'exit 1' > {shlex.quote(str(common))}/hooks/pre-commit"  # into a folder of its own
    told = run(desk, kind, {"evil": f"echo tried > done.txt; {hook}; {tried}; true"})
    assert told.code == 0, told.out
    assert desk.git("show", "main:done.txt") == "tried\n"
    assert (common / "config").read_bytes() == before
    assert desk.git("branch", "--format=%(refname:short)", "--list", "evil") == ""
    assert desk.git("stash", "list") == ""
    assert not (desk.top / "evil").exists()
    assert not (common / "hooks" / "pre-commit").exists()
    desk.git("fsck", "--strict", "--no-dangling")


def test_the_home_of_the_user_and_other_windows_are_out_of_sight(desk: Desk, kind: Kind) -> None:
    (desk.home / ".ssh").mkdir(parents=True)
    (desk.home / ".ssh" / "id").write_text("the secret of the user")
    desk.git("config", "remote.origin.url", "https://someone:geheim@example.invalid/x.git")
    home, go = (
        shlex.quote(str(desk.home)),
        "until ls ../other* >/dev/null 2>&1 || test $i -gt 20; do i=$((i+1)); sleep 0.1; done",
    )
    near = "ls ..; cat ../backend-1/secret.txt ../backend-2/secret.txt"
    other = "echo of a sibling > secret.txt; sleep 2; mv secret.txt other.txt"
    ledger = shlex.quote(str(desk.top / ".git" / "tianting"))
    look = f"cat {home}/.ssh/id; ls -a {home}; ls ..; env; git log -1; ls -a {ledger}"
    look += "; git config --list" if kind is Kind.BUBBLEWRAP else ""  # landlock can not put another file in its place
    told = run(
        desk,
        kind,
        {"look": f"({look}) > seen.txt 2>&1; i=0; {go}; ({near}) >> seen.txt; true", "other": other},
    )
    assert told.code == 0, told.out
    seen = desk.git("show", "main:seen.txt")
    assert "secret of the user" not in seen
    assert "geheim" not in seen
    assert "of a sibling" not in seen
    assert ".db" not in seen
    assert ".ssh" not in seen.replace(f"{desk.home}/.ssh/id", "")
    assert len({"backend-1", "backend-2"}.intersection(seen.splitlines())) == (kind is Kind.BUBBLEWRAP)


def test_no_process_outlives_its_window_whatever_it_does(desk: Desk, kind: Kind) -> None:
    seconds = f"{1000 + os.getpid()}"
    clean = "env -i" if kind is Kind.BUBBLEWRAP else ""  # which sees to a process of which nothing is known, too
    flee = f"setsid sh -c '{clean} sleep {seconds}' >/dev/null 2>&1 & sleep 0.2; echo 1 > one.txt"
    told = run(desk, kind, {"flee": flee})
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


def test_how_a_program_ended_is_told_from_behind_the_walls(desk: Desk, kind: Kind) -> None:
    told = run(desk, kind, {"killed": "kill -9 $$", "failed": "exit 3", "missing": "no-such-program-here"})
    assert told.code == 1
    for words in ("was killed by SIGKILL", "ended with exit code 3", "was not found"):
        assert words in told.out


def test_a_cancelled_agent_hears_the_signal_and_its_work_is_kept(desk: Desk, kind: Kind) -> None:
    begin = "echo begun > one.txt; git add -A; git commit -q -m begun"
    work = f"trap 'echo heard >> one.txt; exit 1' INT; {begin}; while :; do sleep 0.1; done"
    leader = desk.start("run", plan_of(desk, {"work": work}), env=desk.env(TIANTING_SANDBOX=ASKED[kind]))
    leader.until_said("work: starts")
    while not list((desk.home / "tianting").glob("*/*/*/one.txt")):
        os.sched_yield()
    assert desk.tianting("cancel", "--task", "work").code == 0
    leader.end()
    kept = desk.git("for-each-ref", "--format=%(refname)", "refs/tianting/salvage").split()
    assert "heard\n" in {desk.git("show", f"{ref}:one.txt", check=False).removeprefix("begun\n") for ref in kept}


def test_what_an_agent_writes_into_the_record_of_its_worktree_rules_over_nobody(desk: Desk, kind: Kind) -> None:
    ran = desk.top.parent / "ran"  # where the agent can not write
    rule = shlex.quote(f"touch {shlex.quote(str(ran))}; cat")
    evil = (
        'env -u GIT_OBJECT_DIRECTORY git init -q --bare "$TMPDIR/e" && git config -f "$TMPDIR/e/config" filter.f.clean '
        + rule
    )
    lead = 'echo "$TMPDIR/e" > $(git rev-parse --git-dir)/commondir; echo "* filter=f" > .gitattributes'
    told = run(desk, kind, {"evil": f"{evil}; {lead}; echo 1 > one.txt; echo 2 > two.txt"})
    assert told.code == 0, told.out
    assert desk.git("show", "main:one.txt") == "1\n"
    assert not ran.exists()
    again = run(desk, kind, {"after": "git log --oneline > log.txt && git status"})
    assert again.code == 0, again.out


def test_a_program_that_is_missing_is_told_from_behind_the_walls(desk: Desk, kind: Kind) -> None:
    text = "windows: {backend: {runtime: acp, command: [no-such-agent]}}\n"
    text += "tasks: [{id: one, role: backend, prompt: Work., retries: 0}]\n"
    told = desk.tianting("run", desk.plan(text), env=desk.env(TIANTING_SANDBOX=ASKED[kind]))
    assert told.code == 1
    assert "one: failed (startup): no-such-agent could not be started" in told.out


def test_landlock_does_not_promise_to_keep_the_network(desk: Desk) -> None:
    plan = desk.plan("network: 'off'\ntasks: [{id: one, role: backend, run: 'true'}]\n")
    if why := no_landlock():
        pytest.skip(why)
    one_sentence(desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="landlock")), 2, "needs bubblewrap")
    told = desk.tianting("doctor", env=desk.env(TIANTING_SANDBOX="landlock")).out
    assert "landlock: agents write in their worktree alone" in told
    assert "the network can not be kept from them" in told


NO_BUBBLEWRAP = ("git", "env", "sh", "ls", "yes", "head")


def poor(folder: Path) -> str:
    """A PATH without bubblewrap."""
    tools = folder / "tools"
    tools.mkdir()
    for name in NO_BUBBLEWRAP:
        (tools / name).symlink_to(str(shutil.which(name)))
    return str(tools)


def test_where_bubblewrap_is_missing_landlock_is_taken_and_that_is_told(desk: Desk, tmp_path: Path) -> None:
    if why := no_landlock():
        pytest.skip(why)
    (desk.top.parent / "evil").mkdir()
    run = f"echo 1 > one.txt; echo 1 > {shlex.quote(str(desk.top.parent))}/evil/x; true"
    plan = desk.plan(f"tasks: {json.dumps([{'id': 'one', 'run': run}])}\n")
    told = desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="required", PATH=poor(tmp_path)))
    assert told.code == 0, told.out
    assert "agents are confined by landlock alone: bwrap was not found" in told.out
    assert "confined by landlock" in desk.tianting("show", "one").out
    assert not (desk.top.parent / "evil" / "x").exists()


FILTERED = """
import ctypes, struct, sys
libc = ctypes.CDLL(None)
code = b"".join(struct.pack("HBBI", *one) for one in (
    (0x20, 0, 0, 0),            # the number of the system call
    (0x15, 0, 1, 444),          # landlock_create_ruleset?
    (0x06, 0, 0, 0x00050001),   # then: not permitted
    (0x06, 0, 0, 0x7fff0000),
))
held = ctypes.create_string_buffer(code)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HxxxxxxQ", 4, ctypes.addressof(held)), 0, 0) == 0
from orchestrator.cli.main import main
main()
"""
"""The command line where a filter of system calls, such as that of a container, keeps landlock away."""


def filtered(desk: Desk, path: str, sandbox: str, *words: str) -> Told:
    ran = subprocess.run(
        (sys.executable, "-P", "-c", FILTERED, *desk.words(words, None)),
        env=desk.env(PATH=path, TIANTING_SANDBOX=sandbox, PYTHONPATH=str(ROOT)),
        cwd=desk.top.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Told(ran.returncode, ran.stdout, ran.stderr)


def test_a_sandbox_that_is_asked_for_and_not_there_starts_nothing(desk: Desk, tmp_path: Path) -> None:
    path = poor(tmp_path)
    plan = desk.plan('tasks:\n  - {id: one, run: "echo 1 > one.txt"}\n')
    one_sentence(filtered(desk, path, "required", "run", plan), 2, "bwrap was not found")
    one_sentence(filtered(desk, path, "landlock", "run", plan), 2, "landlock does not work here")
    one_sentence(desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="perhaps")), 2, "TIANTING_SANDBOX")
    told = filtered(desk, path, "auto", "run", plan)
    assert told.code == 0, told.err
    assert "agents are not confined: bwrap was not found" in told.out
    assert "not confined: bwrap was not found" in desk.tianting("show", "one").out
    assert [one["data"]["confined"] for one in desk.log() if one["type"] == "AttemptStarted"] == ["none"]  # type: ignore[index]
