"""What the agents wing is given for one run: the ports, the plan and the folder that is its own.

Never: a body of a port, a setting read from the world.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agents.court import Court
from agents.sandbox import UNCONFINED, Sandbox
from state.glimpse import Glimpse
from state.ids import RunId
from state.plan import Plan
from state.ports import Clock, Lease, Repository, Right, TranscriptStore, Worktrees


def nobody(_glimpse: Glimpse) -> None:
    """Where nobody compares what live windows do."""


@dataclass(frozen=True, slots=True)
class Site:
    """`home` is the folder for worktrees, private homes and scratch of this repository, outside every repository;
    `source` is the top folder of the user's checkout, where `copy` is read from; `holder` names this process, `right`
    is what it leads the run by; `glimpsed` is told what is seen of a live worktree; `court`
    is what windows may ask of the run, None where they may not."""

    run: RunId
    plan: Plan
    worktrees: Worktrees
    repository: Repository
    lease: Lease
    right: Right
    holder: str
    transcripts: TranscriptStore
    clock: Clock
    home: Path
    source: Path
    glimpsed: Callable[[Glimpse], None] = nobody
    sandbox: Sandbox = UNCONFINED
    court: Court | None = None

    @property
    def folder(self) -> Path:
        """All that this run has on disk, beside the repository itself."""
        return self.home / self.run

    @property
    def sessions(self) -> Path:
        """What agents must find again when the run is resumed; it stays until the run has ended."""
        return self.home / "sessions" / self.run
