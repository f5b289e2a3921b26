"""Facts of a run, in the past tense: a small closed union. The log is a list of these and nothing else.

Never: behaviour, defaults that hide a fact, a status (that is folded by `run.py`). A field is added with a default
and, where old logs need help, an upcaster in `codec.py`; a field is never taken away or given another meaning.
"""

from dataclasses import dataclass

from state.failure import Failure
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
    WindowId,
)
from state.intents import Intent
from state.light import light
from state.plan import Plan
from state.question import Question
from state.radar_events import FootprintSeen as FootprintSeen
from state.radar_events import Overlap as Overlap
from state.radar_events import OverlapGone as OverlapGone
from state.radar_events import OverlapSeen as OverlapSeen
from state.train_events import ApprovalGiven as ApprovalGiven
from state.train_events import CandidateDropped as CandidateDropped
from state.train_events import CandidateProbed as CandidateProbed
from state.train_events import CandidateProposed as CandidateProposed
from state.train_events import ChecksFailed as ChecksFailed
from state.train_events import ChecksPassed as ChecksPassed
from state.train_events import ConflictFound as ConflictFound
from state.train_events import ConflictResolved as ConflictResolved
from state.train_events import GateStarted as GateStarted
from state.train_events import Landed as Landed
from state.train_events import LandingDispatched as LandingDispatched
from state.train_events import LandingRefused as LandingRefused
from state.train_events import ResolverCalled as ResolverCalled
from state.transcript import Usage


@light
@dataclass(frozen=True, slots=True)
class PlanAccepted:
    """The first event of every log. `roles` and `order` hold what the scheduler decided once, task by task in the
    order of `plan.tasks`: the role, and the task's place in the order of starting (0 first). `adopted` names the sha
    of each adopted branch. `trunk_ref` is the full name of the ref to land on. `launched_by` is `run`, `land`, `demo`
    or `serve`; `ladder` False stops at git's own merge. `learned` are files that tasks like it
    changed in earlier runs.
    """

    run: RunId
    plan: Plan
    repository: str
    trunk: BranchName
    trunk_ref: str
    trunk_sha: Sha
    roles: tuple[RoleName, ...]
    order: tuple[int, ...]
    adopted: tuple[tuple[TaskId, Sha], ...] = ()
    launched_by: str = "run"
    ladder: bool = True
    simulated: bool = False
    learned: tuple[tuple[TaskId, tuple[str, ...]], ...] = ()


@light
@dataclass(frozen=True, slots=True)
class IntentAccepted:
    intent_id: IntentId
    by: str
    intent: Intent


@light
@dataclass(frozen=True, slots=True)
class IntentRefused:
    intent_id: IntentId
    by: str
    intent: Intent
    why: str


@light
@dataclass(frozen=True, slots=True)
class AttemptDispatched:
    """Stored before anything of the attempt is begun. `overlaps` are the live tasks whose claims it meets. With
    `candidate` it is the resolver's, at the conflict of that one; its task goes no further by it."""

    task: TaskId
    attempt: AttemptId
    number: int
    window: WindowId
    base: Sha
    overlaps: tuple[TaskId, ...] = ()
    candidate: CandidateId | None = None


@light
@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """Its program runs: `pid` leads the process group; `worktree` is an absolute path; `ports` are leased; `confined`
    names the walls around it (`bubblewrap`, `landlock`, `none`; "" in logs from before it was told)."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    pid: int
    worktree: str
    runtime: str
    simulated: bool = False
    ports: tuple[tuple[str, int], ...] = ()
    confined: str = ""


@light
@dataclass(frozen=True, slots=True)
class AttemptProgressed:
    """One line for the screens about a live attempt ("" for no news), and what it has spent since the last such event,
    with the model that it was spent on. `session` is how its program calls their conversation, once that is known."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    note: str
    usage: Usage = Usage()
    session: str = ""
    model: str = ""


@light
@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """Work that is not a candidate is kept as `commit` under `ref` (`refs/tianting/salvage/…`)."""

    task: TaskId
    attempt: AttemptId
    commit: Sha
    ref: str
    why: str


@light
@dataclass(frozen=True, slots=True)
class AttemptSucceeded:
    """The program ended well and `verify` was green: a candidate; from the resolver, what it made of a conflict, with
    no branch. Empty `paths` means nothing changed."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    head: Sha
    base: Sha
    branch: BranchName
    paths: tuple[str, ...]
    summary: str = ""


@light
@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """`retry_at` is the unix time of the next try, or None when there is none."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    failure: Failure
    retry_at: float | None


@light
@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """Something waits for a person."""

    question: Question
    task: TaskId | None


@light
@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """`by` is a person, or `nobody` when the question lapsed because what asked it ended."""

    question: QuestionId
    text: str
    by: str


@light
@dataclass(frozen=True, slots=True)
class TaskCancelled:
    task: TaskId
    by: str
    why: str


@light
@dataclass(frozen=True, slots=True)
class RunPaused:
    by: str


@light
@dataclass(frozen=True, slots=True)
class RunResumed:
    by: str


@light
@dataclass(frozen=True, slots=True)
class LeaseTaken:
    """A process leads the run from here on; every later event until the next such one is its own."""

    holder: str
    token: int


@light
@dataclass(frozen=True, slots=True)
class TrunkMoved:
    """The trunk was moved by somebody else."""

    before: Sha
    after: Sha


@light
@dataclass(frozen=True, slots=True)
class ClaimsElsewhere:
    """What other runs of this repository claim for themselves now, as pairs of glob and run; nothing else of them
    is known any more."""

    held: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class QuotaClosed:
    """A provider wants to be left alone by all who show this credential, until `until` (unix seconds)."""

    credential: str
    until: float
    why: str


@light
@dataclass(frozen=True, slots=True)
class QuotaOpened:
    """The time is over: they go on."""

    credential: str


@light
@dataclass(frozen=True, slots=True)
class RunFinished:
    """Nothing is left that could go on. `landed` are task ids in order of landing; `resolved` the candidates whose
    conflicts were settled; `cost` what the agents spent. `cancelled`: a person ended it."""

    trunk_before: Sha
    trunk_after: Sha
    landed: tuple[TaskId, ...]
    resolved: tuple[CandidateId, ...]
    cost: Usage
    cancelled: bool = False


Event = (
    PlanAccepted
    | IntentAccepted
    | IntentRefused
    | AttemptDispatched
    | AttemptStarted
    | AttemptProgressed
    | SnapshotTaken
    | AttemptSucceeded
    | AttemptFailed
    | QuestionAsked
    | QuestionAnswered
    | FootprintSeen
    | OverlapSeen
    | OverlapGone
    | CandidateProposed
    | CandidateProbed
    | ConflictFound
    | ResolverCalled
    | ConflictResolved
    | GateStarted
    | ChecksPassed
    | ChecksFailed
    | CandidateDropped
    | ApprovalGiven
    | LandingDispatched
    | Landed
    | LandingRefused
    | TaskCancelled
    | RunPaused
    | RunResumed
    | LeaseTaken
    | TrunkMoved
    | ClaimsElsewhere
    | QuotaClosed
    | QuotaOpened
    | RunFinished
)


@light
@dataclass(frozen=True, slots=True)
class Recorded:
    """An event at its place in a log: `seq` from 1 without gaps, `ts` in unix seconds."""

    seq: Seq
    ts: float
    event: Event
