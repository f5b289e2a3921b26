"""A conversation with the scheduler on a pure `RunState`, as the loop would have it.

    Playbook(plan("a", task("b", needs="a"))) << start("a") >> succeeded("a") << nothing >> landed("a") << start("b")

`<<` is what the core decides, one command at a time and in its order; `>>` is what the world reports. Whatever is
decided and not asked for fails the test at the next `>>` and at `done`. After every event all invariants are checked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from orchestrator.load import frozen, thawed
from scheduler.classify import roles
from scheduler.decide import decide_starts, decide_stops, is_over
from scheduler.graph import start_order
from scheduler.retry import retry_at
from state import events as ev
from state import intents
from state.candidate import Candidate
from state.commands import InterruptAttempt, StartAttempt
from state.failure import Failure, FailureKind
from state.fold import apply, replay
from state.footprint import first_meeting
from state.ids import (
    AttemptId,
    BranchName,
    CandidateId,
    IntentId,
    QuestionId,
    RoleName,
    RunId,
    Seq,
    Sha,
    TaskId,
    task_branch,
)
from state.lifecycle import IN_TRAIN, Status
from state.plan import Defaults, Limits, Plan, TaskSpec, WindowSpec
from state.question import About, Question
from state.run import RunState

RUN = RunId("run")
TRUNK = Sha("T")
ROLE = RoleName("backend")

Report = Callable[["Playbook"], Iterable[ev.Event]]


def task(name: str, *, needs: str = "", **more: object) -> TaskSpec:
    """A task of the one pool; `needs` are names with spaces between."""
    spec = TaskSpec(TaskId(name), role=ROLE, needs=tuple(TaskId(need) for need in needs.split()), run="true")
    return replace(spec, **more)  # type: ignore[arg-type]  # each test names fields that there are


def plan(
    *tasks: TaskSpec | str,
    windows: int | dict[str, int] = 8,
    limit: int | None = None,
    wall: float | None = None,
    retries: int = 2,
) -> Plan:
    """A plan of one pool with that many windows, or of several pools; `limit` is that of windows live at once."""
    pools = {ROLE: windows} if isinstance(windows, int) else windows
    return Plan(
        "plan",
        tuple(task(one) if isinstance(one, str) else one for one in tasks),
        windows=tuple(WindowSpec(RoleName(role), count) for role, count in pools.items()),
        limits=Limits(windows=sum(pools.values()) if limit is None else limit, wall=wall),
        defaults=Defaults(retries=retries),
    )


@dataclass(frozen=True)
class _Start:
    task: str
    window: str | None = None
    overlaps: tuple[str, ...] | None = None
    number: int | None = None

    def fits(self, order: StartAttempt | InterruptAttempt) -> bool:
        return isinstance(order, StartAttempt) and (
            (order.task.id, order.attempt) == (self.task, f"{self.task}.{order.number}")
            and self.window in (None, order.window)
            and self.overlaps in (None, order.overlaps)
            and self.number in (None, order.number)
        )


@dataclass(frozen=True)
class _Stop:
    task: str

    def fits(self, order: StartAttempt | InterruptAttempt) -> bool:
        return isinstance(order, InterruptAttempt) and order.attempt.rpartition(".")[0] == self.task


@dataclass(frozen=True)
class _Nothing:
    over: bool | None = None


def start(name: str, window: str | None = None, *, near: str | None = None, number: int | None = None) -> _Start:
    """The task is started; `near` names the live tasks that it overlaps with."""
    return _Start(name, window, None if near is None else tuple(near.split()), number)


def stop(name: str) -> _Stop:
    return _Stop(name)


nothing = _Nothing()
over = _Nothing(over=True)
not_over = _Nothing(over=False)


@dataclass
class Playbook:
    plan: Plan
    roles: Sequence[str] = ()
    order: Sequence[int] = ()
    now: float = 1000.0
    run: RunState = field(default_factory=RunState)
    log: list[ev.Recorded] = field(default_factory=list)
    decided: list[StartAttempt | InterruptAttempt] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        chosen = tuple(RoleName(role) for role in self.roles) or roles(self.plan)
        adopted = tuple((spec.id, Sha(f"head-{spec.id}")) for spec in self.plan.tasks if spec.adopt)
        order = tuple(self.order) or start_order(self.plan)
        branch, ref = BranchName("main"), "refs/heads/main"
        self.hear(ev.PlanAccepted(RUN, self.plan, "/repository", branch, ref, TRUNK, chosen, order, adopted))

    def __lshift__(self, expected: "_Start | _Stop | _Nothing") -> "Playbook":
        self.decide()
        if isinstance(expected, _Nothing):
            assert not self.decided, f"expected nothing, decided {self.decided}"
            assert expected.over in (None, is_over(self.run, self.now))
            return self
        assert self.decided, f"expected {expected}, decided nothing more"
        assert expected.fits(self.decided[0]), f"expected {expected}, decided {self.decided[0]}"
        del self.decided[0]
        return self

    def __rshift__(self, report: "ev.Event | Report") -> "Playbook":
        self.done()
        for event in report(self) if callable(report) else (report,):
            self.hear(event)
        return self

    def done(self) -> "Playbook":
        """Nothing has been decided that was not asked for."""
        self.decide()
        assert not self.decided, f"decided as well: {self.decided}"
        return self

    def settle(self) -> "Playbook":
        """Let it decide whatever it does."""
        self.decide()
        self.decided.clear()
        return self

    def decide(self) -> None:
        """Ask until nothing new follows, and fold the dispatches, as the loop does."""
        while True:
            self.run.warm_up(self.now)
            stops = [order for order in decide_stops(self.run, self.now) if order.attempt not in self.stopped]
            starts = decide_starts(self.run, self.now)
            self.stopped.update(order.attempt for order in stops)
            self.decided += [*stops, *starts]
            for one in starts:
                self.hear(
                    ev.AttemptDispatched(
                        one.task.id, one.attempt, one.number, one.window, one.base, one.overlaps, one.candidate
                    )
                )
            if not (stops or starts):
                return

    def hear(self, event: ev.Event) -> None:
        recorded = ev.Recorded(Seq(self.run.seq + 1), self.now, event)
        apply(self.run, recorded)
        self.log.append(recorded)
        check(self.run, self.log, self.now)


def check(run: RunState, log: Sequence[ev.Recorded], now: float) -> None:
    """The invariants of every state that a log can lead to."""
    live = [attempt.task for attempt in run.live.values()]
    assert len(set(live)) == len(live), "at most one live attempt a task"
    at_tasks = {attempt.task for attempt in run.live.values() if attempt.candidate is None}
    assert {name for name, state in run.tasks.items() if state.status is Status.RUNNING} == at_tasks
    assert len(live) <= run.plan.limits.windows, "the run is not overdrawn"
    at_work = {window.id: window.attempt for window in run.windows.values() if window.attempt is not None}
    assert at_work == {attempt.window: attempt.id for attempt in run.live.values()}, "pools are not overdrawn"
    for (one, mine), (two, theirs) in combinations(run.claims.items(), 2):
        assert first_meeting(mine, theirs) is None, f"exclusive claims of {one} and {two} never overlap"
    for name in run.claims:
        assert run.tasks[name].status in {Status.RUNNING, *IN_TRAIN}, "a claim is held while the work may still land"
    landed: set[str] = set()
    for name in run.landed:
        assert landed.issuperset(run.tasks[name].spec.needs), "the needs of every landed task landed before it"
        landed.add(name)
    statuses = [state.status for state in run.tasks.values()]
    assert all(run.counts[status] == statuses.count(status) for status in Status)
    check_replay(run, log, now)


def check_replay(run: RunState, log: Sequence[ev.Recorded], now: float) -> None:
    """`replay(log)` equals the live state, once both know what time it is."""
    again = replay(log)
    kept = thawed(frozen(run))
    assert kept == run, "a state that was kept is the state"
    for state in (run, again):
        state.warm_up(now)
        state.cooling.sort()  # a heap's order is an accident; sorted is a heap too
    assert again == run


# ------------------------------------------------------------------------------------------ what the world reports


def later(seconds: float) -> Report:
    def report(book: Playbook) -> Iterable[ev.Event]:
        book.now += seconds
        return ()

    return report


def succeeded(name: str, *paths: str) -> Report:
    def report(book: Playbook) -> Iterable[ev.Event]:
        attempt = book.run.live[_live(book, name)]
        head, branch = Sha(f"head-{attempt.id}"), task_branch(RUN, attempt.task)
        yield ev.AttemptSucceeded(attempt.task, attempt.id, attempt.window, head, attempt.base, branch, paths)

    return report


def failed(name: str, kind: FailureKind = FailureKind.EXIT) -> Report:
    """The attempt fails; when it is tried again is the scheduler's answer."""

    def report(book: Playbook) -> Iterable[ev.Event]:
        attempt, failure = book.run.live[_live(book, name)], Failure(kind, "it failed")
        when = retry_at(book.run, book.run.tasks[attempt.task], failure, book.now)
        yield ev.AttemptFailed(attempt.task, attempt.id, attempt.window, failure, when)

    return report


