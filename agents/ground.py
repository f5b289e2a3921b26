"""Worktrees for what is run at a commit and thrown away: gates, proofs, generators. Warm, numbered, each used by one at
a time.

Never: work that is to be kept; what is made here and counts is committed by whoever asked.
"""

import asyncio
import glob
import heapq
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.environment import Environment, EnvironmentFault, Tenant, build, leased_ports, port_names
from agents.folders import take_down
from agents.site import Site
from agents.worktree import SETUP_TIME, Place, Workshop
from state.failure import Failure, FailureKind
from state.ids import Sha, TaskId
from state.ports import RepositoryFault


class GroundFault(Exception):
    """Nothing can be run here; the failure says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


@dataclass(slots=True)
class Ground:
    """A worktree's name and what its processes get. It stands nowhere yet: `Grounds.at` moves it to a commit, and puts
    the walls of that place around what runs there."""

    name: str
    environment: Environment


class Grounds:
    """To be used from the loop's thread alone."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.workshop = Workshop(site)
        self._free: list[int] = []
        self._made = 0
        self._stood: dict[str, Sha] = {}

    @asynccontextmanager
    async def take(
        self, texts: Sequence[str], task: TaskId | None = None, env: tuple[tuple[str, str], ...] = ()
    ) -> AsyncIterator[Ground]:
        """A worktree that nobody else uses until the end of the block; `texts` may name ports. Raises `GroundFault`."""
        number = self._take()
        name = f"gate-{number}"
        try:
            async with leased_ports(self._site, name, port_names(texts)) as ports:
                await self._site.right.sure()
                environment = build(self._site, Tenant(name, name, "Tianting gate", task, env), ports)
                try:
                    yield Ground(name, environment)
                finally:
                    if not self._site.right.lost:  # else it is the scratch of whoever leads now
                        await asyncio.to_thread(take_down, Path(environment.scratch))
        except EnvironmentFault as fault:
            raise GroundFault(Failure(FailureKind.ENVIRONMENT, str(fault))) from fault
        finally:
            heapq.heappush(self._free, number)

    async def sure(self) -> None:
        """Before a command is run: that this process still leads the run."""
        await self._site.right.sure()

    def _take(self) -> int:
        """The lowest number that is free: the worktree that is most likely warm."""
        if self._free:
            return heapq.heappop(self._free)
        self._made += 1
        return self._made

    async def at(self, ground: Ground, commit: Sha) -> Place:
        """The worktree at a commit, with the plan's `setup` done. Raises `GroundFault`."""
        place = await self.workshop.prepare(ground.name, commit)
        if isinstance(place, Failure):
            raise GroundFault(place)
        before, self._stood[ground.name] = self._stood.get(ground.name, commit), commit
        try:
            changed = await self._site.repository.changed_paths(before, commit)
        except RepositoryFault as unread:
            raise GroundFault(Failure(FailureKind.ENVIRONMENT, str(unread))) from unread
        await asyncio.to_thread(_forget_bytecode, Path(place.path), changed)
        confined = await self.workshop.confine(place, ground.environment)
        if isinstance(confined, Failure):
            raise GroundFault(confined)
        ground.environment = confined
        try:
            async with asyncio.timeout(SETUP_TIME):
                fault = await self.workshop.set_up(place, ground.environment)
        except TimeoutError:
            fault = Failure(FailureKind.ENVIRONMENT, f"setup took longer than {SETUP_TIME:g} s")
        if fault is not None:
            raise GroundFault(fault)
        return place

    async def close(self) -> None:
        """Take down the worktrees that were made here."""
        for number in range(1, self._made + 1):
            await self.workshop.remove(f"gate-{number}")
        self._free.clear()
        self._made = 0


def _forget_bytecode(top: Path, changed: Sequence[str]) -> None:
    """Python takes its cache of a module for good while the source has the same size and second: what was moved to
    another commit within a second would be run as it was before."""
    for path in changed:
        if path.endswith(".py"):
            source = top / path
            for cached in (source.parent / "__pycache__").glob(f"{glob.escape(source.stem)}.*.pyc"):
                cached.unlink(missing_ok=True)
