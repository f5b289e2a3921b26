"""The whole orchestrator on virtual time: real loop, effects, train and trunk; in-memory store, lease and repository;
simulated windows and gate. A power switch cuts everything off from the world at once, as `kill -9` does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from conflict.climb import Rungs
from conflict.land import Trunk
from orchestrator.effects import Effects
from orchestrator.load import load
from orchestrator.loop import Loop, Manner, Wiring
from orchestrator.recovery import recover
from orchestrator.right import LeaseRight
from orchestrator.weights import shipped_weights
from scheduler.classify import roles
from scheduler.graph import start_order
from state import commands as cmd
from state import events as ev
from state.bench import ProveSchema, Regenerate, Regenerated, SchemaProof
from state.buses.local import LocalBus
from state.failure import Failure, FailureKind
from state.git.memory import MemoryRepository
from state.git.memory_worktrees import MemoryWorktrees
from state.ids import AttemptId, BranchName, RunId, Seq, Sha, TaskId, WindowId, task_branch
from state.intents import Intent
from state.leases.memory import MemoryLease
from state.plan import Plan
from state.ports import Held, Repository
from state.run import RunState
from state.stores.memory import MemoryStore
from tests.support.virtual import VirtualClock, VirtualLoop

T = TypeVar("T")
RUN = RunId("sim-1")
REF = "refs/heads/main"
RED = b"RED"
"""A file with this in it makes the gate red."""


class PowerCut(BaseException):
    """Raised by everything that a dead process tries to do to the world."""


@dataclass
class Power:
    on: bool = True


class _Fused:
    """A port that works only while there is power."""

    def __init__(self, body: object, power: Power) -> None:
        self._body, self._power = body, power

    def __getattr__(self, name: str) -> object:
        found = getattr(self._body, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def call(*args: object, **named: object) -> object:
            if not self._power.on:
                raise PowerCut
            await asyncio.sleep(0)  # as a thread would: others may go first
            if not self._power.on:
                raise PowerCut
            return await found(*args, **named)

        return call


def fused(body: T, power: Power) -> T:
    """The same port, for as long as there is power."""
    return cast(T, _Fused(body, power))


Edits = Mapping[str, bytes | None]


@dataclass
class Outcome:
    """What becomes of a live attempt: edits on success, else a failure."""

    edits: Edits = field(default_factory=dict)
    failure: FailureKind | None = None


class SimWindows:
    """Attempts wait until the test (or `auto`) says what became of them."""

    def __init__(self, repository: MemoryRepository, port: Repository, clock: VirtualClock) -> None:
        self._memory, self._port, self._clock = repository, port, clock
        self.live: dict[AttemptId, asyncio.Future[Outcome]] = {}
        self.orders: dict[AttemptId, cmd.StartAttempt] = {}
        self.auto: Callable[[cmd.StartAttempt], Awaitable[Outcome]] | None = None

    async def run(
        self, order: cmd.StartAttempt, brief: object, emit: Callable[[ev.Event], None]
    ) -> ev.AttemptSucceeded | ev.AttemptFailed:
        del brief
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.live[order.attempt], self.orders[order.attempt] = ended, order
        emit(ev.AttemptStarted(order.task.id, order.attempt, order.window, 1, "/nowhere", "scripted", True))
        try:
            outcome = await (ended if self.auto is None else self.auto(order))
        finally:
            self.live.pop(order.attempt, None)
        if outcome.failure is not None:
            failure = Failure(outcome.failure, "as the simulation wants it")
            return ev.AttemptFailed(order.task.id, order.attempt, order.window, failure, None)
        return await self._succeed(order, outcome)

    async def _succeed(self, order: cmd.StartAttempt, outcome: Outcome) -> ev.AttemptSucceeded:
        task, base = order.task.id, order.base
        edits = {path: None if data is None else ("100644", data) for path, data in outcome.edits.items()}
        head = self._memory.commit_files(base, edits, f"{order.attempt}", self._clock.now()) if edits else base
        branch = task_branch(RUN, task)
        ref = f"refs/heads/{branch}"
        await self._port.update_ref(ref, head, await self._port.resolve(ref))
        paths = self._memory.changed(base, head)
        return ev.AttemptSucceeded(task, order.attempt, order.window, head, base, branch, paths)

    async def interrupt(self, attempt: AttemptId, why: str, kind: FailureKind) -> None:
        del why
        ended = self.live.get(attempt)
        if ended is not None and not ended.done():
            ended.set_result(Outcome(failure=kind))

    async def steer(self, attempt: AttemptId, text: str, question: object) -> bool:
        del text, question
        return attempt in self.live

    async def sweep(self) -> None:
        self.live.clear()

    async def remove(self, window: WindowId) -> None:
        del window

    async def salvage(self, window: WindowId, attempt: AttemptId, task: TaskId, base: Sha) -> tuple[ev.Event, ...]:
        del window, attempt, task, base
        return ()


class SimChecks:
    """Red when a file of the commit holds `RED`; each check takes two virtual seconds."""

    def __init__(self, repository: MemoryRepository) -> None:
        self._memory = repository

    async def run(self, order: cmd.RunChecks, emit: object) -> ev.ChecksPassed | ev.ChecksFailed:
        del emit
        await asyncio.sleep(2.0)
        if any(RED in data for data in self._memory.files(order.commit).values()):
            red = Failure(FailureKind.GATE, "a file is red")
            return ev.ChecksFailed(order.candidate, order.task, order.commit, "sim", red, 2.0)
        return ev.ChecksPassed(order.candidate, order.task, order.commit, 2.0)

    async def prove(self, order: ProveSchema) -> SchemaProof:
        await asyncio.sleep(2.0)
        return SchemaProof(True, f"{order.merged} holds")

    async def regenerate(self, order: Regenerate) -> Regenerated:
        await asyncio.sleep(2.0)
        return Regenerated(order.commit, ())


class World:
    """What outlives a crash: store, leases, repository, time; and the process of the moment."""

    def __init__(self, plan: Plan, files: dict[str, bytes], loop: VirtualLoop | None = None) -> None:
        self.loop = loop or VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.plan = plan
        self.memory = MemoryRepository()
        self.start = self.memory.seed(files, REF)
        self.leases = MemoryLease(self.clock)
        self.store = MemoryStore(self.leases.newest)
        self.bus = LocalBus()
        self.generation = 0
        self.power = Power()
        self.windows = self._new_windows()
        self.leading: Loop | None = None
        self.run: RunState | None = None
        self.trunk_seen: list[Sha] = [self.start]

    def _new_windows(self) -> SimWindows:
        return SimWindows(self.memory, fused(self.memory, self.power), self.clock)

    def accepted(self) -> ev.PlanAccepted:
        return ev.PlanAccepted(
            run=RUN,
            plan=self.plan,
            repository="memory",
            trunk=BranchName("main"),
            trunk_ref=REF,
            trunk_sha=self.start,
            roles=roles(self.plan),
            order=start_order(self.plan),
            simulated=True,
        )

    async def lead(self) -> None:
        """Launch, or recover after a crash, and lead until the run is over, stopped or the power is cut."""
        self.generation += 1
        holder = f"sim:{self.generation}"
        power = self.power
        repository, store = fused(self.memory, power), fused(self.store, power)
        lease = fused(self.leases, power)
        held: Held | None = await self.leases.take(f"run:{RUN}", holder, 15.0)
        assert held is not None, "the lease of a dead process is free at once in the simulation"
        self.windows = self._new_windows()
        first: Sequence[ev.Event]
        trunk = Trunk(repository, lease, RUN, holder, self.clock)
        taken = ev.LeaseTaken(holder, held.token)
        if await self.store.last_seq(RUN) == 0:
            if self.generation == 1:
                await self.store.create(RUN, "sim", "memory", self.clock.now())
            self.run = RunState(id=RUN)
            first = (self.accepted(), taken)
        else:
            self.run = await load(self.store, RUN)
            recovered = await recover(
                self.run, self.clock.now(), self.windows, trunk, repository, MemoryWorktrees(self.memory), _NOWHERE
            )
            first = (taken, *recovered)
        rungs = Rungs(self.store, shipped_weights)
        effects = Effects(self.run, self.windows, SimChecks(self.memory), repository, trunk, self.clock, rungs)
        wiring = Wiring(store, fused(self.store, power), self.bus, self.clock)
        right = LeaseRight(lease, held, 15.0, self.clock.now(), self.clock.now)
        self.leading = Loop(wiring, effects, self.run, right, Manner(lambda _: None))
        await self.leading.lead(first)
        await trunk.release()
        await self.leases.release(held)

    async def crash(self, leading: asyncio.Task[None]) -> None:
        """Cut the power, let the dead process fall over, free its leases, and restore the power."""
        self.power.on = False
        leading.cancel()
        await asyncio.wait([leading], timeout=5.0)
        self.power = Power()
        for held in await self.leases.held_by(""):
            await self.leases.release(held)

    async def submit(self, intent: Intent) -> None:
        await self.store.submit(RUN, intent, "tester", self.clock.now())
        self.bus.publish(RUN)

    async def log(self) -> list[ev.Recorded]:
        return await self.store.read(RUN, Seq(0), 1_000_000)


_NOWHERE = Path("/nowhere")
