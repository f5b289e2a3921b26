"""Prometheus metrics of this process, in a registry of its own.

They are fed by the events of runs as `follow.py` folds them; a run that is folded a second time is not counted twice.
Labels are bounded: never a run, a task, a branch. Never: a decision that rests on a metric.
"""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from state import events as ev
from state.ids import CandidateId, RunId, Seq
from state.lifecycle import Status
from state.run import RunState

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_ROLES = 32
_OTHER = "other"
_GATE_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 3600)


@dataclass(slots=True)
class _Standing:
    """What the gauges need of one run, kept when its state is not."""

    tasks: dict[Status, int] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)


class Metrics:
    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        self._windows = Gauge("tianting_active_windows", "Windows with a live attempt.", ["role"], registry=registry)
        self._tasks = Gauge("tianting_tasks", "Tasks of the runs known here, by status.", ["status"], registry=registry)
        self._attempts = Counter(
            "tianting_attempts", "Attempts that ended, by outcome.", ["outcome"], registry=registry
        )
        self._conflicts = Counter(
            "tianting_conflicts",
            "Conflicts that ended, by kind and by the rung that resolved them; rung `gone`: they ended by "
            "themselves, `dropped`: with their candidate.",
            ["kind", "rung"],
            registry=registry,
        )
        self._landings = Counter("tianting_landings", "Candidates landed on the trunk.", registry=registry)
        self._gates = Histogram(
            "tianting_gate_seconds",
            "Time of a gate at a speculative merge commit.",
            buckets=_GATE_BUCKETS,
            registry=registry,
        )
        self._clients = Gauge("tianting_feed_clients", "Clients of live feeds.", registry=registry)
        self._leases = Gauge("tianting_lease_held", "Runs that some process leads now.", registry=registry)
        self._counted: dict[RunId, Seq] = {}
        self._skipped: dict[RunId, Seq] = {}
        self._standing: dict[RunId, _Standing] = {}
        self._roles: set[str] = set()

    def counted(self, run: RunId) -> Seq | None:
        """The last event of this run that has been counted, or that shall not be; None for a run not met yet."""
        return self._counted.get(run)

    def meet(self, run: RunId, ended_before: Seq) -> None:
        """A run seen for the first time. Its events up to `ended_before` are not counted: it had ended when this
        process began."""
        self._counted[run] = ended_before
        if ended_before:
            self._skipped[run] = ended_before

    def count(self, run: RunState, name: RunId, recorded: ev.Recorded) -> None:
        """Count an event that `run` is about to fold."""
        if recorded.seq <= self._counted.get(name, 0):
            return
        self._counted[name] = recorded.seq
        match recorded.event:
            case ev.AttemptSucceeded():
                self._attempts.labels("succeeded").inc()
            case ev.AttemptFailed(failure=failure):
                self._attempts.labels(failure.kind.value).inc()
            case ev.ChecksPassed(seconds=seconds, carried=False) | ev.ChecksFailed(seconds=seconds):
                self._gates.observe(seconds)
            case ev.ConflictResolved(candidate=candidate, rung=rung):
                self._settled(run, candidate, rung.value)
            case ev.CandidateProbed(candidate=candidate):
                self._settled(run, candidate, "gone")
            case ev.CandidateDropped(candidate=candidate):
                self._settled(run, candidate, "dropped")
            case ev.Landed():
                self._landings.inc()
            case _:
                pass

    def _settled(self, run: RunState, candidate: CandidateId, rung: str) -> None:
        state = run.candidates.get(candidate)
        for conflict in () if state is None else state.conflicts:
            self._conflicts.labels(conflict.kind.value, rung).inc()

    def stands(self, run: RunState) -> None:
        """Note where a run stands now, unless it ended before this process began."""
        if run.seq <= self._skipped.get(run.id, 0):
            return
        windows: dict[str, int] = {}
        for attempt in run.live.values():
            role = self._bounded(run.windows[attempt.window].role)
            windows[role] = windows.get(role, 0) + 1
        self._standing[run.id] = _Standing({status: run.counts[status] for status in Status}, windows)

    def _bounded(self, role: str) -> str:
        """Plans make up roles of their own; past a number of them they share one label."""
        label = role if role in self._roles or len(self._roles) < _ROLES else _OTHER
        self._roles.add(label)
        return label

    def text(self, clients: int, leases: int) -> bytes:
        """The exposition, with the number of feed clients and of held leases as they are now."""
        self._clients.set(clients)
        self._leases.set(leases)
        standing = self._standing.values()
        for status in Status:
            self._tasks.labels(status.value).set(sum(one.tasks.get(status, 0) for one in standing))
        for role in self._roles:
            self._windows.labels(role).set(sum(one.windows.get(role, 0) for one in standing))
        return generate_latest(self._registry)
