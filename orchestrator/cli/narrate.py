"""Events to lines: one short one for each event worth telling for people, an envelope of every event for programs.

Never: a fact that is not in the event, but for the one that no event can tell: that the store is away.
"""

from collections.abc import Sequence

from dashboard.envelope import envelope
from orchestrator.cli.out import one_line
from orchestrator.cli.times import clock
from orchestrator.cli.voice import Line
from state import events as ev
from state.codec import name_of
from state.ids import RunId, TaskId
from state.plan import RuntimeName

_STYLES = {"Landed": "green", "AttemptFailed": "yellow", "ConflictFound": "yellow", "ChecksFailed": "yellow",
           "OverlapSeen": "yellow", "QuestionAsked": "magenta", "ConflictResolved": "cyan",
           "RunFinished": "bold"}  # fmt: skip


def of_reach(why: str) -> str:
    """What is said when the store has gone away (`why`), and when it is back ("")."""
    if why:
        return f"store unreachable: {why}; what is at work goes on, nothing is started or landed until it is back"
    return "the store is back; runs go on"


def of_risk(risk: str) -> str:
    """What is said when runs begin on a store that somebody has accepted although it can lose them."""
    return f"warning: {risk}; what is stored there can be lost"


_RESOLVER = TaskId("resolver:")
"""Among the tasks of simulated agents: the resolver is one too. No task can be called so."""


def line_of(event: ev.Event) -> str | None:
    """One line about an event; None for events that only programs care about."""
    match event:
        case ev.PlanAccepted(run=run, plan=plan, trunk=trunk):
            return f"run {run}: {len(plan.tasks)} tasks onto {trunk}"
        case ev.AttemptDispatched():
            return _starts(event)
        case ev.AttemptProgressed(task=task, note=note):
            return f"{task}: {note}" if note else None
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
        case ev.OverlapSeen() | ev.OverlapGone():
            return _of_overlap(event)
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
            return f"refused {type(intent).__name__}: {why}"
        case ev.RunFinished(landed=landed, cancelled=cancelled):
            return f"{'cancelled' if cancelled else 'finished'}: {len(landed)} landed"
        case _:
            return _quota(event)


def _starts(event: ev.AttemptDispatched) -> str:
    if event.candidate is not None:
        return f"{event.task}: {event.window} is given the conflict of {event.candidate}"
    return f"{event.task}: starts in {event.window}" + (f", try {event.number}" if event.number > 1 else "")


def _of_overlap(event: ev.OverlapSeen | ev.OverlapGone) -> str:
    who = f"{event.task} and {event.other or 'the trunk'}"
    if isinstance(event, ev.OverlapGone):
        return f"{who}: {event.why}"
    where = ", ".join(sorted({one.path for one in event.overlaps})[:3])
    why = event.overlaps[0].detail or event.overlaps[0].rule
    return f"{who} want the same in {where}: {why}"


def simulated_in(first: ev.Event) -> frozenset[TaskId]:
    """The tasks that a simulated agent works at, as the first event of a log says."""
    match first:
        case ev.PlanAccepted(plan=plan, roles=roles):
            known = zip(plan.tasks, roles, strict=True)
            return frozenset([_RESOLVER] if plan.simulates_conflicts else []).union(
                task.id
                for task, role in known
                if task.adopt is None and plan.runtime_of(task, role) is RuntimeName.SCRIPTED
            )
        case _:
            return frozenset()


def told(recorded: ev.Recorded, simulated: frozenset[TaskId]) -> Line | None:
    """The line for people, with its time; None for events that only programs care about."""
    text = line_of(recorded.event)
    if text is None:
        return None
    match recorded.event:
        case ev.AttemptDispatched(candidate=str()) if _RESOLVER in simulated:
            text += " (simulated)"
        case ev.AttemptDispatched(candidate=None, task=task) | ev.AttemptProgressed(task=task) if task in simulated:
            text += " (simulated)"
        case _:
            pass
    return Line(f"{clock(recorded.ts)}  {one_line(text)}", _STYLES.get(name_of(recorded.event), ""))


def lines_of(log: Sequence[ev.Recorded], run: RunId, as_json: bool, simulated: frozenset[TaskId]) -> list[Line]:
    """What there is to say of these events; `as_json`: each of them as an envelope."""
    if as_json:
        return [Line(envelope(run, recorded)) for recorded in log]
    return [line for recorded in log if (line := told(recorded, simulated)) is not None]


def _quota(event: ev.Event) -> str | None:
    match event:
        case ev.QuotaClosed(why=why):
            return f"the provider wants to be left alone: {why}; its windows wait, and go on by themselves"
        case ev.QuotaOpened():
            return "the provider's door is open again"
        case ev.ClaimsElsewhere(held=held):
            told = ", ".join(f"{glob} (run {run})" for glob, run in held)
            return f"claimed by other runs of this repository: {told or 'nothing any more'}"
        case _:
            return None
