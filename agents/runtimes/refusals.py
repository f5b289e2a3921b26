"""The class of what a provider has refused, by the codes that agent programs hand on: a status of HTTP, or a word of
theirs.

Never: a meaning read from a sentence.
"""

from collections.abc import Iterator

from agents.raw import Raw
from state.failure import FailureKind

_STATUSES = {401: FailureKind.AUTH, 403: FailureKind.AUTH, 429: FailureKind.QUOTA}
_WORDS = {
    "authentication_failed": FailureKind.AUTH,
    "unauthorized": FailureKind.AUTH,
    "rate_limit": FailureKind.QUOTA,
    "billing_error": FailureKind.QUOTA,
    "usageLimitExceeded": FailureKind.QUOTA,
    "rateLimitExceeded": FailureKind.QUOTA,
    "sessionBudgetExceeded": FailureKind.BUDGET,
    "sandboxError": FailureKind.ENVIRONMENT,
}
"""Of Claude Code, which are those of its ACP agent too, and of Codex."""
_KEYS = ("status", "statusCode", "httpStatusCode", "errorKind", "codexErrorInfo")


def refused_as(*codes: object) -> FailureKind:
    """Of the first of these that is known: a number, a word, or an object that holds one under a key that is usual."""
    for code in codes:
        for one in _codes(code):
            found = _STATUSES.get(one) if isinstance(one, int) else _WORDS.get(one)
            if found is not None:
                return found
    return FailureKind.MODEL


def _codes(code: object) -> Iterator[int | str]:
    if isinstance(code, int | str):
        yield code
    elif isinstance(code, dict):
        yield from _inside(code)


def _inside(held: Raw) -> Iterator[int | str]:
    """Also one level deeper: Codex names the step that failed, and puts the status below it."""
    for key, value in held.items():
        if key in _KEYS or isinstance(value, dict):
            yield from _codes(value)
