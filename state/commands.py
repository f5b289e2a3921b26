"""Orders to the outside world, in the imperative: a small closed union. Each thing ordered ends in exactly one event.

Never: behaviour. `orchestrator/effects.py` is the only room that carries them out.
"""

from dataclasses import dataclass

from state.candidate import Candidate
from state.failure import Failure
from state.ids import AttemptId, CandidateId, QuestionId, Sha, TaskId, WindowId
from state.plan import TaskSpec
from state.question import Question


@dataclass(frozen=True, slots=True)
class StartAttempt:
    task: TaskSpec
    attempt: AttemptId
    number: int
    window: WindowId
    base: Sha
    overlaps: tuple[TaskId, ...] = ()


@dataclass(frozen=True, slots=True)
class InterruptAttempt:
    """Walk the stop ladder; the attempt's own effect ends in `AttemptFailed`."""

    attempt: AttemptId
    why: str


@dataclass(frozen=True, slots=True)
class SteerAttempt:
    """Hand a sentence to a live agent; `question` is set when it answers one."""

    attempt: AttemptId
    text: str
    question: QuestionId | None = None


@dataclass(frozen=True, slots=True)
class AdoptBranches:
    """Look at adopted branches whose needs have landed and propose them, in this order."""

    tasks: tuple[TaskId, ...]


@dataclass(frozen=True, slots=True)
class ProbeCandidate:
    """Merge the first candidate onto `onto`, and each next one onto the last that was clean: one event each."""

    candidates: tuple[Candidate, ...]
    onto: Sha


@dataclass(frozen=True, slots=True)
class ResolveConflict:
    """Make the merge of `onto` into the candidate as a person chose (see `intents.ResolveConflict`)."""

    candidate: Candidate
    onto: Sha
    choice: str
    commit: str
    by: str


@dataclass(frozen=True, slots=True)
class RunChecks:
    candidate: CandidateId
    task: TaskId | None
    commit: Sha


@dataclass(frozen=True, slots=True)
class CarryChecks:
    """Count the candidate as green at `commit` without running the gate again (`gate_carry`)."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha


@dataclass(frozen=True, slots=True)
class LandCandidate:
    """Move the trunk from `old` to the commit of the last of these candidates, by one compare-and-swap.

    Each pair is a candidate and its speculative merge; the first merge has `old` as first parent, each next one the
    merge before it. Ends in one `Landed` for each, or in one `LandingRefused`.
    """

    merges: tuple[tuple[Candidate, Sha], ...]
    old: Sha


@dataclass(frozen=True, slots=True)
class AskPerson:
    question: Question


@dataclass(frozen=True, slots=True)
class DropCandidate:
    """Keep the candidate's commits in salvage, remove its branch, and take it out of the train."""

    candidate: Candidate
    failure: Failure


@dataclass(frozen=True, slots=True)
class RemoveWorktree:
    """Take down the worktree of a window that will not be used again."""

    window: WindowId


Command = (
    StartAttempt
    | InterruptAttempt
    | SteerAttempt
    | AdoptBranches
    | ProbeCandidate
    | ResolveConflict
    | RunChecks
    | CarryChecks
    | LandCandidate
    | AskPerson
    | DropCandidate
    | RemoveWorktree
)
