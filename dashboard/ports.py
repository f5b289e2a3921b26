"""What the dashboard is given: the ports it talks to, and its options. `orchestrator/compose.py` fills them in.

Never: a body, a default for a port.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from limits import RateLimitItem

from dashboard.pace import RATES, Kind
from state.ids import RunId, Sha
from state.kept import Cache
from state.objects import Objects
from state.ports import Bus, Clock, EventStore, Forecast, Inbox, Lease, TranscriptStore
from state.reach import Reach


class PlanFiles(Protocol):
    """The work tree of the repository, for `POST /runs {"path": …}` and for plans that are written on a screen."""

    async def read(self, path: str) -> bytes | None:
        """A file as it lies there; None when there is none, or when the path leads out of the work tree."""

    async def write(self, path: str, data: bytes, before: bytes | None) -> bool:
        """Put a file there, whole or not at all, in place of `before` (None: of nothing); False when something else
        lies there by now, or when the path leads out of the work tree or to no folder."""


class Desk(Protocol):
    """Where a person's own text becomes a commit."""

    async def settle(self, onto: Sha, head: Sha, files: Mapping[str, tuple[str, str] | None], when: float) -> Sha:
        """A commit with the parents `head` and `onto`: their merge, with these files (mode and text; None: gone)."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`new_run` makes an id for a run of a plan of that name. Without a repository (a dashboard in a container of its
    own) `objects`, `plan_files` and `desk` are None: no diffs, plans come as text,
    and nothing is settled by hand."""

    store: EventStore
    transcripts: TranscriptStore
    inbox: Inbox
    bus: Bus
    lease: Lease
    forecast: Forecast
    clock: Clock
    new_run: Callable[[str], RunId]
    cache: Cache
    objects: Objects | None = None
    plan_files: PlanFiles | None = None
    desk: Desk | None = None
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True, slots=True)
class Options:
    """`tokens` open the API as bearer and the page by its login form; empty ones are no tokens. `hosts` are the names
    (without port) that this server may be called by, `origins` whole origins (`https://example.org`) beside its own.
    `can_launch`: a process drains launches, so that `POST /runs` has an effect. A one-time login link is good for
    `login_seconds`, the session that it opens for `session_seconds`. With `open_metrics`, `/metrics` asks for no token.
    `rates` are how often each token may ask for each route; a kind without one may be asked for without end.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    can_launch: bool = False
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    origins: tuple[str, ...] = ()
    open_metrics: bool = False
    login_seconds: float = 86_400.0
    session_seconds: float = 7 * 86_400.0
    rates: Mapping[Kind, RateLimitItem] = field(default_factory=lambda: RATES)
