"""The runs as they stand, each folded from its log on demand and then event by event.

A bounded number of them is kept; one that is asked for again is folded again. Never: a change, a task of its own:
whoever asks brings a run up to date.
"""

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass, field

from typing_extensions import TypedDict

from dashboard.foresight import forecast_view
from dashboard.history import History
from dashboard.metrics import Metrics
from dashboard.plain import to_json
from dashboard.snapshot import run_view
from dashboard.views import run_status
from state.events import PlanAccepted, Recorded, RunFinished
from state.fold import apply
from state.ids import RunId, Seq
from state.lifecycle import IllegalMove
from state.ports import Clock, EventStore, Forecast, RunHead, StoreError
from state.run import RunState

_PAGE = 512
_SUMMARIES = 4096
# A snapshot says what its seq says; only its foreseen times grow old.
_SNAPSHOT_SECONDS = 2.0
# One of many tasks is made beside the loop, and takes at most a fifth of the time while the run goes on: until then an
# older one is handed out, from whose seq a client goes on just as well.
_MANY_TASKS = 2000
_DEAR_SECONDS = 0.05
_REST = 4.0
_GZIP_LEVEL = 1
WORTH_PACKING = 16_384
"""Bytes from which on an answer is worth packing."""


class BrokenLog(StoreError):
    """An event of the log can not follow those before it: the log is not one of ours."""


class RunSummary(TypedDict):
    """One run in the list of runs. `tasks` and `landed` are numbers of tasks, `questions` those that are open."""

    run: str
    name: str
    repository: str
    created: float
    seq: int
    status: str
    tasks: int
    landed: int
    questions: int
    simulated: bool


@dataclass(slots=True, eq=False)
class Text:
    """An answer that many are given, as it is and in gzip."""

    plain: bytes
    _packed: bytes | None = None

    async def packed(self) -> bytes:
        """Made when it is first asked for."""
        if self._packed is None:
            self._packed = await asyncio.to_thread(gzip.compress, self.plain, _GZIP_LEVEL, mtime=0)
        return self._packed


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """`made` and `cost` are in seconds of the loop's clock."""

    seq: Seq
    led: bool
    made: float
    cost: float
    text: Text

    def serves(self, seq: Seq, led: bool, now: float) -> bool:
        age = now - self.made
        if self.seq == seq and self.led is led:
            return age < _SNAPSHOT_SECONDS
        return self.cost > _DEAR_SECONDS and age < self.cost * _REST


@dataclass(slots=True, eq=False)
class Followed:
    """One run: read it without awaiting in between, since the next request may bring it further."""

    state: RunState = field(default_factory=RunState)
    history: History = field(default_factory=History)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _made: _Snapshot | None = None
    _foreseen: bytes | None = None

    async def catch_up(self, run: RunId, store: EventStore, metrics: Metrics) -> None:
        async with self._lock:
            before = self.state.seq
            while page := await store.read(run, self.state.seq, _PAGE):
                for recorded in page:
                    self._take(run, recorded, metrics)
                if len(page) < _PAGE:
                    break
                await asyncio.sleep(0)  # a long log is folded between the other work of the loop
            if self.state.seq > before:
                metrics.stands(self.state)

    def _take(self, run: RunId, recorded: Recorded, metrics: Metrics) -> None:
        try:
            metrics.count(self.state, run, recorded)
            apply(self.state, recorded)
        except (IllegalMove, ValueError, KeyError) as error:
            raise BrokenLog(f"event {recorded.seq} of run {run} can not follow: {error}") from error
        self.history.note(recorded)

    async def snapshot(self, forecast: Forecast, now: float, *, led: bool) -> Text:
        """The run's view as JSON; many readers share one."""
        loop = asyncio.get_running_loop()
        async with self._lock:  # nothing changes the state meanwhile
            made = self._made
            if made is None or not made.serves(self.state.seq, led, loop.time()):
                began = loop.time()
                if len(self.state.tasks) > _MANY_TASKS:
                    text = await asyncio.to_thread(self._encoded, forecast, now, led)
                else:
                    text = self._encoded(forecast, now, led)
                self._made = made = _Snapshot(self.state.seq, led, loop.time(), loop.time() - began, Text(text))
            return made.text

    async def foreseen(self, forecast: Forecast) -> bytes:
        """What was foreseen of the run's plan, as JSON; made once, since a plan never changes."""
        async with self._lock:
            if self._foreseen is None:
                self._foreseen = await asyncio.to_thread(self._forecast, forecast)
            return self._foreseen

    def _forecast(self, forecast: Forecast) -> bytes:
        plan = self.state.plan
        return to_json(forecast_view(plan, forecast.plan(plan))).encode()

    def _encoded(self, forecast: Forecast, now: float, led: bool) -> bytes:
        return to_json(run_view(self.state, forecast, now, led=led)).encode()


