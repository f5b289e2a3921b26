"""After a crash: what a process that is gone left behind is found, kept and taken down."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.environment import leased_ports
from agents.prompt import Brief
from agents.sweep import MARKER
from agents.window import Windows
from state.events import AttemptProgressed, Event, SnapshotTaken
from state.ids import AttemptId, TaskId, WindowId
from tests.support.workplace import BACKEND, Ground, command, commit, ground

WINDOW, ATTEMPT, TASK = WindowId("backend-1"), AttemptId("t.1"), TaskId("t")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Ground]:
    async with ground(tmp_path) as made:
        yield made


async def salvage(here: Ground) -> tuple[Event, ...]:
    """As a new process does it, which knows nothing but the log."""
    return await Windows(here.site).salvage(WINDOW, ATTEMPT, TASK, here.base)


async def test_work_that_lies_in_a_worktree_is_kept(here: Ground) -> None:
    await here.site.worktrees.prepare(str(here.worktree()), here.base)
    (here.worktree() / "new.txt").write_text("unsaved\n")
    [kept] = await salvage(here)
    assert isinstance(kept, SnapshotTaken)
    assert here.salvage() == {"t.1": kept.commit}
    assert here.show(kept.commit, "new.txt") == "unsaved"


async def test_commits_and_stray_heads_are_kept(here: Ground) -> None:
    await here.succeeds(command("git checkout -q --orphan own; git commit -qm strange; echo more > more"))
    kept = await salvage(here)
    subjects = {
        here.git("log", "-1", "--format=%s", event.commit) for event in kept if isinstance(event, SnapshotTaken)
    }
    assert subjects == {"strange", "t: what a lost attempt left"}


async def test_work_that_can_not_be_kept_as_a_commit_is_moved_aside_and_told(here: Ground) -> None:
    await here.site.worktrees.prepare(str(here.worktree()), here.base)
    (here.worktree() / "new.txt").write_text("unsaved\n")
    objects, hidden = here.top / ".git/objects", here.top.parent / "hidden"
    objects.rename(hidden)
    [told] = await salvage(here)
    hidden.rename(objects)
    assert isinstance(told, AttemptProgressed)
    [kept] = (here.site.home / "kept").iterdir()
    assert str(kept) in told.note
    assert (kept / "new.txt").read_text() == "unsaved\n"


async def test_where_nothing_was_done_nothing_is_kept(here: Ground) -> None:
    assert await salvage(here) == ()
    await here.site.worktrees.prepare(str(here.worktree()), here.base)
    assert await salvage(here) == ()
    assert here.salvage() == {}


async def test_salvaged_twice_it_is_kept_once(here: Ground) -> None:
    await here.site.worktrees.prepare(str(here.worktree()), here.base)
    (here.worktree() / "new.txt").write_text("unsaved\n")
    [first] = await salvage(here)
    [second] = await salvage(here)
    assert isinstance(first, SnapshotTaken)
    assert isinstance(second, SnapshotTaken)
    held = set(here.salvage().values())
    assert {first.commit, second.commit} == held


async def test_a_worktree_that_was_never_ready_is_not_taken_for_work(here: Ground) -> None:
    here.base = commit(here.top, {f"{number}.txt": "x\n" for number in range(10)})
    here.git("worktree", "add", "-q", "--no-checkout", "--detach", "--lock", str(here.worktree()))
    assert await salvage(here) == ()
    here.git("worktree", "unlock", str(here.worktree()))
    here.git("worktree", "remove", "--force", str(here.worktree()))


def leftover(marker: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "1000"], env={MARKER: marker, "PATH": os.environ["PATH"]}, start_new_session=True)


async def test_processes_of_the_attempt_are_ended_before_the_snapshot(here: Ground) -> None:
    await here.site.worktrees.prepare(str(here.worktree()), here.base)
    left = leftover(f"{here.site.run}/{ATTEMPT}")
    try:
        await salvage(here)
        assert here.processes() == []
    finally:
        left.kill()
        left.wait()


async def test_processes_of_gates_and_attempts_are_ended_alike(here: Ground) -> None:
    left = [leftover(f"{here.site.run}/{owner}") for owner in (ATTEMPT, "gate-1")]
    other = leftover(f"{here.site.run}0/{ATTEMPT}")
    try:
        await Windows(here.site).sweep()
        assert here.processes() == []
        assert other.poll() is None
    finally:
        for process in (*left, other):
            process.kill()
            process.wait()


async def test_ports_of_the_attempt_are_given_back(here: Ground) -> None:
    lost, alive = leased_ports(here.site, ATTEMPT, ["web"]), leased_ports(here.site, "t.10", ["web"])
    await lost.__aenter__()
    async with alive as ports:
        await salvage(here)
        assert [held.name for held in await here.lease.held_by("port:")] == [f"port:{ports[0][1]}"]


async def test_at_the_close_of_a_run_with_live_attempts_all_is_gone(here: Ground) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(here.run(command("echo new > new; echo ready; exec sleep 1000")))
        await here.until(AttemptProgressed)
        running.cancel()
    await here.windows.close()
    assert not here.site.folder.exists()
    assert here.show(here.salvage()["t.1"], "new") == "new"


async def test_a_removed_window_can_be_used_again(here: Ground) -> None:
    await here.succeeds(command("echo 1 > one"))
    await here.windows.remove(WINDOW)
    assert not here.worktree().exists()
    await here.windows.remove(WINDOW)
    assert (await here.succeeds(command("cat app.py"), 2)).summary == "VALUE = 1"


async def test_a_read_only_folder_in_a_home_does_not_stop_the_close(here: Ground) -> None:
    line = "mkdir -p $HOME/cache/deep && touch $HOME/cache/deep/file && chmod -R a-w $HOME/cache"
    order = here.order(command(line.replace("$HOME", '"$HOME"')))
    await here.windows.run(order, Brief(BACKEND), here.emit)
    await here.windows.close()
    assert not here.site.folder.exists()
