"""Whether a task that failed is tried again, and when.

Never: wait, a random number. The jitter is drawn from the names, so that a replay and a person can foresee it.
"""

from dataclasses import dataclass
from typing import assert_never
from zlib import crc32

from state.failure import Failure, FailureKind
from state.ids import TaskId
from state.run import RunState
from state.standing import TaskState

_MANY_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Seconds: the n-th retry waits `base` x 2^(n-1), at most `cap`, less a share of up to `jitter` of it."""

    base: float = 5.0
    cap: float = 300.0
    jitter: float = 0.2


def retry_at(
    run: RunState, task: TaskState, failure: Failure, now: float, options: RetryOptions = RetryOptions()
) -> float | None:
    """When the task may start again, in unix seconds; None when it is not tried again by itself.

    To be asked before the failure is folded in: `task` stands as it did while it was at work.
    """
    if task.cancelled or task.adopted is not None:
        return None  # an adopted branch stays what it is: another try would fail alike
    match failure.kind:
        case FailureKind.LOST:
            return now
        case FailureKind.CANCELLED:
            # A live attempt that ends so although nobody cancelled its task was stopped with the whole run, and goes
            # on with it. A candidate that ends so was given up by a person.
            return now if task.live is not None else None
        case FailureKind.CONFLICT if run.ladder:
            return now  # a person chose to do it again
        case FailureKind.BUDGET | FailureKind.AUTH:
            return None  # more would be spent than a person allowed; or nobody has logged in meanwhile
        case FailureKind.QUOTA:
            until = run.quotas.get(run.plan.credential_of(task.role))
            return now + _delay(task.spec.id, task.attempts, task.attempts - 1, options) if until is None else until
        case (
            FailureKind.EXIT
            | FailureKind.VERIFY
            | FailureKind.GATE
            | FailureKind.CONFLICT
            | FailureKind.STARTUP
            | FailureKind.IDLE
            | FailureKind.TIMEOUT
            | FailureKind.PROTOCOL
            | FailureKind.ENVIRONMENT
            | FailureKind.BUG
            | FailureKind.MODEL
        ):
            if task.failures >= run.plan.retries_of(task.spec):
                return None
            return now + _delay(task.spec.id, task.attempts, task.failures, options)
        case _:
            assert_never(failure.kind)


def _delay(task: TaskId, attempt: int, failures: int, options: RetryOptions) -> float:
    delay = min(options.cap, options.base * 2.0 ** min(failures, _MANY_DOUBLINGS))
    share = crc32(f"{task} {attempt}".encode("utf-8", "surrogatepass")) / 2**32
    return delay * (1.0 - options.jitter * share)
