"""One attempt from its order to its one event: ground, program, snapshot, verify, then a branch or salvage.

All that it needs is made here and given back here, whatever happens in between: ports, processes, scratch; and its
work is under a kept ref before its event is returned. Never: a decision about retrying or landing.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agents.clocks import Clocks
from agents.environment import Environment, EnvironmentFault, Tenant, build, leased_ports, port_names
from agents.folders import take_down
from agents.play import Play
from agents.prompt import Brief, write_prompt
from agents.recorder import Recorder
from agents.runtime import Capabilities, Finished, SessionSpec
from agents.runtimes.known import runtime_for
from agents.shell import run_shell
from agents.site import Site
from agents.worktree import SETUP_TIME, Place, Whose, Workshop
from state.commands import StartAttempt
from state.events import AttemptFailed, AttemptStarted, AttemptSucceeded, Event
from state.failure import Failure, FailureKind
from state.plan import RuntimeName, StepKind, TaskSpec
from state.ports import RepositoryFault, Snapshot
from state.transcript import EntryKind

Emit = Callable[[Event], None]
Outcome = AttemptSucceeded | AttemptFailed

_SUMMARY = 500


@dataclass(slots=True)
class Attempt:
    """Made for one order; `run` is called once. `clocks` and `play` are the doors for those who stop or steer it."""

    site: Site
    workshop: Workshop
    order: StartAttempt
    brief: Brief
    needs: Sequence[TaskSpec]
    emit: Emit
    clocks: Clocks
    play: Play | None = None

    async def run(self) -> Outcome:
        task, role = self.order.task, self.brief.role
        name = self.site.plan.runtime_of(task, role)
        if name is None:
            return self.failed(Failure(FailureKind.ENVIRONMENT, f"no runtime is set for the role {role}"))
        tenant = Tenant(self.order.window, self.order.attempt, f"Tianting {role} window", task.id, task.env)
        try:
            async with leased_ports(self.site, self.order.attempt, port_names(_texts(task))) as ports:
                environment = build(self.site, tenant, ports)
                try:
                    return await self._on_ground(environment, name)
                finally:
                    await asyncio.to_thread(take_down, Path(environment.scratch))
        except EnvironmentFault as fault:
            return self.failed(Failure(FailureKind.ENVIRONMENT, str(fault)))

    async def _on_ground(self, environment: Environment, name: RuntimeName) -> Outcome:
        place = await self.workshop.prepare(self.order.window, self.order.base)
        if isinstance(place, Failure):
            return self.failed(place)
        fault = await self._set_up(place, environment)
        if fault is not None:
            return self.failed(fault)
        outcome = await _Work(self, place, environment, name).run()
        if isinstance(outcome, AttemptFailed):
            self.workshop.doubt(place)
        return outcome

    async def _set_up(self, place: Place, environment: Environment) -> Failure | None:
        try:
            async with self.clocks.limited(SETUP_TIME):
                return await self.workshop.set_up(place, environment)
        except TimeoutError:
            if self.clocks.stopped:
                return self.clocks.verdict()
            return Failure(FailureKind.ENVIRONMENT, f"setup took longer than {SETUP_TIME:g} s")

    def failed(self, failure: Failure) -> AttemptFailed:
        order = self.order
        return AttemptFailed(order.task.id, order.attempt, order.window, failure, None)


class _Work:
    """What happens in a worktree that is ready: program, snapshot, verify, and where the result is kept."""

    def __init__(self, attempt: Attempt, place: Place, environment: Environment, name: RuntimeName) -> None:
        self._attempt = attempt
        self._order = order = attempt.order
        self._whose = Whose(order.task.id, order.attempt, order.base)
        self._workshop = attempt.workshop
        self._place = place
        self._environment = environment
        self._name = name
        self._runtime = runtime_for(name)
        self._can = self._runtime.capabilities()
        self._recorder = Recorder(attempt.site, order.attempt, self._can.simulated, environment.scrub)

    async def run(self) -> Outcome:
        """Cancelled or broken at any point, no process is left and the work is in salvage all the same."""
        try:
            ending = await self._program()
            failure = None if isinstance(ending, Finished) else ending
            taken = await self._snapshot()
            if isinstance(taken, Failure):
                return self._failed(_joined(failure, taken))
            failure = failure or self._half_done() or await self._verify() or self._attempt.clocks.cancelled()
            if failure is not None:
                return await self._failure(failure, taken)
            return await self._success(ending.summary if isinstance(ending, Finished) else "", taken)
        except BaseException:
            await self._salvage()
            raise
        finally:
            await self._recorder.flush()

    async def _program(self) -> Finished | Failure:
        attempt, order = self._attempt, self._order
        said = f"attempt {order.number} in {order.window}, on {order.base[:12]}, by {self._name}"
        self._recorder.say(EntryKind.SESSION, f"{said} (simulated)" if self._can.simulated else said)
        session = self._runtime.open(_spec(order, self._place, self._environment))
        attempt.play = Play(order, session, self._started, self._recorder, attempt.clocks, attempt.emit)
        prompt = write_prompt(order.task, order.number, attempt.brief, attempt.needs, self._can.asks)
        try:
            return await attempt.play.play(prompt)
        finally:
            attempt.play = None

    def _started(self, pid: int) -> AttemptStarted:
        order = self._order
        return AttemptStarted(
            order.task.id,
            order.attempt,
            order.window,
            pid,
            self._place.path,
            self._name,
            self._can.simulated,
            self._environment.ports,
        )

    async def _snapshot(self) -> Snapshot | Failure:
        # Before `verify`, whose own droppings (caches, reports) are nobody's work.
        return await self._workshop.snapshot(self._place, self._order.attempt, _message(self._order, self._can))

    def _half_done(self) -> Failure | None:
        what = self._workshop.half_done(self._place)
        return Failure(FailureKind.PROTOCOL, f"the agent left {what} half done") if what else None

    async def _verify(self) -> Failure | None:
        """The task's own checks, on what is left of the wall clock."""
        if not self._order.task.verify:
            return None
        try:
            async with self._attempt.clocks.wall():
                for command in self._order.task.verify:
                    end = await run_shell(
                        self._environment.expand(command),
                        self._place.path,
                        self._environment.variables,
                        self._attempt.site.plan.timeout_of(self._order.task),
                    )
                    self._recorder.say(EntryKind.CHECK, f"verify: {command}: {end.fault or 'passed'}")
                    if end.fault:
                        self._recorder.say(EntryKind.OUTPUT, end.output)
                        return Failure(FailureKind.VERIFY, f"verify: `{command}` {end.fault}", end.output)
        except TimeoutError:
            return self._attempt.clocks.verdict()
        finally:
            await self._workshop.tidy(self._place)
        return None

    async def _success(self, summary: str, taken: Snapshot) -> Outcome:
        order = self._order
        # A history that changes no file is no candidate, but it is somebody's.
        head = taken.commit if taken.paths else order.base
        try:
            branch = await self._workshop.branch(order.task.id, order.attempt, head)
            if head == taken.commit:
                self._tell(await self._workshop.keep_stray(self._whose, taken))
            else:
                self._tell(await self._workshop.keep_all(self._whose, taken, "commits that change no file"))
        except RepositoryFault as fault:
            return self._failed(self._workshop.set_aside(self._place.name, order.attempt, str(fault)))
        summary = self._environment.scrub(summary)[:_SUMMARY]
        return AttemptSucceeded(
            order.task.id, order.attempt, order.window, head, order.base, branch, taken.paths, summary
        )

    async def _failure(self, failure: Failure, taken: Snapshot) -> AttemptFailed:
        try:
            self._tell(await self._workshop.keep_all(self._whose, taken, failure.kind))
        except RepositoryFault as fault:
            aside = self._workshop.set_aside(self._place.name, self._order.attempt, str(fault))
            return self._failed(_joined(failure, aside))
        return self._failed(failure)

    async def _salvage(self) -> None:
        """Keep what is there, when nobody waits for the outcome any more."""
        taken = await self._snapshot()
        if not isinstance(taken, Failure):
            await self._failure(Failure(FailureKind.CANCELLED, "cancelled"), taken)

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self._attempt.emit(event)

    def _failed(self, failure: Failure) -> AttemptFailed:
        scrub = self._environment.scrub
        detail, output = scrub(failure.detail), scrub(failure.output or self._recorder.tail())
        self._recorder.say(EntryKind.ERROR, detail)
        return self._attempt.failed(Failure(failure.kind, detail, output))


