"""The one place where bodies are chosen for ports.

Never: anything but building, handing over and closing.
"""

import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agents.checks import Checks
from agents.sandbox import UNCONFINED, Sandbox, find_sandbox, found_kind
from agents.site import Site
from agents.walls import Kind
from agents.window import Windows
from conflict.adopt import moved_trunk
from conflict.climb import Rungs
from conflict.land import Trunk
from conflict.look import Examiner
from orchestrator.board import Board, ShownLog
from orchestrator.court import RunCourt
from orchestrator.effects import Effects
from orchestrator.heralds.wanted import Heralds, open_heralds
from orchestrator.ledger import Beacon, Leading, Store, open_beacon, open_ledger
from orchestrator.lookout import Lookout
from orchestrator.loop import Wiring
from orchestrator.right import LeaseRight, since_boot
from orchestrator.settings import Misuse, SandboxUse, Settings, where_kept
from orchestrator.sharing import Sharing
from orchestrator.weights import shipped_weights
from state.git.cached import CachedRepository
from state.git.inspect import Place, Unusable, inspect
from state.git.repository import GitRepository
from state.git.worktrees import GitWorktrees
from state.ids import RunId
from state.kept import Cache
from state.leases.holder import this_process
from state.plan import Plan
from state.ports import Bus, Clock, Lease, SeqTaken, StaleLease, StoreError
from state.reach import Reach
from state.run import RunState


class WallClock:
    """The machine's time."""

    def now(self) -> float:
        return time.time()


@dataclass(frozen=True, slots=True)
class House:
    """One repository with its ledger, opened. `path` is its work tree, or the repository itself where it is bare;
    `branch` is the one checked out, None when HEAD is detached. `leading` is the ledger for who leads a run, under
    leases of `lease_seconds`. `risk`: as the ledger's. `keep`: as the settings'."""

    path: Path
    home: Path
    branch: str | None
    repository: GitRepository
    worktrees: GitWorktrees
    store: Store
    lease: Lease
    bus: Bus
    clock: Clock
    leading: Leading
    reach: Reach
    lease_seconds: float
    cache: Cache
    risk: str = ""
    keep: float | None = None
    board: Board | None = None
    beacon: Beacon | None = None
    heralds: Heralds | None = None
    use: SandboxUse = SandboxUse.AUTO
    readable: tuple[str, ...] = ()

    def holder(self, label: str) -> str:
        return this_process(label)

    def left(self) -> set[RunId]:
        """Runs of which worktrees or conversations are on this machine, and other names of what is beside those."""
        folders = (self.home, self.home / "sessions")
        return {RunId(one.name) for folder in folders if folder.is_dir() for one in folder.iterdir()}

    def has_left(self, run: RunId) -> bool:
        """Whether worktrees or conversations of a run are on this machine."""
        return run in self.left()

    def wiring(self, run: RunState) -> Wiring:
        store = self.leading.store
        return Wiring(store if self.board is None else ShownLog(self.board, run), store, self.bus, self.clock)

    async def take(self, run: RunId) -> LeaseRight | None:
        """The right to lead a run; None when another process has it."""
        since = since_boot()
        held = await self.leading.lease.take(f"run:{run}", self.holder(run), self.lease_seconds)
        return None if held is None else LeaseRight(self.leading.lease, held, self.lease_seconds, since)


def find_repository(path: Path) -> Place:
    """The repository that a path is in; `Misuse` when it is in none that can be used."""
    try:
        found = inspect(str(path))
    except FileNotFoundError as error:
        why = "the folder you are in is gone; go to one that exists, or name the repository by --repo"
        raise Misuse(why) from error
    if isinstance(found, Unusable):
        raise Misuse(found.why)
    return found


@asynccontextmanager
async def open_house(path: Path, settings: Settings, *, leading: bool = False) -> AsyncIterator[House]:
    """Open a repository and its ledger; `Misuse` when it is not one that can be used, `StoreError` from the ledger.
    With `leading`, for who leads runs, the message broker too, if there is one."""
    place = find_repository(path)
    top = Path(place.top_level or place.common_dir)
    home = settings.home(top)
    if home.is_relative_to(top):
        raise Misuse(f"TIANTING_HOME ({settings.base}) lies inside the repository {top}; name a folder outside of it")
    clock = WallClock()
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(open_ledger(where_kept(settings.store, Path(place.common_dir)), clock))
        beacon, bus = await open_beacon(stack, settings, ledger) if leading else (None, ledger.bus)
        heralds = stack.enter_context(open_heralds(os.environ, clock)) if leading else None
        repository = CachedRepository(str(top), ledger.cache, known=place)
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
            bus=bus,
            clock=clock,
            leading=ledger.leading,
            reach=ledger.reach,
            lease_seconds=settings.lease,
            board=ledger.board,
            cache=ledger.cache,
            risk=ledger.risk,
            keep=settings.keep,
            beacon=beacon,
            heralds=heralds,
            use=settings.sandbox,
            readable=settings.readable,
        )


