"""A real repository to run on, and what must be true of it after a run."""

import asyncio
import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from orchestrator.compose import WallClock
from state.events import Landed, Recorded, SnapshotTaken
from state.fold import replay
from state.ids import RunId, Seq
from state.leases.sqlite import SqliteLease
from state.ports import Held
from state.stores.sqlite import SqliteStore

IDENTITY = {
    "GIT_AUTHOR_NAME": "Tester",
    "GIT_AUTHOR_EMAIL": "tester@localhost",
    "GIT_COMMITTER_NAME": "Tester",
    "GIT_COMMITTER_EMAIL": "tester@localhost",
}
MARK = b"TIANTING_ATTEMPT="


def clean_env(home: Path) -> dict[str, str]:
    """An environment without anything of the machine's but the PATH."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TIANTING_HOME": str(home / "tianting"),
        "TIANTING_SANDBOX": "off",
        **IDENTITY,
    }


def sh(top: Path, *args: str, check: bool = True) -> str:
    """Run git in `top`; its output."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **IDENTITY}
    ran = subprocess.run([*GIT, *args], cwd=top, env=env, capture_output=True, timeout=60, check=False)
    if check and ran.returncode:
        raise AssertionError(f"git {args} failed: {os.fsdecode(ran.stderr)}")
    return os.fsdecode(ran.stdout)


GIT = ("git", "-c", "gc.auto=0")


def make_repository(top: Path, files: dict[str, str]) -> str:
    """A repository with one commit on main; its sha."""
    top.mkdir(parents=True)
    sh(top, "init", "-q", "-b", "main")
    for path, text in files.items():
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    sh(top, "add", "-A")
    sh(top, "commit", "-q", "-m", "start")
    return sh(top, "rev-parse", "HEAD").strip()


def marked_processes(run: str) -> list[int]:
    """Pids of processes that carry this run's mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if any(one.startswith(MARK + f"{run}/".encode()) for one in environ.split(b"\0")):
                found.append(int(entry.name))
    return found


def newest_run(top: Path) -> str:
    store = SqliteStore.open(str(top / ".git" / "tianting" / "ledger.sqlite"))
    try:
        return next(head.run for head in asyncio.run(store.runs()) if head.seq)
    finally:
        store.close()


def assert_all_is_well(top: Path, home: Path, tasks: list[str], *, overtaken: bool = False) -> None:
    """Each task landed exactly once, nothing is lost, and nothing is left of the run but its log and its commits."""
    run = newest_run(top)
    assert_log_is_sound(top, run, tasks)
    assert_nothing_is_left(top, home, run, overtaken=overtaken)


def assert_nothing_is_left(top: Path, home: Path, run: str, *, overtaken: bool) -> None:
    """`overtaken`: a process that was paused in the middle of making a folder may have made it when it woke up."""
    assert sh(top, "status", "--porcelain") == "", "the checkout is not clean"
    sh(top, "fsck", "--no-dangling", "--no-progress")
    assert sh(top, "for-each-ref", "refs/heads/tianting-*") == "", "a branch is left"
    assert sh(top, "worktree", "list", "--porcelain").count("worktree ") == 1, "a worktree is left"
    of_a_server = top / ".git" / "tianting"
    locks = [str(path) for path in (top / ".git").rglob("*.lock") if not path.is_relative_to(of_a_server)]
    assert not locks, f"lock files are left: {locks}"
    left = [path for path in (home / "tianting").glob(f"*/{run}") if not overtaken or any(_files_below(path))]
    assert not left, f"folders are left: {left}"
    processes = [(pid, _words_of(pid)) for pid in marked_processes(run)]
    assert not processes, f"processes are left: {processes}"


def _words_of(pid: int) -> str:
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
    except OSError:
        return "it has just ended"


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


def assert_log_is_sound(top: Path, run: str, tasks: list[str]) -> None:
    store = SqliteStore.open(str(top / ".git" / "tianting" / "ledger.sqlite"))
    try:
        log = asyncio.run(store.read(RunId(run), Seq(0), 1_000_000))
        held = asyncio.run(SqliteLease(store.file, WallClock()).held_by(""))
    finally:
        store.close()
    assert_sound(top, log, held, tasks)


def assert_sound(top: Path, log: Sequence[Recorded], held: Sequence[Held], tasks: list[str]) -> None:
    """The log has no gap, makes sense, and agrees with the trunk; each task landed once; no lease is `held`."""
    assert [one.seq for one in log] == list(range(1, len(log) + 1)), "the log has a gap"
    state = replay(log)
    assert state.finished, f"the run is not finished: {json.dumps(dict(state.counts))}"
    landings = [one.event for one in log if isinstance(one.event, Landed)]
    landed = Counter(one.task for one in landings)
    assert landed == Counter(tasks), f"landed: {landed}"
    head = sh(top, "rev-parse", "refs/heads/main").strip()
    assert state.trunk == head, "the log and the trunk disagree"
    for landing in landings:
        sh(top, "merge-base", "--is-ancestor", landing.commit, head)
    for one in log:
        if isinstance(one.event, SnapshotTaken):
            assert sh(top, "rev-parse", one.event.ref).strip(), "salvaged work is gone"
    merges = sh(top, "log", "--first-parent", "--format=%s", "main").splitlines()
    assert len(merges) == len(tasks) + 1, f"commits on the trunk: {merges}"
    assert not held, f"leases are left: {held}"
