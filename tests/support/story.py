"""A run told event by event into the memory store, for all who read logs: no loop, no agents, no git."""

from dataclasses import dataclass, field

from state import events as ev
from state.buses.local import LocalBus
from state.candidate import Conflict, ConflictKind, Rung, Side
from state.failure import Failure, FailureKind
from state.forecast import PlanForecast
from state.ids import (
    AttemptId,
    BranchName,
    CandidateId,
    QuestionId,
    RoleName,
    RunId,
    Seq,
    Sha,
    TaskId,
    WindowId,
    attempt_id,
    task_branch,
)
from state.leases.memory import MemoryLease
from state.lifecycle import ENDED, Status
from state.plan import Plan, ScriptStep, StepKind, TaskSpec
from state.ports import Held
from state.question import About, Question
from state.reasons import AtWork, Ended, InTrain, NeedsNotLanded, Next, Reason, WaitingForYou
from state.run import RunState
from state.stores.memory import MemoryStore
from state.transcript import Usage

BASE = Sha("b" * 40)
_SCRIPT = (ScriptStep(StepKind.SAY, "working on it"),)


class HandClock:
    """Time that stands until a test moves it."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class PlainForecast:
    """The least that a screen needs to be told; the real answers are the scheduler's."""

    def plan(self, plan: Plan) -> PlanForecast:
        return PlanForecast(tuple(task.id for task in plan.tasks), (), (), (), 0.0, 0.0, ())

    def reason(self, run: RunState, task: TaskId, now: float) -> Reason:
        state = run.tasks[task]
        if state.status in ENDED:
            return Ended(state.status)
        for question in run.questions.values():
            if question.task == task:
                return WaitingForYou(question.id, question.text)
        if state.status is Status.RUNNING:
            return AtWork(str(state.window))
        if state.status is not Status.WAITING:
            return InTrain(0, "probed")
        missing = tuple(need for need in state.spec.needs if run.tasks[need].status is not Status.LANDED)
        return NeedsNotLanded(missing) if missing else Next()

    def remaining(self, run: RunState, now: float) -> float:
        return 60.0 * (len(run.tasks) - len(run.landed))


@dataclass(slots=True)
class World:
    """One process's memory: store, leases, bus and clock that belong together."""

    clock: HandClock = field(default_factory=HandClock)
    lease: MemoryLease = field(init=False)
    store: MemoryStore = field(init=False)
    bus: LocalBus = field(default_factory=LocalBus)

    def __post_init__(self) -> None:
        self.lease = MemoryLease(self.clock)
        self.store = MemoryStore(self.lease.newest)


def sha(of: str) -> Sha:
    return Sha((of.encode().hex() + "0" * 40)[:40])


def bookshop(tasks: int = 0) -> Plan:
    """A small plan; `tasks` adds as many that nothing needs. `docs` is a simulated agent's."""
    named = (
        TaskSpec(TaskId("schema"), "Create the order tables", "Add the tables.", touches=("shop/models/**",)),
        TaskSpec(TaskId("api"), "Serve the orders", needs=(TaskId("schema"),), run="make api"),
        TaskSpec(TaskId("page"), "Show the orders", needs=(TaskId("api"),), run="make page"),
        TaskSpec(TaskId("docs"), "Write it down", script=_SCRIPT),
    )
    more = tuple(TaskSpec(TaskId(f"extra-{number}")) for number in range(tasks))
    return Plan("bookshop", named + more)


