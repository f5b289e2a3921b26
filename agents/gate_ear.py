"""What a gate prints, on its way to the transcript store while it runs.

Never: the judgement; that is the exit code's.
"""

from collections.abc import Callable

from agents.lines import Line, Lines, clean
from agents.recorder import Recorder
from agents.site import Site
from state.commands import RunChecks
from state.ids import gate_id
from state.transcript import EntryKind

_LINE = 16_384
_SHARE = 8
"""A gate runs at every commit of the train: it may say this part of what an attempt may."""


class GateEar:
    """An `agents.shell.Ear` for all checks of one gate, one after the other."""

    def __init__(self, site: Site, order: RunChecks, scrub: Callable[[str], str]) -> None:
        self._recorder = Recorder(site, gate_id(order.commit), False, scrub, share=_SHARE)
        self._lines = Lines(_LINE)

    @property
    def due(self) -> float | None:
        return self._recorder.due

    def begin(self, name: str, command: str) -> None:
        self._recorder.say(EntryKind.CHECK, f"{name}: {command}")

    def hear(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            self._say(line)

    async def end(self, fault: str) -> None:
        """One check has ended; `fault` is "" when it was green."""
        rest = self._lines.rest()
        if rest is not None:
            self._say(rest)
        self._recorder.say(EntryKind.ERROR if fault else EntryKind.CHECK, fault or "ended with exit code 0")
        await self.flush()

    async def flush(self) -> None:
        await self._recorder.flush()

    def _say(self, line: Line) -> None:
        text = clean(line.raw)
        self._recorder.say(EntryKind.OUTPUT, f"{text} … ({line.dropped} bytes more)" if line.dropped else text)
