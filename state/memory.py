"""The port of what was learned once and holds for every run; apart from `ports.py` for its size alone.

Never: a body, a default.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Memory(Protocol):
    """What was learned once and holds for every run of the ledger, by key: how a clash was settled, for one."""

    async def recall(self, keys: Sequence[str]) -> dict[str, str]:
        """The texts of those keys that are known."""

    async def remember(self, texts: Mapping[str, str]) -> None:
        """Keep them; what stood under a key before is forgotten."""
