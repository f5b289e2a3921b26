"""What a run's log says about the past of each task and each conflict: attempts, gates, settlements. `RunState` keeps
only what a decision needs; the screens need the rest.

Never: a clock, IO, a fact that `state/fold.py` holds already.
"""

from dataclasses import dataclass, field

from state import events as ev
from state.candidate import Conflict
from state.failure import Failure
from state.ids import AttemptId, CandidateId, Sha, TaskId, WindowId
from state.intents import LaunchRun
from state.transcript import Usage

LIVE = "live"


@dataclass(slots=True)
class Attempt:
    """One try. `outcome` is `live`, `succeeded` or the kind of its failure; times are unix seconds.

    `kept` are (ref, commit, why) of work that is no candidate and was put aside.
    """

    id: AttemptId
    number: int
    window: WindowId
    base: Sha
    dispatched: float
    started: float | None = None
    ended: float | None = None
    outcome: str = LIVE
    runtime: str = ""
    simulated: bool = False
    worktree: str = ""
    note: str = ""
    head: Sha | None = None
    paths: tuple[str, ...] = ()
    summary: str = ""
    failure: Failure | None = None
    retry_at: float | None = None
    usage: Usage = Usage()
    kept: list[tuple[str, Sha, str]] = field(default_factory=list)


@dataclass(slots=True)
class GateRun:
    """`passed` is None while it runs, and for one that was `stopped`: what it ran for is not to land any more."""

    candidate: CandidateId
    commit: Sha
    since: float
    seconds: float | None = None
    passed: bool | None = None
    carried: bool = False
    gate: str = ""
    failure: Failure | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class PastDrop:
    """A candidate that left the train without landing, when, and why."""

    candidate: CandidateId
    task: TaskId | None
    at: float
    failure: Failure


