"""What a model is asked and what it answers, whoever provides it; and the classes of what goes wrong.

Never: a provider's own words.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from autogen_core import FunctionCall
from autogen_core.models import LLMMessage
from autogen_core.tools import ToolSchema

from state.failure import FailureKind
from state.transcript import Usage

CONNECTIONS = 10
"""Connections to a provider that are kept open."""

MOST_TOKENS = 16_384
"""Of one reply."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply. `cut`: it was as long as a reply may be."""

    text: str
    calls: tuple[FunctionCall, ...]
    usage: Usage
    cut: bool = False


class ProviderFault(Exception):
    """The provider refused or failed. `after` is how long it wants to be left alone, in seconds, if it said so;
    `again`: the same request may well succeed."""

    def __init__(self, kind: FailureKind, detail: str, again: bool, after: float | None = None) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.again, self.after = kind, detail, again, after


def fault_of(status: int, detail: str, after: str | None) -> ProviderFault:
    """What an HTTP status means."""
    try:
        seconds = None if after is None else max(0.0, float(after))
    except ValueError:
        seconds = None
    if status in (401, 403):
        return ProviderFault(FailureKind.AUTH, f"the provider answered {status}: {detail}", again=False)
    kind = FailureKind.QUOTA if status == 429 else FailureKind.MODEL
    again = status in (408, 409, 429) or status >= 500
    return ProviderFault(kind, f"the provider answered {status}: {detail}", again, seconds)


class Provider(Protocol):
    """One provider's wire format."""

    def ask(self, messages: Sequence[LLMMessage], tools: Sequence[ToolSchema]) -> AsyncIterator[str | Answer]:
        """The reply in pieces, and then as a whole. Raises `ProviderFault`; nothing of a broken reply counts."""

    async def close(self) -> None: ...
