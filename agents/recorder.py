"""What a window says, on its way to the transcript store: in batches, labelled, within a limit.

Never: a secret of the task, more than the limit however much is said, a failure of the attempt (a transcript that
can not be stored loses no fact).
"""

import asyncio
from collections import deque
from collections.abc import Callable

from agents.site import Site
from state.ids import AttemptId
from state.ports import StoreAway, StoreError
from state.transcript import Entry, EntryKind

_LIMIT = 4_000_000
"""Characters of one attempt; each entry counts for what it costs besides, so that empty lines are not free."""
_COST = 80
_LONGEST = 65_536
_BATCH = 256
_WAIT = 0.2
"""Seconds that an entry waits for others."""
_REST = 5.0
"""The same while the store is away: the program is not read meanwhile."""
_TAIL = 40

_TALK = frozenset({EntryKind.OUTPUT, EntryKind.MESSAGE, EntryKind.TOOL, EntryKind.FILE})
"""What may be cut. The rest is few and ours, or a person's; it has a quarter more of room."""


class Recorder:
    """The transcript of one attempt; the one who made it flushes it at the end. `share` divides its room."""

    def __init__(
        self, site: Site, attempt: AttemptId, simulated: bool, scrub: Callable[[str], str], share: int = 1
    ) -> None:
        self._site = site
        self._attempt = attempt
        self._simulated = simulated
        self.scrub = scrub
        self._waiting: list[Entry] = []
        self._left = _LIMIT // share
        self._cut = False
        self._lost = False
        self._away = False
        self._last: deque[str] = deque(maxlen=_TAIL)
        self.due: float | None = None
        """When what waits should be flushed, in the loop's time; None when nothing waits."""

    def say(self, kind: EntryKind, text: str) -> None:
        if self._cut and kind in _TALK:
            return
        text = self.scrub(text)
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]} … ({len(text) - _LONGEST} characters more)"
        if kind in _TALK:
            self._last.append(text)
        self._left -= len(text) + _COST
        if self._left >= 0 or (kind not in _TALK and self._left >= -_LIMIT // 4):
            self._add(kind, text)
        elif not self._cut:
            self._cut = True
            self._add(EntryKind.ERROR, "the transcript is full: what follows is not kept")

    def _add(self, kind: EntryKind, text: str) -> None:
        self._waiting.append(Entry(self._site.clock.now(), kind, text, self._simulated))
        if self.due is None:
            self.due = asyncio.get_running_loop().time() + _WAIT

    def tail(self) -> str:
        """What the program said last, as the output of a failure that comes with none."""
        return "\n".join(self._last)[-8192:]

    @property
    def full(self) -> bool:
        """Whether a batch is complete, and was not kept waiting by the store."""
        return len(self._waiting) >= _BATCH and not self._away

    async def flush(self) -> None:
        entries, self._waiting, self.due = self._waiting, [], None
        if not entries or self._lost:
            return
        try:
            await self._site.transcripts.add(self._site.run, self._attempt, entries)
        except StoreAway:
            self._away, self._waiting = True, [*entries, *self._waiting]
            self.due = asyncio.get_running_loop().time() + _REST
        except StoreError:
            self._lost = True
        else:
            self._away = False
