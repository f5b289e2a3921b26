"""Where the definitions of a file stand, by the lines they take: Python by its indentation, so that Python 2 and files
with a fault in them are read, too; other languages by the table in `grammars`.

Never: fail on a text; a span that shares a line with another one beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conflict.merge.grammars import DEEPEST, GRAMMARS, Found, read
from conflict.merge.paths import extension_of

MOST_CHARACTERS = 400_000
"""Above which a file is not cut into definitions: a bound on time."""

_DEFINES = re.compile(r"(?:async\s+)?(?P<what>def|class)\s+(?P<name>\w+)")
_SIGNS = re.compile(
    r"[rRbBuUfF]{0,2}(?P<long>'''|\"\"\")|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*|(?P<open>[(\[{])|(?P<close>[)\]}])"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `start` (from 0) to before `end`; `inner` are the definitions in it, in order."""

    key: str
    start: int
    end: int
    inner: tuple["Span", ...] = ()


def spans(lines: Sequence[str], path: str) -> tuple[Span, ...] | None:
    """None where nothing is known of the language, its grammar is not installed, or the text is too long."""
    if sum(map(len, lines)) > MOST_CHARACTERS:
        return None
    extension = extension_of(path)
    if extension in (".py", ".pyi"):
        return tuple(_python(lines))
    if extension not in GRAMMARS:
        return None
    tree = read("".join(lines), extension)
    return None if tree is None else tuple(_by_lines(tree.found, 0, len(lines)))


def _by_lines(found: Sequence[Found], low: int, high: int) -> list[Span]:
    """What takes whole lines of its own: neighbours that share a line are none, and what is in them neither."""
    rows = [one for one in found if low <= one.first and one.last < high]
    out: list[Span] = []
    for at, one in enumerate(rows):
        shares = (at > 0 and rows[at - 1].last >= one.first) or (at + 1 < len(rows) and rows[at + 1].first <= one.last)
        if not shares:
            inner = _by_lines(one.inner, one.first + 1, one.last) if one.inner else []
            out.append(Span(one.key, one.first, one.last + 1, tuple(inner)))
    return _numbered(out)


def _numbered(found: Sequence[Span]) -> list[Span]:
    """The second of a name is another one."""
    seen: dict[str, int] = {}
    out: list[Span] = []
    for one in found:
        times = seen[one.key] = seen.get(one.key, 0) + 1
        out.append(one if times == 1 else Span(f"{one.key} {times}", one.start, one.end, one.inner))
    return out


_Start = tuple[int, int]
"""(line, indentation) where a statement begins."""


def _python(lines: Sequence[str]) -> list[Span]:
    starts = _statements(lines)
    return _within(lines, starts, 0, len(starts), len(lines))


def _within(
    lines: Sequence[str], starts: Sequence[_Start], low: int, high: int, end: int, depth: int = 0
) -> list[Span]:
    """The definitions among some statements that are not in one another."""
    found: list[Span] = []
    at = low
    first: int | None = None
    while at < high:
        line, indent = starts[at]
        text = lines[line].lstrip()
        if text.startswith("@"):
            first = line if first is None else first
            at += 1
            continue
        match = _DEFINES.match(text)
        after = at + 1
        if match is not None:
            while after < high and starts[after][1] > indent:
                after += 1
            stop = _last(lines, line, starts[after][0] if after < high else end)
            inner = (
                _within(lines, starts, at + 1, after, stop, depth + 1)
                if match["what"] == "class" and depth < DEEPEST
                else []
            )
            found.append(Span(match[0].split()[-1], line if first is None else first, stop, tuple(inner)))
        first = None
        at = after
    return _numbered(found)


def _last(lines: Sequence[str], start: int, end: int) -> int:
    """Without the blank lines and the comments, no deeper than the definition itself, that belong to what follows."""
    depth = len(lines[start]) - len(lines[start].lstrip())
    while end > start + 1:
        text = lines[end - 1].strip()
        if text and not (text.startswith("#") and len(lines[end - 1]) - len(lines[end - 1].lstrip()) <= depth):
            break
        end -= 1
    return end


def _statements(lines: Sequence[str]) -> list[_Start]:
    """Lines that are no continuation of another, no comment and not blank."""
    found: list[_Start] = []
    depth, quote, joined = 0, "", False
    for number, line in enumerate(lines):
        text = line.lstrip()
        if not quote and not joined and depth == 0 and text and not text.startswith("#"):
            found.append((number, len(line) - len(text)))
        elif not quote and depth and _DEFINES.match(text) and text.rstrip().endswith(":"):
            depth = 0  # a bracket was never closed: the fault ends where the next definition begins
            found.append((number, len(line) - len(text)))
        depth, quote = _after(line, depth, quote)
        joined = not quote and line.rstrip("\n").endswith("\\")
    return found


def _after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """How many brackets are open after a line, and in which kind of long string it ends."""
    at = 0
    while True:
        if quote:
            at = line.find(quote, at)
            if at < 0:
                return depth, quote
            at, quote = at + 3, ""
        match = _SIGNS.search(line, at)
        if match is None:
            return depth, ""
        at = match.end()
        if match["long"]:
            quote = match["long"]
        elif match["open"]:
            depth += 1
        elif match["close"]:
            depth = max(0, depth - 1)
