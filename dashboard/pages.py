"""The logs, read in pages and encoded once for all who want them.

A page is a fixed stretch of a log (events 1-256, 257-512, …), so that any number of readers at any place share it; the
pages kept are bounded by their size. Never: a queue for a reader; a reader is a place in the log and nothing more.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from dashboard.envelope import envelope
from state.ids import RunId, Seq
from state.ports import EventStore, StoreError

PAGE = 256
"""Events of a page."""

_KEPT = 16_000_000
_FRAMES_KEPT = 16
FRAME = 64_000
"""Characters at which a frame ends; it holds one envelope at least."""


@dataclass(slots=True, eq=False)
class _Page:
    run: RunId
    start: int
    lines: list[str] = field(default_factory=list)
    size: int = 0
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def end(self) -> int:
        return self.start + len(self.lines)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Envelopes with `after` < seq <= `last`, without a gap."""

    after: Seq
    last: Seq
    lines: tuple[str, ...]


class Pages:
    """`kept` bounds the characters in memory."""

    def __init__(self, store: EventStore, kept: int = _KEPT) -> None:
        self._store = store
        self._bound = kept
        self._size = 0
        self._pages: OrderedDict[tuple[RunId, int], _Page] = OrderedDict()
        self._frames: OrderedDict[tuple[str, RunId, Seq, Seq], tuple[str, Seq]] = OrderedDict()

    @property
    def size(self) -> int:
        """Characters in memory."""
        return self._size

    async def last(self, run: RunId) -> Seq:
        return await self._store.last_seq(run)

    async def stretch(self, run: RunId, after: Seq, known: Seq, limit: int = FRAME) -> Stretch:
        """The events after `after`, as far as `known` (which the log has reached), a page's end and `limit`
        characters allow; one at least when `after` < `known`."""
        page = await self._filled(run, after, known)
        at = after - page.start
        end = at
        room = limit
        while end < len(page.lines) and page.start + end < known and (end == at or room >= len(page.lines[end])):
            room -= len(page.lines[end])
            end += 1
        return Stretch(after, Seq(page.start + end), tuple(page.lines[at:end]))

    async def frame(self, run: RunId, after: Seq, known: Seq) -> tuple[str, Seq]:
        """A WebSocket frame, a JSON array, and the last seq in it. Readers at one place share one text."""
        return await self._shared("array", run, after, known)

    async def chunk(self, run: RunId, after: Seq, known: Seq) -> tuple[str, Seq]:
        """The same as server-sent events."""
        return await self._shared("sse", run, after, known)

    async def _shared(self, kind: str, run: RunId, after: Seq, known: Seq) -> tuple[str, Seq]:
        key = (kind, run, after, Seq(min(known, (after // PAGE + 1) * PAGE)))
        made = self._frames.get(key)
        return await self._make(key, known) if made is None else made

    async def _make(self, key: tuple[str, RunId, Seq, Seq], known: Seq) -> tuple[str, Seq]:
        kind, run, after, _ = key
        stretch = await self.stretch(run, after, known)
        made = self._frames.get(key)  # whoever waited for the same page may have made it meanwhile
        if made is None:
            made = (_array(stretch) if kind == "array" else _server_sent(stretch)), stretch.last
            self._frames[key] = made
            if len(self._frames) > _FRAMES_KEPT:
                self._frames.popitem(last=False)
        return made

    async def _filled(self, run: RunId, after: Seq, known: Seq) -> _Page:
        page = self._page(run, after // PAGE)
        wanted = min(known, page.start + PAGE)
        if page.end < wanted:
            async with page.reading:
                if page.end < wanted:
                    await self._read(page, wanted)
        return page

    def _page(self, run: RunId, number: int) -> _Page:
        page = self._pages.get((run, number))
        if page is None:
            page = self._pages[run, number] = _Page(run, number * PAGE)
        self._pages.move_to_end((run, number))
        return page

    async def _read(self, page: _Page, wanted: int) -> None:
        found = await self._store.read(page.run, Seq(page.end), page.start + PAGE - page.end)
        lines = [envelope(page.run, recorded) for recorded in found]
        if page.end + len(lines) < wanted:
            raise StoreError(f"the log of run {page.run} ends before event {wanted}, which it had")
        page.lines.extend(lines)
        grown = sum(map(len, lines))
        page.size += grown
        if self._pages.get((page.run, page.start // PAGE)) is page:
            self._size += grown
            self._evict(page)

    def _evict(self, used: _Page) -> None:
        while self._size > self._bound and len(self._pages) > 1:
            key, oldest = next(iter(self._pages.items()))
            if oldest is used:
                self._pages.move_to_end(key)
                continue
            del self._pages[key]
            self._size -= oldest.size


def _array(stretch: Stretch) -> str:
    return f"[{','.join(stretch.lines)}]"


def _server_sent(stretch: Stretch) -> str:
    numbered = enumerate(stretch.lines, stretch.after + 1)
    return "".join(f"id: {seq}\ndata: {line}\n\n" for seq, line in numbered)
