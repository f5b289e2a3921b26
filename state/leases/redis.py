"""Leases in Redis, beside the logs that they guard.

`tianting:leases` has who holds a name, under which token and until when, by the clock of the server: those of the
machines may differ. `tianting:tokens` has the newest token that a name ever had and is never cleared, so that tokens
only grow. On the same host and boot, a holder whose process has ended counts as expired at once. Never: a decision on
the time of this machine.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from state.leases.holder import is_dead
from state.ports import Clock, Held, StoreError

Reply = None | int | bytes | list["Reply"]
Arg = str | bytes | int | float

LEASES, TOKENS = "tianting:leases", "tianting:tokens"
MARK_SECONDS = 600
ROUNDS = 3
"""How often a dead holder may turn out to be followed by another dead one before the name is called held."""

# A row is `token expires holder`. ARGV[1] is the time, or empty: then the server's counts.
_TIME = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end
local function until_(ttl) return string.format('%.17g', now + tonumber(ttl)) end
local function parts(row) return string.match(row, '^(%d+) (%S+) (.*)$') end
"""

# ARGV: time, name, holder, ttl, token of a holder known to be dead, how long the mark of the call is kept. The same
# call again, even a late one, takes nothing anew: its token would take the right away from the holder itself.
_TAKE = (
    _TIME
    + """
local row = redis.call('HGET', KEYS[1], ARGV[2])
local taken = redis.call('GET', KEYS[3])
if taken then return {row and string.match(row, '^%d+') == taken and 1 or 0, row or taken .. ' 0 -'} end
if row then
  local token, expires, holder = parts(row)
  if tonumber(expires) > now and holder ~= ARGV[3] and token ~= ARGV[5] then return {0, row} end
end
local token = redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
row = string.format('%d', token) .. ' ' .. until_(ARGV[4]) .. ' ' .. ARGV[3]
redis.call('HSET', KEYS[1], ARGV[2], row)
redis.call('SET', KEYS[3], string.format('%d', token), 'EX', ARGV[6])
return {1, row}
"""
)

# ARGV: time, name, token, ttl.
_RENEW = (
    _TIME
    + """
local row = redis.call('HGET', KEYS[1], ARGV[2])
if not row then return false end
local token, _, holder = parts(row)
if token ~= ARGV[3] then return false end
row = token .. ' ' .. until_(ARGV[4]) .. ' ' .. holder
redis.call('HSET', KEYS[1], ARGV[2], row)
return row
"""
)
_RELEASE = """
local row = redis.call('HGET', KEYS[1], ARGV[1])
if row and string.match(row, '^%d+') == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
"""
_ONE = (
    _TIME
    + """
local row = redis.call('HGET', KEYS[1], ARGV[2])
if row then
  local _, expires = parts(row)
  if tonumber(expires) > now then return row end
end
return false
"""
)
_ALL = (
    _TIME
    + """
local found, rows = {}, redis.call('HGETALL', KEYS[1])
for at = 1, #rows, 2 do
  local _, expires = parts(rows[at + 1])
  if string.sub(rows[at], 1, #ARGV[2]) == ARGV[2] and tonumber(expires) > now then
    table.insert(found, {rows[at], rows[at + 1]})
  end
end
return found
"""
)


class Link(Protocol):
    """What is needed of an open connection; failures come as `StoreError`."""

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply: ...


def _text(reply: Reply) -> str:
    if not isinstance(reply, bytes):
        raise StoreError(f"the leases can not be read, what stands in Redis is not ours: {reply!r:.200}")
    return reply.decode("utf-8", "surrogatepass")


def _held(name: str, row: Reply) -> Held:
    token, expires, holder = _text(row).split(" ", 2)
    return Held(name, holder, int(token), float(expires))


@dataclass(frozen=True, slots=True, eq=False)
class RedisLease:
    """`clock` stands in for that of the server."""

    link: Link
    clock: Clock | None = None

    @property
    def _now(self) -> Arg:
        return "" if self.clock is None else repr(self.clock.now())

    async def take(self, name: str, holder: str, ttl: float) -> Held | None:
        dead = ""
        for _ in range(ROUNDS):
            keys = [LEASES, TOKENS, f"tianting:mark:{secrets.token_hex(8)}"]
            reply = await self.link.call(_TAKE, keys, [self._now, name, holder, ttl, dead, MARK_SECONDS])
            if not isinstance(reply, list):
                raise StoreError(f"the lease {name!r} can not be read: {reply!r:.200}")
            taken, row = reply
            held = _held(name, row)
            if taken:
                return held
            if not is_dead(held.holder):
                return None
            dead = str(held.token)
        return None

    async def renew(self, held: Held, ttl: float) -> Held | None:
        row = await self.link.call(_RENEW, [LEASES], [self._now, held.name, held.token, ttl])
        return None if row is None else replace(held, expires=_held(held.name, row).expires)

    async def release(self, held: Held) -> None:
        await self.link.call(_RELEASE, [LEASES], [held.name, held.token])

    async def holder(self, name: str) -> Held | None:
        row = await self.link.call(_ONE, [LEASES], [self._now, name])
        return None if row is None else _alive(_held(name, row))

    async def held_by(self, prefix: str) -> list[Held]:
        rows = await self.link.call(_ALL, [LEASES], [self._now, prefix])
        found: list[Held] = []
        for one in rows if isinstance(rows, list) else []:
            name, row = one if isinstance(one, list) else (None, None)
            held = _alive(_held(_text(name), row))
            if held is not None:
                found.append(held)
        return sorted(found, key=lambda held: held.name)


def _alive(held: Held) -> Held | None:
    return None if is_dead(held.holder) else held
