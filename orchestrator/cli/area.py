"""The lowest lines of a terminal while a run is led: how many tasks stand where, who is at work since when, what waits
for a person. The lines of the run go by above.

Never: without a terminal; a fact that the state of the run does not hold.
"""

import time
from dataclasses import dataclass
from typing import IO, cast

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from orchestrator.cli.out import one_line
from orchestrator.cli.times import span
from orchestrator.cli.voice import Line, Unbuffered
from state.ids import TaskId
from state.lifecycle import Status
from state.run import RunState

TICK = 0.5
MOST_WINDOWS = 12
MOST_QUESTIONS = 3
_COLOURS = {
    Status.RUNNING: "cyan",
    Status.CONFLICTED: "yellow",
    Status.FAILED: "red",
    Status.LANDED: "green",
}


@dataclass(frozen=True, slots=True)
class AtWork:
    window: str
    task: str
    since: float
    note: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Glance:
    """A run as it stood at one instant; taken by the loop's thread, drawn by another. Times are unix seconds."""

    counts: tuple[tuple[Status, int], ...]
    tasks: int
    started: float
    paused: bool
    at_work: tuple[AtWork, ...]
    questions: tuple[tuple[str, str], ...]


def glance(run: RunState, simulated: frozenset[TaskId]) -> Glance:
    """Costs what is at work and waiting, not what the plan is."""
    return Glance(
        counts=tuple((status, run.counts[status]) for status in Status if run.counts[status]),
        tasks=len(run.tasks),
        started=run.started,
        paused=run.paused,
        at_work=tuple(
            AtWork(one.window, one.task, one.since, one.note, one.task in simulated) for one in run.live.values()
        ),
        questions=tuple((one.id, one.text) for one in run.questions.values()),
    )


class Area:
    """A screen for `Voice`, on a terminal that can move its cursor."""

    tick: float | None = TICK

    def __init__(self, stream: Unbuffered) -> None:
        self._console = Console(file=cast("IO[str]", stream), highlight=False, markup=False, emoji=False)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self.seen: Glance | None = None
        """Set by the loop's thread: the newest one counts."""

    def open(self) -> None:
        self._live.start()

    def lines(self, lines: list[Line]) -> None:
        self._live.update(self._drawn())
        for line in lines:
            self._console.print(Text(line.text, style=line.style), soft_wrap=True)
        self._live.refresh()

    def refresh(self) -> None:
        self._live.update(self._drawn(), refresh=True)

    def close(self) -> None:
        self._live.stop()

    def _drawn(self) -> Group:
        return Group() if self.seen is None else drawn(self.seen, time.time())


def drawn(seen: Glance, now: float) -> Group:
    """One line of counts, one for each window at work, one for each question."""
    rows = [_counts(seen, now)]
    wide = max((len(one.window) for one in seen.at_work), default=0)
    long = max((len(one.task) for one in seen.at_work), default=0)
    for one in seen.at_work[:MOST_WINDOWS]:
        row = _row(f"  {one.window:<{wide}}  {one.task:<{long}}  {span(now - one.since):>7}", "cyan")
        if one.simulated:
            row.append("  (simulated)")
        rows.append(row.append(f"  {one_line(one.note)}", style="dim") if one.note else row)
    if len(seen.at_work) > MOST_WINDOWS:
        rows.append(_row(f"  and {len(seen.at_work) - MOST_WINDOWS} more windows at work", "cyan"))
    for name, text in seen.questions[:MOST_QUESTIONS]:
        rows.append(_row(f"  waiting for you: tianting answer {name} …  ", "magenta").append(one_line(text)))
    if len(seen.questions) > MOST_QUESTIONS:
        rows.append(_row(f"  and {len(seen.questions) - MOST_QUESTIONS} more questions", "magenta"))
    return Group(*rows)


def _counts(seen: Glance, now: float) -> Text:
    row = _row(span(now - seen.started), "bold")
    for status, count in seen.counts:
        row.append(" · ").append(f"{count} {status.value.lower()}", style=_COLOURS.get(status, ""))
    row.append(f" · of {seen.tasks} tasks")
    if seen.questions:
        row.append(" · ").append(f"{len(seen.questions)} waiting for you", style="magenta")
    return row.append(" · paused", style="magenta") if seen.paused else row


def _row(text: str, style: str) -> Text:
    row = Text(no_wrap=True, overflow="ellipsis")
    return row.append(text, style=style)
