"""A socket in a private folder, by which processes of one window and this one speak: whoever can reach it is the
window.

Never: what is spoken.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from agents.environment import EnvironmentFault

LINE = 1024 * 1024
"""Bytes of the longest line that is read."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def address(folder: int, name: str) -> str:
    """By the open folder: the whole path may be longer than a socket's may be."""
    return f"/proc/self/fd/{folder}/{name}"


def connected(path: str) -> socket.socket:
    """A connection to the socket of that path. Raises `OSError`."""
    folder, name = os.path.split(path)
    holder = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.connect(address(holder, name))
        found.setblocking(False)
    except OSError:
        found.close()
        raise
    finally:
        os.close(holder)
    return found


@asynccontextmanager
async def listening(path: str, at_once: int, serve: Serve) -> AsyncIterator[None]:
    """Serve each connection, so many at once, to the end of the block. Raises `EnvironmentFault` before it."""
    listener = _listener(path, at_once)
    try:
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(_take(listener, at_once, serve, group))
            try:
                yield
            finally:
                taking.cancel()
    finally:
        listener.close()


def _listener(path: str, backlog: int) -> socket.socket:
    folder, name = os.path.split(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        Path(path).unlink(missing_ok=True)
        holder = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            listener.bind(address(holder, name))
        finally:
            os.close(holder)
        listener.listen(backlog)
    except OSError as fault:
        listener.close()
        raise EnvironmentFault(f"the window's own door to Tianting can not be made: {fault}") from fault
    listener.setblocking(False)
    return listener


async def _take(listener: socket.socket, at_once: int, serve: Serve, group: asyncio.TaskGroup) -> None:
    """Until cancelled; who is served then is left."""
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(at_once)
    served: set[asyncio.Task[None]] = set()
    try:
        while True:
            await places.acquire()
            connection, _ = await loop.sock_accept(listener)
            one = group.create_task(_one(connection, serve))
            served.add(one)
            one.add_done_callback(served.discard)
            one.add_done_callback(lambda _: places.release())
    finally:
        for one in served:
            one.cancel()


async def _one(connection: socket.socket, serve: Serve) -> None:
    reader, writer = await asyncio.open_connection(sock=connection, limit=LINE)
    try:
        with suppress(OSError, ValueError):  # ValueError: a line that never ends
            await serve(reader, writer)
    finally:
        writer.close()
