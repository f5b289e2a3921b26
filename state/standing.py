"""Where each thing of a run stands: task, attempt, window, candidate, question. Parts of `RunState`, owned and changed
by its fold alone; everybody else reads.

Never: a rule.
"""

from dataclasses import dataclass
from enum import StrEnum

from state.candidate import Candidate, Conflict, Proposal, Rung
from state.failure import Failure
from state.ids import AttemptId, CandidateId, QuestionId, RoleName, Sha, TaskId, WindowId
from state.lifecycle import Status
from state.plan import TaskSpec
from state.ready import GroupKey
from state.transcript import Usage


@dataclass(frozen=True, slots=True)
class Begun:
    """What an attempt left that was interrupted and is gone on with: the commit that it began at, its work as a commit
    (None: none yet), and how its program calls the conversation ("" where it has no name)."""

    base: Sha
    work: Sha | None
    session: str


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
    spent: Usage = Usage()
    begun: Begun | None = None
    changed: tuple[str, ...] = ()
    """Files that its last candidate changed."""
    learned: tuple[str, ...] = ()
    """Globs of what tasks like it changed before: part of what it is expected to touch."""


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
    session: str = ""
    model: str = ""
    spent: Usage = Usage()
    touched: tuple[str, ...] = ()
    """Files that it has changed, as far as they were seen while it works."""
    turns: int = 0
    runtime: str = ""
    kept: Sha | None = None
    candidate: CandidateId | None = None
    """Whose conflict it settles: then it is the resolver's."""


@dataclass(slots=True)
class WindowState:
    id: WindowId
    role: RoleName
    attempt: AttemptId | None = None
    attempts: int = 0
    busy: float = 0.0
    """Seconds spent in attempts that have ended."""
    spent: Usage = Usage()


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


@dataclass(frozen=True, slots=True)
class Call:
    """A resolver was called: see `ResolverCalled`. `tries` are those that failed, `failure` how the last one did;
    `result` is what it left, to be judged."""

    onto: Sha
    base: Sha
    proposals: tuple[Proposal, ...] = ()
    tries: int = 0
    failure: Failure | None = None
    result: Sha | None = None


@dataclass(slots=True)
class CandidateState:
    """A candidate in the train. `commit` is its speculative merge onto `onto`; the gate speaks of that commit alone.

    With `conflicts`, `onto` is where it did not merge, `commit` is None, and `note` says why what a person chose, or
    the ladder made, did not settle it; `tried` is the highest rung that was tried on them. `before` is the head under
    what the ladder resolved without a person, `resolved` what was in conflict then and `made` the rung that did it;
    `call` is the resolver's part in the present conflict. `green` is the commit at which its
    head was last found green. `drop` is why it was asked to leave.
    """

    value: Candidate
    onto: Sha | None = None
    commit: Sha | None = None
    conflicts: tuple[Conflict, ...] = ()
    note: str = ""
    tried: Rung = Rung.TRIVIAL
    before: Sha | None = None
    resolved: tuple[Conflict, ...] = ()
    made: Rung = Rung.TRIVIAL
    call: Call | None = None
    gate: Gate = Gate.NONE
    green: Sha | None = None
    carried: bool = False
    gate_failure: Failure | None = None
    choice: Choice | None = None
    question: QuestionId | None = None
    drop: str | None = None
