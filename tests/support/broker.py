"""A real MQTT broker (Mosquitto) on a free port of this machine, to be stopped, killed and begun again, and a client
that listens to it."""

import os
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

OPEN = "allow_anonymous true"
STARTING_SECONDS = 20.0
SBIN = "/usr/sbin"


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SBIN}")
    assert found is not None, f"{name} is not installed; `make test` installs it"
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mosquitto:
    """`lines` are those of its configuration beside the listener's."""

    folder: Path
    lines: Sequence[str] = (OPEN,)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """Start it; returns when it takes connections."""
        config = self.folder / "mosquitto.conf"
        said = f"log_dest file {self.folder}/mosquitto.log"
        config.write_text("\n".join([f"listener {self.port} 127.0.0.1", said, *self.lines, ""]), encoding="utf-8")
        # As a plain user where there is one: it drops its rights when it is begun as root, and then reads nothing.
        owner = [f"user {_name()}"] if os.geteuid() == 0 else []
        config.write_text("\n".join([config.read_text(encoding="utf-8"), *owner, ""]), encoding="utf-8")
        self.process = subprocess.Popen([_program("mosquitto"), "-c", str(config)], stderr=subprocess.DEVNULL)
        answers(self.process, self.port)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait(30)
            self.process = None


def answers(process: subprocess.Popen[bytes] | subprocess.Popen[str], port: int) -> None:
    """Until a broker takes connections: it is asked for one, as nobody in particular."""
    hello = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06knocks"
    while process.poll() is None:
        with socket.socket() as knock:
            knock.settimeout(STARTING_SECONDS)
            try:
                knock.connect(("127.0.0.1", port))
                knock.sendall(hello)
                if knock.recv(4)[:1] == b"\x20":
                    return
            except ConnectionRefusedError:
                select.select([], [], [], 0.01)
    raise AssertionError("the broker ended")


def _name() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def password_file(folder: Path, users: dict[str, str]) -> Path:
    path = folder / "passwords"
    path.touch(mode=0o600)
    for user, password in users.items():
        subprocess.run([_program("mosquitto_passwd"), "-b", str(path), user, password], check=True, timeout=30)
    return path


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder, lines or (OPEN,))
    broker.begin()
    try:
        yield broker
    finally:
        broker.end()
