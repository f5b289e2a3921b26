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
    """Tokens and money (US dollars) spent; sums with `+`."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.tokens + other.tokens, self.usd + other.usd)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry at `ts` (unix seconds). `simulated` is true for every entry of a simulated agent."""

    ts: float
    kind: EntryKind
    text: str
    simulated: bool = False
