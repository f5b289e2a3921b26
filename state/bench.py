"""What a resolution may ask to be run before it counts: orders to the workbench, and their answers.

Never: a verdict about a conflict; that is who asked.
"""

from dataclasses import dataclass
from typing import Protocol

from state.ids import Sha


@dataclass(frozen=True, slots=True)
class ProveSchema:
    """Run the plan's `migrations` along either side and to the merge, and compare what databases they make.
    `ours` is what the candidate is to land on, `theirs` the candidate as it was."""

    base: Sha
    ours: Sha
    theirs: Sha
    merged: Sha


@dataclass(frozen=True, slots=True)
class SchemaProof:
    """`proven`: the merge makes what both sides make together, from nothing and from a database of `ours` alike.
    `told` says so, or what differs, or what could not be run, in one sentence."""

    proven: bool
    told: str


@dataclass(frozen=True, slots=True)
class Regenerate:
    """Run these commands of the plan's `regenerate` one after the other in a worktree of `commit`."""

    commit: Sha
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Regenerated:
    """`commit` holds what the commands left, on top of the commit they ran at ("" when they failed: `fault` says
    how)."""

    commit: Sha
    paths: tuple[str, ...]
    fault: str = ""


class Workbench(Protocol):
    """What runs commands in worktrees of their own: `agents.checks.Checks`, or a simulation."""

    async def prove(self, order: ProveSchema) -> SchemaProof: ...

    async def regenerate(self, order: Regenerate) -> Regenerated: ...
