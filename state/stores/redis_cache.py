"""What costs, kept in Redis for all processes of a repository, and in this process before that.

A server that is away or slow is not waited for: what is not there at once is found out anew. Never: more than its bound
in the server, which drops nothing by itself; a put that waits.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from state.ports import StoreError
from state.stores.memory_cache import MemoryCache

Reply = None | int | bytes | list["Reply"]
Arg = str | bytes | int | float

ENTRIES = 20_000
LARGEST = 64 * 1024
"""A larger value stays in this process: the server is the ledger's, and every entry is in its append-only file."""
KEPT_SECONDS = 86_400
GET_SECONDS = 0.25
REST_SECONDS = 5.0
WAITING = 500
AT_ONCE = 50
CLOSING_SECONDS = 2.0

_INDEX = "tianting:cached"
_GET = "return redis.call('GET', KEYS[1])"
# KEYS: the index, then those of the values. ARGV: seconds, bound, then the values. One call is one flush of the
# server's file, however many they are. The oldest go when there are too many; one that ended by itself leaves its line
# in the index until then.
_PUT = """
local time = redis.call('TIME')
local now = time[1] .. '.' .. string.format('%06d', time[2])
for at = 2, #KEYS do
  redis.call('SET', KEYS[at], ARGV[at + 1], 'EX', ARGV[1])
  redis.call('ZADD', KEYS[1], now, KEYS[at])
end
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
if over > 0 then
  local gone = redis.call('ZPOPMIN', KEYS[1], over)
  for at = 1, #gone, 2 do redis.call('DEL', gone[at]) end
end
return 1
"""


class Link(Protocol):
    """What is needed of an open connection; failures come as `StoreError`."""

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply: ...


@dataclass(slots=True, eq=False)
class RedisCache:
    link: Link
    most: int = ENTRIES
    near: MemoryCache = field(default_factory=MemoryCache)
    _waiting: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _away_until: float = 0.0

    def asked(self) -> Mapping[tuple[str, bool], int]:
        return self.near.asked()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Hand what is put on to the server until the block ends, and then what is left of it, if it takes that soon:
        most commands live for less than a second, and what they found out is worth as much as any other."""
        group = asyncio.TaskGroup()
        # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
        await group.__aenter__()
        telling = group.create_task(self._tell())
        try:
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self.told()
        finally:
            telling.cancel()
            await group.__aexit__(None, None, None)

    async def get(self, name: str, key: str) -> bytes | None:
        found = self.near.look(name, key)
        if found is None:
            found = await self._far(name, key)
            if found is not None:
                self.near.keep(name, key, found)
        self.near.count(name, found is not None)
        return found

    async def _far(self, name: str, key: str) -> bytes | None:
        clock = asyncio.get_running_loop().time
        if clock() < self._away_until:
            return None
        try:
            async with asyncio.timeout(GET_SECONDS):
                found = await self.link.call(_GET, [_key(name, key)], [])
        except (StoreError, TimeoutError):
            self._away_until = clock() + REST_SECONDS
            return None
        return found if isinstance(found, bytes) else None

    async def put(self, name: str, key: str, value: bytes) -> None:
        self.near.keep(name, key, value)
        if len(value) > LARGEST:
            return
        self._waiting[_key(name, key)] = value
        if len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)
        self._told.clear()
        self._bell.set()

    async def told(self) -> None:
        """Until the server has been given all that was put."""
        if self._waiting:
            await self._told.wait()

    async def _tell(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._waiting:
                some = dict(islice(self._waiting.items(), AT_ONCE))
                try:
                    await self.link.call(_PUT, [_INDEX, *some], [KEPT_SECONDS, self.most, *some.values()])
                except StoreError:
                    self._waiting.clear()
                for key in some:
                    self._waiting.pop(key, None)
            self._told.set()


def _key(name: str, key: str) -> str:
    return f"tianting:cache:{name}:{key}"
