"""OpenTelemetry traces of each task's way: a trace a run, in it a span a task, in that one for each attempt, conflict
and gate. The ids follow from the names, so that a run that is gone on with by another process goes on in its trace.

Never: sent anywhere that was not named; a prompt, a transcript or a diff in an attribute.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from orchestrator.heralds.veil import Veil
from state import events as ev
from state.ids import RunId, TaskId
from state.run import RunState

FLUSH_MS = 4000
_NANO = 1_000_000_000

Attributes = dict[str, str | int | float | bool]


class _Ids(IdGenerator):
    """Hands out what was laid ready."""

    def __init__(self) -> None:
        self.trace, self.span = 1, 1

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


def _number(name: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:size], "big") or 1


@dataclass(slots=True)
class _Open:
    """A span that has not ended."""

    name: str
    began: float
    attributes: Attributes = field(default_factory=dict)


class Traces:
    """One run's. Spans are given to the exporter when they end; a task's when it has landed, failed or was cancelled,
    the run's when it is over."""

    def __init__(self, exporter: SpanExporter, veil: Veil) -> None:
        self._ids, self._veil = _Ids(), veil
        resource = Resource({"service.name": "tianting"})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tianting")
        self._open: dict[str, _Open] = {}
        self._tasks: dict[TaskId, float] = {}
        self._began = 0.0
        self._fresh = False
        self._run = RunId("")

    def take(self, run: RunId, before: RunState, recorded: ev.Recorded, *, fresh: bool) -> None:
        self._run, self._fresh = run, fresh
        ts = recorded.ts
        match recorded.event:
            case ev.PlanAccepted(plan=plan):
                self._began = ts
                self._tasks = dict.fromkeys((task.id for task in plan.tasks), ts)
            case ev.AttemptDispatched(task=task, attempt=attempt, window=window, number=number):
                what: Attributes = {"tianting.attempt": attempt, "tianting.window": window, "tianting.number": number}
                self._open[f"attempt {attempt}"] = _Open("attempt", ts, {"tianting.task": task, **what})
            case ev.AttemptStarted(attempt=attempt, runtime=runtime, simulated=simulated):
                self._note(f"attempt {attempt}", {"tianting.runtime": runtime, "tianting.simulated": simulated})
            case ev.AttemptSucceeded(task=task, attempt=attempt, paths=paths):
                self._note(f"attempt {attempt}", {"tianting.files": len(paths)})
                self._end(f"attempt {attempt}", task, ts)
            case ev.AttemptFailed(task=task, attempt=attempt, failure=failure, retry_at=again):
                self._end(f"attempt {attempt}", task, ts, f"{failure.kind.value}: {failure.detail}")
                if again is None:
                    self._task(task, ts, failure.kind.value)
            case ev.ConflictFound(candidate=candidate, task=task, conflicts=conflicts):
                kinds = ",".join(sorted({one.kind.value for one in conflicts}))
                seen: Attributes = {"tianting.candidate": candidate, "tianting.kinds": kinds}
                self._open.setdefault(f"conflict {candidate}", _Open("conflict", ts, seen))
            case ev.ConflictResolved(candidate=candidate, task=task, rung=rung):
                self._note(f"conflict {candidate}", {"tianting.rung": rung.value})
                self._end(f"conflict {candidate}", task, ts)
            case ev.CandidateProbed(candidate=candidate, task=task):
                self._end(f"conflict {candidate}", task, ts)
            case _:
                self._landing(recorded)

    def _landing(self, recorded: ev.Recorded) -> None:
        ts = recorded.ts
        match recorded.event:
            case ev.GateStarted(candidate=candidate, commit=commit):
                gated: Attributes = {"tianting.candidate": candidate, "tianting.commit": commit}
                self._open[f"gate {candidate}"] = _Open("gate", ts, gated)
            case ev.ChecksPassed(candidate=candidate, task=task):
                self._end(f"gate {candidate}", task, ts)
            case ev.ChecksFailed(candidate=candidate, task=task, failure=failure):
                self._end(f"gate {candidate}", task, ts, failure.detail)
            case ev.CandidateDropped(candidate=candidate, task=task, failure=failure, retry_at=again):
                self._end(f"conflict {candidate}", task, ts, failure.detail)
                if task is not None and again is None:
                    self._task(task, ts, failure.kind.value)
            case ev.Landed(task=task, commit=commit):
                if task is not None:
                    self._task(task, ts, "", {"tianting.commit": commit})
            case ev.TaskCancelled(task=task):
                self._task(task, ts, "cancelled")
            case ev.RunFinished(landed=landed, cancelled=cancelled):
                counted: Attributes = {"tianting.tasks": len(self._tasks), "tianting.landed": len(landed)}
                fault = "cancelled" if cancelled else "" if len(landed) == len(self._tasks) else "not all have landed"
                self._emit("run", "", _Open(f"run {self._run}", self._began, counted), None, ts, fault)
            case _:
                pass

    def _note(self, key: str, attributes: Attributes) -> None:
        if key in self._open:
            self._open[key].attributes.update(attributes)

    def _end(self, key: str, task: TaskId | None, ts: float, fault: str = "") -> None:
        span = self._open.pop(key, None)
        if span is not None:
            self._emit(span.name, f"{key} {span.began}", span, task, ts, fault)

    def _task(self, task: TaskId, ts: float, fault: str, more: Mapping[str, str] | None = None) -> None:
        span = _Open(f"task {task}", self._tasks.get(task, self._began), {"tianting.task": task, **(more or {})})
        self._emit("task", task, span, None, ts, fault)

    def _emit(self, kind: str, key: str, span: _Open, within: TaskId | None, ts: float, fault: str) -> None:
        if not self._fresh:
            return
        self._ids.trace = _number(self._run, 16)
        self._ids.span = self._id(kind, key)
        parent = None
        if kind != "run":
            above = self._id("run", "") if within is None else self._id("task", within)
            context = SpanContext(self._ids.trace, above, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            parent = trace.set_span_in_context(NonRecordingSpan(context))
        attributes = {"tianting.run": self._run, **span.attributes}
        made = self._tracer.start_span(span.name, parent, attributes=attributes, start_time=round(span.began * _NANO))
        if fault:
            made.set_status(Status(StatusCode.ERROR, self._veil.over(fault)))
        made.end(round(ts * _NANO))

    def _id(self, kind: str, key: str) -> int:
        return _number(f"{self._run}\0{kind}\0{key}", 8)

    async def work(self) -> None:
        return

    async def close(self) -> None:
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._provider.force_flush(FLUSH_MS)
        self._provider.shutdown()
