"""A plan played through in virtual time by the fold and the decisions of a real run, to foresee how long it takes.

Never: a real run's log. Everything succeeds at the first attempt and lands in the moment it is done.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from scheduler.decide import decide_starts
from state import events as ev
from state.candidate import Candidate
from state.commands import StartAttempt
from state.fold import apply
from state.ids import AttemptId, BranchName, CandidateId, RoleName, RunId, Seq, Sha, TaskId
from state.plan import Plan
from state.run import RunState

_SOME = Sha("0" * 40)
_TRUNK = BranchName("trunk")


@dataclass(frozen=True, slots=True)
class Turn:
    """One task of a rehearsal: where it was at work, and from when to when in seconds from the start."""

    task: TaskId
    window: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`makespan` in seconds; `turns` in order of ending. Tasks that could never start have no turn."""

    makespan: float
    turns: tuple[Turn, ...]


def rehearse(plan: Plan, roles: tuple[RoleName, ...], order: tuple[int, ...], seconds: Sequence[float]) -> Rehearsal:
    """Play the plan with tasks that take `seconds`; all three sequences go by the order of `plan.tasks`.

    The limit of wall time is left out: how long it would take is the question.
    """
    plan = replace(plan, limits=replace(plan.limits, wall=None))
    stage = _Stage(dict(zip((task.id for task in plan.tasks), seconds, strict=True)))
    adopted = tuple((task.id, _SOME) for task in plan.tasks if task.adopt is not None)
    stage.tell(ev.PlanAccepted(RunId("rehearsal"), plan, "", _TRUNK, "", _SOME, roles, order, adopted))
    while True:
        stage.adopt()
        for start in decide_starts(stage.run, stage.now):
            stage.begin(start)
        if not stage.under_way:
            return Rehearsal(stage.now, tuple(stage.turns))
        stage.go_on()


@dataclass(slots=True)
class _Stage:
    seconds: dict[TaskId, float]
    run: RunState = field(default_factory=RunState)
    now: float = 0.0
    under_way: list[tuple[float, int, StartAttempt]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    def tell(self, event: ev.Event) -> None:
        apply(self.run, ev.Recorded(Seq(self.run.seq + 1), self.now, event))

    def begin(self, start: StartAttempt) -> None:
        name = start.task.id
        self.tell(ev.AttemptDispatched(name, start.attempt, start.number, start.window, start.base, start.overlaps))
        heapq.heappush(self.under_way, (self.now + self.seconds[name], self.run.seq, start))

    def go_on(self) -> None:
        """On to the next moment at which something ends; all that ends in it has ended then."""
        self.now = self.under_way[0][0]
        for start in self._ending():
            name, window = start.task.id, start.window
            self.turns.append(Turn(name, window, self.run.live[start.attempt].since, self.now))
            self.tell(ev.AttemptSucceeded(name, start.attempt, window, _SOME, start.base, _TRUNK, ()))
            self._land(name, start.attempt)

    def _ending(self) -> Iterator[StartAttempt]:
        while self.under_way and self.under_way[0][0] <= self.now:
            yield heapq.heappop(self.under_way)[2]

    def adopt(self) -> None:
        """Adopted branches land as soon as what they need has landed, which may set free the next."""
        while self.run.to_adopt:
            name = next(iter(self.run.to_adopt))
            attempt = AttemptId(name)
            self.tell(ev.CandidateProposed(Candidate(CandidateId(attempt), _SOME, _SOME, None, (), name)))
            self._land(name, attempt)

    def _land(self, name: TaskId, attempt: AttemptId) -> None:
        self.tell(ev.Landed(CandidateId(attempt), name, _SOME, _SOME, _SOME, ""))
