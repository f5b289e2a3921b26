"""Logs, transcripts and inbox in Redis, for the processes of several terminals and containers.

A stream a run, `tianting:RUN:log`, is its log; the id of an entry is `<seq>-0`, so that a place is found without a
walk. What must be decided and stored at once is a Lua script, which Redis runs alone and writes to its append-only file
as one transaction. Never: a decision on what was read before, in another call.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from state import codec
from state.events import Event, Recorded
from state.ids import AttemptId, IntentId, RunId, Seq, WindowId
from state.intents import Intent, LaunchRun, Submitted
from state.kept import Checkpoint
from state.ports import Held, NewerLog, RunHead, SeqTaken, StaleLease, StoreError
from state.recent import Recent
from state.schema import free_text, from_free_text
from state.transcript import Entry, EntryKind

Reply = None | int | bytes | list["Reply"]
Arg = str | bytes | int | float

RUNS, LEASES, LAUNCHES = "tianting:runs", "tianting:leases", "tianting:launches"
REMEMBERED = "tianting:remembered"
NONCE_SECONDS = 3600
BATCH = 1000
"""Entries of a transcript in one call: each call holds up everybody else."""

_CREATE = """
local head = redis.call('HMGET', KEYS[1], 'name', 'repository', 'created')
if head[3] then
  return (head[1] == ARGV[2] and head[2] == ARGV[3] and head[3] == ARGV[4]) and 1 or 0
end
local place = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[1], 'name', ARGV[2], 'repository', ARGV[3], 'created', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[4], string.format('%016d', place) .. ':' .. ARGV[1])
return 1
"""

_RECALL = "return redis.call('HMGET', KEYS[1], unpack(ARGV))"
_REMEMBER = "return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])"

_LAST = """
local function last(log)
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  return newest and tonumber(string.match(newest[1], '^%d+')) or 0
end
"""

# ARGV: name of the lease, its token, expected seq, number of events; then ts, name, version and text of each. After
# those, where the windows are shown too: whether they are all there are (1) or the others stay (0), and each with its
# JSON. Those of events that stand already were shown with them, and may be older than what is shown now.
_APPEND = (
    _LAST
    + """
local first, count, stands = tonumber(ARGV[3]), tonumber(ARGV[4]), last(KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 0 then return {'unknown', stands} end
local row = redis.call('HGET', KEYS[3], ARGV[1])
if not row or string.match(row, '^%d+') ~= ARGV[2] then return {'stale', stands} end
if stands ~= first then
  if count == 0 or first + count > stands then return {'taken', stands} end
  local there = redis.call('XRANGE', KEYS[1], (first + 1) .. '-0', (first + count) .. '-0')
  for place, entry in ipairs(there) do
    for part = 1, 4 do
      if entry[2][2 * part] ~= ARGV[4 * place + part] then return {'taken', stands} end
    end
  end
  return {'stored', first + count}
end
for place = 1, count do
  local at = 4 * place
  redis.call('XADD', KEYS[1], (first + place) .. '-0',
    'ts', ARGV[at + 1], 'name', ARGV[at + 2], 'version', ARGV[at + 3], 'data', ARGV[at + 4])
end
local shown = 5 + 4 * count
if ARGV[shown] == '1' then redis.call('DEL', KEYS[4]) end
for at = shown + 1, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 1]) end
return {'stored', first + count}
"""
)
_RANGE = "return redis.call('XRANGE', KEYS[1], ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])"
_LAST_SEQ = _LAST + "return last(KEYS[1])"
_NAMES = "return redis.call('ZREVRANGE', KEYS[1], 0, -1)"
_HEAD = _LAST + "return {redis.call('HMGET', KEYS[1], 'name', 'repository', 'created'), last(KEYS[2])}"

# The same call again adds nothing: its mark is kept for a while, and stands with the entries that it added.
_ADD = (
    _LAST
    + """
