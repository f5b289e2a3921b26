"""The fold: how each event changes a `RunState`. What an event means is written here and nowhere else.

Never: a clock, a decision, IO. An event that can not follow raises: the log is then not ours to continue.
"""

from collections.abc import Callable, Iterable
from typing import Never

from state import events as ev
from state import fold_train as train
from state import intents
from state.candidate import Candidate
from state.ids import AttemptId, CandidateId, window_id
from state.lifecycle import ENDED, Status
from state.question import About
from state.run import RunState
from state.standing import AttemptState, Choice, Gate, TaskState, WindowState


def replay(log: Iterable[ev.Recorded]) -> RunState:
    """The state after these events, which begin at seq 1."""
    run = RunState()
    for recorded in log:
        apply(run, recorded)
    return run


def apply(run: RunState, recorded: ev.Recorded) -> None:
    """Fold one more event in. ValueError on a gap; `IllegalMove` on an event that can not follow."""
    if recorded.seq != run.seq + 1:
        raise ValueError(f"event {recorded.seq} does not follow {run.seq} in run {run.id}")
    run.last = max(run.last, recorded.ts)
    fold = _FOLDS[type(recorded.event)]
    fold(run, recorded.event)  # type: ignore[arg-type]  # the table pairs each event with its own fold
    run.seq = recorded.seq


def _plan_accepted(run: RunState, e: ev.PlanAccepted) -> None:
    run.id, run.plan, run.repository, run.branch = e.run, e.plan, e.repository, e.trunk
    run.trunk_ref, run.trunk, run.trunk_before = e.trunk_ref, e.trunk_sha, e.trunk_sha
    run.stood = {e.trunk_sha}
    run.launched_by, run.ladder, run.simulated, run.started = e.launched_by, e.ladder, e.simulated, run.last
    for spec in e.plan.windows:
        for number in range(1, spec.count + 1):
            name = window_id(spec.role, number)
            run.windows[name] = WindowState(name, spec.role)
    adopted = dict(e.adopted)
    for task, role, rank in zip(e.plan.tasks, e.roles, e.order, strict=True):
        key = (task.window or role, task.exclusive, task.touches)
        run.tasks[task.id] = TaskState(task, role, rank, key, len(set(task.needs)), adopted.get(task.id))
        for need in set(task.needs):
            run.children.setdefault(need, []).append(task.id)
    run.counts[Status.WAITING] = len(run.tasks)
    for state in run.tasks.values():
        if not state.needs_left:
            run.make_ready(state)


def _intent_accepted(run: RunState, e: ev.IntentAccepted) -> None:
    run.intent = max(run.intent, e.intent_id)
    match e.intent:
        case intents.CancelRun():
            _cancel_all(run)
        case intents.RetryTask(task=name):
            _retry(run, run.tasks[name], e.by)
        case intents.SteerTask(task=name, text=text):
            run.tasks[name].steers += (text,)
        case intents.ResolveConflict(candidate=name, choice=choice, commit=commit):
            run.candidates[name].choice = Choice(choice, commit, e.by)
        case intents.DropCandidate(candidate=name):
            run.candidates[name].drop = f"dropped by {e.by}"
        case intents.ReorderTrain(order=order):
            first = {name: None for name in order if name in run.candidates}  # once each, however often it is named
            run.train = [*first, *(name for name in run.train if name not in first)]
            train.forget_green(run)
        case _:
            pass


def _cancel_all(run: RunState) -> None:
    run.cancelled = True
    for task in run.tasks.values():
        if task.status not in ENDED:
            _cancel(run, task, "IntentAccepted", "the run was cancelled")


def _cancel(run: RunState, task: TaskState, event: str, why: str) -> None:
    task.cancelled = True
    if task.status in (Status.WAITING, Status.FAILED):
        run.unready(task)
        run.move(task, Status.CANCELLED, event)
    elif task.candidate is not None:
        run.candidates[task.candidate].drop = why


def _retry(run: RunState, task: TaskState, by: str) -> None:
    # The later wish counts: of what was cancelled with the run, this task is taken up again and the rest is not.
    run.finished = run.cancelled = False
    task.failures, task.cancelled = 0, False
    if task.status in (Status.FAILED, Status.CANCELLED):
        run.move(task, Status.WAITING, "IntentAccepted")
        if not task.needs_left:
            run.make_ready(task)
    elif task.not_before:
        run.unready(task)
        run.make_ready(task)
    elif task.candidate is not None:
        candidate = run.candidates[task.candidate]
        candidate.choice, candidate.drop = Choice("retry", "", by), None


def _intent_refused(run: RunState, e: ev.IntentRefused) -> None:
    run.intent = max(run.intent, e.intent_id)
    if isinstance(e.intent, intents.LaunchRun) and not run.seq:
        run.refused = e.why


def _dispatched(run: RunState, e: ev.AttemptDispatched) -> None:
    task, window = run.tasks[e.task], run.windows[e.window]
    run.unready(task)
    run.move(task, Status.RUNNING, "AttemptDispatched")
    task.attempts, task.live, task.window = e.number, e.attempt, e.window
    window.attempt, window.attempts = e.attempt, window.attempts + 1
    run.live[e.attempt] = AttemptState(e.attempt, e.task, e.window, e.number, e.base, run.last)
    if task.spec.exclusive:
        run.claims[e.task] = task.spec.exclusive


