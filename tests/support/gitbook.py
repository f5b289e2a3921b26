"""The train on a real repository: decisions are carried out one after the other, gates are a function of the commit,
and the log is a list. What the loop does at once and in parallel is done here step by step.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conflict.adopt import adopt
from conflict.climb import Rungs, take_back
from conflict.drop import drop
from conflict.land import Trunk
from conflict.probe import probe
from conflict.resolve import resolve
from conflict.train import TrainWork, decide_landings
from orchestrator.weights import shipped_weights
from state import commands as cmd
from state import events as ev
from state import intents
from state.failure import Failure, FailureKind
from state.fold import apply
from state.git.repository import GitRepository
from state.ids import BranchName, CandidateId, IntentId, RunId, Seq, Sha, TaskId
from state.leases.memory import MemoryLease
from state.plan import GateSpec, Plan, TaskSpec
from state.ports import Repository
from state.run import RunState
from state.stores.memory import MemoryStore
from tests.support.ground import sh
from tests.support.trainbook import ROLE

MAIN = "refs/heads/main"
Gate = Callable[[Sha], bool]


@dataclass
class HandClock:
    """Stands still until a test moves it."""

    time: float = 1_700_000_000.0

    def now(self) -> float:
        return self.time


@dataclass
class GitRun:
    """One run over branches that exist already."""

    top: Path
    repository: Repository
    clock: HandClock
    trunk: Trunk
    gate: Gate | None
    run: RunState = field(default_factory=RunState)
    log: list[ev.Event] = field(default_factory=list)
    rungs: Rungs = field(default_factory=lambda: Rungs(MemoryStore({}), shipped_weights))

    async def record(self, event: ev.Event) -> None:
        apply(self.run, ev.Recorded(Seq(self.run.seq + 1), self.clock.time, event))
        self.log.append(event)

    async def settle(self) -> "GitRun":
        """Carry out what is decided until nothing more is."""
        while orders := decide_landings(self.run, TrainWork()):
            for order in orders:
                await self.perform(order)
        return self

    async def perform(self, order: cmd.Command) -> None:
        for event in await self._events(order):
            await self.record(event)

    async def _events(self, order: cmd.Command) -> Sequence[ev.Event]:
        match order:
            case cmd.AdoptBranches():
                return await adopt(self.repository, order, self.run)
            case cmd.ProbeCandidate():
                return [event async for event in probe(self.repository, order, self.run, self.clock)]
            case cmd.ResolveConflict():
                return [await resolve(self.repository, self.rungs, order, self.run, self.clock)]
            case cmd.TakeBack():
                return [await take_back(self.repository, order, self.run)]
            case cmd.DropCandidate():
                return [await drop(self.repository, order, self.run)]
            case cmd.RunChecks():
                return [ev.GateStarted(order.candidate, order.task, order.commit), self._checked(order)]
            case cmd.LandCandidate():
                return await self.trunk.land(order, self.run, self.record)
            case cmd.AskPerson(question=question):
                return [ev.QuestionAsked(question, question.task)]
            case _:
                raise AssertionError(order)

    def _checked(self, order: cmd.RunChecks) -> ev.Event:
        assert self.gate is not None
        if self.gate(order.commit):
            return ev.ChecksPassed(order.candidate, order.task, order.commit, 0.1)
        red = Failure(FailureKind.GATE, "red")
        return ev.ChecksFailed(order.candidate, order.task, order.commit, "tests", red, 0.1)

    # ------------------------------------------------------------------------------------- what a test does

    async def choose(self, task: str, choice: str, commit: str = "") -> "GitRun":
        wish = intents.ResolveConflict(CandidateId(f"{task}.1"), choice, commit)
        await self.record(ev.IntentAccepted(IntentId(self.run.intent + 1), "ann", wish))
        return await self.settle()

    def git(self, *args: str, check: bool = True) -> str:
        return sh(self.top, *args, check=check).strip()

    def files(self, ref: str = "main") -> dict[str, str]:
        names = self.git("ls-tree", "-r", "--name-only", ref).splitlines()
        return {name: sh(self.top, "show", f"{ref}:{name}") for name in names}

    def events(self, kind: type[ev.Event]) -> list[ev.Event]:
        return [event for event in self.log if isinstance(event, kind)]


@asynccontextmanager
async def git_run(
    top: Path,
    *branches: str,
    gate: Gate | None = None,
    ladder: bool = True,
    name: str = "r1",
    leases: MemoryLease | None = None,
    clock: HandClock | None = None,
) -> AsyncIterator[GitRun]:
    """A run on `main` that adopts these branches, in this order; task names are theirs with - for /."""
    clock = clock or HandClock()
    repository = GitRepository(str(top))
    try:
        leases = leases or MemoryLease(clock)
        trunk = Trunk(repository, leases, RunId(name), f"here:{name}", clock)
        book = GitRun(top, repository, clock, trunk, gate)
        tasks = tuple(TaskSpec(TaskId(branch.replace("/", "-")), adopt=branch) for branch in branches)
        heads = [await repository.resolve(branch) for branch in branches]
        pinned = tuple((task.id, head) for task, head in zip(tasks, heads, strict=True) if head is not None)
        stands = await repository.resolve(MAIN)
        assert stands is not None
        plan = Plan("plan", tasks, BranchName("main"), gate=(GateSpec("tests", "true"),) if gate else ())
        order = tuple(range(len(tasks)))
        roles = tuple(ROLE for _ in tasks)
        accepted = ev.PlanAccepted(
            RunId(name), plan, str(top), BranchName("main"), MAIN, stands, roles, order, pinned, "land", ladder
        )
        await book.record(accepted)
        await book.record(ev.LeaseTaken(f"here:{name}", 1))
        yield book
        await trunk.release()
    finally:
        await repository.close()


def branch(top: Path, name: str, files: dict[str, str | None], start: str = "main") -> str:
    """A branch with one commit that sets (or, with None, deletes) these files; the checkout stays on main."""
    sh(top, "checkout", "-q", "-b", name, start)
    commit(top, files, name)
    sh(top, "checkout", "-q", "main")
    return sh(top, "rev-parse", name).strip()


def commit(top: Path, files: dict[str, str | None], message: str) -> str:
    """Commit these files where the checkout stands."""
    for path, text in files.items():
        file = top / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    sh(top, "add", "-A", "--", *files)
    sh(top, "commit", "-q", "-m", message)
    return sh(top, "rev-parse", "HEAD").strip()
