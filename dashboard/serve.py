"""The server: uvicorn in the caller's loop, on the first free port from a wanted one on.

Never: a signal handler, an access log (it would hold one-time links), an end that waits for a client.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from dashboard.room import Room

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

PORT = 7357
_PORTS = 100
_GRACE = 1.0
_STUCK_MS = 20_000
_SEND_BUFFER = 262_144
_WIRED = 16
"""Frames of 64 kB at most that are kept."""
_BUSY = frozenset({errno.EADDRINUSE, errno.EACCES})


class NoPort(Exception):
    """There is no address to listen at; one sentence."""


@lru_cache(maxsize=_WIRED)
def _wired(text: str) -> bytes:
    """The frame of a text as it goes over the wire from a server: whole, not masked, not packed. Thousands of clients
    are sent the same one."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class _Sockets(WebSocketsSansIOProtocol):
    """uvicorn takes a refused handshake for one that was forgotten, and would complain of every stranger; and it makes
    a frame anew for each client."""

    async def send(self, message: "ASGISendEvent") -> None:
        if message["type"] == "websocket.send" and self.handshake_complete and not self.close_sent:
            text = message.get("text")
            await self.writable.wait()
            if text and not self.disconnected and self.conn.state is State.OPEN:
                self.transport.write(_wired(text))
                return
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the caller."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().serve(sockets)
        except asyncio.CancelledError:
            self.cut_off()
            if self.started:
                await self.lifespan.shutdown()
            raise

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_start()

    def cut_off(self) -> None:
        """End the connections that have not ended by themselves."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()


async def serve(app: FastAPI, host: str, port: int, ready: Callable[[str, int], None], stop: asyncio.Event) -> None:
    """Serve until `stop`, and end within two seconds of it. `ready` is told the address as soon as it answers.

    `port` 0 takes any free one. `NoPort` when no address can be had.
    """
    listener = listen(host, port)
    bound = listener.getsockname()
    server = _Server(_config(app), lambda: ready(str(bound[0]), int(bound[1])))
    room: Room = app.state.room
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(sockets=[listener]))
        stopping = group.create_task(_wait(stop))
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            room.feeds.close()
            server.should_exit = True
            await asyncio.wait({serving}, timeout=_GRACE)
            server.cut_off()
            await asyncio.wait({serving}, timeout=_GRACE)
            stopping.cancel()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws=_Sockets,
        ws_max_size=65_536,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=2,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at the first free port from `port` on."""
    ports = [port] if not port else list(range(port, min(port + _PORTS, 65_536)))
    for one in ports:
        try:
            return _bind(host, one)
        except socket.gaierror as error:
            raise NoPort(f"{host!r} is no address of this machine: {error.strerror}") from error
        except OSError as error:
            if error.errno not in _BUSY:
                raise NoPort(f"can not listen at {host}: {error.strerror}") from error
    raise NoPort(f"no free port from {port} to {ports[-1]} at {host}; name another one")


def _bind(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
        0
    ]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit these: a client that takes nothing costs the kernel little memory, and the kernel ends
        # its connection after a while and frees what waits for it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STUCK_MS)
        listener.bind(address)
        listener.listen(1024)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