def the_sandbox(use: SandboxUse, readable: tuple[str, ...]) -> Sandbox:
    """The walls for the processes of a run; `Misuse` when there must be some and the machine has none."""
    if use is SandboxUse.OFF:
        return UNCONFINED
    found = found_kind(Kind.LANDLOCK, readable) if use is SandboxUse.LANDLOCK else find_sandbox(readable)
    if found.kind is Kind.NONE and use is not SandboxUse.AUTO:
        raise Misuse(f"TIANTING_SANDBOX asks for a sandbox, and there is none: {found.why}")
    return found


def unasked_walls(house: House) -> str:
    """A sentence where processes of windows have other walls than the best, or none, and nobody has asked for that."""
    if house.use not in (SandboxUse.AUTO, SandboxUse.REQUIRED):
        return ""
    found = find_sandbox(house.readable)
    if found.kind is Kind.NONE:
        return f"agents are not confined: {found.why}" if house.use is SandboxUse.AUTO else ""
    return f"agents are confined by {found.kind} alone: {found.why}" if found.why else ""


@dataclass(frozen=True, slots=True)
class Crew:
    """Everything one run works through. Its git asks before each step whether the run is still ours."""

    repository: GitRepository
    worktrees: GitWorktrees
    windows: Windows
    checks: Checks
    trunk: Trunk
    sharing: Sharing
    effects: Effects


@asynccontextmanager
async def open_crew(house: House, name: RunId, plan: Plan, run: RunState, right: LeaseRight) -> AsyncIterator[Crew]:
    """The crew of a run; processes, worktrees, ports and the right to the trunk are given back at the end."""
    async with AsyncExitStack() as stack:
        repository = CachedRepository(str(house.path), house.cache, lambda _: right.guard(), house.repository)
        stack.push_async_callback(repository.close)
        crew = _crew(house, name, plan, run, right, repository)
        try:
            yield crew
        except BaseException as error:
            if _led_by_another(error):
                right.doubt()
            await _leave(crew, right, run.finished)
            raise
        await _leave(crew, right, run.finished)


def _crew(house: House, name: RunId, plan: Plan, run: RunState, right: LeaseRight, repository: GitRepository) -> Crew:
    holder, worktrees = house.holder(name), GitWorktrees(repository)
    lookout = Lookout(repository, run, house.cache)
    examiner = Examiner(repository, house.cache)
    site = Site(
        run=name,
        plan=plan,
        worktrees=worktrees,
        repository=repository,
        lease=house.leading.lease,
        right=right,
        holder=holder,
        transcripts=house.store,
        clock=house.clock,
        home=house.home,
        source=house.path,
        glimpsed=lookout.note,
        sandbox=the_sandbox(house.use, house.readable),
        court=RunCourt(run, repository, lookout, house.store, house.clock, house.path),
    )
    trunk = Trunk(repository, house.leading.lease, name, holder, house.clock)
    windows, checks = Windows(site), Checks(site)
    lookout.tell = windows.steer
    rungs = Rungs(house.store, shipped_weights)
    sharing = Sharing(
        lease=house.leading.lease,
        clock=house.clock,
        run=run,
        plan=plan,
        holder=holder,
        place=house.home.name,
        moved=lambda: moved_trunk(repository, run),
    )
    effects = Effects(run, windows, checks, repository, trunk, house.clock, rungs, lookout, sharing, examiner)
    return Crew(repository, worktrees, windows, checks, trunk, sharing, effects)


async def _leave(crew: Crew, right: LeaseRight, ended: bool) -> None:
    """Leave nothing behind; but where another process leads now, what is on disk and at work is theirs."""
    if await right.holds():
        await _close(crew, ended)
        return
    with suppress(StoreError):
        await crew.trunk.release()
        await crew.sharing.release()


def _led_by_another(error: BaseException) -> bool:
    lost = (StaleLease, SeqTaken)
    return isinstance(error, lost) or (isinstance(error, BaseExceptionGroup) and error.subgroup(lost) is not None)


async def _close(crew: Crew, ended: bool) -> None:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(crew.trunk.release)
        stack.push_async_callback(crew.sharing.release)
        stack.push_async_callback(crew.windows.close, ended)
        stack.push_async_callback(crew.checks.close)
