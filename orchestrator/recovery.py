"""After a crash or a stop: the ledger is reconciled with the world before the loop goes on.

Never: remove what is not proven to be kept, touch what the log does not say is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conflict.land import Trunk
from conflict.probe import probe
from state import events as ev
from state.commands import ProbeCandidate
from state.failure import Failure, FailureKind
from state.ids import AttemptId, Sha, TaskId, WindowId
from state.lifecycle import IN_TRAIN
from state.ports import Repository, StoreError, Worktrees
from state.run import RunState


@dataclass(frozen=True, slots=True)
class _At:
    """A clock that stands."""

    ts: float

    def now(self) -> float:
        return self.ts


class Salvage(Protocol):
    """What recovery needs of the windows."""

    async def sweep(self) -> None: ...

    async def salvage(self, window: WindowId, attempt: AttemptId, task: TaskId, base: Sha) -> tuple[ev.Event, ...]: ...


async def recover(
    run: RunState,
    now: float,
    windows: Salvage,
    trunk: Trunk,
    repository: Repository,
    worktrees: Worktrees,
    home: Path,
) -> Sequence[ev.Event]:
    """What the world says about a run that nobody leads: the events to append first."""
    events: list[ev.Event] = []
    await windows.sweep()
    await worktrees.settle()
    await worktrees.gather(str(home / run.id))
    # Either way the fence moves: whoever led before and still breathes can not land from here on.
    if run.landing is not None:
        events.extend(await trunk.recover(run.landing, run))
    else:
        await trunk.bump_fence(run.trunk_ref)
        events.extend(await _trunk_moved(run, repository))
    for attempt in run.live.values():
        events.extend(await windows.salvage(attempt.window, attempt.id, attempt.task, attempt.base))
        lost = Failure(FailureKind.LOST, "the process that led the run ended while this attempt was live")
        events.append(ev.AttemptFailed(attempt.task, attempt.id, attempt.window, lost, now))
    for path in await worktrees.known(str(home / run.id)):
        await worktrees.remove(path)
    await _sweep_branches(run, repository)
    events.extend(await _merges_gone(run, now, repository))
    return events


async def _merges_gone(run: RunState, now: float, repository: Repository) -> Sequence[ev.Event]:
    """Nothing but the log names the merges of the train, so that a `git gc` of the user's may take them. From the first
    one that is gone they are made anew; within a second of the first time they are the very same commits."""
    merges = [state for state in run.in_train() if state.commit is not None]
    for number, state in enumerate(merges):
        if await repository.resolve(state.commit or "") is None:
            onto = await repository.resolve(run.trunk_ref) or run.trunk
            order = ProbeCandidate(tuple(later.value for later in merges[number:]), onto)
            return [event async for event in probe(repository, order, run, _At(now))]
    return ()


async def _trunk_moved(run: RunState, repository: Repository) -> Sequence[ev.Event]:
    stands = await repository.resolve(run.trunk_ref)
    if stands is None:
        raise StoreError(f"{run.trunk_ref} is gone; put it back (it stood at {run.trunk}) and resume run {run.id}")
    return () if stands == run.trunk else (ev.TrunkMoved(run.trunk, stands),)


async def _sweep_branches(run: RunState, repository: Repository) -> None:
    """Branches of tasks that are not in the train: in salvage first, then gone."""
    prefix = f"refs/heads/tianting-{run.id}/"
    for ref, sha in (await repository.refs(prefix)).items():
        task = run.tasks.get(TaskId(ref.removeprefix(prefix)))
        if task is not None and (task.status in IN_TRAIN or task.candidate is not None):
            continue
        if not await repository.is_ancestor(sha, run.trunk):
            kept = f"refs/tianting/salvage/{run.id}/{sha}"
            await repository.update_ref(kept, sha, await repository.resolve(kept))
        await repository.update_ref(ref, None, sha)
