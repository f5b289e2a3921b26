"""What is kept of a task that has landed, to tell what tasks like it will touch.

Never: what a plan says now; that is the task's own.
"""

from dataclasses import dataclass

from state.ids import RoleName


@dataclass(frozen=True, slots=True)
class PastTask:
    """`words` are those by which it is told to be like another one; `paths` are the files that it changed."""

    role: RoleName
    words: frozenset[str]
    paths: tuple[str, ...]
