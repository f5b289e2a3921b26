"""Bytes of a program to lines for a person, within bounds whatever the program prints.

Never: keep more than the limits below, let a control sequence through to a terminal, fail on undecodable bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(raw: bytes) -> str:
    """Text that is safe to print, in as many lines. Of a line that was drawn over (carriage returns), what stood
    there last."""
    text = raw.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "\n".join(_drawn(line) for line in _SEQUENCE.sub("", text).split("\n"))


def _drawn(line: str) -> str:
    parts = [part for part in line.split("\r") if part]
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", parts[-1]) if parts else ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `dropped` bytes at its end were more than the limit."""

    raw: bytes
    dropped: int = 0


@dataclass(slots=True)
class Lines:
    """Splits chunks into lines; a line longer than `limit` bytes is cut, and the memory it takes with it."""

    limit: int
    _begun: bytearray = field(default_factory=bytearray)
    _dropped: int = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that this chunk completes. To be consumed before the next call."""
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            yield self._ended(part)
        self._grow(rest)

    def rest(self) -> Line | None:
        """What came after the last line end, at the end of the stream."""
        return self._ended(b"") if self._begun or self._dropped else None

    def _ended(self, part: bytes) -> Line:
        if not self._begun and not self._dropped and len(part) <= self.limit:
            return Line(part)
        self._grow(part)
        line = Line(bytes(self._begun), self._dropped)
        self._begun.clear()
        self._dropped = 0
        return line

    def _grow(self, part: bytes) -> None:
        room = self.limit - len(self._begun)
        self._begun += part[:room]
        self._dropped += max(0, len(part) - room)


@dataclass(slots=True)
class Tail:
    """The last `limit` bytes of a stream: what stands in a failure."""

    limit: int = 8192
    _kept: bytearray = field(default_factory=bytearray)
    _more: bool = False

    def feed(self, chunk: bytes) -> None:
        self._kept += chunk[-self.limit :]
        if len(self._kept) > self.limit:
            del self._kept[: -self.limit]
            self._more = True

    def text(self) -> str:
        """As clean lines; the first one may be a part."""
        return ("…" if self._more else "") + clean(bytes(self._kept)).strip("\n")
