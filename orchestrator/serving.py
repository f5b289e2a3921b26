"""The dashboard of a house: beside a run in the same process, or by itself with a launcher for the runs asked for.

Never: a view, a route; those are the dashboard's.
"""

import asyncio
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from limits import RateLimitItem

from dashboard.app import create_app
from dashboard.pace import Kind, NoRate, read_rates
from dashboard.ports import Options, Ports
from dashboard.room import Room
from dashboard.serve import serve
from orchestrator.compose import House
from orchestrator.desk import HandMade
from orchestrator.launch import new_run_id
from orchestrator.settings import Misuse
from scheduler.forecast import Foresight

PLAN_SIZE = 64 * 2**20

Told = Callable[[str], None]


class WorkTreeFiles:
    """Plans that lie in the repository's work tree; nothing outside of it is read, links included."""

    def __init__(self, top: Path) -> None:
        self._top = top.resolve()

    async def read(self, path: str) -> bytes | None:
        return await asyncio.to_thread(self._read, path)

    def _read(self, path: str) -> bytes | None:
        try:
            found = (self._top / path).resolve()
            inside = found.is_relative_to(self._top) and ".git" not in found.relative_to(self._top).parts
            if not inside or not stat.S_ISREG(found.stat().st_mode) or found.stat().st_size > PLAN_SIZE:
                return None
            return found.read_bytes()
        except (OSError, ValueError):
            return None

    async def write(self, path: str, data: bytes, before: bytes | None) -> bool:
        return await asyncio.to_thread(self._write, path, data, before)

    def _write(self, path: str, data: bytes, before: bytes | None) -> bool:
        try:
            found = (self._top / path).resolve()
            inside = found.is_relative_to(self._top) and ".git" not in found.relative_to(self._top).parts
            if not inside or not found.parent.is_dir():
                return False
            if found.exists() != (before is not None) or (before is not None and self._read(path) != before):
                return False
            handle, beside = tempfile.mkstemp(dir=found.parent, prefix=f".{found.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(beside).chmod(stat.S_IMODE(found.stat().st_mode) if before is not None else 0o644)
                Path(beside).replace(found)
            finally:
                Path(beside).unlink(missing_ok=True)
        except (OSError, ValueError):
            return False
        return True


def token_from(environ: Mapping[str, str]) -> str:
    """The token of the API: `TIANTING_TOKEN`, or the content of the file that `TIANTING_TOKEN_FILE` names."""
    file = environ.get("TIANTING_TOKEN_FILE")
    if not file:
        return environ.get("TIANTING_TOKEN", "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"TIANTING_TOKEN_FILE {file} can not be read: {error}") from error


def _ports(house: House) -> Ports:
    return Ports(
        store=house.store,
        transcripts=house.store,
        inbox=house.store,
        bus=house.bus,
        lease=house.lease,
        forecast=Foresight(),
        clock=house.clock,
        new_run=new_run_id,
        cache=house.cache,
        objects=house.repository,
        plan_files=WorkTreeFiles(house.path),
        desk=HandMade(house.repository),
        reach=house.reach,
    )


def _rates(text: str) -> Mapping[Kind, RateLimitItem]:
    try:
        return read_rates(text)
    except NoRate as error:
        raise Misuse(f"TIANTING_RATES can not be read: {error}") from error


async def serve_house(
    house: House, host: str, port: int, stop: asyncio.Event, told: Told, *, can_launch: bool, token: str = ""
) -> None:
    """Serve until `stop`. `told` gets the one-time login link, once. `token` opens the API beside the usual one."""
    given, rates = token_from(os.environ), _rates(os.environ.get("TIANTING_RATES", ""))
    extra = tuple(name for name in os.environ.get("TIANTING_HOSTS", "").split(",") if name)
    options = Options(
        tokens=(given or secrets.token_urlsafe(32), token),
        can_launch=can_launch,
        hosts=(*Options().hosts, *((host,) if host not in ("0.0.0.0", "::") else ()), *extra),
        rates=rates,
    )
    app = create_app(_ports(house), options)

    room: Room = app.state.room

    def ready(bound: str, number: int) -> None:
        shown = "127.0.0.1" if bound in ("0.0.0.0", "::") else bound
        told(f"http://{f'[{shown}]' if ':' in shown else shown}:{number}/login?once={room.access.new_login()}")

    await serve(app, host, port, ready, stop)


async def serve_privately(house: House, token: str, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve this process alone until `stop`: on loopback, at a port and with a token that nobody else is told."""
    app = create_app(_ports(house), Options(tokens=(token,), rates={}))
    await serve(app, "127.0.0.1", 0, lambda _, port: ready(f"http://127.0.0.1:{port}"), stop)
