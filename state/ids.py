"""Names of things. Every id is a plain string or number under its own type, so that mypy keeps them apart.

Never: an id that means something beyond being the name of one thing, except where a function here says so.
"""

from typing import NewType

RunId = NewType("RunId", str)
TaskId = NewType("TaskId", str)
AttemptId = NewType("AttemptId", str)
WindowId = NewType("WindowId", str)
CandidateId = NewType("CandidateId", str)
QuestionId = NewType("QuestionId", str)
IntentId = NewType("IntentId", int)
Seq = NewType("Seq", int)
Sha = NewType("Sha", str)
BranchName = NewType("BranchName", str)
RoleName = NewType("RoleName", str)

START = Seq(0)
"""The seq before the first event of a log."""


def attempt_id(task: TaskId, number: int) -> AttemptId:
    """The id of the `number`-th attempt (from 1) at `task`; unique within its run."""
    return AttemptId(f"{task}.{number}")


def gate_id(commit: Sha) -> AttemptId:
    """The name under which transcripts hold what the gate at a commit prints; no attempt is called so."""
    return AttemptId(f"gate:{commit}")


def window_id(role: RoleName, number: int) -> WindowId:
    """The name of the `number`-th window (from 1) of a role."""
    return WindowId(f"{role}-{number}")


def task_branch(run: RunId, task: TaskId) -> BranchName:
    """The branch, under `refs/heads/`, that holds the candidate of a task."""
    return BranchName(f"tianting-{run}/{task}")
