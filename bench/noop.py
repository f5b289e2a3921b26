"""A run of no-op tasks through the product's own loop: real effects, probes, landings and store; windows that do
nothing but write what a real attempt writes, and a repository without a disk.

Run as a program it is one measurement in a process of its own: `noop.py < asked.json`, JSON out.
Never: a shortcut past the loop, the fold or the store.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import orchestrator.loop
from agents.prompt import Brief
from bench.bare import replay_bare
from bench.graphs import graph
from bench.weightless import WeightlessRepository
from conflict.climb import Rungs
from conflict.land import Trunk
from orchestrator.collector import calm
from orchestrator.effects import Effects
from orchestrator.loop import Loop, Manner, Wiring
from orchestrator.right import LeaseRight, since_boot
from orchestrator.settings import LEASE_SECONDS
from orchestrator.weights import shipped_weights
from scheduler.graph import start_order
from state import commands as cmd
from state import events as ev
from state.bench import ProveSchema, Regenerate, Regenerated, SchemaProof
from state.buses.local import LocalBus
from state.failure import FailureKind
from state.git.memory import MemoryRepository
from state.ids import AttemptId, BranchName, QuestionId, RoleName, RunId, TaskId, WindowId, task_branch
from state.leases.memory import MemoryLease
from state.leases.sqlite import SqliteLease
from state.plan import GateSpec, Limits, Plan, RuntimeName, TaskSpec, WindowSpec
from state.ports import EventStore, Inbox, Lease
from state.run import RunState
from state.stores.memory import MemoryStore
from state.stores.sqlite import SqliteStore

RUN = RunId("bench")
TRUNK = "refs/heads/main"
FILES = 64
"""Files that the tasks write in turn: more than are ever in the train at once, so that none conflicts."""


class WallClock:
    def now(self) -> float:
        return time.time()


@dataclass(slots=True)
class NoopWindows:
    """Each attempt is over at once: it writes one file, commits it, and keeps it under the task's branch."""

    repository: MemoryRepository
    count: int = 0

    async def run(
        self, order: cmd.StartAttempt, _: Brief, emit: Callable[[ev.Event], None]
    ) -> ev.AttemptSucceeded | ev.AttemptFailed:
        task = order.task.id
        worktree = f"/home/someone/.local/state/tianting/bench/{RUN}/{order.window}"
        emit(ev.AttemptStarted(task, order.attempt, order.window, 4242, worktree, RuntimeName.COMMAND))
        self.count += 1
        path = f"work-{self.count % FILES}.txt"
        head = self.repository.commit_files(order.base, {path: ("100644", task.encode())}, str(task), 0.0)
        branch = task_branch(RUN, task)
        await self.repository.update_ref(f"refs/heads/{branch}", head, None)
        return ev.AttemptSucceeded(task, order.attempt, order.window, head, order.base, branch, (path,))

    async def interrupt(self, attempt: AttemptId, why: str, kind: FailureKind) -> None: ...

    async def steer(self, attempt: AttemptId, text: str, question: QuestionId | None) -> bool:
        return False

    async def remove(self, window: WindowId) -> None: ...


class NoopChecks:
    """Every gate is green at once."""

    async def run(self, order: cmd.RunChecks, _: Callable[[ev.Event], None]) -> ev.ChecksPassed | ev.ChecksFailed:
        return ev.ChecksPassed(order.candidate, order.task, order.commit, 0.0)

    async def prove(self, order: ProveSchema) -> SchemaProof:
        return SchemaProof(True, f"{order.merged} holds")

    async def regenerate(self, order: Regenerate) -> Regenerated:
        return Regenerated(order.commit, ())


@dataclass(slots=True)
class Heard:
    """What the loop stored: how many events of which kind, in how many transactions; and what it decided."""

    kinds: Counter[type] = field(default_factory=Counter)
    batches: list[int] = field(default_factory=list)
    asked: int = 0
    decisions: int = 0

    def listen(self, recorded: Sequence[ev.Recorded]) -> None:
        self.batches.append(len(recorded))
        self.kinds.update(type(one.event) for one in recorded)

    def count(self, decide: Callable[..., Sequence[cmd.Command]]) -> Callable[..., list[cmd.Command]]:
        def counted(*args: object) -> list[cmd.Command]:
            found = list(decide(*args))
            self.asked += 1
            self.decisions += len(found)
            return found

        return counted


