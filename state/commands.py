"""Orders to the outside world, in the imperative: a small closed union. Each thing ordered ends in exactly one event.

Never: behaviour. `orchestrator/effects.py` is the only room that carries them out.
"""

from dataclasses import dataclass

from state.candidate import Candidate, Conflict, Rung
from state.failure import Failure, FailureKind
from state.ids import AttemptId, CandidateId, QuestionId, Sha, TaskId, WindowId
from state.light import light
from state.plan import TaskSpec
from state.question import Question


@light
@dataclass(frozen=True, slots=True)
class StartAttempt:
    """`work` is what an interrupted attempt had done since `base`, and `session` the conversation to go on with. With
    `candidate` it is the resolver that starts: on the conflict of that one, at `base`, the merge with its clashes."""

    task: TaskSpec
    attempt: AttemptId
    number: int
    window: WindowId
    base: Sha
    overlaps: tuple[TaskId, ...] = ()
    work: Sha | None = None
    session: str = ""
    candidate: CandidateId | None = None


@light
@dataclass(frozen=True, slots=True)
class InterruptAttempt:
    """Walk the stop ladder; the attempt's own effect ends in `AttemptFailed`, of this kind."""

    attempt: AttemptId
    why: str
    kind: FailureKind = FailureKind.CANCELLED


@light
@dataclass(frozen=True, slots=True)
class SteerAttempt:
    """Hand a sentence to a live agent; `question` is set when it answers one."""

    attempt: AttemptId
    text: str
    question: QuestionId | None = None


@light
@dataclass(frozen=True, slots=True)
class AdoptBranches:
    """Look at adopted branches whose needs have landed and propose them, in this order."""

    tasks: tuple[TaskId, ...]


@light
@dataclass(frozen=True, slots=True)
class ProbeCandidate:
    """Merge the first candidate onto `onto`, and each next one onto the last that was clean: one event each."""

    candidates: tuple[Candidate, ...]
    onto: Sha


@light
@dataclass(frozen=True, slots=True)
class ResolveConflict:
    """Make the merge of `onto` into the candidate, at the rung of the person as one chose (see
    `intents.ResolveConflict`), at the others by rule (`choice` is ""); at the rung of the resolver `commit` is what it
    left."""

    candidate: Candidate
    onto: Sha
    choice: str
    commit: str
    by: str
    rung: Rung = Rung.PERSON


@light
@dataclass(frozen=True, slots=True)
class CallResolver:
    """Make the ground on which the resolver works: the merge with its clashes, and what the rules would propose."""

    candidate: Candidate
    onto: Sha


@dataclass(frozen=True, slots=True)
class PassOver:
    """No resolver (any more) for this conflict: on to the next rung."""

    candidate: CandidateId
    task: TaskId
    onto: Sha
    conflicts: tuple[Conflict, ...]
    why: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """An automatic resolution did not pass the gate: the candidate stands at `head`, where it was before, and is in
    `conflicts` again."""

    candidate: Candidate
    onto: Sha
    head: Sha
    conflicts: tuple[Conflict, ...]
    tried: Rung
    why: str


@light
@dataclass(frozen=True, slots=True)
class RunChecks:
    candidate: CandidateId
    task: TaskId | None
    commit: Sha


@light
@dataclass(frozen=True, slots=True)
class CarryChecks:
    """Count the candidate as green at `commit` without running the gate again (`gate_carry`)."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha


@light
@dataclass(frozen=True, slots=True)
class LandCandidate:
    """Move the trunk from `old` to the commit of the last of these candidates, by one compare-and-swap.

    Each pair is a candidate and its speculative merge; the first merge has `old` as first parent, each next one the
    merge before it. Ends in one `Landed` for each, or in one `LandingRefused`.
    """

    merges: tuple[tuple[Candidate, Sha], ...]
    old: Sha


@light
@dataclass(frozen=True, slots=True)
class AskPerson:
    question: Question


@light
@dataclass(frozen=True, slots=True)
class DropCandidate:
    """Keep the candidate's commits in salvage, remove its branch, and take it out of the train."""

    candidate: Candidate
    failure: Failure


@light
@dataclass(frozen=True, slots=True)
class OpenQuota:
    """Let those go on who show this credential."""

    credential: str


@light
@dataclass(frozen=True, slots=True)
class RemoveWorktree:
    """Take down the worktree of a window that will not be used again."""

    window: WindowId


Settling = ResolveConflict | CallResolver | TakeBack | DropCandidate
"""Those that put an end to how a candidate stands."""

Command = (
    StartAttempt
    | InterruptAttempt
    | SteerAttempt
    | AdoptBranches
    | ProbeCandidate
    | ResolveConflict
    | CallResolver
    | PassOver
    | TakeBack
    | RunChecks
    | CarryChecks
    | LandCandidate
    | AskPerson
    | DropCandidate
    | OpenQuota
    | RemoveWorktree
)