class Follows:
    """At most `kept` runs in memory."""

    def __init__(self, store: EventStore, clock: Clock, metrics: Metrics, kept: int = 16) -> None:
        self._store = store
        self._metrics = metrics
        self._kept = kept
        self._began = clock.now()
        self._runs: OrderedDict[RunId, Followed] = OrderedDict()
        self._summaries: OrderedDict[tuple[RunId, Seq], RunSummary] = OrderedDict()

    async def of(self, run: RunId) -> Followed:
        """The run as its log stands now; at seq 0 when there is no such log, or nothing in it."""
        followed = self._runs.get(run)
        if followed is None:
            await self._meet(run)
            followed = self._runs.setdefault(run, Followed())
        self._runs.move_to_end(run)
        try:
            await followed.catch_up(run, self._store, self._metrics)
        except BrokenLog:
            self._runs.pop(run, None)
            raise
        if not followed.state.seq:
            self._runs.pop(run, None)
        while len(self._runs) > self._kept:
            self._runs.popitem(last=False)
        return followed

    async def _meet(self, run: RunId) -> None:
        """Tell the metrics of a run that this process has not seen yet."""
        if self._metrics.counted(run) is not None:
            return
        last = await self._store.last_seq(run)
        if not last:
            return
        final = await self._final(run, last)
        ended = final is not None and isinstance(final.event, RunFinished) and final.ts < self._began
        if self._metrics.counted(run) is None:
            self._metrics.meet(run, last if ended else Seq(0))

    async def _final(self, run: RunId, last: Seq) -> Recorded | None:
        found = await self._store.read(run, Seq(last - 1), 1)
        return found[0] if found else None

    async def count_all(self) -> None:
        """Bring the metrics up to date with every run that has gone on."""
        for head in await self._store.runs():
            if not head.seq:
                continue
            await self._meet(head.run)
            if (self._metrics.counted(head.run) or 0) < head.seq:
                await self.of(head.run)

    async def summary(self, head: RunHead) -> RunSummary:
        """A run in the list of runs. One that has finished is told from its first and last event alone."""
        known = self._summaries.get((head.run, head.seq))
        if known is None:
            known = await self._ended(head) or await self._folded(head)
            self._summaries[head.run, head.seq] = known
            if len(self._summaries) > _SUMMARIES:
                self._summaries.popitem(last=False)
        return known

    async def _ended(self, head: RunHead) -> RunSummary | None:
        final = await self._final(head.run, head.seq) if head.seq > 1 else None
        if final is None or not isinstance(final.event, RunFinished):
            return None
        first = (await self._store.read(head.run, Seq(0), 1))[0].event
        if not isinstance(first, PlanAccepted):
            return None
        tasks, landed = len(first.plan.tasks), len(final.event.landed)
        status = "cancelled" if final.event.cancelled else "finished" if landed == tasks else "failed"
        return _summary(head, status, tasks=tasks, landed=landed, simulated=first.simulated)

    async def _folded(self, head: RunHead) -> RunSummary:
        state = (await self.of(head.run)).state
        return _summary(
            head,
            run_status(state),
            tasks=len(state.tasks),
            landed=len(state.landed),
            questions=len(state.questions),
            simulated=state.simulated,
        )


def _summary(head: RunHead, status: str, *, tasks: int, landed: int, simulated: bool, questions: int = 0) -> RunSummary:
    return {
        "run": head.run,
        "name": head.name,
        "repository": head.repository,
        "created": head.created,
        "seq": head.seq,
        "status": status,
        "tasks": tasks,
        "landed": landed,
        "questions": questions,
        "simulated": simulated,
    }
