"""Branches that somebody else made, taken as results of tasks; and commits that a person puts on the trunk's branch
while the run lands beside it.

Never: move or delete a branch of a person.
"""

from conflict.drop import drop
from conflict.keep import point
from state.candidate import Candidate
from state.commands import AdoptBranches, DropCandidate
from state.events import CandidateProposed, Event, TrunkMoved
from state.failure import Failure, FailureKind
from state.ids import CandidateId, Sha, TaskId, attempt_id, task_branch
from state.ports import Repository
from state.run import RunState


async def check_adoptable(repository: Repository, head: Sha, trunk: Sha) -> str:
    """Why this commit can not be landed on the trunk; "" when it can."""
    if await repository.merge_base(trunk, head) is None:
        return "it has no common ancestor with the trunk"
    return ""


async def adopt(repository: Repository, order: AdoptBranches, run: RunState) -> list[Event]:
    """One `CandidateProposed` a task, in the given order; a task that was cancelled or lost its branch meanwhile is
    proposed and dropped, so that every order ends in a fact."""
    events: list[Event] = []
    for task in order.tasks:
        events.extend(await _adopt_one(repository, task, run))
    return events


async def _adopt_one(repository: Repository, task: TaskId, run: RunState) -> list[Event]:
    state = run.tasks[task]
    head = state.adopted
    if head is None:
        raise ValueError(f"task {task} adopts no branch")
    name = CandidateId(attempt_id(task, state.attempts + 1))
    base = await repository.merge_base(run.trunk, head)
    if base is None:
        lone = Candidate(name, head, head, None, (), task)
        why = Failure(FailureKind.ENVIRONMENT, f"{state.spec.adopt} has no common ancestor with {run.branch} any more")
        return [CandidateProposed(lone), await drop(repository, DropCandidate(lone, why), run)]
    branch = task_branch(run.id, task)
    await point(repository, run.id, f"refs/heads/{branch}", head)
    paths = await repository.changed_paths(base, head)
    return [CandidateProposed(Candidate(name, head, base, branch, paths, task))]


async def foreign_commits(repository: Repository, run: RunState) -> CandidateProposed | None:
    """What a person put on the trunk's branch since the run lands on a ref beside it, as a candidate without a task;
    None when there is nothing new, or the run lands on the branch itself."""
    ref = f"refs/heads/{run.branch}"
    tip = await repository.resolve(ref) if run.trunk_ref != ref else None
    if tip is None or tip == run.foreign or await repository.is_ancestor(tip, run.trunk):
        return None
    base = await repository.merge_base(run.trunk, tip)
    if base is None:
        return None
    paths = await repository.changed_paths(base, tip)
    return CandidateProposed(Candidate(CandidateId(f"{run.branch}@{tip[:12]}"), tip, base, None, paths))


async def moved_trunk(repository: Repository, run: RunState) -> TrunkMoved | None:
    """That somebody else has moved the trunk, as far as it can be told now: not while the run itself lands on it."""
    before = run.trunk
    stands = None if run.landing is not None else await repository.resolve(run.trunk_ref)
    if stands is None or stands == before or run.trunk != before or run.landing is not None:
        return None
    return TrunkMoved(before, stands)
