"""Real worktrees that are moved from commit to commit: one that nobody has touched is not looked through again, and
whatever was touched is seen, be it by the kernel's word or by looking."""

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import Sha
from tests.support.plain_git import git, make, status, write

BASE = {"a.txt": "1\n", "lib/c.txt": "c\n", "lib/deep/d.txt": "d\n", ".gitignore": "*.log\n"}


@dataclass
class Ground:
    worktrees: GitWorktrees
    tree: Path
    base: Sha
    next: Sha
    calls: list[str]

    async def prepare(self, commit: Sha) -> list[str]:
        """What git was asked for to make the worktree ready at that commit."""
        self.calls.clear()
        await self.worktrees.prepare(str(self.tree), commit)
        assert git(self.tree, "rev-parse", "HEAD") == commit
        assert status(self.tree) == []
        return [call for call in self.calls if call in ("ls-files", "read-tree", "restore", "worktree", "write-tree")]


@pytest.fixture
async def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ground]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    top = tmp_path / "repo"
    base = Sha(make(top, BASE))
    write(top, {"a.txt": "2\n", "lib/deep/d.txt": None, "made/new/e.txt": "e\n"})
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "next")
    calls: list[str] = []
    repository = GitRepository(str(top), calls.append)
    worktrees, tree = GitWorktrees(repository), tmp_path / "worktrees" / "gate-1"
    await worktrees.prepare(str(tree), base)
    yield Ground(worktrees, tree, base, Sha(git(top, "rev-parse", "HEAD")), calls)
    await repository.close()


async def test_a_worktree_that_nobody_touched_is_moved_without_a_look(ground: Ground) -> None:
    for commit in (ground.next, ground.base, ground.next):
        assert await ground.prepare(commit) == ["restore"]
    assert await ground.prepare(ground.next) == []


async def test_what_nobody_touched_since_its_snapshot_is_moved_without_a_look(ground: Ground) -> None:
    write(ground.tree, {"a.txt": "an agent's\n"})
    taken = await ground.worktrees.snapshot(str(ground.tree), ground.base, (), "work", 5000.0)
    assert taken.paths == ("a.txt",)
    assert await ground.prepare(ground.next) == ["restore"]


async def test_a_folder_that_an_agent_made_is_looked_at_once_more(ground: Ground) -> None:
    write(ground.tree, {"fresh/f.txt": "f\n"})
    await ground.worktrees.snapshot(str(ground.tree), ground.base, (), "work", 5000.0)
    assert "ls-files" in await ground.prepare(ground.next)
    assert not (ground.tree / "fresh").exists()
    assert await ground.prepare(ground.base) == ["restore"]


def _same_size(tree: Path) -> None:
    write(tree, {"a.txt": "9\n"})


def _back_in_place(tree: Path) -> None:
    """Another folder where one was that is told of, and its content with it."""
    (tree / "lib").rename(tree / "lob")
    write(tree, {"lib/c.txt": "another\n"})
    shutil.rmtree(tree / "lob")


def _flood(tree: Path) -> None:
    write(tree, {f"flood/{number}.txt": "x\n" for number in range(1500)})


TOUCHES: dict[str, Callable[[Path], object]] = {
    "changed": _same_size,
    "added": lambda tree: write(tree, {"lib/deep/left.txt": "left\n"}),
    "deleted": lambda tree: (tree / "lib/c.txt").unlink(),
    "made runnable": lambda tree: (tree / "a.txt").chmod(0o755),
    "in a new folder": lambda tree: write(tree, {"x/y/z.txt": "z\n"}),
    "a folder deleted": lambda tree: shutil.rmtree(tree / "lib"),
    "a folder renamed": lambda tree: (tree / "lib").rename(tree / "lob"),
    "a folder replaced": _back_in_place,
    "more than is told": _flood,
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
async def test_what_was_touched_is_seen_and_goes(ground: Ground, touch: Callable[[Path], object]) -> None:
    for commit in (ground.next, ground.base):
        touch(ground.tree)
        assert "ls-files" in await ground.prepare(commit)
    assert await ground.prepare(ground.next) == ["restore"]


async def test_a_folder_that_the_move_itself_made_is_watched_too(ground: Ground) -> None:
    await ground.prepare(ground.next)
    write(ground.tree, {"made/new/left.txt": "left\n"})
    assert "ls-files" in await ground.prepare(ground.base)
    assert not (ground.tree / "made").exists()


async def test_a_folder_that_was_taken_away_and_made_anew_is_watched_again(ground: Ground) -> None:
    for commit in (ground.next, ground.base):
        await ground.prepare(commit)
    write(ground.tree, {"lib/deep/d.txt": "left\n"})
    assert "ls-files" in await ground.prepare(ground.base)


async def test_where_the_kernel_has_no_watch_left_it_is_looked_at_each_time(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state.git.still._MOST_FOLDERS", 1)
    other = ground.tree.parent / "gate-2"
    blind = Ground(ground.worktrees, other, ground.base, ground.next, ground.calls)
    await blind.prepare(ground.base)
    for commit in (ground.next, ground.base):
        write(other, {"a.txt": "9\n"})
        assert "ls-files" in await blind.prepare(commit)
    assert "ls-files" in await blind.prepare(ground.next)


async def test_what_is_ignored_stays_and_is_no_reason_to_make_it_anew(ground: Ground) -> None:
    write(ground.tree, {"lib/x.log": "l\n"})
    assert "worktree" not in await ground.prepare(ground.next)
    assert (ground.tree / "lib/x.log").exists()
    assert await ground.prepare(ground.base) == ["restore"]


async def test_an_index_that_was_changed_there_is_not_gone_by(ground: Ground) -> None:
    git(ground.tree, "update-index", "--force-remove", "a.txt")
    git(ground.tree, "update-index", "--skip-worktree", "lib/c.txt")
    await ground.prepare(ground.next)
    assert git(ground.tree, "ls-files", "-v", "lib/c.txt") == "H lib/c.txt"


async def test_many_changes_at_once_are_moved_over_too(ground: Ground, tmp_path: Path) -> None:
    top = tmp_path / "repo"
    write(top, {f"many/{number}.txt": f"{number}\n" for number in range(400)})
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "many")
    many = Sha(git(top, "rev-parse", "HEAD"))
    assert await ground.prepare(many) == ["read-tree"]
    assert await ground.prepare(ground.base) == ["read-tree"]
