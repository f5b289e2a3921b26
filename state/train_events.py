"""Facts about candidates: how they enter the train, are probed, gated, landed and dropped. Part of the union in
`events.py`, kept apart for its size alone.

Never: imported for these names by anyone but `events.py`.
"""

from dataclasses import dataclass

from state.candidate import Candidate, Conflict, Rung
from state.failure import Failure
from state.ids import CandidateId, Sha, TaskId


@dataclass(frozen=True, slots=True)
class CandidateProposed:
    """A candidate that no attempt of this run made: an adopted branch, or new commits of the user."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class CandidateProbed:
    """Merges cleanly onto `onto`; `commit` is the two-parent speculative merge (first parent `onto`)."""

    candidate: CandidateId
    task: TaskId | None
    onto: Sha
    commit: Sha


@dataclass(frozen=True, slots=True)
class ConflictFound:
    """Does not merge onto `onto`; the three sides stand in each conflict. `note` says why what a person chose could
    not settle it ("" when nobody had chosen)."""

    candidate: CandidateId
    task: TaskId | None
    onto: Sha
    conflicts: tuple[Conflict, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConflictResolved:
    """`head` replaces the candidate's head: a merge of `onto` into it, made at `rung`, by `by`.

    `how` is one sentence; the diff for review is `git diff previous head`.
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


@dataclass(frozen=True, slots=True)
class GateStarted:
    candidate: CandidateId
    task: TaskId | None
    commit: Sha


@dataclass(frozen=True, slots=True)
class ChecksPassed:
    """Green at `commit`. `carried`: not run again, because only disjoint lane-mates changed (`gate_carry`)."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha
    seconds: float
    carried: bool = False


@dataclass(frozen=True, slots=True)
class ChecksFailed:
    """Red at `commit`: the check `gate` ended with `failure` (its output's tail inside)."""

    candidate: CandidateId
    task: TaskId | None
    commit: Sha
    gate: str
    failure: Failure
    seconds: float


@dataclass(frozen=True, slots=True)
class CandidateDropped:
    """Out of the train, its commits kept under `refs/tianting/salvage/`. `retry_at` as in `AttemptFailed`."""

    candidate: CandidateId
    task: TaskId | None
    failure: Failure
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    task: TaskId
    by: str


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


@dataclass(frozen=True, slots=True)
class LandingRefused:
    """Nothing moved. `trunk_now` is where the ref stands; `shadow` names the ref that the run lands on from now on
    because the checkout is in the way ("" when nothing changes about that)."""

    candidates: tuple[CandidateId, ...]
    why: str
    trunk_now: Sha
    shadow: str = ""
