"""The way to one Redis (or Valkey) server: its connections, its failures said in one sentence, and reconnecting.

Whatever goes through `call` may be sent twice, when a reply was lost: every script of this house answers the second
time as it did the first. Needs a single server (no cluster) and one database for each repository. Never: a script of
its own beyond looking at the server.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from redis import exceptions as faults
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript

from state.ports import NewerLog, StoreAway, StoreError
from state.reach import Reach

FORMAT = 1
CONNECTIONS = 20
PATIENCE = 8.0
"""Seconds in which a server has to come back for those who do not lead a run. Once they are over, a call is tried once
until it has come back."""
ANSWER_SECONDS = 5.0
SHOWN_AFTER = 1.0
"""Seconds after which a server that is away is called so: one that is only begun again is not worth a word."""
FIRST_REST, LONGEST_REST = 0.05, 1.0

Reply = None | int | bytes | list["Reply"]
Arg = str | bytes | int | float
Revive = Callable[[], Awaitable[None]]

_CLAIM = "redis.call('SET', KEYS[1], ARGV[1], 'NX') return redis.call('GET', KEYS[1])"
_LOST = (faults.ConnectionError, faults.TimeoutError, OSError)
_REFUSED = (faults.AuthenticationError, faults.AuthorizationError)


def shown(url: str) -> str:
    """A server's URL without the password in it."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"


class _WouldLose(faults.RedisError):
    """The server is there, and is not to be trusted with a ledger."""


async def _told(connection: AbstractConnection, section: str) -> dict[str, str]:
    """What a server says of itself."""
    await connection.send_command("INFO", section)
    text = await connection.read_response(disable_decoding=True)
    if not isinstance(text, bytes):
        raise faults.ResponseError(f"INFO {section} was answered with {text!r:.60}")
    pairs = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
    return {name: value for name, _, value in pairs}


@dataclass(slots=True, eq=False)
class RedisLink:
    """`name` is how the server is called in sentences. `revive` brings back a server of our own that has ended. `reach`
    says whether it is there. `durable`: a server that would lose what it is told is refused; otherwise `risk` says that
    it would."""

    url: str
    name: str
    revive: Revive | None = None
    patience: float = PATIENCE
    reach: Reach = field(default_factory=Reach)
    durable: bool = True
    risk: str = ""
    _lost_at: float | None = None
    _client: Redis | None = None
    _scripts: dict[str, AsyncScript] = field(default_factory=dict)

    @classmethod
    async def open(cls, url: str, *, name: str = "", durable: bool = True, revive: Revive | None = None) -> Self:
        """Connect; `StoreError` when there is no server, or when it would lose what it is told (`durable`)."""
        link = cls(url, name or shown(url), revive, patience=0.0 if revive is None else PATIENCE, durable=durable)
        link._client = link._connect(CONNECTIONS)
        try:
            await link._claim()
        except BaseException:
            await link.close()
            raise
        link.patience = PATIENCE
        return link

    def _connect(self, connections: int) -> Redis:
        # Timeouts and retries are named: what redis-py has for defaults has changed under its users before. Its own
        # limit on an answer is off: it would end a subscription that hears nothing, and with it a command is sent
        # under `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that comes as the sending ends.
        # Text may hold bytes of a file's name that are no UTF-8.
        pool = BlockingConnectionPool.from_url(
            self.url,
            max_connections=connections,
            timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            encoding_errors="surrogatepass",
            redis_connect_func=self._met,
        )
        return Redis.from_pool(pool)

    @property
    def client(self) -> Redis:
        if self._client is None:
            raise StoreError(f"the connection to the Redis at {self.name} was closed")
        return self._client

    def listening(self) -> Redis:
        """A client of its own for a subscription, which waits for ever; the caller closes it."""
        return self._connect(1)

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        """What a Lua script answers; `StoreError` when the server refuses it, or is away for too long."""
        prepared = self._scripts.get(script)
        if prepared is None:
            prepared = self._scripts[script] = self.client.register_script(script)

        async def once() -> Reply:
            answer: Reply = await prepared(keys=keys, args=args, client=self.client)
            return answer

        return await self._patiently(once)

    async def _patiently(self, once: Callable[[], Awaitable[Reply]]) -> Reply:
        clock = asyncio.get_running_loop().time
        began, rest = clock(), FIRST_REST
        while True:
            tried = clock()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await once()
            except _WouldLose as error:
                raise StoreError(str(error)) from error
            except _REFUSED as error:
                raise StoreError(f"the Redis at {self.name} does not let us in: {error}") from error
            except _LOST as error:
                away = StoreAway(f"the Redis at {self.name} can not be reached: {str(error) or 'no answer'}")
                self._miss(away, tried, clock())
                if clock() + rest > min(began, self._lost_at or began) + self.patience:
                    raise away from error
            except faults.RedisError as error:
                raise StoreError(f"the Redis at {self.name} does not do what it is asked: {error}") from error
            else:
                self._lost_at = None
                self.reach.set("")
                return answer
            await asyncio.sleep(rest)
            rest = min(2 * rest, LONGEST_REST)
            if self.revive is not None:
                await self.revive()

    def _miss(self, away: StoreAway, tried: float, now: float) -> None:
        """Note a try that found nobody."""
        if self._lost_at is None:
            self._lost_at = tried
        if now - self._lost_at >= SHOWN_AFTER:
            self.reach.set(str(away))

    async def _met(self, connection: AbstractConnection) -> None:
        """Each connection looks, not the first alone: a server that was begun anew may be set otherwise."""
        await connection.on_connect()
        persistence, memory = await _told(connection, "persistence"), await _told(connection, "memory")
        if persistence.get("aof_enabled") != "1":
            risk = "keeps no append-only file, a crash of it would lose the log of a run: "
            what = "set `appendonly yes` there"
        elif memory.get("maxmemory", "0") != "0" and memory.get("maxmemory_policy") != "noeviction":
            risk = "forgets keys when its memory is full: "
            what = "set `maxmemory-policy noeviction`"
        else:
            return
        self.risk = f"the Redis at {self.name} {risk}{what}"
        if self.durable:
            raise _WouldLose(f"{self.risk}, or accept that with `?aof=off` at the end of the URL")

    async def _claim(self) -> None:
        written = await self.call(_CLAIM, ["tianting:format"], [FORMAT])
        if not isinstance(written, bytes) or not written.isdigit() or int(written) > FORMAT:
            raise NewerLog(
                f"the Redis at {self.name} holds a ledger of format {written!r}, not {FORMAT}: update Tianting"
            )


@dataclass(frozen=True, slots=True, eq=False)
class PatientLink:
    """The same way for who leads a run: a call takes as long as the server is away. Whoever waits for it begins nothing
    and lands nothing, and loses nothing that is at work."""

    link: RedisLink

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply:
        while True:
            try:
                return await self.link.call(script, keys, args)
            except StoreAway:
                if not self.link.reach.patient:
                    raise
            await asyncio.sleep(LONGEST_REST)
