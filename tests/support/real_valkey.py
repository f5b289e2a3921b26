"""A real server of the wheel with an append-only file, to be killed and begun again at the same place."""

import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from state.stores.redis_embedded import server_program

READY_SECONDS = 30.0
LOOK_SECONDS = 0.01


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Valkey:
    """Listens on loopback. Owned by whoever made it, who must `kill` it."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.start(**options)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, **others: str) -> None:
        """`others` are options that are not as usual."""
        program = server_program()
        assert program is not None
        options = {"bind": "127.0.0.1", "port": self.port, "appendonly": "yes", "appendfsync": "always", "save": ""}
        options |= others
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [program, *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        self._until_ready(self._process)

    def _until_ready(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(int(READY_SECONDS / LOOK_SECONDS)):
            assert process.poll() is None, "the server did not start"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), READY_SECONDS) as line:
                line.sendall(b"PING\r\n")
                if line.recv(64).startswith(b"+PONG"):
                    return
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """`kill -9`; nothing happens when it is down already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