@dataclass(slots=True)
class PastConflict:
    """Conflicts of one candidate on one place of the trunk. `settled` is "" while open, then `resolved` (see
    `resolution`), `gone` (it merges by now) or `dropped`. `note` says why what was tried last did not settle it."""

    candidate: CandidateId
    task: TaskId | None
    onto: Sha
    found: float
    conflicts: tuple[Conflict, ...]
    settled: str = ""
    ended: float | None = None
    resolution: ev.ConflictResolved | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What a task brings, as `git diff base head`."""

    base: Sha
    head: Sha


@dataclass(slots=True)
class TaskPast:
    attempts: list[Attempt] = field(default_factory=list)
    gates: list[GateRun] = field(default_factory=list)
    work: Work | None = None
    dropped: Failure | None = None
    landed: float | None = None


@dataclass(slots=True)
class History:
    """One run's past; changed by `note` alone."""

    tasks: dict[TaskId, TaskPast] = field(default_factory=dict)
    conflicts: list[PastConflict] = field(default_factory=list)
    drops: list[PastDrop] = field(default_factory=list)
    written: str = ""
    """The plan as it was written, where the run was launched with its text."""
    _open: dict[CandidateId, PastConflict] = field(default_factory=dict)
    _gating: dict[CandidateId, GateRun] = field(default_factory=dict)
    _gates: dict[Sha, GateRun] = field(default_factory=dict)

    def of(self, task: TaskId) -> TaskPast:
        """The past of a task; an empty one when nothing has happened to it."""
        return self.tasks.get(task) or TaskPast()

    def gate_of(self, commit: Sha) -> GateRun | None:
        """The newest gate at a commit."""
        return self._gates.get(commit)

    def note(self, recorded: ev.Recorded) -> None:
        """Take in the next event of the log."""
        event, ts = recorded.event, recorded.ts
        self._stop_gate(event, ts)
        match event:
            case (
                ev.AttemptDispatched()
                | ev.AttemptStarted()
                | ev.AttemptProgressed()
                | ev.SnapshotTaken()
                | ev.AttemptSucceeded()
                | ev.AttemptFailed()
            ):
                self._attempt(event, ts)
            case ev.GateStarted() | ev.ChecksPassed() | ev.ChecksFailed():
                self._gate(event, ts)
            case ev.IntentAccepted(intent=LaunchRun(plan=text)):
                self.written = text
            case ev.ConflictFound():
                self._conflict(event, ts)
            case ev.ConflictResolved():
                self._settle(event.candidate, "resolved", ts, event)
                self._work(event.task, Work(event.onto, event.head))
            case ev.CandidateProbed():
                self._settle(event.candidate, "gone", ts)
            case ev.CandidateProposed():
                self._work(event.candidate.task, Work(event.candidate.base, event.candidate.head))
            case ev.CandidateDropped():
                self._settle(event.candidate, "dropped", ts)
                self.drops.append(PastDrop(event.candidate, event.task, ts, event.failure))
                if event.task is not None:
                    self._past(event.task).dropped = event.failure
            case ev.Landed():
                self._settle(event.candidate, "gone", ts)
                if event.task is not None:
                    self._past(event.task).landed = ts
            case _:
                pass

    def _past(self, task: TaskId) -> TaskPast:
        return self.tasks.setdefault(task, TaskPast())

    def _work(self, task: TaskId | None, work: Work) -> None:
        if task is not None:
            self._past(task).work = work

    def _conflict(self, event: ev.ConflictFound, ts: float) -> None:
        """A conflict; where something was tried in vain, the one that stands, with the reason."""
        known = self._open.get(event.candidate)
        if known is not None and event.note and known.onto == event.onto:
            known.conflicts, known.note = event.conflicts, event.note
            return
        self._settle(event.candidate, "gone", ts)
        past = PastConflict(event.candidate, event.task, event.onto, ts, event.conflicts, note=event.note)
        self.conflicts.append(past)
        self._open[event.candidate] = past

    def _settle(
        self, candidate: CandidateId, how: str, ts: float, resolution: ev.ConflictResolved | None = None
    ) -> None:
        past = self._open.pop(candidate, None)
        if past is not None:
            past.settled, past.ended, past.resolution = how, ts, resolution

    def _attempt(
        self,
        event: ev.AttemptDispatched
        | ev.AttemptStarted
        | ev.AttemptProgressed
        | ev.SnapshotTaken
        | ev.AttemptSucceeded
        | ev.AttemptFailed,
        ts: float,
    ) -> None:
        past = self._past(event.task)
        if isinstance(event, ev.AttemptDispatched):
            past.attempts.append(Attempt(event.attempt, event.number, event.window, event.base, ts))
            return
        attempt = next((one for one in reversed(past.attempts) if one.id == event.attempt), None)
        if attempt is None:
            return
        match event:
            case ev.AttemptStarted():
                attempt.started, attempt.runtime = ts, event.runtime
                attempt.simulated, attempt.worktree = event.simulated, event.worktree
            case ev.AttemptProgressed():
                attempt.note, attempt.usage = event.note or attempt.note, attempt.usage + event.usage
            case ev.SnapshotTaken():
                attempt.kept.append((event.ref, event.commit, event.why))
            case ev.AttemptSucceeded():
                attempt.ended, attempt.outcome = ts, "succeeded"
                attempt.head, attempt.paths, attempt.summary = event.head, event.paths, event.summary
                past.work = Work(event.base, event.head)
            case ev.AttemptFailed():
                attempt.ended, attempt.outcome = ts, event.failure.kind.value
                attempt.failure, attempt.retry_at = event.failure, event.retry_at

    def _stop_gate(self, event: ev.Event, ts: float) -> None:
        """A gate whose candidate was merged anew, has left or has landed with others ends without a verdict."""
        match event:
            case ev.RunFinished():
                names = list(self._gating)
            case ev.CandidateProbed(candidate=name, commit=commit) if self._gating.get(name) is not None:
                names = [] if self._gating[name].commit == commit else [name]
            case ev.ConflictFound() | ev.ConflictResolved() | ev.CandidateDropped() | ev.Landed():
                names = [event.candidate]
            case _:
                return
        for name in names:
            gate = self._gating.pop(name, None)
            if gate is not None:
                gate.stopped, gate.seconds = True, max(0.0, ts - gate.since)

    def _gate(self, event: ev.GateStarted | ev.ChecksPassed | ev.ChecksFailed, ts: float) -> None:
        if event.task is None:
            return
        gates = self._past(event.task).gates
        if isinstance(event, ev.GateStarted):
            begun = GateRun(event.candidate, event.commit, ts)
            self._gating[event.candidate] = self._gates[event.commit] = begun
            gates.append(begun)
            return
        if self._gating.get(event.candidate) is self._gates.get(event.commit):
            self._gating.pop(event.candidate, None)
        gate = next((one for one in reversed(gates) if one.commit == event.commit and one.passed is None), None)
        if gate is None:  # carried over: it was never started
            self._gates[event.commit] = gate = GateRun(event.candidate, event.commit, ts)
            gates.append(gate)
        gate.seconds, gate.stopped = event.seconds, False
        if isinstance(event, ev.ChecksPassed):
            gate.passed, gate.carried = True, event.carried
        else:
            gate.passed, gate.gate, gate.failure = False, event.gate, event.failure
