"""What costs, kept in this process: what was not asked for the longest goes first.

Never: more than its bound.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

BYTES = 32 * 2**20
_ENTRY = 256
"""What an entry takes beside its value, roughly."""


@dataclass(slots=True)
class MemoryCache:
    """`most` is in bytes, of all entries together."""

    most: int = BYTES
    _held: OrderedDict[tuple[str, str], bytes] = field(default_factory=OrderedDict)
    _size: int = 0
    _asked: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        return self._size

    def asked(self) -> Mapping[tuple[str, bool], int]:
        return self._asked

    async def get(self, name: str, key: str) -> bytes | None:
        found = self.look(name, key)
        self.count(name, found is not None)
        return found

    async def put(self, name: str, key: str, value: bytes) -> None:
        self.keep(name, key, value)

    def look(self, name: str, key: str) -> bytes | None:
        """Without counting."""
        found = self._held.get((name, key))
        if found is not None:
            self._held.move_to_end((name, key))
        return found

    def count(self, name: str, hit: bool) -> None:
        self._asked[name, hit] += 1

    def keep(self, name: str, key: str, value: bytes) -> None:
        if len(value) + _ENTRY > self.most:
            return
        old = self._held.pop((name, key), None)
        self._size -= 0 if old is None else len(old) + _ENTRY
        self._held[name, key] = value
        self._size += len(value) + _ENTRY
        while self._size > self.most:
            _, gone = self._held.popitem(last=False)
            self._size -= len(gone) + _ENTRY
