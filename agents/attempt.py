"""One attempt from its order to its one event: ground, program, snapshot, verify, then a branch or salvage.

All that it needs is made here and given back here, whatever happens in between: ports, processes, scratch; and its
work is under a kept ref before its event is returned. Never: a decision about retrying or landing.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from agents.audience import SOCKET, Audience, open_audience
from agents.clocks import Clocks
from agents.environment import (
    Environment,
    EnvironmentFault,
    Tenant,
    build,
    leased_ports,
    port_names,
    remembers,
    session_folder,
)
from agents.folders import take_down
from agents.passage import addresses, endpoints, open_passage, through
from agents.play import Play, Terms
from agents.prompt import Brief, Frame, go_on, write_prompt
from agents.recorder import Recorder
from agents.roles import RoleFault, role_prompt
from agents.runtime import Finished, Served, SessionSpec
from agents.runtimes.known import runtime_for
from agents.servers import has_own, hidden, served
from agents.shell import run_shell
from agents.site import Site, nobody
from agents.walls import Kind, git_words
from agents.watching import watched
from agents.words import astray, joined, message_of, texts_of
from agents.worktree import SETUP_TIME, Place, Whose, Workshop
from state.commands import StartAttempt
from state.events import AttemptFailed, AttemptStarted, AttemptSucceeded, Event
from state.failure import Failure, FailureKind
from state.glimpse import Glimpse
from state.ids import BranchName
from state.plan import AGENTS, Network, RuntimeName, StepKind, TaskSpec
from state.ports import RepositoryFault, Snapshot, StoreError
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
        plan = self.site.plan
        env, inherit = plan.env_of(task, role), plan.inherited_by(role)
        tenant = Tenant(self.order.window, self.order.attempt, f"Tianting {role} window", task.id, env, inherit)
        try:
            async with leased_ports(self.site, self.order.attempt, port_names(texts_of(task, env))) as ports:
                await self.site.right.sure()
                environment = build(self.site, tenant, ports)
                try:
                    return await self._on_ground(environment, name)
                finally:
                    if not self.site.right.lost:  # else it is the scratch of whoever leads now
                        await asyncio.to_thread(take_down, Path(environment.scratch))
        except (EnvironmentFault, RoleFault) as fault:
            return self.failed(Failure(FailureKind.ENVIRONMENT, str(fault)))

    async def _on_ground(self, environment: Environment, name: RuntimeName) -> Outcome:
        place = await self.workshop.prepare(self.order.window, self.order.work or self.order.base)
        if isinstance(place, Failure):
            return self.failed(place)
        confined = await self.workshop.confine(place, environment, session_folder(self.site, self.order.task.id))
        if isinstance(confined, Failure):
            return self.failed(confined)
        fault = await self._set_up(place, confined)
        if fault is not None:
            return self.failed(fault)
        place = replace(place, base=self.order.base)
        outcome = await _Work(self, place, confined, name).run()
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
        self._servers = self._served()
        self._environment = hidden(environment, self._servers, attempt.site.plan)
        self._recorder = Recorder(attempt.site, order.attempt, self._can.simulated, self._environment.scrub)

    def _served(self) -> tuple[Served, ...]:
        if not self._can.serves:
            return ()
        site, role = self._attempt.site, self._attempt.brief.role
        state = session_folder(site, self._order.task.id)
        return served(site.plan, role, self._environment, self._audience(), state)

    async def run(self) -> Outcome:
        """Cancelled or broken at any point, no process is left and the work is in salvage all the same."""
        try:
            ending = await self._program()
            await self._attempt.site.right.sure()
            failure = None if isinstance(ending, Finished) else ending
            taken = await self._snapshot()
            if isinstance(taken, Failure):
                return self._failed(joined(failure, taken))
            failure = failure or self._half_done() or astray(taken)
            failure = failure or await self._verify() or self._attempt.clocks.cancelled()
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
        await attempt.site.right.sure()
        said = f"attempt {order.number} in {order.window}, on {order.base[:12]}, by {self._name}, {self._confined()}"
        self._recorder.say(EntryKind.SESSION, f"{said} (simulated)" if self._can.simulated else said)
        frame = Frame(role_prompt(attempt.brief.role, attempt.site.source), self._can.asks, order.work is not None)
        whole = write_prompt(order.task, order.number, attempt.brief, attempt.needs, frame)
        spec = replace(self._spec(), whole=whole)
        prompt = go_on() if spec.resume else whole
        try:
            play = attempt.play = self._play(spec)
            async with AsyncExitStack() as around:
                if attempt.site.glimpsed is not nobody:
                    await around.enter_async_context(watched(self._place.path, self._look))
                if self._audience() and attempt.site.court is not None:
                    audience = Audience(order.task.id, attempt.site.court, play)
                    await around.enter_async_context(open_audience(self._environment.scratch, audience))
                if allowed := self._allowed():
                    await around.enter_async_context(open_passage(self._environment.scratch, frozenset(allowed)))
                return await play.play(prompt)
        finally:
            attempt.play = None

    def _audience(self) -> str:
        """The socket of the window where its agent has Tianting's own MCP server, else ""."""
        own = self._can.serves and has_own(self._attempt.site.plan, self._attempt.brief.role)
        return os.path.join(self._environment.scratch, SOCKET) if own else ""

    def _allowed(self) -> tuple[str, ...]:
        """The addresses that its agent may reach where the plan limits that; none where it has no agent."""
        plan = self._attempt.site.plan
        if plan.network is not Network.MODEL or self._name not in AGENTS:
            return ()
        far = addresses(one.url for one in self._servers)
        return tuple(dict.fromkeys((*endpoints(self._name, self._environment.variables), *far)))

    def _play(self, spec: SessionSpec) -> Play:
        attempt = self._attempt
        session = self._runtime.open(spec)
        return Play(self._order, session, self._started, self._recorder, attempt.clocks, attempt.emit, self._terms())

    async def _look(self) -> None:
        """Show what the agent has done so far; a store that is away is told of by the attempt's own next step."""
        order = self._order
        with suppress(StoreError):
            taken = await self._workshop.glance(self._place)
            if taken is not None:
                seen = Glimpse(order.task.id, order.attempt, order.window, order.base, taken.commit, taken.paths)
                self._attempt.site.glimpsed(seen)

    def _confined(self) -> str:
        sandbox, walls = self._attempt.site.sandbox, self._environment.walls
        return f"not confined: {sandbox.why}" if walls is None else f"confined by {walls.kind}"

    def _terms(self) -> Terms:
        site, role = self._attempt.site, self._attempt.brief.role
        plan = site.plan
        rules, credential = plan.permissions, plan.credential_of(role)
        return Terms(self._place.path, rules, plan.defaults.answer, credential, site.clock.now)

    def _spec(self) -> SessionSpec:
        order, environment, plan = self._order, self._environment, self._attempt.site.plan
        task, role = order.task, self._attempt.brief.role
        state = session_folder(self._attempt.site, task.id)
        steps = (step for step in task.script if step.attempt in (None, order.number))
        return SessionSpec(
            self._place.path,
            environment.scratch,
            {**environment.variables, **git_words(environment.walls)},
            None if task.run is None else environment.expand(task.run),
            tuple(
                replace(step, arg=environment.expand(step.arg)) if step.kind is StepKind.RUN else step for step in steps
            ),
            command=tuple(environment.expand(part) for part in plan.window_of(role).command),
            model=plan.model_of(task, role),
            state=state,
            walls=environment.walls,
            resume=order.session if self._can.resumes and remembers(self._attempt.site, task.id) else "",
            servers=self._servers,
            prefix=through(environment.scratch, self._allowed()) if self._allowed() else (),
        )

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
            Kind.NONE if self._environment.walls is None else self._environment.walls.kind,
        )

    async def _snapshot(self) -> Snapshot | Failure:
        # Before `verify`, whose own droppings (caches, reports) are nobody's work.
        return await self._workshop.snapshot(self._place, self._order.attempt, message_of(self._order, self._can))

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
                        self._environment.walls,
                    )
                    self._recorder.say(EntryKind.CHECK, f"verify: {command}: {end.fault or 'passed'}")
                    if end.fault:
                        self._recorder.say(EntryKind.OUTPUT, end.output)
                        return Failure(FailureKind.VERIFY, f"verify: `{command}` {end.fault}", end.output)
        except TimeoutError:
            return self._attempt.clocks.verdict()
        return None

    async def _success(self, summary: str, taken: Snapshot) -> Outcome:
        order = self._order
        # A history that changes no file is no candidate, but it is somebody's.
        head = taken.commit if taken.paths else order.base
        await self._attempt.site.right.sure()
        if order.candidate is not None:
            return await self._settled(summary, taken)
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

    async def _settled(self, summary: str, taken: Snapshot) -> Outcome:
        """What a resolver left is kept, and is no candidate: it is judged first."""
        order = self._order
        try:
            await self._workshop.keep(order.attempt, taken.commit)
            self._tell(await self._workshop.keep_stray(self._whose, taken))
        except RepositoryFault as fault:
            return self._failed(self._workshop.set_aside(self._place.name, order.attempt, str(fault)))
        summary, none = self._environment.scrub(summary)[:_SUMMARY], BranchName("")
        base, paths = order.base, taken.paths
        return AttemptSucceeded(order.task.id, order.attempt, order.window, taken.commit, base, none, paths, summary)

    async def _failure(self, failure: Failure, taken: Snapshot) -> AttemptFailed:
        try:
            self._tell(await self._workshop.keep_all(self._whose, taken, failure.kind))
        except RepositoryFault as fault:
            aside = self._workshop.set_aside(self._place.name, self._order.attempt, str(fault))
            return self._failed(joined(failure, aside))
        return self._failed(failure)

    async def _salvage(self) -> None:
        """Keep what is there, when nobody waits for the outcome any more. Who leads the run now has done so already."""
        if self._attempt.site.right.lost:
            return
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
