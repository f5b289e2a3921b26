"""Requests carried along when a route's address changes.

Never: an address that is not written out on the line in question; an address of which only a part is meant.
"""

import re

_VARIABLE = rb"(\$\{[^}]*\}|\{[^}]*\}|<[^<>]*>|:\w+|%[sd]|[\w-]+)"
_OPEN, _CLOSE = rb"(?<=['\"`])((?:https?://[^/'\"`]*|\{\w+\}|\$\{[\w.]+\})?)", rb"(?=['\"`?#])"


def moved(source: bytes, line: int, symbol: str, new: str) -> bytes | None:
    """The file with the address of `symbol` (`GET /orders/{}`) on that line replaced by `new`, variables kept in their
    order; None where it is not there exactly once."""
    old = symbol.partition(" ")[2]
    before, after = old.split("{}"), new.split("{}")
    lines = source.splitlines(keepends=True)
    if not old or not new or len(before) != len(after) or not 0 < line <= len(lines):
        return None
    body = _VARIABLE.join(re.escape(part.encode()) for part in before)
    pattern = re.compile(_OPEN + body + _CLOSE)
    near = [at for at in range(line - 1, min(line + 4, len(lines))) if pattern.search(lines[at])]
    if not near or len(pattern.findall(lines[near[0]])) != 1:
        return None

    def filled(match: re.Match[bytes]) -> bytes:
        parts = [match[1], after[0].encode()]
        for number, part in enumerate(after[1:], 2):
            parts += [match[number], part.encode()]
        return b"".join(parts)

    lines[near[0]] = pattern.sub(filled, lines[near[0]])
    return b"".join(lines)
