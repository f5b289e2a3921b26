"""Prometheus metrics of this process, in a registry of its own.

They are fed by the events of runs as `follow.py` folds them; a run that is folded a second time is not counted twice.
Labels are bounded: never a run, a task, a branch. Never: a decision that rests on a metric.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from dashboard.pace import Kind
from state import events as ev
from state.ids import AttemptId, CandidateId, RunId, Seq
from state.lifecycle import Status
from state.run import RunState
from state.transcript import Usage

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_ROLES = 32
_MODELS = 64
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
        self._store = Gauge("tianting_store_up", "Whether the store can be reached.", registry=registry)
        self._asked = Counter(
            "tianting_cache_requests",
            "What costs (merges, plans parsed) asked for by its content in this process; `hit`: it was known.",
            ["cache", "hit"],
            registry=registry,
        )
        self._limited = Counter(
            "tianting_rate_limited",
            "Requests that were told to wait, by kind.",
            ["kind"],
            registry=registry,
        )
        by_model = ["runtime", "model"]
        self._tokens = Counter(
            "tianting_tokens", "Tokens that agents told, by kind.", [*by_model, "kind"], registry=registry
        )
        self._usd = Counter("tianting_spent_usd", "Money that agents told, in US dollars.", by_model, registry=registry)
        self._models: set[tuple[str, str]] = set()
        self._counted: dict[RunId, Seq] = {}
        self._skipped: dict[RunId, Seq] = {}
        self._standing: dict[RunId, _Standing] = {}
        self._roles: set[str] = set()
        self._told: dict[tuple[str, bool], int] = {}
        self._slowed: dict[Kind, int] = {}

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
            case ev.AttemptProgressed(attempt=attempt, usage=usage, model=model):
                self._spent(run, attempt, usage, model)
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

    def _spent(self, run: RunState, attempt: AttemptId, usage: Usage, model: str) -> None:
        live = run.live.get(attempt)
        if live is None or not (usage.tokens or usage.usd):
            return
        by = live.runtime or _OTHER, model or live.model
        if by not in self._models and len(self._models) >= _MODELS:
            by = _OTHER, _OTHER
        self._models.add(by)
        kinds = {
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
        }
        kinds["untold"] = max(0, usage.tokens - sum(kinds.values()))
        for kind, count in kinds.items():
            if count:
                self._tokens.labels(*by, kind).inc(count)
        self._usd.labels(*by).inc(max(0.0, usage.usd))

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

    def slowed(self, refused: Mapping[Kind, int]) -> None:
        """Note how many requests were told to wait so far."""
        for kind, times in refused.items():
            self._limited.labels(kind.value).inc(times - self._slowed.get(kind, 0))
            self._slowed[kind] = times

    def text(self, clients: int, leases: int | None, asked: Mapping[tuple[str, bool], int]) -> bytes:
        """The exposition, with the number of feed clients and of held leases as they are now; None for what nobody
        knows, since the store is away. `asked` is how often a cache was asked, and whether it knew."""
        for (cache, hit), times in asked.items():
            self._asked.labels(cache, str(hit).lower()).inc(times - self._told.get((cache, hit), 0))
            self._told[cache, hit] = times
        self._clients.set(clients)
        self._store.set(leases is not None)
        if leases is not None:
            self._leases.set(leases)
        standing = self._standing.values()
        for status in Status:
            self._tasks.labels(status.value).set(sum(one.tasks.get(status, 0) for one in standing))
        for role in self._roles:
            self._windows.labels(role).set(sum(one.windows.get(role, 0) for one in standing))
        return generate_latest(self._registry)
