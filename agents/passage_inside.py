"""Run inside of walls without a network: makes the allowed addresses reachable there, and becomes the program.

Addresses of this machine are listened at under their own ports; all others are reached by a proxy that the program is
told of by the usual variables. Never: a decision about what is allowed; that is the other side's.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from agents.local import connected
from agents.passage import HERE, Line, join

_HEAD = 65_536
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class NoPassage(Exception):
    """The other side does not let this through."""


async def _out(path: str, wanted: str) -> Line:
    """A connection to an address; raises `NoPassage`, `OSError`."""
    reader, writer = await asyncio.open_connection(sock=connected(path))
    writer.write(f"{wanted}\n".encode())
    if await reader.readline() != b"yes\n":
        writer.close()
        raise NoPassage(wanted)
    return reader, writer


async def _forward(path: str, wanted: str, here: Line) -> None:
    with suppress(NoPassage, OSError, ExceptionGroup):
        out = await _out(path, wanted)
        try:
            await join(here, out)
        finally:
            out[1].close()
    here[1].close()


async def _proxy(path: str, here: Line) -> None:
    """`CONNECT host:port` and nothing else of a proxy's language."""
    reader, writer = here
    with suppress(NoPassage, OSError, ValueError, asyncio.IncompleteReadError, ExceptionGroup):
        head = await reader.readuntil(b"\r\n\r\n")
        method, wanted, _ = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ", 2)
        try:
            if method != "CONNECT":
                raise NoPassage(method)
            out = await _out(path, wanted)
        except NoPassage:
            writer.write(_REFUSED)
            await writer.drain()
        else:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                await join(here, out)
            finally:
                out[1].close()
    writer.close()


async def _serve(path: str, fixed: Sequence[tuple[str, socket.socket]], proxy: socket.socket) -> None:
    for wanted, listener in fixed:

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str = wanted) -> None:
            await _forward(path, to, (reader, writer))

        await asyncio.start_server(forward, sock=listener)
    serving = await asyncio.start_server(lambda *line: _proxy(path, line), sock=proxy, limit=_HEAD)
    await serving.serve_forever()


def _apart() -> bool:
    """True in a process that nobody waits for; it ends with the walls."""
    if os.fork():
        return False
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return True


def main() -> None:
    path, *rest = sys.argv[1:]
    at = rest.index("--")
    allowed, command = rest[:at], rest[at + 1 :]
    local = [one for one in allowed if one.startswith(f"{HERE}:")]
    fixed = [(one, socket.create_server((HERE, int(one.rpartition(":")[2])))) for one in local]
    proxy = socket.create_server((HERE, 0))
    if _apart():
        asyncio.run(_serve(path, fixed, proxy))
        return
    os.wait()
    where = f"http://{HERE}:{proxy.getsockname()[1]}"
    for listener in (proxy, *(one for _, one in fixed)):
        listener.close()
    told = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), where)
    nearby = f"{HERE},localhost"
    environment = {**os.environ, **told, "NO_PROXY": nearby, "no_proxy": nearby}
    try:
        os.execvpe(command[0], command, environment)
    except OSError as fault:
        sys.stderr.write(f"{command[0]} could not be started: {fault}\n")
        sys.exit(127)


if __name__ == "__main__":
    main()
