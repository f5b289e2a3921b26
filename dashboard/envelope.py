"""The envelope: one event as every feed, page of events and client of ours sees it, as one line of JSON.

    {"seq", "ts", "run", "type", "task", "window", "data"}

Never: a second shape for the same event.
"""

import json

from typing_extensions import TypedDict

from state import events as ev
from state.codec import encode, name_of
from state.ids import RunId, TaskId, WindowId


class Envelope(TypedDict):
    """`ts` is in unix seconds; `data` holds the fields of the event that `type` names."""

    seq: int
    ts: float
    run: str
    type: str
    task: str | None
    window: str | None
    data: dict[str, object]


def task_of(event: ev.Event) -> TaskId | None:
    """The task that an event speaks of."""
    match event:
        case ev.CandidateProposed(candidate=candidate):
            return candidate.task
        case ev.IntentAccepted(intent=intent) | ev.IntentRefused(intent=intent):
            named: TaskId | None = getattr(intent, "task", None)
            return named
        case _:
            own: TaskId | None = getattr(event, "task", None)
            return own


def window_of(event: ev.Event) -> WindowId | None:
    """The window in which an event happened."""
    own: WindowId | None = getattr(event, "window", None)
    return own


def envelope(run: RunId, recorded: ev.Recorded) -> str:
    """One line of JSON; lone surrogates of odd file names stand in it as escapes."""
    event = recorded.event
    return (
        f'{{"seq":{recorded.seq},"ts":{json.dumps(recorded.ts)},"run":{json.dumps(run)},"type":"{name_of(event)}",'
        f'"task":{json.dumps(task_of(event))},"window":{json.dumps(window_of(event))},"data":{encode(event)}}}'
    )
