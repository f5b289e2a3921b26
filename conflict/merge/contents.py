"""From bytes to text and back, so that no byte outside a conflict is changed: encodings, byte order marks, line ends.

Never: guess at content that is no text; hand back bytes that would not decode to the same text.
"""

import codecs
from dataclasses import dataclass
from typing import TypeVar

MOST_BYTES = 12_000_000
"""Bytes of one side above which a file is declined: the bounds on time and memory would not hold."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Declined:
    """`why`: one sentence, without its full stop."""

    why: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Three sides with `\\n` at their line ends wherever they agree on another, and how to write the result."""

    base: str
    ours: str
    theirs: str
    encoding: str
    mark: bytes
    returns: bool

    def encode(self, text: str) -> bytes:
        if self.returns:
            text = text.replace("\n", "\r\n")
        return self.mark + text.encode(self.encoding)


def texts(base: bytes, ours: bytes, theirs: bytes) -> Texts | Declined:
    sides = (base, ours, theirs)
    if max(map(len, sides)) > MOST_BYTES:
        return Declined(f"it has more than {MOST_BYTES // 1_000_000} MB")
    marks = [_mark(side) for side in sides]
    encoding = _encoding([side[len(mark) :] for side, mark in zip(sides, marks, strict=True)], marks)
    if isinstance(encoding, Declined):
        return encoding
    mark = _changed(marks[0], marks[1], marks[2])
    plain = [side[len(one) :].decode(encoding) for side, one in zip(sides, marks, strict=True)]
    ends = [_end(text) for text in plain]
    if "mixed" in ends:  # every carriage return is then a part of its line
        return Texts(plain[0], plain[1], plain[2], encoding, mark, False)
    known = next((end for end in (ends[1], ends[2], ends[0]) if end), "\n")
    end = _changed(ends[0] or known, ends[1] or known, ends[2] or known)
    plain = [text.replace("\r\n", "\n") for text in plain]
    return Texts(plain[0], plain[1], plain[2], encoding, mark, end == "\r\n")


_V = TypeVar("_V")


def _changed(base: _V, ours: _V, theirs: _V) -> _V:
    """The one that a side changed it to."""
    return theirs if ours == base else ours


def _end(text: str) -> str:
    """The line end of a text: "" where it has none, "mixed" where it has several."""
    feeds, returns = text.count("\n"), text.count("\r\n")
    if not feeds:
        return "mixed" if "\r" in text else ""
    if returns not in (0, feeds) or text.count("\r") != returns:
        return "mixed"
    return "\r\n" if returns else "\n"


def _mark(side: bytes) -> bytes:
    for mark in (codecs.BOM_UTF8, *_UTF_16):
        if side.startswith(mark):
            return mark
    return b""


def _encoding(sides: list[bytes], marks: list[bytes]) -> str | Declined:
    wide = [mark for mark in marks if mark in _UTF_16]
    if wide:
        same = all(mark == wide[0] or not side for side, mark in zip(sides, marks, strict=True))
        encoding = "utf-16-le" if wide[0] == codecs.BOM_UTF16_LE else "utf-16-be"
        if same and all(_decodes(side, encoding) for side in sides):
            return encoding
        return Declined("its sides are in different encodings")
    if any(b"\0" in side for side in sides):
        return Declined("it is binary")
    # Latin-1 gives every byte a character and back: whatever the bytes mean, they come out as they went in.
    return "utf-8" if all(_decodes(side, "utf-8") for side in sides) else "latin-1"


def _decodes(side: bytes, encoding: str) -> bool:
    try:
        return side.decode(encoding).encode(encoding) == side
    except UnicodeError:
        return False
