"""How often each token may ask for each route, and each address for the login: counted in this process, with the
library `limits`, in windows that begin with their first request.

Never: a token in a key (a digest stands for it), a rule about who may come in; that is the door's.
"""

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


class Kind(StrEnum):
    """What a request is, as far as its pace goes: the keys of `TIANTING_RATES`."""

    READ = "read"
    WRITE = "write"
    LAUNCH = "launch"
    FEED = "feed"
    LOGIN = "login"


RATES: Final[Mapping[Kind, RateLimitItem]] = MappingProxyType(
    {
        Kind.READ: parse("6000/minute"),
        Kind.WRITE: parse("1200/minute"),
        Kind.LAUNCH: parse("60/minute"),
        Kind.FEED: parse("600/minute"),
        Kind.LOGIN: parse("60/minute"),
    }
)
OFF: Final = "off"
_API = "/api/v1/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class NoRate(ValueError):
    """A text that names no rates; one sentence."""


def read_rates(text: str) -> Mapping[Kind, RateLimitItem]:
    """Rates from `KIND=NUMBER/SPAN,...` (spans as second, minute, hour, or `10 seconds`), those not named as they are
    by default; "" is all by default, `off` none at all."""
    if text.strip() == OFF:
        return {}
    rates = dict(RATES)
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, rate = part.partition("=")
        try:
            kind, item = Kind(name.strip()), parse(rate.strip())
        except ValueError as error:
            raise NoRate(f"{part!r} is no rate: write {'|'.join(Kind)}=NUMBER/SPAN, such as read=100/second") from error
        if item.amount < 1:
            raise NoRate(f"{part!r} would let nobody in; a rate is 1 at least, and `{OFF}` is no limit at all")
        rates[kind] = item
    return rates


def caller_of(secret: str) -> str:
    """A name for who shows this secret, which does not tell it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def route_of(method: str, path: str) -> tuple[Kind, str]:
    """What a request is, and its route: the path without the names in it, such as `runs/*/tasks/*`."""
    parts = path.removeprefix(_API).split("/") if path.startswith(_API) else [path]
    route = "/".join("*" if at % 2 else part for at, part in enumerate(parts))
    if route == "runs/*/feed":
        return Kind.FEED, route
    if method in _SAFE:
        return Kind.READ, route
    return (Kind.LAUNCH if route == "runs" else Kind.WRITE), route


@dataclass(slots=True, eq=False)
class Pace:
    """`refused` counts what was told to wait, by kind. The memory is bounded by who asks within one window."""

    rates: Mapping[Kind, RateLimitItem]
    refused: dict[Kind, int] = field(default_factory=dict)
    _limiter: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))

    def wait(self, caller: str, kind: Kind, route: str) -> int:
        """Count a request; 0 when it may go on, else the whole seconds after which it may be made again."""
        rate = self.rates.get(kind)
        if rate is None or self._limiter.hit(rate, caller, kind.value, route):
            return 0
        self.refused[kind] = self.refused.get(kind, 0) + 1
        until = self._limiter.get_window_stats(rate, caller, kind.value, route).reset_time
        return max(1, math.ceil(until - time.time()))
