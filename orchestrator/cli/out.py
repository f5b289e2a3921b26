"""Standard output and error: a reader that has gone away, a full disk behind a redirection or a stream that was never
open takes no command with it, and nothing that an agent printed speaks to the terminal.

Never: a fact of its own, a wait for a reader (that is `voice.py`).
"""

import io
import os
import select
import sys
from typing import TextIO

_DEAD = select.POLLERR | select.POLLHUP | select.POLLNVAL
_SHOWN = str.maketrans({number: f"\\x{number:02x}" for number in (*range(0x20), *range(0x7F, 0xA0))})
_KEPT = {ord("\t"): "\t", ord("\n"): "\n"}


def open_streams(as_json: bool) -> None:
    """To be called before any file is opened: a standard stream that is closed would give its number to the next file,
    the ledger among them, and a child's words would be written into that."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # else it is what a test put in its place
            stream.reconfigure(encoding="utf-8" if as_json else stream.encoding, errors="backslashreplace")


def say(text: str) -> None:
    """A line (or several) to standard output, at once."""
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """The same to standard error."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError:
        mute(stream)


def mute(stream: TextIO) -> None:
    """From here on, what is written there, and what waits to be, goes nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except OSError:
        return  # it has no number: it is not one of ours


def finish() -> str | None:
    """Write out what waits in standard output; why that could not be done, None when it was or nobody reads it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        gone = reader_has_gone()
        mute(sys.stdout)
        return None if gone else f"standard output can not be written: {error.strerror}"
    return None


def reader_has_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more."""
    asked = select.poll()
    asked.register(1, 0)
    return any(event & _DEAD for _, event in asked.poll(0))


def one_line(text: str) -> str:
    """Text of somebody else's as part of one line: control characters are shown and do not act."""
    return text.translate(_SHOWN)


def some_lines(text: str) -> str:
    """The same for text that may have several lines."""
    return text.translate(_SHOWN | _KEPT)
