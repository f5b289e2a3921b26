"""The one loop: events in, state, decisions, commands out. A turn takes all that has arrived, folds it,
decides, and stores facts and dispatches in one transaction; only then is anything begun.

Never: how a thing is done (that is `effects.py`), a decision of its own beyond the order of asking.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from conflict.train import decide_landings
from orchestrator.accept import accept
from orchestrator.effects import Effects
from orchestrator.flight import InFlight
from orchestrator.right import LeaseRight
from scheduler.decide import decide_quotas, decide_starts, decide_stops, is_over
from scheduler.resolvers import decide_passes
from scheduler.retry import RetryOptions, retry_at
from state import commands as cmd
from state import events as ev
from state.candidate import Rung
from state.fold import apply
from state.ids import IntentId, RunId, Seq
from state.intents import Submitted
from state.ports import Bus, Clock, Held, Inbox, Wakeups
from state.run import RunState

INBOX_WAIT = 5.0
TRUNK_REST = 1.0
"""Seconds without a landing after which the right to the trunk is given back: taking it anew costs two writes."""
MAX_ROUNDS = 1000

_SETTLED_AT_ONCE = (cmd.CarryChecks, cmd.AskPerson, cmd.OpenQuota, cmd.PassOver)
Listener = Callable[[Sequence[ev.Recorded]], None]


class Log(Protocol):
    """Where the loop stores what has happened."""

    async def append(self, run: RunId, events: Sequence[tuple[float, ev.Event]], expected: Seq, lease: Held) -> Seq:
        """As `EventStore.append`."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The ports the loop itself uses."""

    store: Log
    inbox: Inbox
    bus: Bus
    clock: Clock
    retries: RetryOptions = RetryOptions()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is led: who hears of stored events, when to leave, who is told a line about what is no event."""

    listener: Listener
    leave_when_waiting: bool = False
    told: Callable[[str], None] = lambda _: None


@dataclass(slots=True)
class _Awaited:
    """An event that somebody waits to be stored."""

    event: ev.Event
    stored: asyncio.Future[None]


@dataclass(slots=True)
class _Done:
    command: cmd.Command


_Item = ev.Event | _Awaited | _Done | Submitted


class Loop:
    """Leads one run, from its state to its end, for as long as it has the `right` to."""

    def __init__(self, wiring: Wiring, effects: Effects, run: RunState, right: LeaseRight, manner: Manner) -> None:
        self._w, self._effects, self.run, self._right, self._manner = wiring, effects, run, right, manner
        self._arrived: deque[_Item] = deque()
        self._bell = asyncio.Event()
        self._flight = InFlight()
        self._heard = run.intent
        self._now = run.last
        self._batch: list[ev.Recorded] = []
        self._stored: list[asyncio.Future[None]] = []
        self._orders: list[cmd.Command] = []
        self._gates: dict[asyncio.Task[None], cmd.RunChecks] = {}
        self._idle: list[asyncio.Future[cmd.Command]] = []
        self._landed_at: float | None = None
        self._own: Wakeups | None = None
        self._stopping = False

    def emit(self, event: ev.Event) -> None:
        """Hand in an event; it is stored in the next turn."""
        self._arrived.append(event)
        self._bell.set()

    async def record(self, event: ev.Event) -> None:
        """Hand in an event and wait until it is stored: for facts that must be known before the next step."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(_Awaited(event, stored))
        await stored

    def _put(self, item: _Item) -> None:
        self._arrived.append(item)
        self._bell.set()

    def stop(self) -> None:
        """Interrupt what is live, store how it ended, and return: the run can be resumed."""
        self._stopping = True
        for gate in self._gates:
            gate.cancel()  # its commit is gated anew after `resume`
        self._bell.set()

    async def lead(self, first: Sequence[ev.Event] = ()) -> None:
        """Until the run is over or `stop` was called. `first` are stored with the first turn."""
        for event in first:
            self.emit(event)
        await self._effects.arrive(self.emit)
        await self._hear()
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch_inbox())
            look = group.create_task(self._effects.look_out(self.emit))
            while not await self._turn(group):
                pass
            watch.cancel()
            look.cancel()
            for hand in self._idle:
                hand.cancel()
        await self._effects.leave()

    async def _turn(self, group: asyncio.TaskGroup) -> bool:
        """One turn; True when it was the last."""
        now = self._now = max(self._now, self._w.clock.now())
        self._drain()
        self._stop_stale_gates()
        self.run.warm_up(now)
        orders = self._orders + self._decide(now)
        self._orders = []
        over = self._over(now, orders)
        await self._store()
        for order in orders:
            self._begin(group, order)
        if over:
            return True
        await self._wait(now)
        return False

    def _drain(self) -> None:
        self._bell.clear()
        while self._arrived:
            match self._arrived.popleft():
                case _Done(command=command):
                    self._flight.ended(command)
                    if isinstance(command, cmd.LandCandidate):
                        self._landed_at = self._now
                case _Awaited(event=event, stored=stored):
                    self._take(self._complete(event))
                    self._stored.append(stored)
                case Submitted() as submitted:
                    events, commands = accept(self.run, submitted)
                    for event in events:
                        self._take(event)
                    self._orders.extend(commands)
                case event:
                    self._take(self._complete(event))

    def _stop_stale_gates(self) -> None:
        """A gate whose commit is not the candidate's any more holds a place that another could have."""
        for task, order in self._gates.items():
            state = self.run.candidates.get(order.candidate)
            if state is None or state.commit != order.commit:
                task.cancel()

    def _complete(self, event: ev.Event) -> ev.Event:
        """Add to a failure when its task is tried again: a fact, so that replays need no policy."""
        if not isinstance(event, (ev.AttemptFailed, ev.CandidateDropped)) or event.retry_at is not None:
            return event
        task = None if event.task is None else self.run.tasks[event.task]
        if isinstance(event, ev.AttemptFailed) and self.run.live[event.attempt].candidate is not None:
            return event  # whether the resolver tries again is decided where it is started
        if task is None:
            return event
        return replace(event, retry_at=retry_at(self.run, task, event.failure, self._now, self._w.retries))

    def _take(self, event: ev.Event) -> None:
        recorded = ev.Recorded(Seq(self.run.seq + 1), self._now, event)
        self._batch.append(recorded)
        apply(self.run, recorded)

    def _decide(self, now: float) -> list[cmd.Command]:
        """Ask until nothing new follows, dispatches folded; what is begun outside comes back as another turn."""
        if self._stopping:
            return self._stops(now)
        orders: list[cmd.Command] = []
        found: list[cmd.Command] = []
        for _ in range(MAX_ROUNDS):
            found = [*self._stops(now), *decide_landings(self.run, self._flight.work())]
            found += [*decide_quotas(self.run, now), *decide_passes(self.run)]
            if not self.run.finished:
                found.extend(decide_starts(self.run, now))
            if not found:
                return orders
            for order in found:
                orders.extend(self._dispatch(order))
            if orders and not any(isinstance(order, _SETTLED_AT_ONCE) for order in found):
                return orders
        raise RuntimeError(f"run {self.run.id}: decisions do not settle; the last were {found!r:.300}")

    def _stops(self, now: float) -> list[cmd.Command]:
        if self._stopping:
            wanted = [cmd.InterruptAttempt(attempt, "the orchestrator was stopped") for attempt in self.run.live]
        else:
            wanted = decide_stops(self.run, now)
        new = [order for order in wanted if order.attempt not in self._flight.interrupted]
        self._flight.interrupted.update(order.attempt for order in new)
        return list(new)

    def _dispatch(self, order: cmd.Command) -> list[cmd.Command]:
        """Fold what stands for the order in the log; what is left to do outside, if anything."""
        match order:
            case cmd.StartAttempt(task=task, attempt=attempt, number=number, window=window, base=base):
                near, at = order.overlaps, order.candidate
                self._take(ev.AttemptDispatched(task.id, attempt, number, window, base, near, at))
            case cmd.RunChecks(candidate=candidate, task=name, commit=commit):
                self._take(ev.GateStarted(candidate, name, commit))
            case cmd.AskPerson(question=question):
                self._take(ev.QuestionAsked(question, question.task))
                return []
            case cmd.CarryChecks(candidate=candidate, task=name, commit=commit):
                self._take(ev.ChecksPassed(candidate, name, commit, 0.0, carried=True))
                return []
            case cmd.PassOver(candidate=candidate, task=name, onto=onto, conflicts=conflicts, why=why):
                self._take(ev.ConflictFound(candidate, name, onto, conflicts, why, Rung.RESOLVER))
                return []
            case cmd.OpenQuota(credential=credential):
                self._take(ev.QuotaOpened(credential))
                return []
            case _:
                pass
        self._flight.decided(order)
        return [order]

    def _over(self, now: float, orders: Sequence[cmd.Command]) -> bool:
        if orders or self._flight.busy or self._arrived:
            return False
        if self._stopping or self.run.finished or (self._manner.leave_when_waiting and self._waits_for_person()):
            return True
        if not is_over(self.run, now):
            return False
        run = self.run
        self._take(
            ev.RunFinished(run.trunk_before, run.trunk, tuple(run.landed), tuple(run.resolved), run.cost, run.cancelled)
        )
        return True

    def _waits_for_person(self) -> bool:
        """Nothing is decided, begun or due, and somebody was asked."""
        return bool(self.run.questions) and not self.run.cooling

    async def _store(self) -> None:
        batch, stored = self._batch, self._stored
        if batch:
            before = Seq(self.run.seq - len(batch))
            await self._w.store.append(self.run.id, [(one.ts, one.event) for one in batch], before, self._right.held)
            self._batch = []
            self._w.bus.publish(self.run.id, self._own)
            self._manner.listener(batch)
        self._stored = []
        for future in stored:
            if not future.done():
                future.set_result(None)

    def _begin(self, group: asyncio.TaskGroup, order: cmd.Command) -> None:
        self._flight.busy += 1
        if isinstance(order, cmd.RunChecks):
            task = group.create_task(self._perform(order), name="RunChecks")
            self._gates[task] = order
            task.add_done_callback(self._gates.pop)
        elif self._idle:
            self._idle.pop().set_result(order)
        else:
            group.create_task(self._perform_all(order), name="orders")

    async def _perform(self, order: cmd.Command) -> None:
        try:
            await self._effects.perform(order, self.emit, self.record)
        finally:
            self._put(_Done(order))

    async def _perform_all(self, order: cmd.Command) -> None:
        """One order after the other, as they come; a task for each would cost as much as the rest of a turn."""
        while True:
            await self._perform(order)
            more: asyncio.Future[cmd.Command] = asyncio.get_running_loop().create_future()
            self._idle.append(more)
            order = await more

    async def _wait(self, now: float) -> None:
        """Until something arrives or the next timer is due."""
        await asyncio.sleep(0)  # what was begun takes its first step, and often is all it takes
        if self._bell.is_set():
            return
        due = [self.run.cooling[0][0]] if self.run.cooling else []
        due.extend(self.run.quotas.values())
        if self._landed_at is not None and not self._flight.landing:
            due.append(await self._rest(now, self._landed_at + TRUNK_REST))
        if self.run.plan.limits.wall is not None:
            due.append(self.run.started + self.run.plan.limits.wall)
        later = [when - now for when in due if when > now]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(later) if later else None):
                await self._bell.wait()

    async def _rest(self, now: float, due: float) -> float:
        """Let another run have the trunk once nothing has landed for a while; when that is to be."""
        if due <= now:
            await self._effects.rest()
            self._landed_at = None
        return due

    async def _watch_inbox(self) -> None:
        async with self._w.bus.subscribe(self.run.id) as self._own:
            while True:
                await self._hear()
                await self._own.wait(INBOX_WAIT)

    async def _hear(self) -> None:
        for submitted in await self._w.inbox.pending(self.run.id, IntentId(self._heard)):
            self._heard = submitted.id
            self._put(submitted)
