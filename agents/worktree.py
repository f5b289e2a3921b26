"""The worktrees of one run: made ready, snapshotted, their work kept under refs, taken down.

The one owner of snapshots. Never: work that leaves a worktree other than as a commit that a kept ref reaches. Where
not even a snapshot can be taken, the folder itself is moved aside and kept.
"""

import asyncio
import os
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path, PurePosixPath

from agents.copying import Copied, CopyFault, copy_files, hide
from agents.environment import Environment, worktree_of
from agents.folders import make_private
from agents.sandbox import walls_for
from agents.shell import run_shell
from agents.site import Site
from agents.walls import Kind
from state.events import SnapshotTaken
from state.failure import Failure, FailureKind
from state.ids import AttemptId, BranchName, Sha, TaskId, task_branch
from state.plan import Network
from state.ports import RepositoryFault, Snapshot, WorktreeFault

SETUP_TIME = 1800.0
"""Seconds that `setup` may take."""

_TRIES = 20

# fmt: off
_MANIFESTS = frozenset({
    "package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "pnpm-workspace.yaml",
    "yarn.lock", "bun.lock", "bun.lockb", "pyproject.toml", "setup.py", "setup.cfg", "uv.lock", "poetry.lock",
    "pdm.lock", "Pipfile", "Pipfile.lock", "environment.yml", "Cargo.toml", "Cargo.lock", "go.mod", "go.sum",
    "Gemfile", "Gemfile.lock", "composer.json", "composer.lock", "pom.xml", "build.gradle", "build.gradle.kts",
    "gradle.lockfile", "mix.exs", "mix.lock", "pubspec.yaml", "pubspec.lock", "Makefile",
})
# fmt: on
"""Files that say what a project needs: `setup` is run again when one of them, or a file that a command of `setup`
names, is another one at the new commit."""


_HALF_DONE = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}
"""Files of git's record of a worktree that stand while something is under way there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A worktree that is ready. `record` is git's folder about it, known even when its `.git` file is gone."""

    name: str
    path: str
    base: Sha
    record: Path


@dataclass(frozen=True, slots=True)
class Whose:
    """The attempt that a snapshot belongs to, and the commit that it began at."""

    task: TaskId
    attempt: AttemptId
    base: Sha


@dataclass(slots=True)
class _Past:
    """What was done to a worktree that still stands; `birth` tells it from a later one at the same path."""

    birth: tuple[int, int]
    set_up_at: Sha | None = None
    copied: Copied = field(default_factory=dict)


