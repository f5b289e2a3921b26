"""`show TASK`: one task with its attempts, its gates and what its agent said.

Never: a fact that the log and the transcripts do not hold.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dashboard.detail import AttemptView, GateView, TaskDetail, task_detail
from dashboard.history import History
from dashboard.plain import to_json
from orchestrator.cli.out import one_line, some_lines
from orchestrator.cli.report import how_to_answer
from orchestrator.cli.times import clock, span
from orchestrator.compose import House
from scheduler.forecast import Foresight
from state.ids import AttemptId, Seq, TaskId
from state.run import RunState
from state.transcript import Entry

PAGE = 5000
MOST_SAID = 10_000

Said = dict[AttemptId, list[tuple[int, Entry]]]


async def show_task(house: House, run: RunState, name: TaskId, as_json: bool) -> list[str]:
    """The lines to print."""
    led = await house.lease.holder(f"run:{run.id}") is not None
    detail = task_detail(run, await _history(house, run), name, Foresight(), house.clock.now(), led=led)
    said: Said = {}
    for past in detail["history"]:
        attempt = AttemptId(past["attempt"])
        said[attempt] = await house.store.entries(run.id, attempt, 0, MOST_SAID)
    return [_as_json(detail, said)] if as_json else list(_as_text(run, detail, said, house.path))


async def _history(house: House, run: RunState) -> History:
    history, after = History(), Seq(0)
    while page := await house.store.read(run.id, after, PAGE):
        after = page[-1].seq
        for recorded in page:
            history.note(recorded)
    return history


def _as_json(detail: TaskDetail, said: Said) -> str:
    transcripts = {
        attempt: [
            {"no": number, "ts": entry.ts, "kind": entry.kind, "text": entry.text, "simulated": entry.simulated}
            for number, entry in entries
        ]
        for attempt, entries in said.items()
    }
    whole = {key: value for key, value in detail.items() if key not in ("diff", "transcript")}
    return to_json({**whole, "transcripts": transcripts})


def _as_text(run: RunState, detail: TaskDetail, said: Said, repo: Path) -> Iterator[str]:
    yield f"task {detail['id']} of run {run.id}: {detail['status']}" + (" (simulated)" if detail["simulated"] else "")
    facts = {
        "title": one_line(detail["title"]),
        "why": "" if detail["waiting_for_you"] else one_line(detail["reason"] or ""),
        "role": detail["role"],
        "needs": ", ".join(detail["needs"]),
        "touches": ", ".join(detail["touches"]),
        "exclusive": ", ".join(detail["exclusive"]),
        "verify": "; ".join(detail["verify"]),
        "steered": "; ".join(one_line(text) for text in detail["steers"]),
        "branch": detail["branch"],
        "landed": detail["landed"],
    }
    for key, value in facts.items():
        if value:
            yield f"  {key:<9}  {value}"
    for question in run.questions.values():
        if question.task == detail["id"]:
            yield from how_to_answer(run, question, repo)
    for attempt in detail["history"]:
        yield ""
        yield from _attempt(attempt, said[AttemptId(attempt["attempt"])])
    for gate in detail["gates"]:
        yield from _gate(gate)


def _attempt(past: AttemptView, entries: list[tuple[int, Entry]]) -> Iterator[str]:
    took = "" if past["ended"] is None else f" after {span(past['ended'] - past['dispatched'])}"
    yield f"attempt {past['number']} in {past['window']}, from {clock(past['dispatched'])}: {past['outcome']}{took}"
    if past["failure"] is not None:
        yield f"  {one_line(past['failure']['detail'])}"
        told = {line for _, entry in entries for line in entry.text.splitlines()}
        yield from _output(line for line in past["failure"]["output"].splitlines() if line not in told)
    if past["paths"]:
        yield f"  changed {', '.join(one_line(path) for path in past['paths'])}"
    for kept in past["kept"]:
        yield f"  kept as {kept['ref']} ({kept['why']})"
    for _, entry in entries:
        label = " (simulated)" if entry.simulated else ""
        yield f"  {clock(entry.ts)} {entry.kind}{label}: {some_lines(entry.text)}"


def _gate(gate: GateView) -> Iterator[str]:
    if gate["passed"] is None:
        yield f"gate at {gate['commit'][:10]}, from {clock(gate['since'])}: not ended"
    elif gate["passed"]:
        how = "carried over" if gate["carried"] else span(gate["seconds"] or 0.0)
        yield f"gate at {gate['commit'][:10]}: green ({how})"
    else:
        yield f"gate at {gate['commit'][:10]}: {gate['gate']} is red"
        if gate["failure"] is not None:
            yield f"  {one_line(gate['failure']['detail'])}"
            yield from _output(gate["failure"]["output"].splitlines())


def _output(lines: Iterable[str]) -> Iterator[str]:
    return (f"  | {some_lines(line)}" for line in lines)
