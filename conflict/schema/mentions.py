"""Files that speak of another file by its name follow when that one is renamed.

Never: a part of a longer name; a file that is no text.
"""

import re
from collections.abc import Mapping

from conflict.schema.values import Files

_LARGEST = 1_000_000
_EDGE = rb"[\w]"


def renamed(files: Files, names: Mapping[str, str]) -> dict[str, bytes | None]:
    """The files that mention one of the old names, with the new ones; all at once, so that names may be swapped."""
    if not names:
        return {}
    known = {old.encode(): new.encode() for old, new in names.items()}
    words = b"|".join(re.escape(old) for old in sorted(known, key=len, reverse=True))
    pattern = re.compile(rb"(?<!%b)(?:%b)(?!%b)" % (_EDGE, words, _EDGE))
    found: dict[str, bytes | None] = {}
    for path, source in files.items():
        if len(source) > _LARGEST or b"\0" in source:
            continue
        new = pattern.sub(lambda match: known[match[0]], source)
        if new != source:
            found[path] = new
    return found
