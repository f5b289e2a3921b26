"""Keeping work reachable: the refs under which the commits of candidates stand, moved by compare-and-swap alone.

Never: let a ref go whose commit nothing else reaches (law 1).
"""

from state.candidate import Candidate
from state.ids import RunId, Sha
from state.ports import Repository, RepositoryFault

_TRIES = 5


def salvage_ref(run: RunId, name: str) -> str:
    return f"refs/tianting/salvage/{run}/{name}"


def branch_ref(candidate: Candidate) -> str:
    """The full name of the candidate's branch; "" when it has none of ours."""
    return f"refs/heads/{candidate.branch}" if candidate.branch else ""


async def salvage(repository: Repository, run: RunId, name: str, commit: Sha) -> None:
    """Keep a commit under a name in salvage; another commit that stands there already is kept too."""
    ref = salvage_ref(run, name)
    if not await repository.update_ref(ref, commit, None) and await repository.resolve(ref) != commit:
        beside = salvage_ref(run, f"{name}-{commit[:12]}")
        if not await repository.update_ref(beside, commit, None) and await repository.resolve(beside) != commit:
            raise RepositoryFault(f"{commit} could not be kept: {beside} stands elsewhere")


async def point(repository: Repository, run: RunId, ref: str, commit: Sha) -> None:
    """Make one of the run's own branches stand at `commit`; where it stood before goes to salvage, unless `commit`
    contains that."""
    for _ in range(_TRIES):
        stands = await repository.resolve(ref)
        if stands == commit:
            return
        if stands is not None and not await repository.is_ancestor(stands, commit):
            await salvage(repository, run, stands, stands)
        if await repository.update_ref(ref, commit, stands):
            return
    raise RepositoryFault(f"{ref} is moved by somebody else all the time")


async def remove_branch(repository: Repository, run: RunId, candidate: Candidate) -> None:
    """Delete the candidate's branch. `candidate.head` is kept already; what else stands there goes to salvage."""
    ref = branch_ref(candidate)
    stands = await repository.resolve(ref) if ref else None
    if stands is None:
        return
    if stands != candidate.head and not await repository.is_ancestor(stands, candidate.head):
        await salvage(repository, run, stands, stands)
    # Refused when it moved again or somebody has it checked out: then it stays, and nothing is lost.
    await repository.update_ref(ref, None, stands)
