"""Puts the windows of a run up where programs outside read them, with the very append that moves them: what stands
there is the fold of the log at every instant, whoever dies when.

Never: read by us; a write of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from state.events import Event
from state.ids import RunId, Seq, WindowId
from state.ports import Held
from state.run import RunState
from state.window_view import windows_json

Shown = Mapping[WindowId, str]


class Board(Protocol):
    """A log that has a board beside it."""

    async def append_shown(
        self,
        run: RunId,
        events: Sequence[tuple[float, Event]],
        expected: Seq,
        lease: Held,
        windows: Shown,
        *,
        whole: bool,
    ) -> Seq:
        """`EventStore.append`, and in the same transaction these windows' JSON; `whole`: they are all there are, else
        the others stay. An append that is refused, or stood already, changes nothing there."""


@dataclass(slots=True)
class ShownLog:
    """The log for who leads a run. `state` is the leader's own, with all that is appended folded already."""

    board: Board
    state: RunState
    _up: Shown | None = None

    async def append(self, run: RunId, events: Sequence[tuple[float, Event]], expected: Seq, lease: Held) -> Seq:
        windows, up = windows_json(self.state), self._up or {}
        new = {window: text for window, text in windows.items() if up.get(window) != text}
        last = await self.board.append_shown(run, events, expected, lease, new, whole=self._up is None)
        self._up = windows
        return last
