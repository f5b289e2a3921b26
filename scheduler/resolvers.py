"""The resolver's attempts: when an agent starts on a conflict that no rule settles, when it must stop, and when there
is none (any more), so that a person is asked.

Never: whether a conflict is one for the resolver; the train has called it then.
"""

from collections.abc import Iterator

from scheduler import limits
from scheduler.balance import free_windows
from state.commands import PassOver, StartAttempt
from state.failure import FailureKind
from state.ids import attempt_id
from state.plan import RESOLVER
from state.run import RunState
from state.standing import AttemptState, CandidateState, TaskState

_FOR_GOOD = frozenset({FailureKind.BUDGET, FailureKind.AUTH})
"""After these another try would end alike, or cost more than a person allowed."""


def resolver_starts(run: RunState, room: int) -> list[StartAttempt]:
    """Conflicts first in the train first; at most `room`, and one to a window."""
    starts: list[StartAttempt] = []
    if run.plan.resolver is None or limits.closed_until(run, RESOLVER) is not None:
        return starts
    free = free_windows(limits.windows_of(run, RESOLVER))[:room]
    for state, task in _called(run):
        if len(starts) == len(free):
            break
        call = state.call
        spec = None if call is None else run.plan.resolver_of(task.spec, call.tries + 1)
        if call is None or spec is None or _no_more(run, state, task):
            continue
        number, window = task.attempts + 1, free[len(starts)].id
        name, value = attempt_id(task.spec.id, number), state.value
        starts.append(StartAttempt(spec, name, number, window, call.base, candidate=value.id))
    return starts


def decide_passes(run: RunState) -> list[PassOver]:
    """The conflicts that go to the next rung because no agent may try them (again)."""
    if run.plan.resolver is None:
        return []
    found: list[PassOver] = []
    for state, task in _called(run):
        why = _no_more(run, state, task)
        if why and state.onto is not None:
            found.append(PassOver(state.value.id, task.spec.id, state.onto, state.conflicts, why))
    return found


def is_wanted(run: RunState, attempt: AttemptState) -> bool:
    """Whether what a live resolver works at is still in conflict, and nobody has decided otherwise."""
    state = None if attempt.candidate is None else run.candidates.get(attempt.candidate)
    if state is None or state.call is None or state.call.base != attempt.base:
        return False
    return state.choice is None and state.drop is None


def _called(run: RunState) -> Iterator[tuple[CandidateState, TaskState]]:
    """Those that wait for a resolver and have none at work."""
    for state in run.in_train():
        task = run.task_of(state.value)
        waits = state.call is not None and state.call.result is None and state.choice is None and state.drop is None
        if waits and task is not None and task.live is None:
            yield state, task


def _no_more(run: RunState, state: CandidateState, task: TaskState) -> str:
    call, plan = state.call, run.plan.resolver
    if call is None or plan is None:
        return ""
    last = "" if call.failure is None else call.failure.detail
    if call.tries >= plan.attempts or (call.failure is not None and call.failure.kind in _FOR_GOOD):
        return f"the resolver has given up: {last}" if last else "the resolver has given up"
    spent = limits.spent(run) or limits.overdrawn(task)
    return f"no resolver was started: {spent}" if spent else ""