def _joined(first: Failure | None, then: Failure) -> Failure:
    """The first failure is the attempt's; what then went wrong too is added to its sentence."""
    return then if first is None else replace(first, detail=f"{first.detail}; {then.detail}")


def _texts(task: TaskSpec) -> Iterator[str]:
    """All texts of a task in which words are expanded."""
    yield task.run or ""
    yield from (value for _name, value in task.env)
    yield from task.verify
    yield from (step.arg for step in task.script if step.kind is StepKind.RUN)


def _spec(order: StartAttempt, place: Place, environment: Environment) -> SessionSpec:
    task, expand = order.task, environment.expand
    steps = (step for step in task.script if step.attempt in (None, order.number))
    return SessionSpec(
        place.path,
        environment.scratch,
        environment.variables,
        None if task.run is None else expand(task.run),
        tuple(replace(step, arg=expand(step.arg)) if step.kind is StepKind.RUN else step for step in steps),
    )


def _message(order: StartAttempt, can: Capabilities) -> str:
    """Of the snapshot's commit: what it is, and trailers that a program can read."""
    title = " ".join(order.task.title.split()) or str(order.task.id)
    trailers = [f"Tianting-Task: {order.task.id}", f"Tianting-Attempt: {order.attempt}"]
    if can.simulated:
        trailers.append("Tianting-Simulated: true")
    return "\n".join([title, "", *trailers])
