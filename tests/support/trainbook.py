"""A conversation with the merge queue on a pure `RunState`: what is decided, and what the world answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from conflict.train import TrainWork, decide_landings
from state import commands as cmd
from state import events as ev
from state import intents
from state.candidate import Candidate, Conflict, ConflictKind, Rung
from state.failure import Failure, FailureKind
from state.fold import apply
from state.ids import (
    BranchName,
    CandidateId,
    IntentId,
    RoleName,
    RunId,
    Seq,
    Sha,
    TaskId,
    attempt_id,
    task_branch,
    window_id,
)
from state.plan import GateSpec, Limits, Plan, TaskSpec, WindowSpec
from state.run import RunState

RUN = RunId("run")
T0 = Sha("T")
"""Where the trunk stands at first. A merge of b onto a onto that is called `T+a+b`."""
ROLE = RoleName("backend")


def task(name: str, *, needs: Sequence[str] = (), approve: bool = False, adopt: str | None = None) -> TaskSpec:
    return TaskSpec(TaskId(name), needs=tuple(TaskId(need) for need in needs), approve=approve, adopt=adopt, run="true")


def failed(kind: FailureKind = FailureKind.GATE) -> Failure:
    return Failure(kind, "it failed")


def on(onto: Sha, *tasks: str) -> Sha:
    return Sha("+".join([onto, *tasks]))


@dataclass
class Trainbook:
    """`expect` compares the next decision and begins it as the loop would; the other verbs are the world's."""

    run: RunState
    probing: bool = False
    landing: bool = False
    adopting: frozenset[TaskId] = frozenset()
    settling: frozenset[CandidateId] = frozenset()
    gates: int = 0
    log: list[ev.Event] = field(default_factory=list)

    def hear(self, *events: ev.Event) -> "Trainbook":
        for event in events:
            apply(self.run, ev.Recorded(Seq(self.run.seq + 1), float(self.run.seq), event))
            self.log.append(event)
        return self

    # ------------------------------------------------------------------------------------- what is decided

    def decide(self) -> list[cmd.Command]:
        work = TrainWork(self.probing, self.landing, self.adopting, self.settling, self.gates)
        return decide_landings(self.run, work)

    def expect(self, *commands: cmd.Command) -> "Trainbook":
        found = self.decide()
        assert found == list(commands)
        for order in found:
            self.begin(order)
        return self

    def begin(self, order: cmd.Command) -> None:
        match order:
            case cmd.ProbeCandidate():
                self.probing = True
            case cmd.LandCandidate(merges=merges, old=old):
                names = tuple(value.id for value, _ in merges)
                self.hear(ev.LandingDispatched(names, self.run.trunk_ref, old, merges[-1][1], ""))
                self.landing = True
            case cmd.RunChecks(candidate=name, task=of, commit=commit):
                self.hear(ev.GateStarted(name, of, commit))
            case cmd.CarryChecks(candidate=name, task=of, commit=commit):
                self.hear(ev.ChecksPassed(name, of, commit, 0.0, carried=True))
            case cmd.AskPerson(question=question):
                self.hear(ev.QuestionAsked(question, question.task))
            case cmd.AdoptBranches(tasks=tasks):
                self.adopting |= frozenset(tasks)
            case (
                cmd.DropCandidate(candidate=value)
                | cmd.ResolveConflict(candidate=value)
                | cmd.TakeBack(candidate=value)
            ):
                self.settling |= {value.id}
            case _:
                raise AssertionError(order)

    # -------------------------------------------------------------------------------- what is to be decided

    def value(self, name: str) -> Candidate:
        return self.run.candidates[cid(name)].value

    def probe(self, onto: Sha, *names: str) -> cmd.ProbeCandidate:
        return cmd.ProbeCandidate(tuple(self.value(name) for name in names), onto)

    def checks(self, name: str) -> cmd.RunChecks:
        return cmd.RunChecks(cid(name), self.value(name).task, self._commit(name))

    def carry(self, name: str) -> cmd.CarryChecks:
        return cmd.CarryChecks(cid(name), self.value(name).task, self._commit(name))

    def land(self, *names: str) -> cmd.LandCandidate:
        return cmd.LandCandidate(tuple((self.value(name), self._commit(name)) for name in names), self.run.trunk)

    def drop(self, name: str, failure: Failure) -> cmd.DropCandidate:
        return cmd.DropCandidate(self.value(name), failure)

    def _commit(self, name: str) -> Sha:
        commit = self.run.candidates[cid(name)].commit
        assert commit is not None
        return commit

    # ------------------------------------------------------------------------------------- what the world does

    def proposed(self, name: str, *paths: str) -> "Trainbook":
        """An attempt at the task succeeds with changes at these paths (its own file when none are named)."""
        number = self.run.tasks[TaskId(name)].attempts + 1
        attempt = attempt_id(TaskId(name), number)
        window = next(w.id for w in self.run.windows.values() if w.attempt is None)
        head, branch = Sha(f"head-{name}-{number}"), task_branch(RUN, TaskId(name))
        return self.hear(
            ev.AttemptDispatched(TaskId(name), attempt, number, window, T0),
            ev.AttemptSucceeded(TaskId(name), attempt, window, head, T0, branch, paths or (f"{name}.py",)),
        )

    def clean(self, onto: Sha, *names: str) -> "Trainbook":
        """The probes of these merge, one on top of the other; and with them the probe under way ends."""
        for name in names:
            commit = on(onto, name)
            self.hear(ev.CandidateProbed(cid(name), self.value(name).task, onto, commit))
            onto = commit
        self.probing = False
        return self

    def clash(
        self, onto: Sha, name: str, *paths: str, note: str = "", tried: Rung = Rung.STRUCTURAL, back: Sha | None = None
    ) -> "Trainbook":
        """It does not merge, and what the ladder can do without a person has been tried, unless `tried` is less."""
        found = clashes(paths or ("shared.py",))
        self.hear(ev.ConflictFound(cid(name), self.value(name).task, onto, found, note, tried, back))
        self.probing = False
        return self

    def green(self, *names: str) -> "Trainbook":
        for name in names:
            self.hear(ev.ChecksPassed(cid(name), self.value(name).task, self._commit(name), 1.0))
        return self

    def red(self, *names: str) -> "Trainbook":
        for name in names:
            self.hear(ev.ChecksFailed(cid(name), self.value(name).task, self._commit(name), "tests", failed(), 1.0))
        return self

    def landed(self) -> "Trainbook":
        """The landing under way succeeds."""
        landing = self.run.landing
        assert landing is not None
        before = landing.old
        for name in landing.candidates:
            state = self.run.candidates[name]
            assert state.commit is not None
            self.hear(ev.Landed(name, state.value.task, state.commit, before, state.commit, landing.ref))
            before = state.commit
        self.landing = False
        return self

    def refused(self, trunk_now: Sha, shadow: str = "") -> "Trainbook":
        assert self.run.landing is not None
        self.hear(ev.LandingRefused(self.run.landing.candidates, "no", trunk_now, shadow))
        self.landing = False
        return self

    def dropped(self, name: str, retry_at: float | None = None) -> "Trainbook":
        self.settling -= {cid(name)}
        return self.hear(ev.CandidateDropped(cid(name), self.value(name).task, failed(), retry_at))

    def wish(self, intent: intents.Intent, by: str = "ann") -> "Trainbook":
        return self.hear(ev.IntentAccepted(IntentId(self.run.intent + 1), by, intent))


