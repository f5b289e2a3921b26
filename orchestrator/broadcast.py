"""Tells a message broker how a run stands, for as long as this process leads it: each window as a device with a last
will, the run itself, and every event in its order. Where that is enabled, takes intents in.

A reader of the log like any other, by seq: a broker that is away, slow or restarting holds up this reader and nothing
else. Never: an error of the broker's that stops a run; a message that is not folded from the log.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from dashboard.envelope import envelope, task_of, window_of
from dashboard.views import run_status, status_counts
from orchestrator.load import load
from orchestrator.presence import KEPT_SECONDS, Presence
from state import events as ev
from state.broker import Broker, BrokerAway, Line, Message, intents_topic, run_topic, window_topic
from state.codec import intent_from, name_of
from state.fold import apply
from state.ids import RunId, Seq, WindowId
from state.intents import Intent, LaunchRun
from state.kept import Checkpoints
from state.ports import Bus, Clock, EventStore, Inbox, StoreError
from state.run import RunState
from state.window_view import windows_json

PAGE = 1000
AT_ONCE = 50
LOOK_WAIT = 5.0
BREATH = 0.2
"""Seconds between two looks at the log: what comes within goes out together, and of a window its newest word alone."""
LAST_SECONDS = 2.0
MOST_WINDOWS = 64
"""Windows with a connection, and so a will, of their own; those beyond share the run's."""
LARGEST_EVENT, LARGEST_INTENT = 128 * 1024, 128 * 1024
LONGEST_NAME = 100
ANSWER_SECONDS = 1.0
BY = "mqtt"
"""What comes before the name of who asked: the part of the topic that the broker lets nobody else write to."""


class Store(EventStore, Checkpoints, Inbox, Protocol):
    """The log to tell of, and where intents go."""


@dataclass(frozen=True, slots=True)
class Air:
    """What a broadcast works through. `since` is where the log stood when this process took the run up. `intents`:
    whether they are taken in. `told` gets a line when the broker is away, and when it is back. `leads` says whether
    this process still leads the run."""

    store: Store
    bus: Bus
    clock: Clock
    broker: Broker
    run: RunId
    since: Seq
    intents: bool
    told: Callable[[str], None]
    leads: Callable[[], Awaitable[bool]]


