"""The one way out of walls that have no network: to the addresses that are allowed, and to no other.

What runs inside asks at a socket of its window; `passage_inside.py` does so for it. Never: a name that is looked up
before it is allowed, a byte of what is passed on read.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from agents.local import listening
from state.plan import RuntimeName

SOCKET = "passage"
HERE = "127.0.0.1"
_NEARBY = frozenset({HERE, "localhost", "::1"})
_AT_ONCE = 256
_PATIENCE = 60.0
_CHUNK = 65_536

_ADDRESSES = re.compile(r"BASE_URL|API_BASE|ENDPOINT|OTLP", re.IGNORECASE)
"""Names of variables that say where a model is."""
_USUAL: Mapping[RuntimeName, tuple[str, ...]] = {
    RuntimeName.CLAUDE: ("api.anthropic.com:443",),
    RuntimeName.CODEX: ("api.openai.com:443",),
    RuntimeName.AUTOGEN: ("api.anthropic.com:443", "api.openai.com:443", "openrouter.ai:443"),
}
_PORTS = {"https": 443, "http": 80}


def endpoints(runtime: RuntimeName, variables: Mapping[str, str]) -> tuple[str, ...]:
    """`host:port` of where the model of an agent may be: what its variables say, else where its provider usually is."""
    said = addresses(value for name, value in sorted(variables.items()) if _ADDRESSES.search(name))
    return said or _USUAL.get(runtime, ())


def addresses(urls: Iterable[str]) -> tuple[str, ...]:
    """`host:port` of each address, once."""
    return tuple(dict.fromkeys(found for url in urls if (found := _address(url))))


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    host = HERE if parts.hostname in _NEARBY else parts.hostname
    return f"{host}:{port}" if host and port else ""


def through(folder: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """What is put before the command line of a program that is to have this passage."""
    own = (sys.executable, "-I", "-P", "-m", "agents.passage_inside", os.path.join(folder, SOCKET))
    return (*own, *allowed, "--")


@asynccontextmanager
async def open_passage(folder: str, allowed: frozenset[str]) -> AsyncIterator[None]:
    """To the end of the block. Raises `EnvironmentFault` before it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wanted = (await reader.readline()).decode("ascii", "replace").strip()
        if wanted not in allowed:
            writer.write(b"no\n")
            return
        host, _, port = wanted.rpartition(":")
        async with asyncio.timeout(_PATIENCE):
            far_reader, far_writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            writer.write(b"yes\n")
            await join((reader, writer), (far_reader, far_writer))
        finally:
            far_writer.close()

    async with listening(os.path.join(folder, SOCKET), _AT_ONCE, serve):
        yield


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def join(one: Line, other: Line) -> None:
    """Pass everything on, both ways, until both have said all or one is gone."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_pass_on(one[0], other[1]))
        group.create_task(_pass_on(other[0], one[1]))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
