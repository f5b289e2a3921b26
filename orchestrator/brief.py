"""What an agent is told about the run around its task, taken from the state at the moment of dispatch.

Never: wording; that is `agents/prompt.py`.
"""

from agents.prompt import Brief, Clash, Neighbour
from state import commands as cmd
from state.plan import RESOLVER
from state.run import RunState
from state.standing import CandidateState

_MOST_TOLD = 20
"""So many files that a neighbour has changed already are named to an agent."""


def brief_of(run: RunState, order: cmd.StartAttempt) -> Brief:
    """The brief of an attempt: its role, what failed last time, what was steered, and who works beside it."""
    task = run.tasks[order.task.id]
    neighbours = tuple(
        Neighbour(other.task, spec.title, (*spec.touches, *spec.exclusive, *other.touched[:_MOST_TOLD]), spec.prompt)
        for other in run.live.values()
        if other.task != order.task.id
        for spec in (run.tasks[other.task].spec,)
    )
    state = None if order.candidate is None else run.candidates.get(order.candidate)
    if state is not None:
        failure = None if state.call is None else state.call.failure
        return Brief(RESOLVER, failure, steers=task.steers, clash=_clash(run, state))
    return Brief(role=task.role, last_failure=task.failure, steers=task.steers, neighbours=neighbours)


_MOST_LANDED = 5
"""So many tasks are named as the other side of a conflict: the last to land that touched what conflicts."""


def _clash(run: RunState, state: CandidateState) -> Clash:
    wanted = {one.path for one in state.conflicts}
    mine = run.task_of(state.value)
    needs = () if mine is None else mine.spec.needs
    landed = (run.tasks[name] for name in reversed(run.landed) if name not in needs)
    others = tuple(
        Neighbour(one.spec.id, one.spec.title, one.changed[:_MOST_TOLD], one.spec.prompt)
        for one in landed
        if wanted.intersection(one.changed)
    )
    proposals = () if state.call is None else state.call.proposals
    return Clash(run.branch, state.conflicts, others[:_MOST_LANDED], proposals)
