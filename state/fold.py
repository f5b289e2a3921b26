"""The fold: how each event changes a `RunState`. What an event means is written here and nowhere else.

Never: a clock, a decision, IO. An event that can not follow raises: the log is then not ours to continue.
"""

from collections.abc import Callable, Iterable
from typing import Never

from state import events as ev
from state import fold_train as train
from state import intents
from state.candidate import Candidate
from state.failure import UNCOUNTED
from state.footprint import as_glob
from state.ids import AttemptId, CandidateId, window_id
from state.lifecycle import ENDED, Status
from state.plan import AGENTS
from state.question import About
from state.run import RunState
from state.standing import AttemptState, Begun, Choice, Gate, TaskState, WindowState
from state.transcript import Usage


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
    if recorded.ts > run.last:
        run.last = recorded.ts
    event = recorded.event
    _FOLDS[type(event)](run, event)  # type: ignore[arg-type]  # the table pairs each event with its own fold
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
    known = {name: tuple(as_glob(path) for path in paths) for name, paths in e.learned}
    for task, role, rank in zip(e.plan.tasks, e.roles, e.order, strict=True):
        learned = known.get(task.id, ())
        key = (task.window or role, task.exclusive, task.touches + learned)
        run.tasks[task.id] = TaskState(task, role, rank, key, len(set(task.needs)), adopted.get(task.id))
        run.tasks[task.id].learned = learned
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
    if e.candidate is None:
        run.unready(task)
        run.move(task, Status.RUNNING, "AttemptDispatched")
    task.attempts, task.live, task.window = e.number, e.attempt, e.window
    window.attempt, window.attempts = e.attempt, window.attempts + 1
    live = AttemptState(e.attempt, e.task, e.window, e.number, e.base, run.last, candidate=e.candidate)
    run.live[e.attempt] = live
    if task.spec.exclusive:
        run.claims[e.task] = task.spec.exclusive


def _started(run: RunState, e: ev.AttemptStarted) -> None:
    attempt = run.live[e.attempt]
    attempt.started, attempt.pid, attempt.worktree, attempt.runtime = True, e.pid, e.worktree, e.runtime


def _progressed(run: RunState, e: ev.AttemptProgressed) -> None:
    attempt = run.live[e.attempt]
    attempt.note = e.note or attempt.note
    attempt.session = e.session or attempt.session
    attempt.model = e.model or attempt.model
    if not e.usage.tokens and not e.usage.usd:
        return
    attempt.spent += e.usage
    attempt.turns += e.usage.output > 0
    run.tasks[e.task].spent += e.usage
    run.windows[e.window].spent += e.usage
    run.cost += e.usage
    by = f"{attempt.runtime} {attempt.model}".strip()
    run.models[by] = run.models.get(by, Usage()) + e.usage


def _end_attempt(run: RunState, task: TaskState, attempt: AttemptId) -> None:
    ended = run.live.pop(attempt)
    window = run.windows[ended.window]
    window.attempt = None
    window.busy += max(0.0, run.last - ended.since)
    task.live = None
    if run.questions:
        for question in [q for q in run.questions.values() if q.attempt == attempt]:
            del run.questions[question.id]


def _succeeded(run: RunState, e: ev.AttemptSucceeded) -> None:
    task = run.tasks[e.task]
    if run.live[e.attempt].candidate is not None:
        train.resolver_ended(run, run.live[e.attempt], e.head)
        _end_attempt(run, task, e.attempt)
        return
    _end_attempt(run, task, e.attempt)
    run.move(task, Status.PROPOSED, "AttemptSucceeded")
    task.begun = None
    candidate = CandidateId(e.attempt)
    train.enter(run, Candidate(candidate, e.head, e.base, e.branch, e.paths, e.task, e.attempt))


def _failed(run: RunState, e: ev.AttemptFailed) -> None:
    task, attempt = run.tasks[e.task], run.live[e.attempt]
    if attempt.candidate is not None:
        train.resolver_ended(run, attempt, e.failure)
        _end_attempt(run, task, e.attempt)
        return
    goes_on = attempt.runtime in AGENTS and e.failure.kind in UNCOUNTED and e.retry_at is not None
    task.begun = Begun(attempt.base, attempt.kept, attempt.session) if goes_on else None
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
    run.overlaps.clear()  # who saw them is gone, and the new one looks for itself
    for state in run.candidates.values():
        if state.gate is Gate.RUNNING:
            state.gate = Gate.NONE  # who ran it is gone


def _claims_elsewhere(run: RunState, e: ev.ClaimsElsewhere) -> None:
    run.elsewhere = dict(e.held)


def _quota_closed(run: RunState, e: ev.QuotaClosed) -> None:
    run.quotas[e.credential] = max(e.until, run.quotas.get(e.credential, 0.0))


def _quota_opened(run: RunState, e: ev.QuotaOpened) -> None:
    run.quotas.pop(e.credential, None)


def _finished(run: RunState, _: ev.RunFinished) -> None:
    run.finished = True
    run.overlaps.clear()


def _kept(run: RunState, e: ev.SnapshotTaken) -> None:
    """The first of an attempt's is all its work; one that follows holds what went astray."""
    attempt = run.live.get(e.attempt)
    if attempt is not None and attempt.kept is None and e.why in UNCOUNTED:
        attempt.kept = e.commit


def _footprint_seen(run: RunState, e: ev.FootprintSeen) -> None:
    attempt = run.live.get(e.attempt)
    if attempt is not None:
        attempt.touched += e.paths


def _overlap_seen(run: RunState, e: ev.OverlapSeen) -> None:
    run.overlaps.pop((e.other, e.task) if e.other is not None else (e.task, None), None)
    run.overlaps[e.task, e.other] = e.overlaps


def _overlap_gone(run: RunState, e: ev.OverlapGone) -> None:
    run.overlaps.pop((e.task, e.other), None)
    if e.other is not None:
        run.overlaps.pop((e.other, e.task), None)


_FOLDS: dict[type, Callable[[RunState, Never], None]] = {
    ev.PlanAccepted: _plan_accepted,
    ev.IntentAccepted: _intent_accepted,
    ev.IntentRefused: _intent_refused,
    ev.AttemptDispatched: _dispatched,
    ev.AttemptStarted: _started,
    ev.AttemptProgressed: _progressed,
    ev.SnapshotTaken: _kept,
    ev.AttemptSucceeded: _succeeded,
    ev.AttemptFailed: _failed,
    ev.QuestionAsked: _asked,
    ev.QuestionAnswered: _answered,
    ev.FootprintSeen: _footprint_seen,
    ev.OverlapSeen: _overlap_seen,
    ev.OverlapGone: _overlap_gone,
    ev.CandidateProposed: train.proposed,
    ev.CandidateProbed: train.probed,
    ev.ConflictFound: train.conflict_found,
    ev.ResolverCalled: train.resolver_called,
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
    ev.ClaimsElsewhere: _claims_elsewhere,
    ev.QuotaClosed: _quota_closed,
    ev.QuotaOpened: _quota_opened,
    ev.RunFinished: _finished,
}
