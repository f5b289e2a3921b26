"""The promises of the `Worktrees` port, kept by real git and by the body in memory."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import pytest

from state.git.memory import MemoryRepository
from state.git.memory_worktrees import MemoryWorktrees
from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import Sha
from state.ports import Repository, WorktreeFault, Worktrees
from tests.support.plain_git import git as run_git
from tests.support.plain_git import make

BASE = {"a.txt": "1\n", "lib/b.txt": "b\n", ".gitignore": "built\n"}
STAMP = ("work", 5000.0)


class Agent(Protocol):
    """What a program does in a worktree, in either body."""

    def write(self, name: str, content: bytes | None) -> None: ...

    def read(self, name: str) -> bytes | None: ...

    def commit(self) -> Sha: ...


@dataclass
class RealAgent:
    path: Path

    def write(self, name: str, content: bytes | None) -> None:
        file = self.path / name
        if content is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def read(self, name: str) -> bytes | None:
        file = self.path / name
        return file.read_bytes() if file.is_file() else None

    def commit(self) -> Sha:
        run_git(self.path, "add", "-A")
        run_git(self.path, "commit", "-q", "-m", "the agent's")
        return Sha(run_git(self.path, "rev-parse", "HEAD"))


@dataclass
class MemoryAgent:
    worktrees: MemoryWorktrees
    path: str

    def write(self, name: str, content: bytes | None) -> None:
        self.worktrees.write(self.path, name, content)

    def read(self, name: str) -> bytes | None:
        found = self.worktrees.trees[self.path].files.get(name)
        return None if found is None else found[1]

    def commit(self) -> Sha:
        return self.worktrees.commit(self.path, "the agent's", 4000.0)


@dataclass
class Ground:
    repository: Repository
    worktrees: Worktrees
    under: str
    path: str
    base: Sha
    agent: Agent


@pytest.fixture(params=["git", "memory"])
async def ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    under = str(tmp_path / "wörk trees")
    path = os.path.join(under, "backend-1")
    if cast(str, request.param) == "memory":
        memory = MemoryRepository()
        trees = MemoryWorktrees(memory, ignored={"built"})
        base = memory.seed({name: text.encode() for name, text in BASE.items()}, "refs/heads/main")
        yield Ground(memory, trees, under, path, base, MemoryAgent(trees, path))
        return
    base = Sha(make(tmp_path / "repo", BASE))
    git = GitRepository(str(tmp_path / "repo"))
    yield Ground(git, GitWorktrees(git), under, path, base, RealAgent(Path(path)))
    await git.close()


async def test_a_worktree_holds_the_commit(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    assert ground.agent.read("a.txt") == b"1\n"
    assert ground.agent.read("lib/b.txt") == b"b\n"
    assert await ground.worktrees.known(ground.under) == [ground.path]


async def test_an_untouched_worktree_snapshots_to_its_base(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    taken = await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    assert (taken.commit, taken.head, taken.paths) == (ground.base, ground.base, ())


async def test_all_work_is_one_commit_on_the_base(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("a.txt", b"changed\n")
    ground.agent.write("new/file", b"new\n")
    ground.agent.write("lib/b.txt", None)
    ground.agent.write("built", b"not work\n")
    taken = await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    assert taken.head == ground.base
    assert taken.paths == ("a.txt", "lib/b.txt", "new/file")
    assert await ground.repository.read(taken.commit, "a.txt") == b"changed\n"
    assert await ground.repository.read(taken.commit, "new/file") == b"new\n"
    assert await ground.repository.changed_paths(ground.base, taken.commit) == taken.paths
    assert await ground.repository.merge_base(ground.base, taken.commit) == ground.base
    again = await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    assert again == taken, "the same work at the same time is the same commit"


async def test_ignored_files_are_work_where_the_plan_says_so(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("built", b"kept\n")
    taken = await ground.worktrees.snapshot(ground.path, ground.base, ["bui*"], *STAMP)
    assert taken.paths == ("built",)


async def test_the_agents_commits_stay_and_the_rest_is_one_more(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("a.txt", b"committed\n")
    head = ground.agent.commit()
    taken = await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    assert (taken.commit, taken.head, taken.paths) == (head, head, ("a.txt",))
    ground.agent.write("rest", b"rest\n")
    taken = await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    assert taken.head == head
    assert taken.commit != head
    assert await ground.repository.is_ancestor(head, taken.commit)
    assert await ground.repository.changed_paths(head, taken.commit) == ("rest",)
    assert taken.paths == ("a.txt", "rest")


async def test_commits_that_do_not_contain_the_base_are_put_on_it_as_one(ground: Ground) -> None:
    moved = await ground.repository.edit_tree(ground.base, {"trunk": ("100644", b"moved\n")})
    base = await ground.repository.commit(moved, [ground.base], "the trunk moved", 1)
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("a.txt", b"committed\n")
    head = ground.agent.commit()
    taken = await ground.worktrees.snapshot(ground.path, base, [], *STAMP)
    assert taken.head == head
    assert not await ground.repository.is_ancestor(head, taken.commit)
    assert await ground.repository.is_ancestor(base, taken.commit)
    assert await ground.repository.read(taken.commit, "a.txt") == b"committed\n"


async def test_a_worktree_is_used_again_for_another_commit(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    base = ground.base
    for number in range(3):
        ground.agent.write("a.txt", f"{number}\n".encode())
        ground.agent.write(f"extra{number}", b"x")
        taken = await ground.worktrees.snapshot(ground.path, base, [], *STAMP)
        tree = await ground.repository.edit_tree(base, {f"next{number}": ("100644", b"n\n")})
        base = await ground.repository.commit(tree, [base], f"{number}", number)
        await ground.worktrees.prepare(ground.path, base)
        assert ground.agent.read("a.txt") == b"1\n"
        assert ground.agent.read(f"extra{number}") is None
        assert ground.agent.read(f"next{number}") == b"n\n"
        clean = await ground.worktrees.snapshot(ground.path, base, [], *STAMP)
        assert (clean.commit, clean.head, clean.paths) == (base, base, ())
        assert await ground.repository.read(taken.commit, f"extra{number}") == b"x"


async def test_a_worktree_prepared_without_a_snapshot_before_is_as_its_commit_too(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("a.txt", b"lost on purpose\n")
    ground.agent.write("extra", b"x")
    await ground.worktrees.prepare(ground.path, ground.base)
    taken = await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    assert taken.paths == ()


async def test_work_done_after_the_snapshot_does_not_reach_the_next_attempt(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("one", b"1")
    await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    ground.agent.write("one", b"2")
    ground.agent.write("two", b"2")
    await ground.worktrees.prepare(ground.path, ground.base)
    assert ground.agent.read("one") is None
    assert ground.agent.read("two") is None


async def test_a_removed_worktree_is_gone_and_removing_none_is_nothing(ground: Ground) -> None:
    other = os.path.join(ground.under, "docs-1")
    await ground.worktrees.prepare(ground.path, ground.base)
    await ground.worktrees.prepare(other, ground.base)
    assert await ground.worktrees.known(ground.under) == [ground.path, other]
    await ground.worktrees.remove(ground.path)
    await ground.worktrees.remove(ground.path)
    await ground.worktrees.remove(os.path.join(ground.under, "never was"))
    assert await ground.worktrees.known(ground.under) == [other]
    with pytest.raises(WorktreeFault):
        await ground.worktrees.snapshot(ground.path, ground.base, [], *STAMP)
    await ground.worktrees.prepare(ground.path, ground.base)
    assert ground.agent.read("a.txt") == b"1\n"


async def test_worktrees_that_stand_where_the_folder_was_are_brought_to_where_it_is(ground: Ground) -> None:
    await ground.worktrees.prepare(ground.path, ground.base)
    ground.agent.write("one", b"1")
    name = os.path.basename(ground.path)
    elsewhere = os.path.join(os.path.dirname(ground.under), "moved", os.path.basename(ground.under))
    await ground.worktrees.gather(ground.under)
    await ground.worktrees.gather(elsewhere + "-of-another")
    assert await ground.worktrees.known(ground.under) == [ground.path]
    for _ in range(2):
        await ground.worktrees.gather(elsewhere)
        assert await ground.worktrees.known(ground.under) == []
        assert await ground.worktrees.known(elsewhere) == [os.path.join(elsewhere, name)]
    taken = await ground.worktrees.snapshot(os.path.join(elsewhere, name), ground.base, [], *STAMP)
    assert taken.paths == ("one",)
    await ground.worktrees.remove(os.path.join(elsewhere, name))
    assert await ground.worktrees.known(elsewhere) == []


async def test_no_worktree_is_made_of_a_commit_that_is_not_there(ground: Ground) -> None:
    with pytest.raises(WorktreeFault):
        await ground.worktrees.prepare(ground.path, Sha("f" * 40))
    assert await ground.worktrees.known(ground.under) == []