def landed(name: str) -> Report:
    """The task's candidate is probed, gated and landed."""

    def report(book: Playbook) -> Iterable[ev.Event]:
        run, candidate = book.run, _candidate(book, name)
        before, after = run.trunk, Sha(f"{run.trunk}+{name}")
        yield ev.CandidateProbed(candidate, TaskId(name), before, after)
        yield ev.GateStarted(candidate, TaskId(name), after)
        yield ev.ChecksPassed(candidate, TaskId(name), after, 1.0)
        yield ev.LandingDispatched((candidate,), run.trunk_ref, before, after, "")
        yield ev.Landed(candidate, TaskId(name), after, before, after, run.trunk_ref)

    return report


def finished(name: str) -> Report:
    """The attempt succeeds and its candidate lands in one breath."""

    def report(book: Playbook) -> Iterable[ev.Event]:
        yield from succeeded(name)(book)
        yield from landed(name)(book)

    return report


def dropped(name: str, kind: FailureKind = FailureKind.GATE) -> Report:
    def report(book: Playbook) -> Iterable[ev.Event]:
        failure = Failure(kind, "it is out of the train")
        when = retry_at(book.run, book.run.tasks[TaskId(name)], failure, book.now)
        yield ev.CandidateDropped(_candidate(book, name), TaskId(name), failure, when)

    return report


