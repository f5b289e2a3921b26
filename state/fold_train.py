"""The part of the fold that speaks of candidates: how they enter the train, are probed, gated, landed and dropped.

Never: called by anyone but `fold.py`.
"""

from dataclasses import replace

from state import events as ev
from state.candidate import Candidate, Rung
from state.failure import UNCOUNTED, Failure, FailureKind
from state.ids import CandidateId, Sha
from state.lifecycle import Status
from state.question import About
from state.run import RunState
from state.standing import AttemptState, Call, CandidateState, Gate, Step, TaskState

_STEPS_KEPT = 1000


def enter(run: RunState, value: Candidate) -> None:
    state = CandidateState(value)
    task = run.task_of(value)
    if task is not None:
        task.candidate, task.changed = value.id, value.paths
        if task.cancelled:
            state.drop = "the task was cancelled"
    run.candidates[value.id] = state
    run.train.append(value.id)


def give_back(run: RunState, task: TaskState, failure: Failure, retry_at: float | None, event: str) -> None:
    run.claims.pop(task.spec.id, None)
    task.failure = failure
    task.failures += failure.kind not in UNCOUNTED
    if task.cancelled:
        run.move(task, Status.CANCELLED, event)
    elif retry_at is None:
        run.move(task, Status.FAILED, event)
    else:
        task.not_before = retry_at
        run.move(task, Status.WAITING, event)
        run.make_ready(task)


def proposed(run: RunState, e: ev.CandidateProposed) -> None:
    if e.candidate.task is None:
        run.foreign = e.candidate.head
    else:
        task = run.tasks[e.candidate.task]
        run.unready(task)
        task.attempts += 1
        run.move(task, Status.PROPOSED, "CandidateProposed")
    enter(run, e.candidate)


def _probe_of(run: RunState, name: CandidateId) -> CandidateState | None:
    """Whom a probe speaks of; None when it has left the train or begun to land while the probe was under way."""
    landing = () if run.landing is None else run.landing.candidates
    return None if name in landing else run.candidates.get(name)


def probed(run: RunState, e: ev.CandidateProbed) -> None:
    state = _probe_of(run, e.candidate)
    if state is None:
        return
    if run.plan.gate_carry and e.commit != e.onto:
        run.steps[e.commit] = Step(e.onto, state.value.head, state.value.paths)
    state.onto, state.commit, state.conflicts, state.choice = e.onto, e.commit, (), None
    state.gate, state.gate_failure, state.carried = Gate.NONE, None, False
    state.note, state.tried, state.call = "", Rung.TRIVIAL, None
    _lapse(run, state)
    if e.task is not None:
        run.move(run.tasks[e.task], Status.PROPOSED, "CandidateProbed")


def _lapse(run: RunState, state: CandidateState) -> None:
    question = None if state.question is None else run.questions.get(state.question)
    if question is not None and question.about is About.CONFLICT:
        del run.questions[question.id]
        state.question = None


def conflict_found(run: RunState, e: ev.ConflictFound) -> None:
    state = _probe_of(run, e.candidate)
    if state is None:
        return
    if e.conflicts != state.conflicts or e.note:
        _lapse(run, state)  # it was asked of something else
    same = e.conflicts == state.conflicts and e.tried is Rung.TRIVIAL
    state.call = _still_called(state, e)
    state.note, state.tried = e.note, state.tried if same else e.tried
    if e.back is not None:
        state.value, state.before, state.resolved = replace(state.value, head=e.back), None, ()
    state.onto, state.commit, state.conflicts, state.choice = e.onto, None, e.conflicts, None
    state.gate, state.gate_failure, state.carried = Gate.NONE, None, False
    if e.task is not None:
        run.move(run.tasks[e.task], Status.CONFLICTED, "ConflictFound")


def _still_called(state: CandidateState, e: ev.ConflictFound) -> Call | None:
    """The resolver's part, as long as it is the same that conflicts and its rung has not been given up."""
    call = state.call
    if call is None or e.tried in (Rung.RESOLVER, Rung.PERSON) or e.back is not None or e.conflicts != state.conflicts:
        return None
    if call.result is None or not e.note:
        return call
    return replace(call, result=None, tries=call.tries + 1, failure=Failure(FailureKind.CONFLICT, e.note))


def resolver_called(run: RunState, e: ev.ResolverCalled) -> None:
    state = run.candidates.get(e.candidate)
    if state is not None and state.conflicts:
        state.call = Call(e.onto, e.base, e.proposals)


