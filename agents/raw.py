"""JSON that another program wrote, read without trust: what is not of the wanted shape is as if it were not there.

Never: an error about somebody else's message, a meaning.
"""

import json
from collections.abc import Mapping

Raw = Mapping[str, object]


def parsed(line: bytes | str) -> Raw | None:
    """The object that a line holds; None for a line that holds none, such as what a crashing program prints."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def inner(raw: Raw, *keys: str) -> Raw:
    """The object below these keys, one in the other; an empty one where there is none."""
    for key in keys:
        found = raw.get(key)
        raw = found if isinstance(found, dict) else {}
    return raw


def items(raw: Raw, key: str) -> list[Raw]:
    """The objects of a list; what else stands in it is passed over."""
    found = raw.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(raw: Raw, *keys: str) -> str:
    """The first of these keys that holds text; "" where none does."""
    for key in keys:
        found = raw.get(key)
        if isinstance(found, str):
            return found
    return ""


def whole(raw: Raw, *keys: str) -> int:
    """The first of these keys that holds a number, as a whole one; 0 where none does."""
    return int(number(raw, *keys))


def number(raw: Raw, *keys: str) -> float:
    """The first of these keys that holds a number; 0 where none does."""
    for key in keys:
        found = raw.get(key)
        if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e15:
            return float(found)
    return 0.0


def said(content: object) -> str:
    """The text of a message's content: a text, or a list of blocks of which some hold text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [one if isinstance(one, str) else text(one, "text") for one in content if isinstance(one, str | dict)]
    return "\n".join(part for part in texts if part)
