"""The plan's globs, matched against plain paths: `*` and `?` stay inside one part, `**` is any number of parts.

Never: read a directory.
"""

import os
from collections.abc import Sequence

from state.footprint import globs_meet


class Globs:
    """Patterns such as `dist/**`, from the top of the repository."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def match(self, path: bytes) -> bool:
        plain = "".join(f"[{char}]" if char in "*?[" else char for char in os.fsdecode(path))
        return any(globs_meet(pattern, plain) for pattern in self._patterns)
