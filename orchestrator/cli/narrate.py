"""Events to lines for people: one short line for each event worth telling, plain for a pipe, coloured for a terminal.

Never: a fact that is not in the event.
"""

import sys
import time
from collections.abc import Sequence

from dashboard.envelope import envelope
from state import events as ev
from state.codec import name_of
from state.ids import RunId

_STYLES = {"Landed": "green", "AttemptFailed": "yellow", "ConflictFound": "yellow", "ChecksFailed": "yellow",
           "QuestionAsked": "magenta", "ConflictResolved": "cyan", "RunFinished": "bold"}  # fmt: skip


def line_of(event: ev.Event) -> str | None:
    """One line about an event; None for events that only programs care about."""
    match event:
        case ev.PlanAccepted(run=run, plan=plan, trunk=trunk):
            return f"run {run}: {len(plan.tasks)} tasks onto {trunk}"
        case ev.AttemptDispatched(task=task, window=window, number=number):
            return f"{task}: starts in {window}" + (f", try {number}" if number > 1 else "")
        case ev.AttemptProgressed(task=task, note=note):
            return f"{task}: {note}"
        case ev.AttemptSucceeded(task=task, paths=paths):
            return f"{task}: done, {len(paths)} file{'s' * (len(paths) != 1)} changed"
        case ev.AttemptFailed(task=task, failure=failure, retry_at=again):
            return f"{task}: failed ({failure.kind}): {failure.detail}" + ("" if again is None else "; tried again")
        case ev.SnapshotTaken(task=task, ref=ref):
            return f"{task}: its work so far is kept as {ref}"
        case ev.QuestionAsked(question=question):
            choices = f" [{' / '.join(question.choices)}]" if question.choices else ""
            return f"waiting for you ({question.id}): {question.text}{choices}"
        case ev.QuestionAnswered(question=question, text=text, by=by):
            return f"{question}: {by} answered {text!r}"
        case ev.ConflictFound(candidate=candidate, conflicts=conflicts):
            return f"{candidate}: conflicts in {', '.join(sorted({one.path for one in conflicts}))}"
        case ev.ConflictResolved(candidate=candidate, how=how, by=by):
            return f"{candidate}: conflict resolved by {by}: {how}"
        case ev.ChecksFailed(candidate=candidate, gate=gate, failure=failure):
            return f"{candidate}: gate {gate} is red: {failure.detail}"
        case ev.ChecksPassed(candidate=candidate, seconds=seconds, carried=carried):
            return f"{candidate}: gate is green ({'carried over' if carried else f'{seconds:.1f} s'})"
        case ev.CandidateDropped(candidate=candidate, failure=failure, retry_at=again):
            return f"{candidate}: out of the train: {failure.detail}" + ("" if again is None else "; tried again")
        case ev.Landed(task=task, candidate=candidate, commit=commit):
            return f"{task or candidate}: landed as {commit[:10]}"
        case ev.LandingRefused(why=why):
            return f"landing refused: {why}"
        case ev.TrunkMoved(after=after):
            return f"the trunk was moved to {after[:10]} by somebody else"
        case ev.TaskCancelled(task=task, by=by):
            return f"{task}: cancelled by {by}"
        case ev.RunPaused(by=by):
            return f"paused by {by}"
        case ev.RunResumed(by=by):
            return f"resumed by {by}"
        case ev.IntentRefused(intent=intent, why=why):
            return f"refused {name_of_intent(intent)}: {why}"
        case ev.RunFinished(landed=landed, cancelled=cancelled):
            return f"{'cancelled' if cancelled else 'finished'}: {len(landed)} landed"
        case _:
            return None


def name_of_intent(intent: object) -> str:
    return type(intent).__name__


class Narrator:
    """Prints events as they are stored. A reader that has gone away never stops a run."""

    def __init__(self, as_json: bool, run: RunId = RunId("")) -> None:
        self._as_json = as_json
        self._colour = sys.stdout.isatty() and not as_json
        self._run = run
        self._gone = False

    def __call__(self, log: Sequence[ev.Recorded]) -> None:
        lines = [line for one in log if (line := self._line(one)) is not None]
        if lines and not self._gone:
            try:
                sys.stdout.write("\n".join(lines) + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                self._gone = True

    def _line(self, recorded: ev.Recorded) -> str | None:
        if isinstance(recorded.event, ev.PlanAccepted):
            self._run = recorded.event.run
        if self._as_json:
            return envelope(self._run, recorded)
        text = line_of(recorded.event)
        if text is None:
            return None
        stamp = time.strftime("%H:%M:%S", time.localtime(recorded.ts))
        style = _STYLES.get(name_of(recorded.event))
        return f"{stamp}  {text}" if style is None or not self._colour else f"{stamp}  {_paint(text, style)}"


_CODES = {"green": "32", "yellow": "33", "magenta": "35", "cyan": "36", "bold": "1"}


def _paint(text: str, style: str) -> str:
    return f"\033[{_CODES[style]}m{text}\033[0m"
