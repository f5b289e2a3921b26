"""The newest events of the logs that this process writes: its own readers need not fetch and decode again what it has
just stored.

Never: an event that is not stored; the only copy of one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from state.events import Event, Recorded
from state.ids import RunId, Seq

KEPT = 1000
"""Events of a run that are at hand at least, once there were so many."""
RUNS = 16


@dataclass(slots=True, eq=False)
class Recent:
    """Each list has no gaps; its first event may have any seq."""

    _logs: dict[RunId, list[Recorded]] = field(default_factory=dict)

    @contextmanager
    def storing(self, run: RunId, after: Seq, events: Sequence[tuple[float, Event]]) -> Iterator[None]:
        """While these events are stored behind `after`. When that fails nothing is known of the log any more: another
        process may have written it, or the server may have lost its end."""
        known = self._logs.pop(run, [])
        yield
        if known and known[-1].seq != after:
            known = []
        known.extend(Recorded(Seq(after + place), ts, event) for place, (ts, event) in enumerate(events, start=1))
        if len(known) > 2 * KEPT:
            del known[:-KEPT]
        self._logs[run] = known
        if len(self._logs) > RUNS:
            del self._logs[next(iter(self._logs))]

    def forget(self, run: RunId) -> None:
        self._logs.pop(run, None)

    def after(self, run: RunId, place: Seq, limit: int) -> list[Recorded]:
        """The next events behind `place`, at most `limit`; none where they are not at hand."""
        known = self._logs.get(run)
        if not known or not known[0].seq <= place + 1:
            return []
        first = place + 1 - known[0].seq
        return known[first : first + limit]
