"""`RunState`: what is known of a run, folded from its log by `fold.py` and from nothing else; with the indexes that
make a decision cheap. The values in it are frozen; it is changed in place by the fold alone.

Never: a clock, a decision, a field that the log does not give.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from state import events as ev
from state.candidate import Candidate
from state.ids import (
    AttemptId,
    BranchName,
    CandidateId,
    IntentId,
    QuestionId,
    RunId,
    Seq,
    Sha,
    TaskId,
    WindowId,
)
from state.lifecycle import Status, check_move
from state.plan import Plan
from state.question import Question
from state.ready import ReadyIndex
from state.standing import AttemptState, CandidateState, Step, TaskState, WindowState
from state.transcript import Usage

_NOWHERE = Sha("")


@dataclass(slots=True)
class RunState:
    """One run. `trunk_ref` is the ref it lands on: the trunk's branch, or a shadow beside it once a checkout was in the
    way. `trunk` is where that ref stands, as far as the log knows; `stood` are all the commits it has stood at since
    somebody else last moved it; `foreign` is the newest commit of a person that was proposed beside it.
    `overlaps` are what two tasks at work (or one and, with None, the trunk) both want, by the pair.
    `steps` are the train's merges by their commits, as far back as one may be asked for (with `gate_carry` alone).
    `elsewhere` are the globs that other runs of the repository claim, to the run. `refused` is why the run could never
    start. `models` is what was spent by runtime and model, such as `claude opus`; `quotas` are the credentials whose
    provider has closed its door, and until when, in unix seconds."""

    id: RunId = RunId("")
    plan: Plan = field(default_factory=lambda: Plan("", ()))
    repository: str = ""
    branch: BranchName = BranchName("")
    trunk_ref: str = ""
    trunk: Sha = _NOWHERE
    trunk_before: Sha = _NOWHERE
    stood: set[Sha] = field(default_factory=set)
    foreign: Sha = _NOWHERE
    launched_by: str = ""
    ladder: bool = True
    simulated: bool = False
    seq: Seq = Seq(0)
    started: float = 0.0
    last: float = 0.0
    holder: str = ""
    token: int = 0
    paused: bool = False
    cancelled: bool = False
    finished: bool = False
    refused: str = ""
    intent: IntentId = IntentId(0)
    tasks: dict[TaskId, TaskState] = field(default_factory=dict)
    children: dict[TaskId, list[TaskId]] = field(default_factory=dict)
    counts: Counter[Status] = field(default_factory=Counter)
    ready: ReadyIndex = field(default_factory=ReadyIndex)
    cooling: list[tuple[float, int, TaskId]] = field(default_factory=list)
    to_adopt: dict[TaskId, None] = field(default_factory=dict)
    claims: dict[TaskId, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    live: dict[AttemptId, AttemptState] = field(default_factory=dict)
    overlaps: dict[tuple[TaskId, TaskId | None], tuple[ev.Overlap, ...]] = field(default_factory=dict)
    windows: dict[WindowId, WindowState] = field(default_factory=dict)
    candidates: dict[CandidateId, CandidateState] = field(default_factory=dict)
    train: list[CandidateId] = field(default_factory=list)
    steps: dict[Sha, Step] = field(default_factory=dict)
    landing: ev.LandingDispatched | None = None
    questions: dict[QuestionId, Question] = field(default_factory=dict)
    asked: int = 0
    landed: list[TaskId] = field(default_factory=list)
    resolved: list[CandidateId] = field(default_factory=list)
    resolutions: list[ev.ConflictResolved] = field(default_factory=list)
    cost: Usage = Usage()
    models: dict[str, Usage] = field(default_factory=dict)
    quotas: dict[str, float] = field(default_factory=dict)

    def move(self, task: TaskState, after: Status, event: str) -> None:
        """Give a task another status; raises `IllegalMove` when the table has no such move."""
        check_move(task.spec.id, task.status, after, event)
        self.counts[task.status] -= 1
        self.counts[after] += 1
        task.status = after

    def make_ready(self, task: TaskState) -> None:
        """Index a waiting task whose needs have landed. An adopted branch is adopted again, however often."""
        if task.adopted is not None:
            self.to_adopt[task.spec.id] = None
        elif task.not_before > self.last:
            heapq.heappush(self.cooling, (task.not_before, task.rank, task.spec.id))
        else:
            task.not_before = 0.0
            self.ready.add(task.rank, task.spec.id, task.key)

    def unready(self, task: TaskState) -> None:
        self.ready.remove(task.rank)
        self.to_adopt.pop(task.spec.id, None)
        if task.not_before:
            self.cooling = [entry for entry in self.cooling if entry[2] != task.spec.id]
            heapq.heapify(self.cooling)
            task.not_before = 0.0

    def warm_up(self, now: float) -> None:
        """Index the tasks whose backoff has ended. Changes no fact, only how fast it is found."""
        while self.cooling and self.cooling[0][0] <= now:
            task = self.tasks[heapq.heappop(self.cooling)[2]]
            task.not_before = 0.0
            self.ready.add(task.rank, task.spec.id, task.key)

    def in_train(self) -> Iterator[CandidateState]:
        """The candidates in the order in which they would land."""
        return (self.candidates[one] for one in self.train)

    def task_of(self, candidate: Candidate) -> TaskState | None:
        return None if candidate.task is None else self.tasks[candidate.task]
