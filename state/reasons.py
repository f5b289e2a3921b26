"""Why a task is held, as a value with one sentence; computed when asked, never every turn.

Never: a guess. Each reason names the thing that must change.
"""

from dataclasses import dataclass

from state.ids import CandidateId, QuestionId, TaskId
from state.lifecycle import Status


@dataclass(frozen=True, slots=True)
class Ended:
    status: Status

    def sentence(self) -> str:
        return f"it is {self.status.lower()}"


@dataclass(frozen=True, slots=True)
class AtWork:
    window: str

    def sentence(self) -> str:
        return f"at work in {self.window}"


@dataclass(frozen=True, slots=True)
class NeedsNotLanded:
    needs: tuple[TaskId, ...]

    def sentence(self) -> str:
        return f"needs {', '.join(self.needs)} to land first"


@dataclass(frozen=True, slots=True)
class NeedGone:
    """A need has failed or was cancelled: this task can not start until that one is tried again."""

    need: TaskId
    status: Status

    def sentence(self) -> str:
        return f"needs {self.need}, which is {self.status.lower()}; `tianting retry {self.need}` would free it"


@dataclass(frozen=True, slots=True)
class ClaimHeld:
    """`by` is a task of the run, or another run of the repository."""

    claim: str
    by: str

    def sentence(self) -> str:
        return f"claims {self.claim}, which {self.by} holds until it has landed"


@dataclass(frozen=True, slots=True)
class PoolFull:
    pool: str
    size: int

    def sentence(self) -> str:
        return f"all {self.size} windows of {self.pool} are busy"


@dataclass(frozen=True, slots=True)
class WindowsFull:
    limit: int

    def sentence(self) -> str:
        return f"{self.limit} windows are busy, which is the limit of the run"


@dataclass(frozen=True, slots=True)
class CoolingDown:
    until: float

    def sentence(self) -> str:
        return "waits a while before the next try"


@dataclass(frozen=True, slots=True)
class Paused:
    def sentence(self) -> str:
        return "the run is paused"


@dataclass(frozen=True, slots=True)
class TimeUp:
    """`wall` is the limit of the run in seconds."""

    wall: float

    def sentence(self) -> str:
        return f"the run has used up the {self.wall:g} seconds that its plan gives it"


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """`what` is a sentence that says which budget."""

    what: str

    def sentence(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class QuotaShut:
    """The provider's door is closed until then, in unix seconds."""

    until: float

    def sentence(self) -> str:
        return "the provider's limit is reached; it goes on by itself"


@dataclass(frozen=True, slots=True)
class WaitingForYou:
    question: QuestionId
    text: str

    def sentence(self) -> str:
        return f"waiting for you ({self.question}): {self.text}"


@dataclass(frozen=True, slots=True)
class Adopting:
    def sentence(self) -> str:
        return "its branch is about to enter the train"


@dataclass(frozen=True, slots=True)
class InTrain:
    """`ahead` candidates stand before it; `doing` says what happens to it now."""

    ahead: int
    doing: str

    def sentence(self) -> str:
        place = "first in the train" if not self.ahead else f"{self.ahead} ahead of it in the train"
        return f"{place}, {self.doing}"


@dataclass(frozen=True, slots=True)
class Conflicts:
    candidate: CandidateId
    paths: tuple[str, ...]

    def sentence(self) -> str:
        return f"conflicts in {', '.join(self.paths[:5])}"


@dataclass(frozen=True, slots=True)
class Next:
    def sentence(self) -> str:
        return "starts next"


Reason = (
    Ended
    | AtWork
    | NeedsNotLanded
    | NeedGone
    | ClaimHeld
    | PoolFull
    | WindowsFull
    | CoolingDown
    | Paused
    | TimeUp
    | BudgetSpent
    | QuotaShut
    | WaitingForYou
    | Adopting
    | InTrain
    | Conflicts
    | Next
)