class Workshop:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._pasts: dict[str, _Past] = {}

    async def prepare(self, name: str, commit: Sha) -> Place | Failure:
        """A worktree at `commit` with the plan's `copy` done; nothing of ours runs in it yet."""
        path = worktree_of(self._site, name)
        try:
            await self._site.worktrees.prepare(path, commit)
            place = Place(name, path, commit, _record(path))
            past = self._past_of(place)
            if patterns := self._site.plan.copy:
                past.copied = await asyncio.to_thread(copy_files, self._site.source, Path(path), patterns, past.copied)
        except (WorktreeFault, RepositoryFault, CopyFault, OSError) as fault:
            return Failure(FailureKind.ENVIRONMENT, str(fault))
        return place

    async def confine(self, place: Place, environment: Environment, *own: str) -> Environment | Failure:
        """The environment with the walls of a process in this worktree, which may also write in the folders `own`;
        as it is where the machine has no sandbox."""
        site = self._site
        alone = site.plan.network is not Network.OPEN
        if alone and not site.sandbox.keeps_network:
            unkept = f"the plan limits the network, and nothing here can keep it: {site.sandbox.why}"
            return Failure(FailureKind.ENVIRONMENT, unkept)
        if site.sandbox.kind is Kind.NONE:
            return environment
        try:
            git = await site.worktrees.ground(place.path)
        except (WorktreeFault, OSError) as fault:
            return Failure(FailureKind.ENVIRONMENT, str(fault))
        open_to_it = (place.path, environment.variables["HOME"], environment.scratch, *own)
        walls = walls_for(site.sandbox, [site.home], [site.source], open_to_it, git)
        return replace(environment, walls=replace(walls, alone=alone))

    def _past_of(self, place: Place) -> _Past:
        status = _gitfile(place.path).stat()
        birth = (status.st_ino, status.st_mtime_ns)
        past = self._pasts.get(place.name)
        if past is None or past.birth != birth:
            past = self._pasts[place.name] = _Past(birth)
        return past

    async def set_up(self, place: Place, environment: Environment) -> Failure | None:
        """Run the plan's `setup` where it has not been run, or not for these inputs. May be cancelled."""
        past = self._past_of(place)
        try:
            if not self._site.plan.setup or await self._is_set_up(past, place.base):
                return None
            past.set_up_at = None
            # The plan's own word, and what it brings from elsewhere: an agent has no part in it.
            walls = None if environment.walls is None else replace(environment.walls, alone=False)
            for command in self._site.plan.setup:
                end = await run_shell(environment.expand(command), place.path, environment.variables, SETUP_TIME, walls)
                if end.fault:
                    detail = f"setup: `{command}` {end.fault}"
                    return Failure(FailureKind.ENVIRONMENT, detail, environment.scrub(end.output))
            made = await self._take(place, past.copied, "made by setup")
        except (WorktreeFault, RepositoryFault, OSError) as fault:
            return Failure(FailureKind.ENVIRONMENT, f"setup: {fault}")
        if changed := (*made.paths, *made.astray):
            return _unignored(changed)
        past.set_up_at = place.base
        return None

    async def _is_set_up(self, past: _Past, base: Sha) -> bool:
        if past.set_up_at is None or past.set_up_at == base:
            return past.set_up_at is not None
        changed = await self._site.repository.changed_paths(past.set_up_at, base)
        return not any(_is_input(path, self._site.plan.setup) for path in changed)

    def found(self, name: str, base: Sha) -> Place | None:
        """The worktree as an earlier process left it; None where there is none, or one that was never ready."""
        path = worktree_of(self._site, name)
        try:
            record = _record(path)
            bare = os.listdir(path) == [".git"]
        except OSError:
            return Place(name, path, base, Path(path) / ".git") if os.path.isdir(path) else None
        half_made = not (record / "index").exists() and (bare or (record / "index.lock").exists())
        return None if half_made else Place(name, path, base, record)

    def half_done(self, place: Place) -> str:
        """What an agent began there with git and did not finish; "" when nothing."""
        return next((what for name, what in _HALF_DONE.items() if os.path.lexists(place.record / name)), "")

    def doubt(self, place: Place) -> None:
        """An attempt ended badly here: its `setup` may be broken and is done again before the next one."""
        if place.name in self._pasts:
            self._pasts[place.name].set_up_at = None

    async def snapshot(self, place: Place, owner: str, message: str) -> Snapshot | Failure:
        """All work in the worktree as a commit; on a fault the whole folder is moved aside and kept, under the name of
        `owner`."""
        try:
            past = self._pasts.get(place.name)
            return await self._take(place, past.copied if past else {}, message)
        except (WorktreeFault, RepositoryFault, OSError) as fault:
            return self.set_aside(place.name, owner, str(fault))

    async def glance(self, place: Place) -> Snapshot | None:
        """All work in a live worktree as a commit that nothing holds on to; None when it can not be had just now."""
        past = self._pasts.get(place.name)
        try:
            return await self._take(place, past.copied if past else {}, "seen while it is worked on")
        except (WorktreeFault, RepositoryFault, OSError):
            return None

    async def _take(self, place: Place, copied: Copied, message: str) -> Snapshot:
        site = self._site

        async def take() -> Snapshot:
            return await site.worktrees.snapshot(place.path, place.base, site.plan.keep, message, site.clock.now())

        taken = await take()
        return await take() if hide(Path(place.path), copied, taken.paths) else taken

    def set_aside(self, name: str, owner: str, why: str) -> Failure:
        """Move the folder out of the way of the next attempt. Whoever reads the failure finds the files."""
        path = worktree_of(self._site, name)
        self._pasts.pop(name, None)
        if not os.path.lexists(path):
            return Failure(FailureKind.ENVIRONMENT, why)
        kept = self._kept(owner)
        os.rename(path, kept)
        return Failure(FailureKind.ENVIRONMENT, f"{why}; the files are kept in {kept}")

    def _kept(self, name: str) -> Path:
        folder = self._site.home / "kept"
        make_private(folder)
        first = folder / f"{self._site.run}-{name}"
        others = (folder / f"{first.name}-{number}" for number in count(2))
        return next(free for free in chain([first], others) if not os.path.lexists(free))

    async def keep_all(self, whose: Whose, taken: Snapshot, why: str) -> tuple[SnapshotTaken, ...]:
        """Salvage refs for a snapshot that is no candidate; none where it holds nothing. Raises `RepositoryFault`."""
        stray = await self.keep_stray(whose, taken)
        if taken.commit == whose.base:
            return stray
        ref = await self.keep(whose.attempt, taken.commit)
        return (SnapshotTaken(whose.task, whose.attempt, taken.commit, ref, why), *stray)

    async def keep_stray(self, whose: Whose, taken: Snapshot) -> tuple[SnapshotTaken, ...]:
        """A salvage ref for commits of the agent's own that its snapshot does not hold. Raises `RepositoryFault`."""
        if taken.head in (whose.base, taken.commit):
            return ()
        for held in (taken.commit, whose.base):
            if await self._site.repository.is_ancestor(taken.head, held):
                return ()
        ref = await self.keep(f"{whose.attempt}-head", taken.head)
        inside = f"work in the submodule {', '.join(taken.astray)}, as bundles" if taken.astray else ""
        why = inside or "commits that do not go on from the base"
        return (SnapshotTaken(whose.task, whose.attempt, taken.head, ref, why),)

    async def branch(self, task: TaskId, owner: str, commit: Sha) -> BranchName:
        """Point the task's branch at `commit`. What stood there before and is not in `commit` goes to salvage.
        Raises `RepositoryFault`."""
        name = task_branch(self._site.run, task)
        ref = f"refs/heads/{name}"
        stood: Sha | None = None
        for _ in range(_TRIES):
            if await self._site.repository.update_ref(ref, commit, stood):
                return name
            stood = (await self._site.repository.refs(ref)).get(ref)
            if stood is not None and not await self._site.repository.is_ancestor(stood, commit):
                await self.keep(f"{owner}-before", stood)
        raise RepositoryFault(f"the branch {name} can not be set")

    async def keep(self, name: str, commit: Sha) -> str:
        """Hold a commit by a new salvage ref, which is returned. Raises `RepositoryFault`."""
        first = f"refs/tianting/salvage/{self._site.run}/{name}"
        for again in range(1, _TRIES):
            ref = first if again == 1 else f"{first}-{again}"
            if await self._site.repository.update_ref(ref, commit, None):
                return ref
            if (await self._site.repository.refs(ref)).get(ref) == commit:
                return ref
        raise RepositoryFault(f"no salvage ref is free for {name}")

    async def remove(self, name: str) -> None:
        """Take a worktree down whose last attempt has ended, and by that its work been kept."""
        self._pasts.pop(name, None)
        await self._site.worktrees.remove(worktree_of(self._site, name))


def _unignored(paths: tuple[str, ...]) -> Failure:
    named = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    detail = f"setup changed files that git does not ignore, and would put them into every task: {named}"
    return Failure(FailureKind.ENVIRONMENT, detail)


def _gitfile(path: str) -> Path:
    return Path(path) / ".git"


def _record(path: str) -> Path:
    return Path(path) / os.fsdecode(_gitfile(path).read_bytes()).removeprefix("gitdir:").strip()


def _is_input(path: str, commands: tuple[str, ...]) -> bool:
    name = PurePosixPath(path).name
    if name in _MANIFESTS or (name.startswith("requirements") and name.endswith(".txt")):
        return True
    return any(path in command for command in commands)
