"""The one place where bodies are chosen for ports.

Never: anything but building, handing over and closing.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.checks import Checks
from agents.site import Site
from agents.window import Windows
from conflict.land import Trunk
from orchestrator.effects import Effects
from orchestrator.ledger import Board, Store, open_ledger
from orchestrator.loop import Wiring
from orchestrator.settings import Misuse, Settings, where_kept
from state.git.inspect import Place, Unusable, inspect
from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import RunId
from state.leases.holder import this_process
from state.plan import Plan
from state.ports import Bus, Clock, Lease, SeqTaken, StaleLease
from state.run import RunState


class WallClock:
    """The machine's time."""

    def now(self) -> float:
        return time.time()


@dataclass(frozen=True, slots=True)
class House:
    """One repository with its ledger, opened. `path` is its work tree, or the repository itself where it is bare;
    `branch` is the one checked out, None when HEAD is detached."""

    path: Path
    home: Path
    branch: str | None
    repository: GitRepository
    worktrees: GitWorktrees
    store: Store
    lease: Lease
    bus: Bus
    clock: Clock
    board: Board | None = None

    def holder(self, label: str) -> str:
        return this_process(label)

    def wiring(self) -> Wiring:
        return Wiring(self.store, self.lease, self.store, self.bus, self.clock)


def find_repository(path: Path) -> Place:
    """The repository that a path is in; `Misuse` when it is in none that can be used."""
    found = inspect(str(path))
    if isinstance(found, Unusable):
        raise Misuse(found.why)
    return found


@asynccontextmanager
async def open_house(path: Path, settings: Settings) -> AsyncIterator[House]:
    """Open a repository and its ledger; `Misuse` when it is not one that can be used, `StoreError` from the ledger."""
    place = find_repository(path)
    top = Path(place.top_level or place.common_dir)
    home = settings.home(top)
    if home.is_relative_to(top):
        raise Misuse(f"TIANTING_HOME ({settings.base}) lies inside the repository {top}; name a folder outside of it")
    clock = WallClock()
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(open_ledger(where_kept(settings.store, Path(place.common_dir)), clock))
        repository = GitRepository(str(top))
        stack.push_async_callback(repository.close)
        branch = None if place.branch is None else place.branch.removeprefix("refs/heads/")
        yield House(
            path=top,
            home=home,
            branch=branch,
            repository=repository,
            worktrees=GitWorktrees(repository),
            store=ledger.store,
            lease=ledger.lease,
            bus=ledger.bus,
            clock=clock,
            board=ledger.board,
        )


@dataclass(frozen=True, slots=True)
class Crew:
    """Everything one run works through."""

    windows: Windows
    checks: Checks
    trunk: Trunk
    effects: Effects


@asynccontextmanager
async def open_crew(house: House, name: RunId, plan: Plan, run: RunState) -> AsyncIterator[Crew]:
    """The crew of a run; processes, worktrees, ports and the right to the trunk are given back at the end."""
    holder = house.holder(name)
    site = Site(
        run=name,
        plan=plan,
        worktrees=house.worktrees,
        repository=house.repository,
        lease=house.lease,
        holder=holder,
        transcripts=house.store,
        clock=house.clock,
        home=house.home,
        source=house.path,
    )
    trunk = Trunk(house.repository, house.lease, name, holder, house.clock)
    windows, checks = Windows(site), Checks(site)
    crew = Crew(windows, checks, trunk, Effects(run, windows, checks, house.repository, trunk, house.clock))
    try:
        yield crew
    except BaseException as error:
        if not _led_by_another(error):  # else what is on disk and at work is theirs now
            await _close(crew)
        raise
    await _close(crew)


def _led_by_another(error: BaseException) -> bool:
    lost = (StaleLease, SeqTaken)
    return isinstance(error, lost) or (isinstance(error, BaseExceptionGroup) and error.subgroup(lost) is not None)


async def _close(crew: Crew) -> None:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(crew.trunk.release)
        stack.push_async_callback(crew.windows.close)
        stack.push_async_callback(crew.checks.close)