def resolver_ended(run: RunState, attempt: AttemptState, ended: Sha | Failure) -> None:
    """Of a conflict that was settled otherwise meanwhile, nothing is wanted any more."""
    state = None if attempt.candidate is None else run.candidates.get(attempt.candidate)
    if state is None or state.call is None or state.call.base != attempt.base:
        return
    if isinstance(ended, Failure):
        counts = ended.kind not in UNCOUNTED
        state.call = replace(state.call, tries=state.call.tries + counts, failure=ended)
    else:
        state.call = replace(state.call, result=ended)


def conflict_resolved(run: RunState, e: ev.ConflictResolved) -> None:
    state = run.candidates[e.candidate]
    paths = tuple(sorted({*state.value.paths, *e.paths}))
    state.value, state.green = replace(state.value, head=e.head, paths=paths), None
    state.onto, state.commit, state.conflicts, state.choice = None, None, (), None
    if e.rung is Rung.PERSON or not e.conflicts:
        state.before, state.resolved = None, ()
    else:
        state.before, state.resolved, state.made = state.before or e.previous, e.conflicts, e.rung
    state.note, state.tried, state.call = "", Rung.TRIVIAL, None
    _lapse(run, state)
    run.resolved.append(e.candidate)
    run.resolutions.append(e)
    if e.task is not None:
        run.move(run.tasks[e.task], Status.PROPOSED, "ConflictResolved")


def gate_started(run: RunState, e: ev.GateStarted) -> None:
    run.candidates[e.candidate].gate = Gate.RUNNING
    if e.task is not None:
        run.move(run.tasks[e.task], Status.GATING, "GateStarted")


def gate_ended(run: RunState, e: ev.ChecksPassed | ev.ChecksFailed) -> None:
    state = run.candidates.get(e.candidate)
    if state is None or state.commit != e.commit:
        return  # of a commit that is not the candidate's any more: probed again meanwhile
    passed = isinstance(e, ev.ChecksPassed)
    state.gate = Gate.GREEN if passed else Gate.RED
    state.green = e.commit if passed else None
    state.carried = isinstance(e, ev.ChecksPassed) and e.carried
    state.gate_failure = e.failure if isinstance(e, ev.ChecksFailed) else None
    if e.task is not None:
        run.move(run.tasks[e.task], Status.GATING, "ChecksPassed" if passed else "ChecksFailed")


def _leave(run: RunState, candidate: CandidateId) -> TaskState | None:
    state = run.candidates.pop(candidate)
    run.train.remove(candidate)
    if len(run.steps) > _STEPS_KEPT + 4 * len(run.train):
        _forget_steps(run)
    if run.questions:
        for question in [q for q in run.questions.values() if q.candidate == candidate]:
            del run.questions[question.id]
    task = run.task_of(state.value)
    if task is not None:
        task.candidate = None
        run.claims.pop(task.spec.id, None)
    return task


def _forget_steps(run: RunState) -> None:
    """Keep what leads from the present and the green commits down to where the trunk has stood."""
    kept: dict[Sha, Step] = {}
    for state in run.in_train():
        for start in (state.commit, state.green):
            here = start
            while here is not None and here in run.steps and here not in kept and here not in run.stood:
                kept[here] = run.steps[here]
                here = kept[here].onto
    run.steps = kept


def dropped(run: RunState, e: ev.CandidateDropped) -> None:
    task = _leave(run, e.candidate)
    if task is not None:
        task.approved = False
        give_back(run, task, e.failure, e.retry_at, "CandidateDropped")


def landing_dispatched(run: RunState, e: ev.LandingDispatched) -> None:
    run.landing = e


def landed(run: RunState, e: ev.Landed) -> None:
    run.landing = None
    run.trunk = e.trunk_after
    run.stood.add(e.trunk_after)
    task = _leave(run, e.candidate)
    if task is None:
        return
    run.move(task, Status.LANDED, "Landed")
    task.landed = e.commit
    run.landed.append(task.spec.id)
    for name in run.children.get(task.spec.id, ()):
        child = run.tasks[name]
        child.needs_left -= 1
        if not child.needs_left and child.status is Status.WAITING:
            run.make_ready(child)


def landing_refused(run: RunState, e: ev.LandingRefused) -> None:
    run.landing = None
    _stand_at(run, e.trunk_now)
    if e.shadow:
        run.trunk_ref = e.shadow


def trunk_moved(run: RunState, e: ev.TrunkMoved) -> None:
    _stand_at(run, e.after)


def _stand_at(run: RunState, trunk: Sha) -> None:
    if trunk != run.trunk:
        run.trunk, run.stood = trunk, {trunk}


def forget_green(run: RunState) -> None:
    for state in run.candidates.values():
        state.green = None