def adopted(name: str) -> Report:
    """The adopted branch enters the train."""

    def report(book: Playbook) -> Iterable[ev.Event]:
        state = book.run.tasks[TaskId(name)]
        assert state.adopted is not None
        candidate = CandidateId(f"{name}.{state.attempts + 1}")
        yield ev.CandidateProposed(Candidate(candidate, state.adopted, TRUNK, None, (), TaskId(name)))

    return report


def cancelled(name: str) -> Report:
    return lambda _: [ev.TaskCancelled(TaskId(name), "ann", "")]


def wish(intent: intents.Intent) -> Report:
    return lambda book: [ev.IntentAccepted(IntentId(book.run.intent + 1), "ann", intent)]


def asked(name: str, about: About = About.AGENT) -> Report:
    """The task's live agent, or the train about its candidate, asks a person."""

    def report(book: Playbook) -> Iterable[ev.Event]:
        attempt = _live(book, name) if about is About.AGENT else None
        candidate = None if about is About.AGENT else _candidate(book, name)
        question = QuestionId(f"q{book.run.asked + 1}")
        yield ev.QuestionAsked(
            Question(question, about, "which?", ("drop",), TaskId(name), attempt, candidate), TaskId(name)
        )

    return report


def _live(book: Playbook, name: str) -> AttemptId:
    attempt = book.run.tasks[TaskId(name)].live
    assert attempt is not None, f"{name} is not at work"
    return attempt


def _candidate(book: Playbook, name: str) -> CandidateId:
    candidate = book.run.tasks[TaskId(name)].candidate
    assert candidate is not None, f"{name} is not in the train"
    return candidate
