"""Surfaces that were read already, by path and content: what did not change is not read again.

Never: a surface of other content than asked for; more kept than its bound.
"""

from collections import OrderedDict

from conflict.surface.nouns import Surface
from conflict.surface.read import read

KEPT = 20_000


class Surfaces:
    """Those used last are kept."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[tuple[str, str], Surface] = OrderedDict()

    def known(self, path: str, blob: str) -> Surface | None:
        found = self._known.get((path, blob))
        if found is not None:
            self._known.move_to_end((path, blob))
        return found

    def learn(self, path: str, blob: str, data: bytes) -> Surface:
        found = read(path, data)
        self.keep(path, blob, found)
        return found

    def keep(self, path: str, blob: str, found: Surface) -> None:
        self._known[path, blob] = found
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
