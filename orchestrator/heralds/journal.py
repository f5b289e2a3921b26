"""Structured logs: a line of JSON for each event of a run, with the ids of run, task and attempt, and for each warning
of the libraries.

Never: a secret, a line that is not JSON, a reader that is waited for.
"""

import json
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from dashboard.envelope import task_of, window_of
from orchestrator.heralds.veil import Veil
from state import events as ev
from state.codec import name_of
from state.ids import RunId
from state.run import RunState

_ERRORS = (ev.IntentRefused, ev.LandingRefused)
_WARNINGS = (ev.AttemptFailed, ev.ChecksFailed, ev.CandidateDropped, ev.ConflictFound, ev.QuestionAsked, ev.QuotaClosed)


class Journal:
    """Writes to one stream, which belongs to who made it."""

    def __init__(self, stream: TextIO, veil: Veil) -> None:
        self._stream, self._veil = stream, veil

    def take(self, run: RunId, before: RunState, recorded: ev.Recorded, *, fresh: bool) -> None:
        if not fresh:
            return
        event = recorded.event
        found = {
            "level": _level(event),
            "event": name_of(event),
            "run": run,
            "seq": recorded.seq,
            "task": task_of(event),
            "attempt": _attempt(before, event),
            "window": window_of(event),
            "candidate": _name(getattr(event, "candidate", None)),
            "message": _message(event),
        }
        self.write(recorded.ts, {key: value for key, value in found.items() if value is not None})

    def write(self, ts: float, fields: dict[str, object]) -> None:
        """A line; `ts` in unix seconds."""
        when = datetime.fromtimestamp(ts, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        clean = {key: self._veil.over(value) if isinstance(value, str) else value for key, value in fields.items()}
        try:
            self._stream.write(json.dumps({"ts": when, **clean}) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # a full disk or a closed stream ends no run

    async def work(self) -> None:
        return

    async def close(self) -> None:
        return


class LibraryLog(logging.Handler):
    """What libraries complain of, in the same shape."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        self._journal.write(record.created, fields)


def listen_to_libraries(journal: Journal) -> Callable[[], None]:
    """Hear them until the returned function is called."""
    ear = LibraryLog(journal)
    logging.getLogger().addHandler(ear)
    return lambda: logging.getLogger().removeHandler(ear)


def _level(event: ev.Event) -> str:
    if isinstance(event, _ERRORS) or (isinstance(event, ev.AttemptFailed) and event.retry_at is None):
        return "error"
    return "warning" if isinstance(event, _WARNINGS) else "info"


def _message(event: ev.Event) -> str:
    """What the event says in words, after its name."""
    failure, question = getattr(event, "failure", None), getattr(event, "question", None)
    said = [getattr(failure, "detail", ""), getattr(question, "text", "")]
    said += [str(getattr(event, key, "") or "") for key in ("why", "note", "how")]
    words = next(filter(None, said), "")
    return f"{name_of(event)}: {words}" if words else name_of(event)


def _name(candidate: object) -> str | None:
    """The id of a candidate, which some events carry whole."""
    found = getattr(candidate, "id", candidate)
    return None if found is None else str(found)


def _attempt(before: RunState, event: ev.Event) -> str | None:
    own = getattr(event, "attempt", None)
    if own is not None:
        return str(own)
    task = task_of(event)
    state = None if task is None else before.tasks.get(task)
    return None if state is None or state.live is None else str(state.live)
