"""What a window said and did, line by line, in one shape for all runtimes.

Never: a source of truth about the work; that is git's diff.
"""

from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    SESSION = "session"
    MESSAGE = "message"
    TOOL = "tool"
    OUTPUT = "output"
    FILE = "file"
    QUESTION = "question"
    ANSWER = "answer"
    STEER = "steer"
    ERROR = "error"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money (US dollars) spent; sums with `+`. `tokens` is all of them; its parts, as far as the agent tells
    them, are `input` (not from a cache), `output`, `cache_read` and `cache_write`."""

    tokens: int = 0
    usd: float = 0.0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.tokens + other.tokens,
            self.usd + other.usd,
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )


def usage_of(fresh: int, output: int, cache_read: int = 0, cache_write: int = 0, usd: float = 0.0) -> Usage:
    """A usage of its parts; `fresh` is what went in and came from no cache."""
    return Usage(fresh + output + cache_read + cache_write, usd, fresh, output, cache_read, cache_write)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry at `ts` (unix seconds). `simulated` is true for every entry of a simulated agent."""

    ts: float
    kind: EntryKind
    text: str
    simulated: bool = False
