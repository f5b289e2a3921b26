"""What the dashboard is given: the ports it talks to, and its options. `orchestrator/compose.py` fills them in.

Never: a body, a default for a port.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from state.ids import RunId
from state.ports import Bus, Clock, EventStore, Forecast, Inbox, Lease, Objects, TranscriptStore


class PlanFiles(Protocol):
    """The work tree of the repository, for `POST /runs {"path": …}`."""

    async def read(self, path: str) -> bytes | None:
        """A file as it lies there; None when there is none, or when the path leads out of the work tree."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`new_run` makes an id for a run of a plan of that name. Without a repository (a dashboard in a container of its
    own) `objects` and `plan_files` are None: no diffs, and plans come as text."""

    store: EventStore
    transcripts: TranscriptStore
    inbox: Inbox
    bus: Bus
    lease: Lease
    forecast: Forecast
    clock: Clock
    new_run: Callable[[str], RunId]
    objects: Objects | None = None
    plan_files: PlanFiles | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """`tokens` open the API as bearer and the page by its login form; empty ones are no tokens. `hosts` are the names
    (without port) that this server may be called by, `origins` whole origins (`https://example.org`) beside its own.
    `can_launch`: a process drains launches, so that `POST /runs` has an effect. A one-time login link is good for
    `login_seconds`, the session that it opens for `session_seconds`. With `open_metrics`, `/metrics` asks for no token.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    can_launch: bool = False
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    origins: tuple[str, ...] = ()
    open_metrics: bool = False
    login_seconds: float = 86_400.0
    session_seconds: float = 7 * 86_400.0
