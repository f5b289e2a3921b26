"""The dashboard of a house: beside a run in the same process, or by itself with a launcher for the runs asked for.

Never: a view, a route; those are the dashboard's.
"""

import asyncio
import contextlib
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
from orchestrator.launch import new_run_id, plan_accepted
from orchestrator.loop import Loop, Manner
from orchestrator.session import launch
from orchestrator.settings import Misuse
from scheduler.forecast import Foresight
from state.ids import IntentId, RunId
from state.intents import LaunchRun
from state.plan import Plan
from state.plan_text import parse_plan
from state.ports import StoreError, Wakeups

LAUNCH_WAIT = 5.0
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


async def lead_launches(house: House, stop: asyncio.Event, told: Told) -> None:
    """Lead every run that is asked for through the inbox, until `stop`; then stop them so that they can be resumed."""
    seen = IntentId(0)
    led: set[Loop] = set()
    async with asyncio.TaskGroup() as group, house.bus.subscribe(None) as wakeups:
        while not stop.is_set():
            for run, submitted in await house.store.launches(seen):
                seen = submitted.id
                known = {head.run for head in await house.store.runs()}
                if isinstance(submitted.intent, LaunchRun) and run not in known:
                    group.create_task(_lead(house, run, submitted.intent, led, told))
            await _woken(wakeups, stop)
        for loop in led:
            loop.stop()


async def _woken(wakeups: Wakeups, stop: asyncio.Event) -> None:
    """Until something may have been asked for, or `stop`."""
    async with asyncio.TaskGroup() as group:
        tasks = {group.create_task(wakeups.wait(LAUNCH_WAIT)), group.create_task(stop.wait())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def _lead(house: House, run: RunId, order: LaunchRun, led: set[Loop], told: Told) -> None:
    plan = parse_plan(order.plan, order.source)
    if not isinstance(plan, Plan):
        told(f"run {run} was asked for with a plan that is not sound: {plan[0]}")
        return
    loops: list[Loop] = []

    def started(loop: Loop) -> None:
        loops.append(loop)
        led.add(loop)

    try:
        accepted = await plan_accepted(house, plan, run, launched_by="serve")
        told(f"run {run} launched")
        await launch(house, accepted, Manner(lambda _: None), started)
    except Misuse as refusal:
        told(f"run {run} can not start: {refusal}")
    except (StoreError, BaseExceptionGroup) as broken:
        cause = broken.exceptions[0] if isinstance(broken, BaseExceptionGroup) else broken
        if not isinstance(cause, StoreError):
            raise
        told(f"run {run} stopped: {cause}")
    finally:
        with contextlib.suppress(IndexError):
            led.discard(loops[0])
