"""Taking a candidate out of the train.

Never: before its commits are in salvage.
"""

from conflict.keep import remove_branch, salvage
from state.commands import DropCandidate
from state.events import CandidateDropped
from state.ports import Repository
from state.run import RunState


async def drop(repository: Repository, order: DropCandidate, run: RunState) -> CandidateDropped:
    """Whether and when the task is tried again is left open (None): that is the scheduler's."""
    value = order.candidate
    await salvage(repository, run.id, value.id, value.head)
    await remove_branch(repository, run.id, value)
    return CandidateDropped(value.id, value.task, order.failure, None)
