"""What the agents wing is given for one run: the ports, the plan and the folder that is its own.

Never: a body of a port, a setting read from the world.
"""

from dataclasses import dataclass
from pathlib import Path

from state.ids import RunId
from state.plan import Plan
from state.ports import Clock, Lease, Repository, TranscriptStore, Worktrees


@dataclass(frozen=True, slots=True)
class Site:
    """`home` is the folder for worktrees, private homes and scratch of this repository, outside every repository;
    `source` is the top folder of the user's checkout, where `copy` is read from; `holder` names this process."""

    run: RunId
    plan: Plan
    worktrees: Worktrees
    repository: Repository
    lease: Lease
    holder: str
    transcripts: TranscriptStore
    clock: Clock
    home: Path
    source: Path

    @property
    def folder(self) -> Path:
        """All that this run has on disk, beside the repository itself."""
        return self.home / self.run
