"""Wishes of a person (or a program in a person's name), one small class each; a closed union.

Never: an effect. The holder of the run's lease accepts or refuses each one, as an event.
"""

from dataclasses import dataclass

from state.ids import CandidateId, IntentId, QuestionId, RunId, TaskId


@dataclass(frozen=True, slots=True)
class LaunchRun:
    """Start a run of this plan text (YAML or JSON; `source` names it in messages) under the id `run`."""

    run: RunId
    plan: str
    source: str


@dataclass(frozen=True, slots=True)
class PauseRun:
    """Start nothing more and land nothing more; live attempts go on."""


@dataclass(frozen=True, slots=True)
class ResumeRun:
    pass


@dataclass(frozen=True, slots=True)
class CancelRun:
    pass


@dataclass(frozen=True, slots=True)
class CancelTask:
    task: TaskId


@dataclass(frozen=True, slots=True)
class RetryTask:
    """Try a failed, cancelled or conflicted task again, with its retries counted anew."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class SteerTask:
    task: TaskId
    text: str


@dataclass(frozen=True, slots=True)
class ApproveTask:
    task: TaskId


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    question: QuestionId
    text: str


@dataclass(frozen=True, slots=True)
class ResolveConflict:
    """Settle the conflict of a candidate.

    `choice` is `ours` (what the trunk has), `theirs` (what the candidate has), `both` (the lines of both),
    `retry` (do the task again from the trunk), `drop` (give the task up), or `commit` with `commit` naming one
    that a person made.
    """

    candidate: CandidateId
    choice: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class ReorderTrain:
    """Put these candidates first, in this order; the others follow as they stand."""

    order: tuple[CandidateId, ...]


@dataclass(frozen=True, slots=True)
class DropCandidate:
    """Take a candidate out of the train; its task counts as failed and can be retried."""

    candidate: CandidateId


Intent = (
    LaunchRun
    | PauseRun
    | ResumeRun
    | CancelRun
    | CancelTask
    | RetryTask
    | SteerTask
    | ApproveTask
    | AnswerQuestion
    | ResolveConflict
    | ReorderTrain
    | DropCandidate
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """An intent as it lies in the inbox of a run; `id` grows, `by` says who asked."""

    id: IntentId
    ts: float
    by: str
    intent: Intent