if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[2]) then return 0 end
local stands = last(KEYS[1])
for place = 1, (#ARGV - 2) / 4 do
  local at = 4 * place - 1
  redis.call('XADD', KEYS[1], (stands + place) .. '-0',
    'ts', ARGV[at], 'kind', ARGV[at + 1], 'text', ARGV[at + 2], 'simulated', ARGV[at + 3], 'mark', ARGV[1])
end
return 1
"""
)
_SUBMIT = """
local seen = redis.call('GET', KEYS[4])
if seen then return tonumber(seen) end
local id = redis.call('INCR', KEYS[1])
local entry = {id .. '-0', 'run', ARGV[1], 'ts', ARGV[2], 'by', ARGV[3], 'version', ARGV[4], 'data', ARGV[5]}
redis.call('XADD', KEYS[2], unpack(entry))
if ARGV[6] == '1' then redis.call('XADD', KEYS[3], unpack(entry)) end
redis.call('SET', KEYS[4], id, 'EX', ARGV[7])
return id
"""
# What a run has said is found by its name: attempts are many, and there is no list of them. Letters that mean something
# in a pattern are taken as themselves.
_FORGET = """
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row or string.match(row, '^%d+') ~= ARGV[2] then return 0 end
local name = string.gsub(ARGV[3], '[%*%?%[%]%^\\\\]', '\\\\%0')
for _, pattern in ipairs({'tianting:' .. name .. ':*', 'project:' .. name .. ':*'}) do
  for _, key in ipairs(redis.call('KEYS', pattern)) do redis.call('DEL', key) end
end
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if string.sub(member, 18) == ARGV[3] then redis.call('ZREM', KEYS[2], member) end
end
for _, entry in ipairs(redis.call('XRANGE', KEYS[3], '-', '+')) do
  if entry[2][2] == ARGV[3] then redis.call('XDEL', KEYS[3], entry[1]) end
end
return 1
"""
_KEEP = """
local old = redis.call('HMGET', KEYS[1], 'seq', 'maker')
if old[1] and old[2] == ARGV[2] and tonumber(old[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'seq', ARGV[1], 'maker', ARGV[2], 'data', ARGV[3])
return 1
"""
_CHECKPOINT = "return redis.call('HMGET', KEYS[1], 'seq', 'maker', 'data')"
_ALL_AFTER = "return redis.call('XRANGE', KEYS[1], ARGV[1] .. '-0', '+')"


class Link(Protocol):
    """What is needed of an open connection; failures come as `StoreError`."""

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply: ...


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Keys of a shared server may have been written by anybody."""
    try:
        yield
    except (TypeError, ValueError, IndexError, AssertionError) as error:
        raise StoreError(f"{what} can not be read, what stands in Redis is not ours: {error!r:.200}") from error


def _list(reply: Reply) -> list[Reply]:
    if not isinstance(reply, list):
        raise TypeError(f"expected a list, found {reply!r:.60}")
    return reply


def _bytes(reply: Reply) -> bytes:
    if not isinstance(reply, bytes):
        raise TypeError(f"expected bytes, found {reply!r:.60}")
    return reply


def _int(reply: Reply) -> int:
    if not isinstance(reply, int):
        raise TypeError(f"expected a number, found {reply!r:.60}")
    return reply


def _text(reply: Reply) -> str:
    return from_free_text(_bytes(reply))


def _entries(reply: Reply) -> Iterator[tuple[int, list[bytes]]]:
    """The number of each entry of a stream, and its values without their names."""
    for one in _list(reply):
        number, parts = _list(one)
        yield int(_bytes(number).partition(b"-")[0]), [_bytes(part) for part in _list(parts)[1::2]]


def _recorded(seq: int, parts: list[bytes]) -> Recorded:
    ts, name, version, data = parts
    return Recorded(Seq(seq), float(ts), codec.decode(name.decode(), int(version), data.decode()))


def _submitted(number: int, parts: list[bytes]) -> tuple[RunId, Submitted]:
    run, ts, by, version, data = parts
    if int(version) > codec.SCHEMA_VERSION:
        raise NewerLog(f"intent {number} was submitted by a newer version (format {int(version)}): update Tianting")
    submitted = Submitted(IntentId(number), float(ts), from_free_text(by), codec.decode_intent(data.decode()))
    return RunId(from_free_text(run)), submitted


@dataclass(frozen=True, slots=True, eq=False)
class RedisStore:
    """Shares `link` with the leases of the same process, and `recent` with its other stores on the same server."""

    link: Link
    recent: Recent = field(default_factory=Recent)

    async def create(self, run: RunId, name: str, repository: str, created: float) -> None:
        keys = [f"tianting:{run}:head", RUNS, "tianting:places"]
        args: list[Arg] = [run, free_text(name), free_text(repository), repr(created)]
        if not await self.link.call(_CREATE, keys, args):
            raise StoreError(f"there is a run {run!r} already")

    async def append(self, run: RunId, events: Sequence[tuple[float, Event]], expected: Seq, lease: Held) -> Seq:
        with self.recent.storing(run, expected, events):
            return await self._append(run, events, expected, lease, [])

    async def append_shown(
        self,
        run: RunId,
        events: Sequence[tuple[float, Event]],
        expected: Seq,
        lease: Held,
        windows: Mapping[WindowId, str],
        *,
        whole: bool,
    ) -> Seq:
        shown: list[Arg] = [int(whole)]
        for window, text in windows.items():
            shown += [window, text]
        with self.recent.storing(run, expected, events):
            return await self._append(run, events, expected, lease, shown)

    async def _append(
        self, run: RunId, events: Sequence[tuple[float, Event]], expected: Seq, lease: Held, shown: list[Arg]
    ) -> Seq:
        args: list[Arg] = [f"run:{run}", lease.token if lease.name == f"run:{run}" else -1, expected, len(events)]
        for ts, event in events:
            args += [repr(ts), codec.name_of(event), codec.SCHEMA_VERSION, codec.encode(event)]
        keys = [f"tianting:{run}:log", f"tianting:{run}:head", LEASES, f"project:{run}:state"]
        reply = await self.link.call(_APPEND, keys, args + shown)
        with _readable(f"the log of run {run!r}"):
            outcome, stands = _list(reply)
            last = Seq(_int(stands))
        if outcome == b"stored":
            return last
        if outcome == b"taken":
            raise SeqTaken(f"run {run!r} stands at event {last}, not at {expected}")
        if outcome == b"stale":
            raise StaleLease(f"the lease on run {run!r} was lost to another process")
        raise StoreError(f"there is no run {run!r}")

    async def forget(self, run: RunId, lease: Held) -> None:
        args: list[Arg] = [f"run:{run}", lease.token if lease.name == f"run:{run}" else -1, run]
        self.recent.forget(run)
        if not await self.link.call(_FORGET, [LEASES, RUNS, LAUNCHES], args):
            raise StaleLease(f"the lease on run {run!r} was lost to another process")

    async def read(self, run: RunId, after: Seq, limit: int) -> list[Recorded]:
        if at_hand := self.recent.after(run, after, limit):
            return at_hand
        reply = await self.link.call(_RANGE, [f"tianting:{run}:log"], [after + 1, limit])
        with _readable(f"the log of run {run!r}"):
            return [_recorded(seq, parts) for seq, parts in _entries(reply)]

    async def runs(self) -> list[RunHead]:
        with _readable("the list of runs"):
            names = [_text(name).partition(":")[2] for name in _list(await self.link.call(_NAMES, [RUNS], []))]
            return [await self._head(RunId(name)) for name in names]

    async def _head(self, run: RunId) -> RunHead:
        head, last = _list(await self.link.call(_HEAD, [f"tianting:{run}:head", f"tianting:{run}:log"], []))
        name, repository, created = _list(head)
        return RunHead(run, _text(name), _text(repository), float(_bytes(created)), Seq(_int(last)))

    async def last_seq(self, run: RunId) -> Seq:
        with _readable(f"the log of run {run!r}"):
            return Seq(_int(await self.link.call(_LAST_SEQ, [f"tianting:{run}:log"], [])))

    async def keep_checkpoint(self, run: RunId, checkpoint: Checkpoint) -> None:
        args: list[Arg] = [checkpoint.seq, checkpoint.maker, checkpoint.data]
        await self.link.call(_KEEP, [f"tianting:{run}:checkpoint"], args)

    async def checkpoint(self, run: RunId) -> Checkpoint | None:
        reply = await self.link.call(_CHECKPOINT, [f"tianting:{run}:checkpoint"], [])
        with _readable(f"the checkpoint of run {run!r}"):
            seq, maker, data = _list(reply)
            return None if seq is None else Checkpoint(Seq(int(_bytes(seq))), _text(maker), _bytes(data))

    async def add(self, run: RunId, attempt: AttemptId, entries: Sequence[Entry]) -> None:
        for start in range(0, len(entries), BATCH):
            mark = secrets.token_hex(8)
            args: list[Arg] = [mark, NONCE_SECONDS]
            for entry in entries[start : start + BATCH]:
                args += [repr(entry.ts), entry.kind.value, free_text(entry.text), int(entry.simulated)]
            await self.link.call(_ADD, [f"tianting:{run}:said:{attempt}", f"tianting:mark:{mark}"], args)

    async def entries(self, run: RunId, attempt: AttemptId, after: int, limit: int) -> list[tuple[int, Entry]]:
        reply = await self.link.call(_RANGE, [f"tianting:{run}:said:{attempt}"], [after + 1, limit])
        with _readable(f"the transcript of attempt {attempt!r}"):
            return [
                (number, Entry(float(ts), EntryKind(kind.decode()), from_free_text(text), simulated == b"1"))
                for number, (ts, kind, text, simulated, _) in _entries(reply)
            ]

    async def submit(self, run: RunId, intent: Intent, by: str, ts: float) -> IntentId:
        keys = ["tianting:intents", f"tianting:{run}:inbox", LAUNCHES, f"tianting:mark:{secrets.token_hex(8)}"]
        launch = int(isinstance(intent, LaunchRun))
        args: list[Arg] = [run, repr(ts), free_text(by), codec.SCHEMA_VERSION, codec.encode(intent), launch]
        with _readable("the inbox"):
            return IntentId(_int(await self.link.call(_SUBMIT, keys, [*args, NONCE_SECONDS])))

    async def pending(self, run: RunId, after: IntentId) -> list[Submitted]:
        reply = await self.link.call(_ALL_AFTER, [f"tianting:{run}:inbox"], [after + 1])
        with _readable(f"the inbox of run {run!r}"):
            return [_submitted(number, parts)[1] for number, parts in _entries(reply)]

    async def launches(self, after: IntentId) -> list[tuple[RunId, Submitted]]:
        reply = await self.link.call(_ALL_AFTER, [LAUNCHES], [after + 1])
        with _readable("the inbox"):
            return [_submitted(number, parts) for number, parts in _entries(reply)]

    async def recall(self, keys: Sequence[str]) -> dict[str, str]:
        if not keys:
            return {}
        with _readable("what is remembered"):
            found = _list(await self.link.call(_RECALL, [REMEMBERED], list(keys)))
            return {key: _text(text) for key, text in zip(keys, found, strict=True) if text is not None}

    async def remember(self, texts: Mapping[str, str]) -> None:
        for key, text in texts.items():
            await self.link.call(_REMEMBER, [REMEMBERED], [key, free_text(text)])
