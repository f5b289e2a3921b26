"""Commands to events: carries out each command and hands in what came of it. The one place where any exception of an
effect becomes an event with its traceback.

Never: a decision. What the store says about a lost right to write goes through: the loop must end then.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, assert_never

from agents.prompt import Brief
from conflict.adopt import adopt, foreign_commits
from conflict.climb import Rungs, learn_landed, take_back
from conflict.drop import drop
from conflict.land import Trunk
from conflict.look import Examiner
from conflict.probe import probe
from conflict.referee import call
from conflict.resolve import resolve
from orchestrator.brief import brief_of
from orchestrator.learned import learn
from orchestrator.lookout import Lookout
from orchestrator.sharing import Sharing
from state import commands as cmd
from state import events as ev
from state.bench import Workbench
from state.failure import Failure, FailureKind
from state.ids import AttemptId, QuestionId, WindowId
from state.ports import Clock, Repository, StoreError
from state.run import RunState

_MAY_PART = (cmd.StartAttempt, cmd.LandCandidate, cmd.DropCandidate)
"""After these, two that were in each other's way may not be any more."""

Emit = Callable[[ev.Event], None]
Record = Callable[[ev.Event], Awaitable[None]]


class WindowPort(Protocol):
    """What runs attempts: `agents.window.Windows`, or a simulation on virtual time."""

    async def run(
        self, order: cmd.StartAttempt, brief: Brief, emit: Emit
    ) -> ev.AttemptSucceeded | ev.AttemptFailed: ...

    async def interrupt(self, attempt: AttemptId, why: str, kind: FailureKind) -> None: ...

    async def steer(self, attempt: AttemptId, text: str, question: QuestionId | None) -> bool: ...

    async def remove(self, window: WindowId) -> None: ...


class CheckPort(Workbench, Protocol):
    """What runs the gate and the workbench: `agents.checks.Checks`, or a simulation."""

    async def run(self, order: cmd.RunChecks, emit: Emit) -> ev.ChecksPassed | ev.ChecksFailed: ...


class Effects:
    def __init__(
        self,
        run: RunState,
        windows: WindowPort,
        checks: CheckPort,
        repository: Repository,
        trunk: Trunk,
        clock: Clock,
        rungs: Rungs,
        lookout: Lookout | None = None,
        sharing: Sharing | None = None,
        examiner: Examiner | None = None,
    ) -> None:
        self._run, self._windows, self._checks = run, windows, checks
        self._repository, self._trunk, self._clock = repository, trunk, clock
        self._rungs, self._lookout, self._sharing = rungs, lookout, sharing
        self._examiner = examiner or Examiner(repository)
        self._untaught: list[ev.Event] = []

    async def perform(self, order: cmd.Command, emit: Emit, record: Record) -> None:
        """Carry out one command; every event it ends in has been handed to `emit` when this returns."""
        try:
            await self._perform(order, emit, record)
        except StoreError:
            raise
        except Exception:
            await self._became_a_bug(order, traceback.format_exc(), emit)
        finally:
            if self._lookout is not None and isinstance(order, _MAY_PART):
                self._lookout.ring()

    async def arrive(self, emit: Emit) -> None:
        """Before the first decision: hand in what other runs of the repository hold."""
        if self._sharing is not None:
            await self._sharing.arrive(emit)

    async def look_out(self, emit: Emit) -> None:
        """Until cancelled: hand in what is seen of live windows getting in each other's way, and of other runs."""
        async with asyncio.TaskGroup() as group:
            if self._lookout is not None:
                group.create_task(self._lookout.keep(emit))
            if self._sharing is not None:
                group.create_task(self._sharing.keep(emit))

    async def _perform(self, order: cmd.Command, emit: Emit, record: Record) -> None:
        match order:
            case cmd.StartAttempt():
                await self._attempt(order, emit)
            case cmd.InterruptAttempt(attempt=attempt, why=why, kind=kind):
                await self._windows.interrupt(attempt, why, kind)
            case cmd.SteerAttempt(attempt=attempt, text=text, question=question):
                await self._windows.steer(attempt, text, question)
            case cmd.AdoptBranches():
                for event in await adopt(self._repository, order, self._run):
                    emit(event)
            case cmd.ProbeCandidate():
                async for event in probe(self._repository, order, self._run, self._clock, self._examiner):
                    emit(event)
            case cmd.ResolveConflict():
                settled = await resolve(
                    self._repository, self._rungs, order, self._run, self._clock, self._checks, self._examiner
                )
                emit(settled)
            case cmd.CallResolver():
                emit(await call(self._repository, self._rungs, order, self._run, self._clock))
            case cmd.TakeBack():
                emit(await take_back(self._repository, order, self._run))
            case cmd.RunChecks():
                emit(await self._checks.run(order, emit))
            case cmd.LandCandidate():
                await self._land(order, emit, record)
            case cmd.DropCandidate():
                emit(await drop(self._repository, order, self._run))
            case cmd.RemoveWorktree(window=window):
                await self._windows.remove(window)
            case cmd.AskPerson() | cmd.CarryChecks() | cmd.OpenQuota() | cmd.PassOver():
                raise AssertionError(f"{order} is a fact as soon as it is decided; the loop stores it")
            case _:
                assert_never(order)

    async def _attempt(self, order: cmd.StartAttempt, emit: Emit) -> None:
        globs = order.task.exclusive
        refused = await self._sharing.claim(globs, emit) if globs and self._sharing is not None else ""
        if refused:
            failure = Failure(FailureKind.CANCELLED, refused)
            emit(ev.AttemptFailed(order.task.id, order.attempt, order.window, failure, None))
            return
        emit(await self._windows.run(order, brief_of(self._run, order), emit))

    async def _land(self, order: cmd.LandCandidate, emit: Emit, record: Record) -> None:
        events = await self._trunk.land(order, self._run, record)
        for event in events:
            emit(event)
        self._untaught += events
        await self._learn_clashes([event for event in events if isinstance(event, ev.Landed)])
        found = await foreign_commits(self._repository, self._run)
        if found is not None:
            emit(found)

    async def _learn_clashes(self, landed: list[ev.Landed]) -> None:
        """A store that is away is no reason not to go on: the next resolution of the same clash teaches the same."""
        with suppress(StoreError):
            await learn_landed(self._repository, self._rungs.memory, self._run, landed)

    async def rest(self) -> None:
        """Nothing has landed for a while: let others have the trunk."""
        await self._trunk.release()
        await self.leave()

    async def leave(self) -> None:
        """Keep what has landed teaches: not with each landing, for it is a transaction of its own."""
        untaught, self._untaught = self._untaught, []
        await learn(self._rungs.memory, self._run, untaught)

    async def _became_a_bug(self, order: cmd.Command, story: str, emit: Emit) -> None:
        last = story.strip().rpartition("\n")[2]
        failure = Failure(FailureKind.BUG, f"{type(order).__name__} failed inside Tianting: {last}", story)
        match order:
            case cmd.StartAttempt(task=task, attempt=attempt, window=window):
                emit(ev.AttemptFailed(task.id, attempt, window, failure, None))
            case cmd.RunChecks(candidate=candidate, task=name, commit=commit):
                emit(ev.ChecksFailed(candidate, name, commit, "gate", failure, 0.0))
            case (
                cmd.ResolveConflict(candidate=value)
                | cmd.CallResolver(candidate=value)
                | cmd.TakeBack(candidate=value)
                | cmd.DropCandidate(candidate=value)
            ):
                emit(ev.CandidateDropped(value.id, value.task, failure, None))
            case _:
                raise StoreError(f"{failure.detail}; the state of git is not known, so the run stops: resume it")
