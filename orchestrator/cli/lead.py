"""`run` and `resume`: lead a run in this process, with its dashboard, until it is over or Ctrl-C.

Never: a decision about the run.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.cli.guard import DONE, INTERRUPTED, NOT_LANDED
from orchestrator.cli.house import read_plan, the_run, with_house
from orchestrator.cli.narrate import Narrator
from orchestrator.cli.report import print_report
from orchestrator.cli.steer import user_name
from orchestrator.compose import House
from orchestrator.launch import new_run_id, plan_accepted
from orchestrator.loop import Loop, Manner
from orchestrator.session import Started, launch, resume
from state.ids import RunId
from state.intents import ResumeRun
from state.lifecycle import Status
from state.plan import Plan
from state.run import RunState

Leading = Callable[[Manner, Started], Awaitable[RunState]]


@dataclass(frozen=True, slots=True)
class Showing:
    """How a leading command shows itself. `linger`: with a dashboard on a terminal, stay after the end.
    `leave`: end when only a person can move the run, which `resume` then goes on with."""

    port: int
    dashboard: bool
    as_json: bool
    linger: bool = False
    leave: bool = False


def run_plan(path: Path, repo: Path, store: str | None, windows: int | None, showing: Showing) -> int:
    plan = read_plan(path)
    if windows is not None:
        plan = replace(plan, limits=replace(plan.limits, windows=windows))

    async def work(house: House) -> int:
        return await lead_plan(house, plan, showing, "run")

    return with_house(repo, store, work)


async def lead_plan(house: House, plan: Plan, showing: Showing, launched_by: str) -> int:
    accepted = await plan_accepted(house, plan, new_run_id(plan.name), launched_by=launched_by)

    async def leading(manner: Manner, started: Started) -> RunState:
        return await launch(house, accepted, manner, started)

    return await stay_with(house, accepted.run, leading, showing)


def resume_run(name: str | None, repo: Path, store: str | None, showing: Showing) -> int:
    async def work(house: House) -> int:
        run = await the_run(house, name)
        led = await house.lease.holder(f"run:{run}")
        if led is not None:
            await house.store.submit(run, ResumeRun(), user_name(), house.clock.now())
            house.bus.publish(run)
            sys.stdout.write(f"run {run} is led by {led.holder}; it was asked to go on\n")
            return DONE

        async def leading(manner: Manner, started: Started) -> RunState:
            return await resume(house, run, user_name(), manner, started)

        return await stay_with(house, run, leading, showing)

    return with_house(repo, store, work)


async def stay_with(house: House, run: RunId, leading: Leading, showing: Showing) -> int:
    """Lead a run, with signals and the dashboard, and print what it brought; the exit code."""
    narrator = Narrator(showing.as_json)
    stopped = asyncio.Event()
    state: RunState | None = None
    async with asyncio.TaskGroup() as group:
        dashboard = group.create_task(_dashboard(house, showing, stopped)) if showing.dashboard else None
        with _Signals(stopped) as signals:
            state = await leading(Manner(narrator, showing.leave), signals.attach)
            interrupted = stopped.is_set()
            if not showing.as_json:
                print_report(state)
            if showing.linger and dashboard is not None and sys.stdout.isatty() and not interrupted:
                sys.stdout.write("the dashboard stays; Ctrl-C ends it\n")
                await stopped.wait()
        stopped.set()
    if interrupted and not state.finished:
        sys.stderr.write(f"interrupted; nothing is lost: `tianting resume {run}` goes on\n")
        return INTERRUPTED
    return DONE if state.counts[Status.LANDED] == len(state.tasks) else NOT_LANDED


class _Signals:
    """The first Ctrl-C (or SIGTERM) stops the run and stores how it ended; the second does not wait for that."""

    def __init__(self, stopped: asyncio.Event) -> None:
        self._stopped, self._loop = stopped, asyncio.get_running_loop()
        self._leading: Loop | None = None
        self._task = asyncio.current_task()

    def attach(self, leading: Loop) -> None:
        self._leading = leading
        if self._stopped.is_set():
            leading.stop()

    def _caught(self) -> None:
        if self._stopped.is_set() and self._task is not None:
            self._task.cancel()
        self._stopped.set()
        if self._leading is not None:
            self._leading.stop()

    def __enter__(self) -> "_Signals":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)


async def _dashboard(house: House, showing: Showing, stop: asyncio.Event) -> None:
    """Serve the dashboard beside the run; it is loaded in a thread so that the first window need not wait for it."""
    from orchestrator.cli.serve import serve_beside

    await serve_beside(house, showing.port, stop, quiet=showing.as_json)
