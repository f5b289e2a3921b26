"""A real repository with a run's windows and checks over it, for the tests that start real processes."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from agents.checks import Checks
from agents.prompt import Brief
from agents.site import Site
from agents.sweep import marked
from agents.window import Windows
from state.commands import RunChecks, StartAttempt
from state.events import AttemptFailed, AttemptSucceeded, ChecksFailed, ChecksPassed, Event
from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import AttemptId, CandidateId, RoleName, RunId, Sha, TaskId, WindowId, attempt_id
from state.leases.memory import MemoryLease
from state.plan import GateSpec, Plan, TaskSpec
from state.stores.memory import MemoryStore
from state.transcript import Entry
from tests.support.unchallenged import Unchallenged

E = TypeVar("E", bound=Event)

BACKEND = RoleName("backend")
PERSON = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull} | {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))
}


class WallClock:
    def now(self) -> float:
        return time.time()


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ("git", *args),
        cwd=folder,
        env={"PATH": os.environ["PATH"], **PERSON},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.removesuffix("\n")


def new_repository(folder: Path, files: dict[str, str]) -> Sha:
    """A repository whose one commit, which is returned, has these files."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    return commit(folder, files)


def commit(folder: Path, files: dict[str, str]) -> Sha:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "more")
    return Sha(git(folder, "rev-parse", "HEAD"))


class Transcripts(MemoryStore):
    """A store that a test can wait on."""

    def __init__(self, lease: MemoryLease) -> None:
        super().__init__(lease.newest)
        self.grew = asyncio.Event()

    async def add(self, run: RunId, attempt: AttemptId, entries: Sequence[Entry]) -> None:
        await super().add(run, attempt, entries)
        self.grew.set()


@dataclass
class Ground:
    """`base` is the trunk's commit; `events` is what was emitted."""

    top: Path
    base: Sha
    site: Site
    windows: Windows
    checks: Checks
    transcripts: Transcripts
    lease: MemoryLease
    events: list[Event] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.changed.set()

    def order(self, task: TaskSpec, number: int = 1, window: str = "backend-1") -> StartAttempt:
        return StartAttempt(task, attempt_id(task.id, number), number, WindowId(window), self.base)

    async def run(
        self, task: TaskSpec, number: int = 1, window: str = "backend-1", brief: Brief | None = None
    ) -> AttemptSucceeded | AttemptFailed:
        order = self.order(task, number, window)
        ended = await self.windows.run(order, brief or Brief(BACKEND), self.emit)
        assert marked(f"{self.site.run}/{order.attempt}") == []
        return ended

    async def succeeds(self, task: TaskSpec, number: int = 1) -> AttemptSucceeded:
        ended = await self.run(task, number)
        assert isinstance(ended, AttemptSucceeded), ended
        return ended

    async def fails(self, task: TaskSpec, number: int = 1) -> AttemptFailed:
        ended = await self.run(task, number)
        assert isinstance(ended, AttemptFailed), ended
        assert ended.retry_at is None
        return ended

    async def check(self, sha: Sha | None = None) -> ChecksPassed | ChecksFailed:
        order = RunChecks(CandidateId("c1"), TaskId("t"), sha or self.base)
        return await self.checks.run(order, self.emit)

    async def passes(self, sha: Sha | None = None) -> ChecksPassed:
        ended = await self.check(sha)
        assert isinstance(ended, ChecksPassed), ended
        return ended

    async def fails_check(self, sha: Sha | None = None) -> ChecksFailed:
        ended = await self.check(sha)
        assert isinstance(ended, ChecksFailed), ended
        return ended

    def processes(self) -> list[int]:
        return marked(self.site.run)

    async def until(self, kind: type[E], count: int = 1) -> list[E]:
        """The events of a kind, as soon as there are `count` of them."""
        async with asyncio.timeout(60):
            while len(seen := self.seen(kind)) < count:
                self.changed.clear()
                await self.changed.wait()
        return seen

    def seen(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def said(self, task: str = "t", number: int = 1) -> list[Entry]:
        told = await self.transcripts.entries(self.site.run, attempt_id(TaskId(task), number), 0, 1_000_000)
        return [entry for _number, entry in told]

    def git(self, *args: str) -> str:
        return git(self.top, *args)

    def head(self) -> Sha:
        return Sha(self.git("rev-parse", "HEAD"))

    def worktree(self, window: str = "backend-1") -> Path:
        return self.site.folder / window

    def show(self, rev: str, path: str) -> str:
        return self.git("show", f"{rev}:{path}")

    def salvage(self) -> dict[str, str]:
        """The end of each salvage ref's name, and its commit."""
        prefix = f"refs/tianting/salvage/{self.site.run}/"
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return {name.removeprefix(prefix): sha for name, sha in (line.split() for line in lines)}


def command(run: str, **more: object) -> TaskSpec:
    """A task `t` for the command runtime."""
    return TaskSpec(TaskId("t"), title="Do it", run=run, **more)  # type: ignore[arg-type]


def gates(*commands: str, timeout: float = 60.0) -> tuple[GateSpec, ...]:
    return tuple(GateSpec(f"gate {number}", run, timeout) for number, run in enumerate(commands, 1))


@asynccontextmanager
async def ground(
    folder: Path, plan: Plan | None = None, files: dict[str, str] | None = None, tasks: Sequence[TaskSpec] = ()
) -> AsyncIterator[Ground]:
    """At the end all is closed, and nothing may be left."""
    top = folder / "a repository"
    base = new_repository(top, files or {"app.py": "VALUE = 1\n", ".gitignore": "ignored/\n"})
    clock = WallClock()
    lease = MemoryLease(clock)
    transcripts = Transcripts(lease)
    repository = GitRepository(str(top))
    site = Site(
        run=RunId(f"run-{uuid4().hex}"),
        plan=plan or Plan("test", tuple(tasks)),
        worktrees=GitWorktrees(repository),
        repository=repository,
        lease=lease,
        right=Unchallenged(),
        holder="host:boot:1:1",
        transcripts=transcripts,
        clock=clock,
        home=folder / "home of tianting",
        source=top,
    )
    here = Ground(top, base, site, Windows(site), Checks(site), transcripts, lease)
    try:
        yield here
    finally:
        await here.checks.close()
        await here.windows.close()
        await repository.close()
    assert here.processes() == []
    assert not site.folder.exists()
    assert len(here.git("worktree", "list").splitlines()) == 1
    assert await lease.held_by("port:") == []
    assert here.git("status", "--porcelain") == ""
