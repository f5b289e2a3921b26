"""Logs, transcripts and inbox in memory: for the simulation and for `memory:`. All is gone with the process.

Never: a way around the rules of `state/ports.py`; the contract suite holds this body to all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from state.events import Event, Recorded
from state.ids import AttemptId, IntentId, RunId, Seq
from state.intents import Intent, LaunchRun, Submitted
from state.kept import Checkpoint
from state.ports import Held, RunHead, SeqTaken, StaleLease, StoreError
from state.transcript import Entry


@dataclass(slots=True)
class _Log:
    name: str
    repository: str
    created: float
    place: int
    recorded: list[Recorded] = field(default_factory=list)


@dataclass(slots=True)
class MemoryStore:
    """`leases` maps a name to its newest holder: `MemoryLease.newest` of the same process."""

    leases: Mapping[str, Held]
    _logs: dict[RunId, _Log] = field(default_factory=dict)
    _checkpoints: dict[RunId, Checkpoint] = field(default_factory=dict)
    _said: dict[tuple[RunId, AttemptId], list[Entry]] = field(default_factory=dict)
    _forgotten: set[RunId] = field(default_factory=set)
    _inbox: list[tuple[RunId, Submitted]] = field(default_factory=list)
    _remembered: dict[str, str] = field(default_factory=dict)

    async def create(self, run: RunId, name: str, repository: str, created: float) -> None:
        if run in self._logs:
            raise StoreError(f"there is a run {run!r} already")
        self._logs[run] = _Log(name, repository, created, len(self._logs))

    async def append(self, run: RunId, events: Sequence[tuple[float, Event]], expected: Seq, lease: Held) -> Seq:
        log = self._logs.get(run)
        if log is None:
            raise StoreError(f"there is no run {run!r}")
        self._check(run, lease)
        new = [Recorded(Seq(expected + place), ts, event) for place, (ts, event) in enumerate(events, start=1)]
        stands = log.recorded[expected : expected + len(new)]
        if len(log.recorded) == expected:
            log.recorded.extend(new)
        elif len(log.recorded) < expected or not new or stands != new:
            raise SeqTaken(f"run {run!r} stands at event {len(log.recorded)}, not at {expected}")
        return Seq(expected + len(new))

    async def forget(self, run: RunId, lease: Held) -> None:
        self._check(run, lease)
        self._logs.pop(run, None)
        self._checkpoints.pop(run, None)
        self._said = {key: said for key, said in self._said.items() if key[0] != run}
        self._forgotten.add(run)

    def _check(self, run: RunId, lease: Held) -> None:
        newest = self.leases.get(f"run:{run}")
        if newest is None or lease.name != newest.name or lease.token != newest.token:
            raise StaleLease(f"the lease on run {run!r} was lost to another process")

    async def read(self, run: RunId, after: Seq, limit: int) -> list[Recorded]:
        log = self._logs.get(run)
        return [] if log is None else log.recorded[after : after + limit]

    async def runs(self) -> list[RunHead]:
        newest_first = sorted(self._logs.items(), key=lambda item: (item[1].created, item[1].place), reverse=True)
        return [
            RunHead(run, log.name, log.repository, log.created, Seq(len(log.recorded))) for run, log in newest_first
        ]

    async def last_seq(self, run: RunId) -> Seq:
        log = self._logs.get(run)
        return Seq(0 if log is None else len(log.recorded))

    async def keep_checkpoint(self, run: RunId, checkpoint: Checkpoint) -> None:
        old = self._checkpoints.get(run)
        if old is None or old.maker != checkpoint.maker or old.seq < checkpoint.seq:
            self._checkpoints[run] = checkpoint

    async def checkpoint(self, run: RunId) -> Checkpoint | None:
        return self._checkpoints.get(run)

    async def add(self, run: RunId, attempt: AttemptId, entries: Sequence[Entry]) -> None:
        self._said.setdefault((run, attempt), []).extend(entries)

    async def entries(self, run: RunId, attempt: AttemptId, after: int, limit: int) -> list[tuple[int, Entry]]:
        said = self._said.get((run, attempt), [])
        return list(enumerate(said[after : after + limit], start=after + 1))

    async def submit(self, run: RunId, intent: Intent, by: str, ts: float) -> IntentId:
        submitted = Submitted(IntentId(len(self._inbox) + 1), ts, by, intent)
        self._inbox.append((run, submitted))
        return submitted.id

    async def pending(self, run: RunId, after: IntentId) -> list[Submitted]:
        gone = run in self._forgotten
        return [submitted for wanted, submitted in self._inbox[after:] if wanted == run and not gone]

    async def launches(self, after: IntentId) -> list[tuple[RunId, Submitted]]:
        inbox = [item for item in self._inbox[after:] if item[0] not in self._forgotten]
        return [item for item in inbox if isinstance(item[1].intent, LaunchRun)]

    async def recall(self, keys: Sequence[str]) -> dict[str, str]:
        return {key: self._remembered[key] for key in keys if key in self._remembered}

    async def remember(self, texts: Mapping[str, str]) -> None:
        self._remembered.update(texts)
