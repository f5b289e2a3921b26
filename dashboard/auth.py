"""Who may come in: tokens, one-time login links and the sessions they open. Only digests are kept in memory.

Never: a secret in a log, a message or a comparison that tells by its time how much of a guess was right.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest

from state.ports import Clock

_WRONG_GUESSES = 10
_WINDOW = 60.0
_ADDRESSES = 1024
_SESSIONS = 1024
_LINKS = 64


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    SLOW_DOWN = "slow down"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _knows(known: Iterable[bytes], digest: bytes) -> bool:
    """Every known digest is compared, in constant time each."""
    found = False
    for one in known:
        found |= compare_digest(one, digest)
    return found


@dataclass(slots=True)
class _Guesses:
    """Different wrong secrets of one address within the last minute. One that comes again is not a new guess: a
    program with an old token must not lock out the others of its machine."""

    clock: Clock
    _wrong: OrderedDict[str, OrderedDict[bytes, float]] = field(default_factory=OrderedDict)

    def too_many(self, address: str) -> bool:
        wrong = self._wrong.get(address)
        if wrong is None:
            return False
        while wrong and next(iter(wrong.values())) <= self.clock.now() - _WINDOW:
            wrong.popitem(last=False)
        return len(wrong) >= _WRONG_GUESSES

    def add(self, address: str, digest: bytes) -> None:
        wrong = self._wrong.setdefault(address, OrderedDict())
        self._wrong.move_to_end(address)
        wrong[digest] = self.clock.now()
        wrong.move_to_end(digest)
        while len(self._wrong) > _ADDRESSES:
            self._wrong.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Session:
    until: float
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class Access:
    """`address` is the network address of who asks; wrong guesses are counted for each, and a tenth different one
    within a minute makes every further one `SLOW_DOWN` unseen until the minute is over."""

    def __init__(self, tokens: Iterable[str], clock: Clock, login_seconds: float, session_seconds: float) -> None:
        self._tokens = tuple(_digest(token) for token in tokens if token.strip())
        self._clock = clock
        self._login_seconds = login_seconds
        self._session_seconds = session_seconds
        self._links: OrderedDict[bytes, float] = OrderedDict()
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._guesses = _Guesses(clock)

    def check_token(self, address: str, token: str) -> Verdict:
        """Judge a token that a program sent, or a person typed in."""
        return self._judge(address, _digest(token), self._tokens)

    def new_login(self) -> str:
        """The secret of a new one-time link; the oldest unused one ends when there are too many."""
        once = secrets.token_urlsafe(32)
        self._links[_digest(once)] = self._clock.now() + self._login_seconds
        while len(self._links) > _LINKS:
            self._links.popitem(last=False)
        return once

    def redeem(self, address: str, once: str) -> Verdict:
        """Judge the secret of a one-time link and use it up."""
        now = self._clock.now()
        for digest in [digest for digest, until in self._links.items() if until <= now]:
            del self._links[digest]
        digest = _digest(once)
        verdict = self._judge(address, digest, self._links)
        if verdict is Verdict.RIGHT:
            del self._links[digest]
        return verdict

    def open_session(self) -> str:
        """The secret of a new session, for a cookie; the oldest session ends when there are too many."""
        session = secrets.token_urlsafe(32)
        self._sessions[_digest(session)] = _Session(self._clock.now() + self._session_seconds)
        while len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)[1].closed.set()
        return session

    def is_session(self, session: str) -> bool:
        """Whether this is an open session. Wrong ones are not counted: 256 random bits are not guessed, and a page
        that was left open over a restart would lock its owner out."""
        one = self._sessions.get(_digest(session))
        return one is not None and one.until > self._clock.now()

    def close_session(self, session: str) -> None:
        one = self._sessions.pop(_digest(session), None)
        if one is not None:
            one.closed.set()

    async def ended(self, session: str) -> None:
        """Wait until that session is closed or its time is over; who follows something with it is let go then."""
        one = self._sessions.get(_digest(session))
        if one is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, one.until - self._clock.now())):
                await one.closed.wait()

    def _judge(self, address: str, digest: bytes, known: Iterable[bytes]) -> Verdict:
        if self._guesses.too_many(address):
            return Verdict.SLOW_DOWN
        if _knows(known, digest):
            return Verdict.RIGHT
        self._guesses.add(address, digest)
        return Verdict.WRONG
