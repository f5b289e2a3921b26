"""The statuses of a task and the table of legal moves, as data. What changes a status is written here and nowhere
else; `run.py` refuses any other move, and the diagram in `docs/architecture.md` is drawn from this table.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where a task stands. *Ready* is not a status: it follows from the rest."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    PROPOSED = "PROPOSED"
    GATING = "GATING"
    CONFLICTED = "CONFLICTED"
    LANDED = "LANDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED = frozenset({Status.LANDED, Status.FAILED, Status.CANCELLED})
IN_TRAIN = frozenset({Status.PROPOSED, Status.GATING, Status.CONFLICTED})

_W, _R, _P, _G, _X, _L, _F, _C = Status

MOVES: dict[str, dict[Status, frozenset[Status]]] = {
    "AttemptDispatched": {_W: frozenset({_R})},
    "AttemptSucceeded": {_R: frozenset({_P})},
    "AttemptFailed": {_R: frozenset({_W, _F, _C})},
    "CandidateProposed": {_W: frozenset({_P}), _C: frozenset({_P})},
    "CandidateProbed": {_P: frozenset({_P}), _G: frozenset({_P}), _X: frozenset({_P})},
    "ConflictFound": {_P: frozenset({_X}), _G: frozenset({_X}), _X: frozenset({_X})},
    "ConflictResolved": {_X: frozenset({_P})},
    "GateStarted": {_P: frozenset({_G}), _G: frozenset({_G})},
    "ChecksPassed": {_P: frozenset({_G}), _G: frozenset({_G})},
    "ChecksFailed": {_G: frozenset({_G})},
    "CandidateDropped": {s: frozenset({_W, _F, _C}) for s in (_P, _G, _X)},
    "Landed": {s: frozenset({_L}) for s in (_P, _G, _X)},
    "TaskCancelled": {s: frozenset({_C}) for s in (_W, _F)},
    "IntentAccepted": {_F: frozenset({_W}), _C: frozenset({_W}), _W: frozenset({_C})},
}
"""Event name -> status before -> statuses it may lead to."""

_LEGAL = frozenset(
    (event, before, after) for event, moves in MOVES.items() for before, afters in moves.items() for after in afters
)


class IllegalMove(Exception):
    """The log says something that cannot have happened; carries the task, its status and the event."""

    def __init__(self, task: str, before: Status, after: Status, event: str) -> None:
        super().__init__(f"task {task!r} can not go from {before} to {after} because of {event}")
        self.task, self.before, self.after, self.event = task, before, after, event


def check_move(task: str, before: Status, after: Status, event: str) -> None:
    """Raise `IllegalMove` unless the table has this move."""
    if (event, before, after) not in _LEGAL:
        raise IllegalMove(task, before, after, event)
