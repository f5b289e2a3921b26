"""The dashboard of a house: beside a run in the same process, or by itself with a launcher for the runs asked for.

Never: a view, a route; those are the dashboard's.
"""

import asyncio
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from dashboard.app import create_app
from dashboard.ports import Options, Ports
from dashboard.room import Room
from dashboard.serve import serve
from orchestrator.compose import House
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


def token_from(environ: Mapping[str, str]) -> str:
    """The token of the API: `TIANTING_TOKEN`, or the content of the file that `TIANTING_TOKEN_FILE` names."""
    file = environ.get("TIANTING_TOKEN_FILE")
    if not file:
        return environ.get("TIANTING_TOKEN", "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"TIANTING_TOKEN_FILE {file} can not be read: {error}") from error


async def serve_house(house: House, host: str, port: int, stop: asyncio.Event, told: Told, *, can_launch: bool) -> None:
    """Serve until `stop`. `told` gets the one-time login link, once."""
    given = token_from(os.environ)
    extra = tuple(name for name in os.environ.get("TIANTING_HOSTS", "").split(",") if name)
    options = Options(
        tokens=(given or secrets.token_urlsafe(32),),
        can_launch=can_launch,
        hosts=(*Options().hosts, *((host,) if host not in ("0.0.0.0", "::") else ()), *extra),
    )
    ports = Ports(
        store=house.store,
        transcripts=house.store,
        inbox=house.store,
        bus=house.bus,
        lease=house.lease,
        forecast=Foresight(),
        clock=house.clock,
        new_run=new_run_id,
        objects=house.repository,
        plan_files=WorkTreeFiles(house.path),
    )
    app = create_app(ports, options)

    room: Room = app.state.room

    def ready(bound: str, number: int) -> None:
        shown = "127.0.0.1" if bound in ("0.0.0.0", "::") else bound
        told(f"http://{f'[{shown}]' if ':' in shown else shown}:{number}/login?once={room.access.new_login()}")

    await serve(app, host, port, ready, stop)