def _started(run: RunState, e: ev.AttemptStarted) -> None:
    attempt = run.live[e.attempt]
    attempt.started, attempt.pid, attempt.worktree = True, e.pid, e.worktree


def _progressed(run: RunState, e: ev.AttemptProgressed) -> None:
    run.live[e.attempt].note = e.note
    run.cost += e.usage


def _end_attempt(run: RunState, task: TaskState, attempt: AttemptId) -> None:
    ended = run.live.pop(attempt)
    window = run.windows[ended.window]
    window.attempt = None
    window.busy += max(0.0, run.last - ended.since)
    task.live = None
    for question in [q for q in run.questions.values() if q.attempt == attempt]:
        del run.questions[question.id]


def _succeeded(run: RunState, e: ev.AttemptSucceeded) -> None:
    task = run.tasks[e.task]
    _end_attempt(run, task, e.attempt)
    run.move(task, Status.PROPOSED, "AttemptSucceeded")
    candidate = CandidateId(e.attempt)
    train.enter(run, Candidate(candidate, e.head, e.base, e.branch, e.paths, e.task, e.attempt))


def _failed(run: RunState, e: ev.AttemptFailed) -> None:
    task = run.tasks[e.task]
    _end_attempt(run, task, e.attempt)
    train.give_back(run, task, e.failure, e.retry_at, "AttemptFailed")


def _asked(run: RunState, e: ev.QuestionAsked) -> None:
    run.asked += 1
    run.questions[e.question.id] = e.question
    if e.question.candidate is not None:
        run.candidates[e.question.candidate].question = e.question.id


def _answered(run: RunState, e: ev.QuestionAnswered) -> None:
    question = run.questions.pop(e.question, None)
    if question is None or question.candidate is None or question.candidate not in run.candidates:
        return
    candidate = run.candidates[question.candidate]
    candidate.question = None
    if question.about is About.CONFLICT:
        known = e.text in question.choices
        candidate.choice = Choice(e.text if known else "commit", "" if known else e.text, e.by)
    elif e.text == "drop":
        candidate.drop = f"not approved by {e.by}"


def _approved(run: RunState, e: ev.ApprovalGiven) -> None:
    task = run.tasks[e.task]
    task.approved = True
    for question in [q for q in run.questions.values() if q.task == e.task and q.about is About.APPROVAL]:
        del run.questions[question.id]
        candidate = None if question.candidate is None else run.candidates.get(question.candidate)
        if candidate is not None and candidate.question == question.id:
            candidate.question = None  # else nobody would be asked about a conflict that comes later


def _task_cancelled(run: RunState, e: ev.TaskCancelled) -> None:
    _cancel(run, run.tasks[e.task], "TaskCancelled", f"cancelled by {e.by}")


def _paused(run: RunState, _: ev.RunPaused) -> None:
    run.paused = True


def _resumed(run: RunState, _: ev.RunResumed) -> None:
    run.paused = False


def _lease_taken(run: RunState, e: ev.LeaseTaken) -> None:
    run.holder, run.token, run.finished = e.holder, e.token, False
    for state in run.candidates.values():
        if state.gate is Gate.RUNNING:
            state.gate = Gate.NONE  # who ran it is gone


def _finished(run: RunState, _: ev.RunFinished) -> None:
    run.finished = True


def _nothing(_run: RunState, _e: ev.SnapshotTaken) -> None:
    pass


_FOLDS: dict[type, Callable[[RunState, Never], None]] = {
    ev.PlanAccepted: _plan_accepted,
    ev.IntentAccepted: _intent_accepted,
    ev.IntentRefused: _intent_refused,
    ev.AttemptDispatched: _dispatched,
    ev.AttemptStarted: _started,
    ev.AttemptProgressed: _progressed,
    ev.SnapshotTaken: _nothing,
    ev.AttemptSucceeded: _succeeded,
    ev.AttemptFailed: _failed,
    ev.QuestionAsked: _asked,
    ev.QuestionAnswered: _answered,
    ev.CandidateProposed: train.proposed,
    ev.CandidateProbed: train.probed,
    ev.ConflictFound: train.conflict_found,
    ev.ConflictResolved: train.conflict_resolved,
    ev.GateStarted: train.gate_started,
    ev.ChecksPassed: train.gate_ended,
    ev.ChecksFailed: train.gate_ended,
    ev.CandidateDropped: train.dropped,
    ev.ApprovalGiven: _approved,
    ev.LandingDispatched: train.landing_dispatched,
    ev.Landed: train.landed,
    ev.LandingRefused: train.landing_refused,
    ev.TaskCancelled: _task_cancelled,
    ev.RunPaused: _paused,
    ev.RunResumed: _resumed,
    ev.LeaseTaken: _lease_taken,
    ev.TrunkMoved: train.trunk_moved,
    ev.RunFinished: _finished,
}
