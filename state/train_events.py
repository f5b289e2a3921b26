"""Facts about candidates: how they enter the train, are probed, gated, landed and dropped. Part of the union in
`events.py`, kept apart for its size alone.

Never: imported for these names by anyone but `events.py`.
"""

from dataclasses import dataclass

from state.candidate import Candidate, Conflict, Proposal, Rung
from state.failure import Failure
from state.ids import CandidateId, Sha, TaskId
from state.light import light


@light
@dataclass(frozen=True, slots=True)
class CandidateProposed:
    """A candidate that no attempt of this run made: an adopted branch, or new commits of the user."""

    candidate: Candidate


@light
@dataclass(frozen=True, slots=True)
class CandidateProbed:
    """Merges cleanly onto `onto`; `commit` is the two-parent speculative merge (first parent `onto`)."""

    candidate: CandidateId
    task: TaskId | None
    onto: Sha
    commit: Sha


@light
@dataclass(frozen=True, slots=True)
class ConflictFound:
    """Does not merge onto `onto`; the three sides stand in each conflict. `note` says why what a person chose, or a
    rung of the ladder gave, did not settle it ("" when nothing was tried). `tried` is the highest rung that was.
    With `back`, an automatic resolution is taken back: the candidate's head is that one again."""

    candidate: CandidateId
    task: TaskId | None
    onto: Sha
    conflicts: tuple[Conflict, ...]
    note: str = ""
    tried: Rung = Rung.TRIVIAL
    back: Sha | None = None


@light
@dataclass(frozen=True, slots=True)
class ResolverCalled:
    """An agent is to settle what is in conflict with `onto`. `base` is where it begins: the merge with its clashes
    marked, a commit on the candidate's head and `onto`; `proposals` are what rules would make of them."""

    candidate: CandidateId
    task: TaskId | None
    onto: Sha
    base: Sha
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class ConflictResolved:
    """`head` replaces the candidate's head: a merge of `onto` into it (or, where text is still to be merged, a commit
    on it), made at `rung`, by `by`.

    `how` is one sentence, and so is `proof`, of what was made sure of before it counted ("" when that is the gate's
    alone); the diff for review is `git diff previous head`. `conflicts` hold the three sides of each path, and the
    result is what `head` has there.
    """

    candidate: CandidateId
    task: TaskId | None
    rung: Rung
    by: str
    how: str
    onto: Sha
    previous: Sha
    head: Sha
    paths: tuple[str, ...]
    simulated: bool = False
    proof: str = ""
    conflicts: tuple[Conflict, ...] = ()


@light
@dataclass(frozen=True, slots=True)
class GateStarted:
    candidate: CandidateId
    task: TaskId | None
    commit: Sha


@light
@dataclass(frozen=True, slots=True)
class ChecksPassed:
    """Green at `commit`. `carried`: not run again, because only disjoint lane-mates changed (`gate_carry`)."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha
    seconds: float
    carried: bool = False


@light
@dataclass(frozen=True, slots=True)
class ChecksFailed:
    """Red at `commit`: the check `gate` ended with `failure` (its output's tail inside)."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha
    gate: str
    failure: Failure
    seconds: float


@light
@dataclass(frozen=True, slots=True)
class CandidateDropped:
    """Out of the train, its commits kept under `refs/tianting/salvage/`. `retry_at` as in `AttemptFailed`."""

    candidate: CandidateId
    task: TaskId | None
    failure: Failure
    retry_at: float | None


@light
@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    task: TaskId
    by: str


@light
@dataclass(frozen=True, slots=True)
class LandingDispatched:
    """Stored before the transaction of a landing is begun.

    `checkout` is the worktree that has the trunk checked out and moves with it ("" where there is none); a crash in
    the middle may leave half-moved files and lock files there, and only because of this event are they ours to mend.
    """

    candidates: tuple[CandidateId, ...]
    ref: str
    old: Sha
    new: Sha
    checkout: str


@light
@dataclass(frozen=True, slots=True)
class Landed:
    """Proven: `commit` is on the trunk and the candidate's head is its ancestor. `trunk_before` equals `trunk_after`
    where the trunk held it already."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha
    trunk_before: Sha
    trunk_after: Sha
    ref: str


@light
@dataclass(frozen=True, slots=True)
class LandingRefused:
    """Nothing moved. `trunk_now` is where the ref stands; `shadow` names the ref that the run lands on from now on
    because the checkout is in the way ("" when nothing changes about that)."""

    candidates: tuple[CandidateId, ...]
    why: str
    trunk_now: Sha
    shadow: str = ""
