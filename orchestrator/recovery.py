"""After a crash or a stop: the ledger is reconciled with the world before the loop goes on.

Never: remove what is not proven to be kept, touch what the log does not say is ours.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from conflict.land import Trunk
from state import events as ev
from state.codec import name_of
from state.failure import Failure, FailureKind
from state.fold import apply
from state.ids import AttemptId, RunId, Seq, Sha, TaskId, WindowId
from state.lifecycle import IN_TRAIN, IllegalMove
from state.ports import EventStore, Repository, StoreError, Worktrees
from state.run import RunState

PAGE = 5000


class Salvage(Protocol):
    """What recovery needs of the windows."""

    async def sweep(self) -> None: ...

    async def salvage(self, window: WindowId, attempt: AttemptId, task: TaskId, base: Sha) -> tuple[ev.Event, ...]: ...


async def load(store: EventStore, run: RunId) -> RunState:
    """The state of a run from its whole log; `StoreError` when there is no such run."""
    log: list[ev.Recorded] = []
    while page := await store.read(run, Seq(log[-1].seq if log else 0), PAGE):
        log.extend(page)
    if not log:
        raise StoreError(f"there is no run {run!r} in this ledger; `tianting runs` lists them")
    state = RunState()
    for recorded in log:
        try:
            apply(state, recorded)
        except (IllegalMove, LookupError, ValueError, AttributeError, TypeError) as error:
            raise StoreError(
                f"the log of run {run} makes no sense at event {recorded.seq} ({name_of(recorded.event)}): it is "
                "damaged, or of another version; other runs can still be used"
            ) from error
    return state


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
    return events


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
