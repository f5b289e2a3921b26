"""Where each thing of a run stands: task, attempt, window, candidate, question. Parts of `RunState`, owned and changed
by its fold alone; everybody else reads.

Never: a rule.
"""

from dataclasses import dataclass
from enum import StrEnum

from state.candidate import Candidate, Conflict
from state.failure import Failure
from state.ids import AttemptId, CandidateId, QuestionId, RoleName, Sha, TaskId, WindowId
from state.lifecycle import Status
from state.plan import TaskSpec
from state.ready import GroupKey


@dataclass(slots=True)
class TaskState:
    """`attempts` counts dispatches, `failures` those that count against the retries; `cancelled` is asked for and
    comes true when nothing of the task is live any more."""

    spec: TaskSpec
    role: RoleName
    rank: int
    key: GroupKey
    needs_left: int
    adopted: Sha | None = None
    status: Status = Status.WAITING
    attempts: int = 0
    failures: int = 0
    live: AttemptId | None = None
    candidate: CandidateId | None = None
    window: WindowId | None = None
    not_before: float = 0.0
    failure: Failure | None = None
    landed: Sha | None = None
    cancelled: bool = False
    approved: bool = False
    steers: tuple[str, ...] = ()


@dataclass(slots=True)
class AttemptState:
    """A live attempt, from its dispatch to its end."""

    id: AttemptId
    task: TaskId
    window: WindowId
    number: int
    base: Sha
    since: float
    started: bool = False
    pid: int = 0
    worktree: str = ""
    note: str = ""


@dataclass(slots=True)
class WindowState:
    id: WindowId
    role: RoleName
    attempt: AttemptId | None = None
    attempts: int = 0
    busy: float = 0.0
    """Seconds spent in attempts that have ended."""


class Gate(StrEnum):
    NONE = "none"
    RUNNING = "running"
    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Choice:
    """How a person wants a conflict settled; see `intents.ResolveConflict`."""

    choice: str
    commit: str
    by: str


@dataclass(frozen=True, slots=True)
class Step:
    """A speculative merge of the train: `head` onto `onto`, with the paths of the candidate."""

    onto: Sha
    head: Sha
    paths: tuple[str, ...]


@dataclass(slots=True)
class CandidateState:
    """A candidate in the train. `commit` is its speculative merge onto `onto`; the gate speaks of that commit alone.

    With `conflicts`, `onto` is where it did not merge, `commit` is None, and `note` says why what a person chose did
    not settle it. `green` is the commit at which its head was last found green. `drop` is why it was asked to leave.
    """

    value: Candidate
    onto: Sha | None = None
    commit: Sha | None = None
    conflicts: tuple[Conflict, ...] = ()
    note: str = ""
    gate: Gate = Gate.NONE
    green: Sha | None = None
    carried: bool = False
    gate_failure: Failure | None = None
    choice: Choice | None = None
    question: QuestionId | None = None
    drop: str | None = None
