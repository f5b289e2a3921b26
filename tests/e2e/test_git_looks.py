"""A look that goes on from the last one, and by what the kernel tells, sees what a fresh look sees, whatever an agent
did in between."""

import os
import random
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import Sha
from tests.support.plain_git import git, make, side, write

NAMES = ["a.txt", "b.txt", "lib/c.txt", "lib/deep/d.txt", "x.log", "new/e.txt", "odd name\n", ".gitignore", "built/f"]
TEXTS = ["1\n", "2\n", "3\n", "longer\n", ""]
IGNORED = ["*.log\nbuilt/\n", "*.tmp\n", "new/\n*.log\n"]
STEPS = 60


@dataclass
class Agent:
    """Does one thing after the other, as its seed has it."""

    top: Path
    tree: Path
    other: str
    random: random.Random

    def act(self) -> str:
        deeds: list[Callable[[], None]] = [self.write] * 6 + [self.touch, self.remove, self.rename, self.move_folder]
        deeds += [
            self.link,
            self.mode,
            self.ignore,
            self.add,
            self.hide,
            self.commit,
            self.stash,
            self.go,
            self.nest,
            self.cache,
        ]
        deed = self.random.choice(deeds)
        try:
            deed()
        except OSError:
            return f"{deed.__name__}, in vain"
        return deed.__name__

    def _path(self) -> Path:
        return self.tree / self.random.choice(NAMES)

    def write(self) -> None:
        """Often of the same size, and within the same second."""
        path = self._path()
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.random.choice(IGNORED if path.name == ".gitignore" else TEXTS)
        before = path.stat() if path.exists() else None
        path.write_text(text)
        if before is not None and self.random.random() < 0.5:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def touch(self) -> None:
        self._path().touch()

    def remove(self) -> None:
        self._path().unlink()

    def rename(self) -> None:
        self._path().replace(self._path())

    def move_folder(self) -> None:
        here, there = self.random.sample(["lib", "new", "built", "lib/deep", "away"], 2)
        (self.tree / here).rename(self.tree / there)

    def link(self) -> None:
        path = self._path()
        path.unlink(missing_ok=True)
        path.symlink_to("a.txt")

    def mode(self) -> None:
        path = self._path()
        path.chmod(path.stat().st_mode ^ 0o111)

    def ignore(self) -> None:
        write(self.tree, {"lib/.gitignore": self.random.choice(IGNORED)})

    def cache(self) -> None:
        """As tools do: a folder that ignores itself, as soon as it has got round to it."""
        write(self.tree, self.random.choice([{"cache/1": "1\n"}, {"cache/2": "2\n"}, {"cache/.gitignore": "*\n"}]))

    def nest(self) -> None:
        inner = self.tree / "new/inner"
        if inner.exists():
            shutil.rmtree(inner)
        else:
            make(inner, {"i.txt": "i\n"})

    def _git(self, *args: str) -> None:
        git(self.tree, *args, check=False)

    def add(self) -> None:
        self._git(*self.random.choice([["add", "-A"], ["add", "-f", "x.log"], ["rm", "-q", "--cached", "b.txt"]]))

    def hide(self) -> None:
        options = ["--assume-unchanged", "--no-assume-unchanged", "--skip-worktree", "--no-skip-worktree"]
        self._git("update-index", self.random.choice(options), self.random.choice(["a.txt", "b.txt", "lib/c.txt"]))

    def commit(self) -> None:
        self._git("commit", "-qam", "work")

    def stash(self) -> None:
        self._git(*self.random.choice([["stash", "-u", "-q"], ["stash", "pop", "-q"], ["checkout", "-q", "--", "."]]))

    def go(self) -> None:
        self._git("checkout", "-q", self.random.choice(["-", self.other]))


@pytest.fixture
async def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GitRepository]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    make(tmp_path / "repo", {"a.txt": "1\n", "b.txt": "1\n", "lib/c.txt": "1\n", ".gitignore": IGNORED[0]})
    repository = GitRepository(str(tmp_path / "repo"))
    yield repository
    await repository.close()


@pytest.mark.parametrize("seed", range(2))
async def test_a_look_that_goes_on_sees_what_a_fresh_look_sees(
    repository: GitRepository, tmp_path: Path, seed: int
) -> None:
    await _compare(repository, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_so_do_looks_of_agents_of_many_seeds(repository: GitRepository, tmp_path: Path) -> None:
    for seed in range(1_000, 1_200):
        await _compare(repository, tmp_path, seed)


async def _compare(repository: GitRepository, folder: Path, seed: int) -> None:
    top, tree = folder / "repo", folder / f"tree-{seed}"
    base = Sha(git(top, "rev-parse", "main"))
    goes_on = GitWorktrees(repository)
    await goes_on.prepare(str(tree), base)
    other = side(top, f"other-{seed}", {"a.txt": "other\n", "lib/c.txt": None, "lib/n.txt": "n\n"})
    agent, done = Agent(top, tree, other, random.Random(seed)), [f"seed {seed}"]
    for _ in range(STEPS):
        done += [agent.act() for _ in range(agent.random.randrange(1, 4))]
        seen = await goes_on.snapshot(str(tree), base, (), "work", 5000.0)
        fresh = await GitWorktrees(repository).snapshot(str(tree), base, (), "work", 5000.0)
        assert seen == fresh, (done, git(top, "diff-tree", "-r", seen.commit, fresh.commit))
    await goes_on.remove(str(tree))
