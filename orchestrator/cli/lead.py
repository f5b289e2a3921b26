"""`run` and `resume`: lead a run in this process, with its dashboard, until it is over or Ctrl-C.

Never: a decision about the run.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.cli import out
from orchestrator.cli.area import Area, glance
from orchestrator.cli.guard import DONE, INTERRUPTED, NOT_LANDED, endings
from orchestrator.cli.house import opening, read_plan, the_state, with_house
from orchestrator.cli.narrate import lines_of, of_reach, of_risk, simulated_in
from orchestrator.cli.report import print_report
from orchestrator.cli.steer import user_name
from orchestrator.cli.voice import Line, Plain, Voice, standard_output
from orchestrator.compose import House, unasked_walls
from orchestrator.launch import check_home, new_run_id, plan_accepted
from orchestrator.loop import Loop, Manner
from orchestrator.session import Started, clear_left, is_settled, launch, resume
from orchestrator.settings import Misuse
from state import events as ev
from state.ids import AttemptId, RunId, TaskId
from state.intents import ResumeRun
from state.leases.holder import spoken
from state.lifecycle import Status
from state.plan import Plan
from state.ports import SeqTaken, StaleLease, StoreError
from state.reach import Reach
from state.run import RunState

STARTING = 1.5
"""Seconds that the dashboard waits at most for the first windows."""

Leading = Callable[[Manner, Started], Awaitable[RunState]]


@dataclass(frozen=True, slots=True)
class Showing:
    """How a leading command shows itself. `linger`: with a dashboard on a terminal, stay after the end.
    `leave`: end when only a person can move the run, which `resume` then goes on with. `simulated`: the tasks that
    simulated agents work at."""

    port: int
    dashboard: bool
    as_json: bool
    linger: bool = False
    leave: bool = False
    simulated: frozenset[TaskId] = frozenset()


def run_plan(
    path: Path,
    repo: Path,
    store: str | None,
    windows: int | None,
    showing: Showing,
    mqtt: str | None = None,
    ladder: str = "on",
) -> int:
    climbs = is_on(ladder)
    plan = read_plan(path)
    if windows is not None:
        plan = replace(plan, limits=replace(plan.limits, windows=windows))

    async def work(house: House) -> int:
        await clear_left(house, out.complain)
        return await lead_plan(house, plan, showing, "run", climbs)

    return with_house(repo, store, work, leading=True, mqtt=mqtt)


def is_on(ladder: str) -> bool:
    """What `--ladder` says; `Misuse` for another word."""
    if ladder not in ("on", "off"):
        raise Misuse(f"--ladder is on or off, not {ladder!r}")
    return ladder == "on"


async def lead_plan(house: House, plan: Plan, showing: Showing, launched_by: str, ladder: bool = True) -> int:
    accepted = await plan_accepted(house, plan, new_run_id(plan.name), launched_by=launched_by, ladder=ladder)

    async def leading(manner: Manner, started: Started) -> RunState:
        return await launch(house, accepted, manner, started)

    return await stay_with(house, accepted.run, leading, replace(showing, simulated=simulated_in(accepted)))


def resume_run(name: str | None, repo: Path, store: str | None, showing: Showing, mqtt: str | None = None) -> int:
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
        shown = replace(
            showing,
            dashboard=showing.dashboard and not (by_hand or settled),
            leave=by_hand,
            simulated=simulated_in(await opening(house, run.id)),
        )

        async def leading(manner: Manner, started: Started) -> RunState:
            return await resume(house, run.id, user_name(), manner, started)

        return await stay_with(house, run.id, leading, shown)

    return with_house(repo, store, work, only_look=True, leading=True, mqtt=mqtt)


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
        teller = _Teller(run, showing)
        house.reach.tell(lambda why: teller.aside(of_reach(why)))
        with _Signals(stopped, house.reach, teller.aside) as signals:
            with teller.voice:
                if told := unasked_walls(house):
                    teller.aside(told)
                if house.risk:
                    teller.aside(of_risk(house.risk))
                served = group.create_task(_dashboard(house, showing, stopped, teller)) if showing.dashboard else None

                def started(loop: Loop) -> None:
                    signals.attach(loop)
                    teller.attach(loop)

                state = await leading(Manner(teller.tell, showing.leave, teller.aside), started)
                teller.at_work.set()
                await teller.voice.written()
            interrupted = stopped.is_set()
            if not showing.as_json:
                print_report(state, house.path)
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

    def __init__(self, run: RunId, showing: Showing) -> None:
        stream = standard_output()
        live = not showing.as_json and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._run, self._as_json, self._simulated = run, showing.as_json, showing.simulated
        self._area = Area(stream) if live else None
        self._state: RunState | None = None
        self._coming: set[AttemptId] = set()
        self.at_work = asyncio.Event()
        self.voice = Voice(self._area or Plain(stream))

    def attach(self, loop: Loop) -> None:
        self._state = loop.run

    def tell(self, log: Sequence[ev.Recorded]) -> None:
        if not self.at_work.is_set():
            self._watch(log)
        lines = lines_of(log, self._run, self._as_json, self._simulated)
        if self._area is not None and self._state is not None:
            self._area.seen = glance(self._state, self._simulated)
            self.voice.refresh()
        self.voice.say(*lines)

    def _watch(self, log: Sequence[ev.Recorded]) -> None:
        """For the first windows at work: `at_work` is set as soon as no attempt waits for its worktree."""
        for one in log:
            match one.event:
                case ev.AttemptDispatched(attempt=attempt):
                    self._coming.add(attempt)
                case ev.AttemptStarted(attempt=attempt) | ev.AttemptFailed(attempt=attempt):
                    self._coming.discard(attempt)
                    if not self._coming:
                        self.at_work.set()
                case _:
                    pass

    def aside(self, text: str) -> None:
        """What is no event: the address of the dashboard, that the run is about to stop, a store that is away."""
        if self._as_json:
            out.complain(text)
        else:
            self.voice.say(Line(text))


class _Signals:
    """The first Ctrl-C (or SIGTERM, or the end of the terminal) stops the run and stores how it ended, unless the store
    stays away; the second does not wait for that. A terminal that is closed says so more than once."""

    def __init__(self, stopped: asyncio.Event, reach: Reach, say: Callable[[str], None]) -> None:
        self._stopped, self._reach, self._say = stopped, reach, say
        self._loop = asyncio.get_running_loop()
        self._leading: Loop | None = None
        self._task = asyncio.current_task()

    def attach(self, leading: Loop) -> None:
        self._leading = leading
        if self._stopped.is_set():
            leading.stop()

    def _caught(self, number: signal.Signals) -> None:
        if self._stopped.is_set() and self._task is not None:
            if number is not signal.SIGHUP:
                self._task.cancel()
        elif self._leading is not None:
            self._say("stopping: agents are asked to end, and their work is kept; Ctrl-C again does not wait for them")
        self._stopped.set()
        self._reach.patient = False
        if self._leading is not None:
            self._leading.stop()

    def __enter__(self) -> "_Signals":
        for number in endings():
            self._loop.add_signal_handler(number, self._caught, number)
        return self

    def __exit__(self, *_: object) -> None:
        for number in endings():
            self._loop.remove_signal_handler(number)


async def _dashboard(house: House, showing: Showing, stop: asyncio.Event, teller: _Teller) -> None:
    """Serve the dashboard beside the run; the run goes on without it. It is loaded when the first windows are at
    work, since loading it would hold them up."""
    from orchestrator.cli.serve import serve_beside

    with suppress(TimeoutError):
        async with asyncio.timeout(STARTING):
            await teller.at_work.wait()
    if stop.is_set():
        return

    why = await serve_beside(house, showing.port, stop, teller.aside)
    if why:
        teller.aside(f"no dashboard: {why}")