def plan_of(shape: str, tasks: int, slots: int, gate: bool) -> Plan:
    role = RoleName("backend")
    specs = tuple(
        TaskSpec(TaskId(f"t{at}"), role=role, needs=tuple(TaskId(f"t{need}") for need in needs), run="true")
        for at, needs in enumerate(graph(shape, tasks))
    )
    return Plan(
        "bench",
        specs,
        windows=(WindowSpec(role, slots),),
        gate=(GateSpec("tests", "true"),) if gate else (),
        limits=Limits(windows=slots),
    )


@dataclass(slots=True)
class Bodies:
    store: EventStore
    inbox: Inbox
    lease: Lease


def _bodies(stack: ExitStack, store: str, folder: str) -> Bodies:
    clock = WallClock()
    if store == "memory":
        leases = MemoryLease(clock)
        memory = MemoryStore(leases.newest)
        return Bodies(memory, memory, leases)
    sqlite = SqliteStore.open(str(Path(folder) / "ledger.sqlite"), store)
    stack.callback(sqlite.close)
    return Bodies(sqlite, sqlite, SqliteLease(sqlite.file, clock))


@dataclass(frozen=True, slots=True)
class Took:
    """From the plan being known, its order not yet, to the last task being landed: seconds, and of processor time."""

    seconds: float
    cpu: float


async def lead(plan: Plan, bodies: Bodies, repository: MemoryRepository, heard: Heard) -> tuple[RunState, Took]:
    """The run at its end, and what that took."""
    clock = WallClock()
    base = repository.seed({f"work-{at}.txt": b"" for at in range(FILES)}, TRUNK)
    calm()
    began, busy = time.perf_counter(), time.process_time()
    accepted = ev.PlanAccepted(
        run=RUN,
        plan=plan,
        repository="/home/someone/bench",
        trunk=BranchName("main"),
        trunk_ref=TRUNK,
        trunk_sha=base,
        roles=tuple(RoleName("backend") for _ in plan.tasks),
        order=start_order(plan),
    )
    await bodies.store.create(RUN, plan.name, accepted.repository, clock.now())
    held = await bodies.lease.take(f"run:{RUN}", "bench", LEASE_SECONDS)
    assert held is not None
    run = RunState(id=RUN)
    trunk = Trunk(repository, bodies.lease, RUN, "bench", clock)
    rungs = Rungs(MemoryStore({}), shipped_weights)
    effects = Effects(run, NoopWindows(repository), NoopChecks(), repository, trunk, clock, rungs)
    wiring = Wiring(bodies.store, bodies.inbox, LocalBus(), clock)
    right = LeaseRight(bodies.lease, held, LEASE_SECONDS, since_boot())
    await Loop(wiring, effects, run, right, Manner(heard.listen)).lead((accepted,))
    took = Took(time.perf_counter() - began, time.process_time() - busy)
    await trunk.release()
    assert len(run.landed) == len(plan.tasks), run.counts
    return run, took


REPOSITORIES = {"weightless": WeightlessRepository, "memory": MemoryRepository}


def measure(
    shape: str, tasks: int, slots: int, store: str, folder: str, gate: bool, repository: str = "weightless"
) -> dict[str, object]:
    heard = Heard()
    room = vars(orchestrator.loop)
    for decide in ("decide_starts", "decide_landings"):
        room[decide] = heard.count(room[decide])
    plan = plan_of(shape, tasks, slots, gate)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ExitStack() as stack:
        bodies = _bodies(stack, store, folder)
        _, took = asyncio.run(lead(plan, bodies, REPOSITORIES[repository](), heard))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        bare = {} if store == "memory" else replay_bare(folder, store, heard.batches)
    return {
        "seconds": took.seconds,
        "cpu_seconds": took.cpu,
        **bare,
        "peak_kib": peak - before,
        "rss_kib": peak,
        "events": sum(heard.batches),
        "kinds": {kind.__name__: times for kind, times in heard.kinds.items()},
        "batches": len(heard.batches),
        "asked": heard.asked,
        "decisions": heard.decisions,
    }


def main() -> None:
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="tianting-bench-") as folder:
        json.dump(measure(**asked, folder=folder), sys.stdout)


if __name__ == "__main__":
    main()
