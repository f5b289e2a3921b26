"""A message broker as the house sees it: connections that tell and hear, each with a last will; with the topics that
are promised to whoever listens.

Never: a body; a fact that is not in the log too.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from state.ids import RunId, WindowId

ROOT = "tianting"


class BrokerAway(Exception):
    """The broker can not be reached, does not let us in, or does not answer: one sentence, with no password in it."""


class BrokerRefuses(BrokerAway):
    """The broker is there and does not take what it is told: nobody else gets it."""


@dataclass(frozen=True, slots=True)
class Message:
    """`retain`: the broker keeps it for who comes later, for `expires` seconds (None: until the next one).
    `correlation` comes back with the answer to a message that carries one."""

    topic: str
    text: str
    retain: bool = False
    expires: int | None = None
    correlation: bytes = b""


class Line(Protocol):
    """One connection. Whatever fails on it is `BrokerAway`."""

    async def tell(self, messages: Sequence[Message]) -> None:
        """Until the broker has them all, in order; those under way when a line is lost may have reached it.
        `BrokerRefuses` when it has not taken one of them."""

    async def hear(self, topic: str) -> None:
        """Take in what is told on this topic (`+` stands for any one part), what is retained there first."""

    async def heard(self) -> Message:
        """The next message taken in."""


Use = Callable[[Line], Awaitable[None]]
Noted = Callable[[str], None]
Admit = Callable[[], Awaitable[bool]]


class Broker(Protocol):
    def line(self, name: str, will: Message | None = None) -> AbstractAsyncContextManager[Line]:
        """Connect as `name`, which ends an older connection of that name. When this process dies the broker tells
        `will`; a block that ends, however it ends, leaves in order."""

    async def keep(
        self, name: str, use: Use, will: Message | None = None, noted: Noted | None = None, admit: Admit | None = None
    ) -> None:
        """Connect, `use` the line, and connect again whenever it is lost, until `use` returns. `noted` gets why the
        broker is away, and "" when it is back. Without leave of `admit` nothing is connected."""


def window_topic(run: RunId, window: WindowId) -> str:
    return f"{ROOT}/{run}/windows/{window}"


def run_topic(run: RunId, what: str) -> str:
    """`what` is `run`, `events`, `seq`, `refused` or `wake`."""
    return f"{ROOT}/{run}/{what}"


def intents_topic(run: RunId, who: str) -> str:
    """Where one user of the broker asks, whom its access list lets write there and nobody else; `+` for all."""
    return run_topic(run, f"intents/{who}")
