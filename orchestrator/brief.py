"""What an agent is told about the run around its task, taken from the state at the moment of dispatch.

Never: wording; that is `agents/prompt.py`.
"""

from agents.prompt import Brief, Neighbour
from state import commands as cmd
from state.run import RunState


def brief_of(run: RunState, order: cmd.StartAttempt) -> Brief:
    """The brief of an attempt: its role, what failed last time, what was steered, and who works beside it."""
    task = run.tasks[order.task.id]
    neighbours = tuple(
        Neighbour(other.task, spec.title, spec.touches + spec.exclusive)
        for other in run.live.values()
        if other.task != order.task.id
        for spec in (run.tasks[other.task].spec,)
    )
    return Brief(role=task.role, last_failure=task.failure, steers=task.steers, neighbours=neighbours)
