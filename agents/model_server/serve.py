"""Runs the scripted model server on this machine.

Never: an address that others can reach.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from agents.model_server.app import ScriptedModel

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the caller."""
        yield


def _config(model: ScriptedModel) -> uvicorn.Config:
    return uvicorn.Config(
        model.app(),
        log_config=None,
        log_level="critical",
        lifespan="off",
        ws="none",
        # Longer than agent programs rest between two tries: a connection that is closed as they write looks cut.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


@asynccontextmanager
async def serving(model: ScriptedModel, port: int = 0) -> AsyncIterator[str]:
    """Serve to the end of the block; gives the base address. `OSError` when the port is taken."""
    with socket.create_server((HOST, port), backlog=128) as listener:
        server = _Server(_config(model))
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listener]))
            try:
                yield address
            finally:
                server.should_exit = True