def cid(name: str) -> CandidateId:
    return CandidateId(name if "." in name or "@" in name else f"{name}.1")


def clashes(paths: Iterable[str]) -> tuple[Conflict, ...]:
    return tuple(Conflict(ConflictKind.TEXT, "CONFLICT (contents)", path) for path in paths)


def train_of(
    *tasks: TaskSpec | str, gate: bool = True, carry: bool = False, gates: int = 8, ladder: bool = True
) -> Trainbook:
    """A run that was just launched; every adopted branch stands at `head-NAME`."""
    specs = tuple(task(one) if isinstance(one, str) else one for one in tasks)
    plan = Plan(
        "plan",
        specs,
        trunk=BranchName("main"),
        gate=(GateSpec("tests", "true"),) if gate else (),
        gate_carry=carry,
        limits=Limits(gates=gates),
        windows=(WindowSpec(ROLE, 4),),
    )
    adopted = tuple((spec.id, Sha(f"head-{spec.id}")) for spec in specs if spec.adopt)
    accepted = ev.PlanAccepted(
        RUN,
        plan,
        "/repository",
        BranchName("main"),
        "refs/heads/main",
        T0,
        tuple(ROLE for _ in specs),
        tuple(range(len(specs))),
        adopted,
        ladder=ladder,
    )
    book = Trainbook(RunState())
    book.hear(accepted, ev.LeaseTaken("here", 1))
    assert window_id(ROLE, 1) in book.run.windows
    return book
