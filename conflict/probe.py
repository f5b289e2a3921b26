"""Probing: candidates merged one on top of the other, in the object store alone.

Never: a ref, an index, a work tree.
"""

from collections.abc import AsyncIterator

from conflict.drop import drop
from conflict.look import Examiner, with_rules
from state.candidate import Candidate
from state.commands import DropCandidate, ProbeCandidate
from state.events import CandidateDropped, CandidateProbed, ConflictFound, Event
from state.failure import Failure, FailureKind
from state.ids import Sha
from state.ports import Clock, MergeClean, MergeConflicted, Repository, RepositoryFault
from state.run import RunState


async def probe(
    repository: Repository, order: ProbeCandidate, run: RunState, clock: Clock, examiner: Examiner | None = None
) -> AsyncIterator[Event]:
    """One event a candidate: `CandidateProbed` with a merge of two parents (the first is what it was merged onto), or
    `ConflictFound`. The next one is merged onto the last that was clean.

    What `onto` contains already is probed as `onto` itself: it lands where the trunk stands when it comes to that.
    """
    onto, tree = order.onto, await repository.tree_of(order.onto)
    for value in order.candidates:
        merged = await _merge(repository, onto, value, run, examiner or Examiner(repository))
        match merged:
            case CandidateDropped():
                yield merged
            case MergeConflicted(conflicts=conflicts):
                yield ConflictFound(value.id, value.task, onto, conflicts)
            case MergeClean(tree=same) if same == tree and await repository.is_ancestor(value.head, onto):
                yield CandidateProbed(value.id, value.task, onto, onto)
            case MergeClean(tree=new):
                message = landing_message(run, value)
                commit = await repository.commit(new, (onto, value.head), message, clock.now())
                yield CandidateProbed(value.id, value.task, onto, commit)
                onto, tree = commit, new


async def _merge(
    repository: Repository, onto: Sha, value: Candidate, run: RunState, examiner: Examiner
) -> MergeClean | MergeConflicted | CandidateDropped:
    try:
        merged = await repository.merge(onto, value.head)
        return with_rules(merged, await examiner.look(onto, value.head, run.plan)) if run.ladder else merged
    except RepositoryFault:
        if await repository.merge_base(onto, value.head) is not None:
            raise
    # Somebody has put another history in the trunk's place since this work began.
    why = Failure(FailureKind.ENVIRONMENT, f"it has no common ancestor with {run.branch} any more")
    return await drop(repository, DropCandidate(value, why), run)


def landing_message(run: RunState, value: Candidate) -> str:
    """The message of the merge commit that would land a candidate."""
    task = run.task_of(value)
    first, last = f"Tianting-Run: {run.id}\n", f"Tianting-Candidate: {value.id}\n"
    if task is None:
        return f"Land {value.head[:12]} of {run.branch}\n\n{first}{last}"
    spec = task.spec
    title = f": {' '.join(spec.title.split())}" if spec.title.strip() else ""
    adopts = f"Tianting-Adopts: {' '.join(spec.adopt.split())}\n" if spec.adopt else ""
    return f"Land {spec.id}{title}\n\n{first}Tianting-Task: {spec.id}\n{last}{adopts}"
