"""Facts about live windows, as the radar sees them: what they really touch, and where two of them get in each other's
way. Part of the union in `events.py`.

Never: a decision about who gives way.
"""

from dataclasses import dataclass

from state.candidate import ConflictKind
from state.ids import AttemptId, TaskId, WindowId
from state.light import light


@light
@dataclass(frozen=True, slots=True)
class FootprintSeen:
    """`paths` are files that a live attempt has changed and that it had not changed before, sorted."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    paths: tuple[str, ...]


@light
@dataclass(frozen=True, slots=True)
class Overlap:
    """One thing that two sides both want, in words: `rule` and `symbol` as in `Clash` (for text the type of git's
    conflict, and no symbol), `detail` a sentence. `certain`: were both finished now, it would be a conflict."""

    kind: ConflictKind
    rule: str
    path: str
    symbol: str
    detail: str
    certain: bool = True


@light
@dataclass(frozen=True, slots=True)
class OverlapSeen:
    """Work that is under way meets other work: that of `other`, or, with None, what the trunk holds since. It takes the
    place of an earlier one about the same two."""

    task: TaskId
    attempt: AttemptId
    window: WindowId
    other: TaskId | None
    overlaps: tuple[Overlap, ...]


@light
@dataclass(frozen=True, slots=True)
class OverlapGone:
    """They do not meet any more: one of them has changed its work, has landed, or has left."""

    task: TaskId
    other: TaskId | None
    why: str
