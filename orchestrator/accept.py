"""Intents to events: what a person asked for is accepted or refused here, against the present state.

Never: IO, a clock. An intent that makes no sense now is refused with one sentence; it is never an error.
"""

from typing import assert_never

from state import commands as cmd
from state import events as ev
from state import intents
from state.ids import TaskId
from state.lifecycle import ENDED, Status
from state.question import About, Question
from state.run import RunState

Accepted = tuple[tuple[ev.Event, ...], tuple[cmd.Command, ...]]


def accept(run: RunState, submitted: intents.Submitted) -> Accepted:
    """The events (the first says accepted or refused) and the commands that must follow at once."""
    why = _refusal(run, submitted.intent)
    if why:
        return (ev.IntentRefused(submitted.id, submitted.by, submitted.intent, why),), ()
    events, commands = _effect(run, submitted.intent, submitted.by)
    return (ev.IntentAccepted(submitted.id, submitted.by, submitted.intent), *events), commands


def _unknown(run: RunState, task: TaskId) -> str:
    return "" if task in run.tasks else f"there is no task {task!r} in run {run.id}"


def _refusal(run: RunState, intent: intents.Intent) -> str:
    match intent:
        case intents.LaunchRun(run=name):
            return "" if name == run.id else f"it is run {name} that was to be launched"
        case intents.PauseRun():
            return "the run is paused" if run.paused else ""
        case intents.ResumeRun():
            return "" if run.paused else "the run is not paused"
        case intents.CancelRun():
            return "the run is cancelled" if run.cancelled else ""
        case intents.CancelTask(task=task):
            return _unknown(run, task) or _not_cancellable(run, task)
        case intents.RetryTask(task=task):
            return _unknown(run, task) or _not_retryable(run, task)
        case intents.SteerTask(task=task):
            return _unknown(run, task) or _ended(run, task)
        case intents.ApproveTask(task=task):
            return _unknown(run, task) or _not_approvable(run, task)
        case intents.AnswerQuestion(question=question, text=text):
            return _not_answerable(run.questions.get(question), question, text)
        case intents.ResolveConflict(candidate=candidate, choice=choice, commit=commit):
            return _not_resolvable(run, candidate, choice, commit)
        case intents.ReorderTrain(order=order):
            strange = [name for name in order if name not in run.candidates]
            return f"not in the train: {', '.join(strange)}" if strange else ""
        case intents.DropCandidate(candidate=candidate):
            return "" if candidate in run.candidates else f"there is no candidate {candidate!r} in the train"
        case _:
            assert_never(intent)


def _ended(run: RunState, task: TaskId) -> str:
    status = run.tasks[task].status
    return f"task {task} is {status.lower()} already" if status in ENDED else ""


def _not_cancellable(run: RunState, task: TaskId) -> str:
    status = run.tasks[task].status
    return f"task {task} is {status.lower()} already" if status in (Status.LANDED, Status.CANCELLED) else ""


def _not_retryable(run: RunState, task: TaskId) -> str:
    status = run.tasks[task].status
    cooling = status is Status.WAITING and run.tasks[task].not_before > run.last
    if cooling or status in (Status.FAILED, Status.CANCELLED, Status.CONFLICTED):
        return ""
    return f"task {task} is {status.lower()}; only a failed, cancelled or conflicted task can be tried again"


def _not_approvable(run: RunState, task: TaskId) -> str:
    if not run.tasks[task].spec.approve:
        return f"task {task} needs no approval"
    return f"task {task} is approved already" if run.tasks[task].approved else _ended(run, task)


def _not_answerable(question: Question | None, name: str, text: str) -> str:
    if question is None:
        return f"there is no open question {name!r}"
    if not text.strip():
        return "an answer must not be empty"
    if question.about is About.APPROVAL and text not in question.choices:
        return f"answer one of: {', '.join(question.choices)}"
    return ""


def _not_resolvable(run: RunState, candidate: str, choice: str, commit: str) -> str:
    state = next((one for one in run.candidates.values() if one.value.id == candidate), None)
    if state is None or not state.conflicts:
        return f"candidate {candidate!r} has no open conflict"
    if choice == "commit":
        return "" if commit else "name the commit that settles it"
    known = ("ours", "theirs", "both", "retry", "drop")
    return "" if choice in known else f"the choice is one of: {', '.join(known)}, commit"


def _effect(run: RunState, intent: intents.Intent, by: str) -> Accepted:
    match intent:
        case intents.PauseRun():
            return (ev.RunPaused(by),), ()
        case intents.ResumeRun():
            return (ev.RunResumed(by),), ()
        case intents.CancelTask(task=task):
            return (ev.TaskCancelled(task, by, f"cancelled by {by}"),), ()
        case intents.SteerTask(task=task, text=text):
            live = run.tasks[task].live
            return (), () if live is None else (cmd.SteerAttempt(live, text),)
        case intents.ApproveTask(task=task):
            return (ev.ApprovalGiven(task, by),), ()
        case intents.AnswerQuestion(question=question, text=text):
            return _answer(run.questions[question], text.strip(), by)
        case _:
            return (), ()


def _answer(question: Question, text: str, by: str) -> Accepted:
    answered = ev.QuestionAnswered(question.id, text, by)
    if question.about is About.AGENT and question.attempt is not None:
        return (answered,), (cmd.SteerAttempt(question.attempt, text, question.id),)
    if question.about is About.APPROVAL and question.task is not None and text == "approve":
        return (answered, ev.ApprovalGiven(question.task, by)), ()
    return (answered,), ()
