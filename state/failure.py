"""How an attempt, a gate or a landing can fail, as a value.

Never: decide what to do about it; that is the scheduler's `retry.py`.
"""

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """The class of a failure; meaning is taken from this, never from the words of `Failure.detail`."""

    EXIT = "exit"
    """The program ended with an exit code other than 0."""
    VERIFY = "verify"
    """The task's own `verify` commands failed."""
    GATE = "gate"
    """The gate failed at the speculative merge commit."""
    CONFLICT = "conflict"
    """The work conflicts and the person or the ladder chose to do it again."""
    STARTUP = "startup"
    """The program could not be started, or said nothing within its startup time."""
    IDLE = "idle"
    """Nothing was heard for longer than the idle time."""
    TIMEOUT = "timeout"
    """The attempt's wall clock ran out."""
    CANCELLED = "cancelled"
    LOST = "lost"
    """The process that led the run died while the attempt was live; its work is in salvage."""
    BUDGET = "budget"
    """More tokens, money, turns or minutes would be spent than the plan allows."""
    AUTH = "auth"
    """The provider or the program knows no valid credential: somebody must log in or hand one over."""
    QUOTA = "quota"
    """The provider's limit for this credential is reached; it opens again by itself."""
    MODEL = "model"
    """The provider refused the request or failed, and the program gave up."""
    PROTOCOL = "protocol"
    """The program spoke, but not the language of its runtime."""
    ENVIRONMENT = "environment"
    """The worktree, a port or the set-up could not be made ready."""
    BUG = "bug"
    """An effect of ours raised; the traceback is in the detail."""


UNCOUNTED = frozenset({FailureKind.LOST, FailureKind.CANCELLED, FailureKind.QUOTA})
"""Failures that are no fault of the task and do not use up its retries."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure: its class, one sentence for a person, and the tail of the output where there is one."""

    kind: FailureKind
    detail: str
    output: str = ""
