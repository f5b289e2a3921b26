"""`run` and `resume`: lead a run in this process, with its dashboard, until it is over or Ctrl-C.

Never: a decision about the run.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.cli import out
from orchestrator.cli.area import Area, glance
from orchestrator.cli.guard import DONE, INTERRUPTED, NOT_LANDED
from orchestrator.cli.house import read_plan, the_state, with_house
from orchestrator.cli.narrate import lines_of
from orchestrator.cli.report import print_report
from orchestrator.cli.steer import user_name
from orchestrator.cli.voice import Line, Plain, Voice, standard_output
from orchestrator.compose import House
from orchestrator.launch import check_home, new_run_id, plan_accepted
from orchestrator.loop import Loop, Manner
from orchestrator.session import Started, is_settled, launch, resume
from state import events as ev
from state.ids import RunId
from state.intents import ResumeRun
from state.leases.holder import spoken
from state.lifecycle import Status
from state.plan import Plan
from state.ports import SeqTaken, StaleLease, StoreError
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
        run = await the_state(house, name)
        led = await house.lease.holder(f"run:{run.id}")
        if led is not None:
            await house.store.submit(run.id, ResumeRun(), user_name(), house.clock.now())
            house.bus.publish(run.id)
            out.say(f"run {run.id} is led by {spoken(led.holder)}; it was asked to go on")
            return DONE
        settled = await is_settled(house, run)
        if not settled:
            check_home(house)
        elif not showing.as_json:
            out.say(f"run {run.id} has ended, and nothing was asked of it since")
        by_hand = run.launched_by == "land"  # as `land` did: it ends where only a person can move it
        shown = replace(showing, dashboard=showing.dashboard and not (by_hand or settled), leave=by_hand)

        async def leading(manner: Manner, started: Started) -> RunState:
            return await resume(house, run.id, user_name(), manner, started)

        return await stay_with(house, run.id, leading, shown)

    return with_house(repo, store, work, only_look=True)


async def stay_with(house: House, run: RunId, leading: Leading, showing: Showing) -> int:
    """Lead a run, with signals and the dashboard, and print what it brought; the exit code."""
    try:
        state, interrupted = await _stay(house, run, leading, showing)
    except BaseException as error:
        _say_how_to_go_on(run, error)
        raise
    if interrupted and not state.finished:
        out.complain(f"interrupted; nothing is lost: `tianting resume {run}` goes on")
        return INTERRUPTED
    return DONE if state.counts[Status.LANDED] == len(state.tasks) else NOT_LANDED


async def _stay(house: House, run: RunId, leading: Leading, showing: Showing) -> tuple[RunState, bool]:
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        with _Signals(stopped) as signals:
            teller = _Teller(run, showing.as_json)
            with teller.voice:
                served = group.create_task(_dashboard(house, showing, stopped, teller)) if showing.dashboard else None

                def started(loop: Loop) -> None:
                    signals.attach(loop)
                    teller.attach(loop)

                state = await leading(Manner(teller.tell, showing.leave), started)
            interrupted = stopped.is_set()
            if not showing.as_json:
                print_report(state)
            if showing.linger and served is not None and sys.stdout.isatty() and not interrupted:
                out.say("the dashboard stays; Ctrl-C ends it")
                await stopped.wait()
        stopped.set()
    return state, interrupted


def _say_how_to_go_on(run: RunId, error: BaseException) -> None:
    """Beside the sentence of the error itself. Whoever lost the run to another process has nothing to resume."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, asyncio.CancelledError):
        out.complain(f"interrupted at once; nothing is lost: `tianting resume {run}` goes on")
    elif isinstance(error, StoreError | OSError) and not isinstance(error, StaleLease | SeqTaken):
        out.complain(f"run {run} stopped; nothing is lost: `tianting resume {run}` goes on when that is mended")


class _Teller:
    """Says what is stored, on a terminal with what is under way below it."""

    def __init__(self, run: RunId, as_json: bool) -> None:
        stream = standard_output()
        live = not as_json and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._run, self._as_json = run, as_json
        self._area = Area(stream) if live else None
        self._state: RunState | None = None
        self.voice = Voice(self._area or Plain(stream))

    def attach(self, loop: Loop) -> None:
        self._state = loop.run

    def tell(self, log: Sequence[ev.Recorded]) -> None:
        lines = lines_of(log, self._run, self._as_json)
        if self._area is not None and self._state is not None:
            self._area.seen = glance(self._state)
            self.voice.refresh()
        self.voice.say(*lines)

    def link(self, text: str) -> None:
        """The address of the dashboard, which is no event."""
        if self._as_json:
            out.complain(text)
        else:
            self.voice.say(Line(text))


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


async def _dashboard(house: House, showing: Showing, stop: asyncio.Event, teller: _Teller) -> None:
    """Serve the dashboard beside the run; the run goes on without it."""
    from orchestrator.cli.serve import serve_beside

    why = await serve_beside(house, showing.port, stop, teller.link)
    if why:
        teller.link(f"no dashboard: {why}")