class Broadcast:
    def __init__(self, air: Air) -> None:
        self._air = air
        self._state: RunState | None = None
        self._run = Presence(run_topic(air.run, "run"), json.dumps({"run": air.run}))
        self._windows: dict[WindowId, Presence] = {}
        self._told: Seq | None = None if air.since else air.since
        self._grown = asyncio.Event()
        self._over = False
        self._troubled: set[str] = set()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """While the block lasts; at its end all is told as it stands then, if the broker takes it at once."""
        group = asyncio.TaskGroup()
        # Not `async with`: what ends the block is none of this group's and must not come out wrapped by it.
        await group.__aenter__()
        lines: list[asyncio.Task[None]] = []
        following = group.create_task(self._follow(group, lines))
        try:
            yield
        finally:
            await _end(following)
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self._goodbye(lines)
            for line in lines:
                await _end(line)
            await group.__aexit__(None, None, None)

    async def _goodbye(self, lines: list[asyncio.Task[None]]) -> None:
        await self._catch_up()
        self._over = True
        self._grown.set()
        for presence in (self._run, *self._windows.values()):
            presence.leave()
        if lines and self._run.up:  # else the broker would be waited for
            await asyncio.wait(lines)

    async def _follow(self, group: asyncio.TaskGroup, lines: list[asyncio.Task[None]]) -> None:
        async with self._air.bus.subscribe(self._air.run) as wakeups:
            while True:
                with suppress(StoreError):
                    await self._catch_up()
                if self._windows and not lines:
                    lines.append(group.create_task(self._keep(self._run, self._tell_run)))
                    own = list(self._windows.values())[:MOST_WINDOWS]
                    lines.extend([group.create_task(self._keep(window, window.use)) for window in own])
                await wakeups.wait(LOOK_WAIT)
                await asyncio.sleep(BREATH)

    async def _catch_up(self) -> None:
        if self._state is None:
            self._state = await load(self._air.store, self._air.run)
        state = self._state
        while page := await self._air.store.read(self._air.run, state.seq, PAGE):
            for recorded in page:
                apply(state, recorded)
            if len(page) < PAGE:
                break
        for window, text in windows_json(state).items():
            if window not in self._windows:
                name = json.dumps({"window": window})
                self._windows[window] = Presence(window_topic(self._air.run, window), name)
            self._windows[window].say(text)
        stands = {
            "run": self._air.run,
            "status": run_status(state),
            "counts": status_counts(state),
            "questions": len(state.questions),
        }
        self._run.say(json.dumps(stands))
        self._grown.set()

    async def _keep(self, presence: Presence, use: Callable[[Line], Awaitable[None]]) -> None:
        def noted(why: str) -> None:
            self._noted(presence.topic, why)

        # The topic for a name: whoever leads the run after us ends our line by beginning theirs, and our will is told
        # before their first word, not after it.
        await self._air.broker.keep(presence.topic, use, presence.will, noted, self._air.leads)

    def _noted(self, topic: str, why: str) -> None:
        """One line when the first of the connections is in trouble, and one when none is any more."""
        before = bool(self._troubled)
        (self._troubled.add if why else self._troubled.discard)(topic)
        if bool(self._troubled) is not before:
            self._air.told(f"mqtt: {why}; the run goes on without it" if why else "mqtt: the broker is back")

    async def _tell_run(self, line: Line) -> None:
        rest = list(self._windows.values())[MOST_WINDOWS:]
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(self._hear(line)) if self._air.intents else None
            telling = [
                group.create_task(use(line)) for use in (self._tell_events, self._run.use, *[w.use for w in rest])
            ]
            for task in telling:
                await task
            if hearing is not None:
                await _end(hearing)

    async def _tell_events(self, line: Line) -> None:
        if self._told is None:
            self._told = await self._where()
        while True:
            self._grown.clear()
            page = await self._next(self._told)
            if page:
                seq = Message(run_topic(self._air.run, "seq"), str(page[-1].seq), retain=True, expires=KEPT_SECONDS)
                topic = run_topic(self._air.run, "events")
                await line.tell([*(Message(topic, _event(self._air.run, one)) for one in page), seq])
                self._told = page[-1].seq
            elif self._over:
                return
            if len(page) < AT_ONCE and not self._over:
                await self._grown.wait()

    async def _next(self, after: Seq) -> list[ev.Recorded]:
        try:
            return await self._air.store.read(self._air.run, after, AT_ONCE)
        except StoreError:  # whoever follows the log tells us when it can be read again
            return []

    async def _where(self) -> Seq:
        """The last event that whoever led the run before has told; where it stood then, if nobody knows."""
        topic = run_topic(self._air.run, "seq")
        with suppress(BrokerAway, TimeoutError, ValueError):
            async with self._air.broker.line(f"{topic}/asked") as line, asyncio.timeout(ANSWER_SECONDS):
                await line.hear(topic)
                return Seq(min(int((await line.heard()).text), self._air.since))
        return self._air.since

    async def _hear(self, line: Line) -> None:
        await line.hear(intents_topic(self._air.run, "+"))
        while True:
            message = await line.heard()
            why = await self._submit(message)
            if why:
                answer = json.dumps({"why": why})
                refused = Message(run_topic(self._air.run, "refused"), answer, correlation=message.correlation)
                await line.tell([refused])

    async def _submit(self, message: Message) -> str:
        """Why this is no intent, or could not be handed on; "" when it was."""
        found, who = _intent(message), message.topic.rpartition("/")[2]
        if isinstance(found, str):
            return found
        if not 0 < len(who) <= LONGEST_NAME:
            return f"who asks has a name of 1 to {LONGEST_NAME} characters"
        try:
            await self._air.store.submit(self._air.run, found, f"{BY}:{who}", self._air.clock.now())
        except StoreError as error:
            return str(error)
        self._air.bus.publish(self._air.run)
        return ""


def _event(run: RunId, recorded: ev.Recorded) -> str:
    """The envelope of the live feed; of a very large event without its data, which the API has."""
    text = envelope(run, recorded)
    if len(text) <= LARGEST_EVENT:
        return text
    event = recorded.event
    head = {"seq": recorded.seq, "ts": recorded.ts, "run": run, "type": name_of(event)}
    return json.dumps({**head, "task": task_of(event), "window": window_of(event), "data": None})


def _intent(message: Message) -> Intent | str:
    """What was asked for, or why it is refused."""
    if message.retain:
        return "an intent must not be retained: it would be asked for again and again"
    if len(message.text) > LARGEST_INTENT:
        return f"an intent has at most {LARGEST_INTENT} characters"
    try:
        intent = intent_from(json.loads(message.text))
    except (ValueError, RecursionError) as error:
        return f"this is no intent: {error}"
    return "a run is launched with POST /api/v1/runs" if isinstance(intent, LaunchRun) else intent


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended: before Python 3.12 `asyncio.wait_for`, inside aiomqtt, may forget a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1.0)
