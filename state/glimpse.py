"""What is seen of a live worktree between two steps of its agent.

Never: kept; a glimpse is looked at once, and only what follows from it is a fact.
"""

from dataclasses import dataclass

from state.ids import AttemptId, Sha, TaskId, WindowId


@dataclass(frozen=True, slots=True)
class Glimpse:
    """`commit` holds all work of the worktree at that moment; no ref points at it. `paths` differ from `base`."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    base: Sha
    commit: Sha
    paths: tuple[str, ...]