@dataclass(slots=True)
class Story:
    """Tells one run. Every method appends what really follows, and wakes the readers."""

    world: World
    run: RunId
    held: Held
    last: Seq = Seq(0)

    @classmethod
    async def begin(
        cls, world: World, name: str = "bookshop-1", plan: Plan | None = None, *, simulated: bool = False
    ) -> "Story":
        run, plan = RunId(name), plan or bookshop()
        await world.store.create(run, plan.name, "/srv/shop", world.clock.now())
        held = await world.lease.take(f"run:{run}", "me", 10**9)
        assert held is not None
        story = cls(world, run, held)
        roles = tuple(RoleName("docs" if task.id == "docs" else "backend") for task in plan.tasks)
        order = tuple(range(len(plan.tasks)))
        branch = BranchName("main")
        opened = ev.PlanAccepted(
            run, plan, "/srv/shop", branch, "refs/heads/main", BASE, roles, order, simulated=simulated
        )
        await story.tell(opened, ev.LeaseTaken("me", held.token))
        return story

    async def tell(self, *events: ev.Event) -> Seq:
        now = self.world.clock.now()
        self.last = await self.world.store.append(self.run, [(now, one) for one in events], self.last, self.held)
        self.world.bus.publish(self.run)
        return self.last

    async def dispatch(self, task: str, number: int = 1, window: str = "backend-1") -> AttemptId:
        attempt = attempt_id(TaskId(task), number)
        where = WindowId(window)
        await self.tell(
            ev.AttemptDispatched(TaskId(task), attempt, number, where, BASE),
            ev.AttemptStarted(
                TaskId(task), attempt, where, 4711, f"/srv/windows/{window}", "command", window == "docs-1"
            ),
        )
        return attempt

    async def progress(self, task: str, note: str, number: int = 1, window: str = "backend-1") -> Seq:
        attempt = attempt_id(TaskId(task), number)
        return await self.tell(ev.AttemptProgressed(TaskId(task), attempt, WindowId(window), note, Usage(10, 0.5)))

    @staticmethod
    def candidate(task: str, number: int = 1) -> CandidateId:
        return CandidateId(attempt_id(TaskId(task), number))

    async def succeed(self, task: str, number: int = 1, window: str = "backend-1") -> CandidateId:
        attempt = attempt_id(TaskId(task), number)
        branch = task_branch(self.run, TaskId(task))
        await self.tell(
            ev.AttemptSucceeded(
                TaskId(task), attempt, WindowId(window), sha(task), BASE, branch, (f"{task}.py",), "did it"
            )
        )
        return CandidateId(attempt)

    async def fail(self, task: str, number: int = 1, window: str = "backend-1", retry_at: float | None = None) -> Seq:
        failure = Failure(FailureKind.VERIFY, "the task's own checks are red", "1 failed")
        attempt = attempt_id(TaskId(task), number)
        return await self.tell(ev.AttemptFailed(TaskId(task), attempt, WindowId(window), failure, retry_at))

    async def land(self, task: str, number: int = 1) -> Seq:
        candidate, commit = CandidateId(attempt_id(TaskId(task), number)), sha(f"m{task}")
        return await self.tell(
            ev.CandidateProbed(candidate, TaskId(task), BASE, commit),
            ev.GateStarted(candidate, TaskId(task), commit),
            ev.ChecksPassed(candidate, TaskId(task), commit, 1.5),
            ev.LandingDispatched((candidate,), "refs/heads/main", BASE, commit, ""),
            ev.Landed(candidate, TaskId(task), commit, BASE, commit, "refs/heads/main"),
        )

    async def whole(self, task: str, window: str = "backend-1") -> Seq:
        await self.dispatch(task, window=window)
        await self.succeed(task, window=window)
        return await self.land(task)

    async def conflict(self, task: str, number: int = 1, path: str = "shop/orders.py") -> QuestionId:
        candidate = CandidateId(attempt_id(TaskId(task), number))
        side = Side(sha("blob"), "100644")
        found = Conflict(ConflictKind.TEXT, "CONFLICT (contents)", path, side, side, side)
        question = Question(
            QuestionId("q1"),
            About.CONFLICT,
            f"{task} and the trunk both changed {path}",
            ("ours", "theirs", "both", "retry", "drop"),
            TaskId(task),
            candidate=candidate,
        )
        await self.tell(
            ev.ConflictFound(candidate, TaskId(task), sha("onto"), (found,)),
            ev.QuestionAsked(question, TaskId(task)),
        )
        return question.id

    async def resolve(self, task: str, number: int = 1) -> Seq:
        candidate = CandidateId(attempt_id(TaskId(task), number))
        return await self.tell(
            ev.QuestionAnswered(QuestionId("q1"), "both", "ada"),
            ev.ConflictResolved(
                candidate, TaskId(task), Rung.PERSON, "ada", "the lines of both", sha("onto"), sha(task), sha("new"),
                ("shop/orders.py",),
            ),
        )  # fmt: skip

    async def finish(self, *landed: str, cancelled: bool = False) -> Seq:
        names = tuple(TaskId(task) for task in landed)
        return await self.tell(ev.RunFinished(BASE, sha("end"), names, (), Usage(10, 0.5), cancelled))
