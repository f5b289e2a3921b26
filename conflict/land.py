"""Landing: the trunk moves to a gated commit, by one compare-and-swap, under a lease and behind a fence.

Who lands holds the lease of the trunk. With every new holder the fence ref is set anew, and the transaction of a
landing holds only while the fence stands where its holder set it: who was paused and lost the lease can not land.
Never: move a ref past a refusal; begin before `LandingDispatched` is stored; call anything landed without a proof.
"""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from conflict.keep import remove_branch
from state.candidate import Candidate
from state.commands import LandCandidate
from state.events import Event, Landed, LandingDispatched, LandingRefused
from state.ids import CandidateId, RunId, Sha
from state.ports import (
    Clock,
    Held,
    LandingOrder,
    Lease,
    Moved,
    NotMoved,
    Repository,
    RepositoryFault,
    StaleLease,
    StoreError,
)
from state.run import RunState

TTL = 30.0
"""Seconds that the lease of a trunk lasts without being renewed."""
_PAUSES = (0.02, 0.05, 0.1, 0.2, *(0.5 for _ in range(20)))
"""Seconds between asking again for a lease, or for a lock of git's, which have no bell to wait for."""
_TRIES = {"busy": len(_PAUSES), "checkout": 4}
"""How often a landing is tried again for which reason. A checkout that is in the way for longer is left alone; a ref
that git can not lock for longer (a full disk, a lock that a dead git left) is a matter for a person."""
_UNTIL_EXPIRED = (*_PAUSES, *(0.5 for _ in range(50)))
"""The same for long enough that a holder who is gone has lost the lease."""
_BRANCHES, _SHADOWS, _FENCES = "refs/heads/", "refs/tianting/trunk/", "refs/tianting/fence/"

Record = Callable[[LandingDispatched], Awaitable[None]]
Merges = Sequence[tuple[Candidate, Sha]]
Ids = tuple[CandidateId, ...]

_MOVED = "{} was moved by somebody else"
_UNMOVED = "the process that was landing ended before the trunk moved"


def trunk_name(ref: str) -> str:
    """The branch that a ref to land on stands for: a branch, or the shadow beside it."""
    return ref.removeprefix(_BRANCHES).removeprefix(_SHADOWS)


def shadow_ref(ref: str) -> str:
    return _SHADOWS + trunk_name(ref)


def fence_ref(ref: str) -> str:
    """The fence of a trunk. Slashes are written otherwise: fences outlive their branches, and one that is left of a
    branch `a` must not stand in the way of a branch `a/b`."""
    return _FENCES + trunk_name(ref).replace("%", "%25").replace("/", "%2F")


def take_over(shadow: str) -> str:
    """The command with which a person takes over what landed beside the branch. Without its last word git would
    overwrite the very file that was in the way, where it is an ignored one."""
    return f"git merge --ff-only {shlex.quote(shadow)} --no-overwrite-ignore"


@dataclass(frozen=True, slots=True)
class _Denied:
    """Why the right could not be had. `broken`: no other run is in the way, git itself is."""

    why: str
    broken: bool = False


class Trunk:
    """The right of one run to move its trunk. Owns the lease from the first landing to `release`."""

    def __init__(self, repository: Repository, lease: Lease, run: RunId, holder: str, clock: Clock) -> None:
        """`holder` must be this run's alone, for a lease takes the same holder for itself, and end in `:<run>`:
        whoever leads a run takes the right over from those who led it before."""
        self._repository, self._lease, self._run, self._holder, self._clock = repository, lease, run, holder, clock
        self._held: Held | None = None
        self._token = Sha("")

    async def release(self) -> None:
        """Give the right up; the next landing takes it anew. To be called whenever nothing is about to land."""
        held, self._held = self._held, None
        if held is not None:
            await self._lease.release(held)

    async def bump_fence(self, ref: str) -> bool:
        """Take the right, so that whoever had it can not land any more; False when another holder lives."""
        self._held = None
        return await self._right(ref, ()) is None

    # --------------------------------------------------------------------------------------------- landing

    async def land(self, order: LandCandidate, run: RunState, record: Record) -> tuple[Event, ...]:
        """One `Landed` a candidate, or one `LandingRefused`. `StaleLease` when the right was lost: stop then."""
        ref, new = run.trunk_ref, order.merges[-1][1]
        await self._prove(order.merges, order.old)
        if new == order.old:
            return await self._stands_there_already(order, ref)
        denied = await self._right(ref, _PAUSES)
        if denied is not None and denied.broken:
            raise StoreError(f"{denied.why}; nothing can land until that is mended: then resume run {self._run}")
        if denied is not None:
            return (await self._refused(_ids(order.merges), order.old, ref, denied.why),)
        checkout = await self._repository.checkout_of(ref)
        await record(LandingDispatched(_ids(order.merges), ref, order.old, new, checkout))
        outcome = await self._move(LandingOrder(ref, order.old, new, fence_ref(ref), self._token, checkout))
        match outcome:
            case Moved():
                return await self._landed(order.merges, order.old, ref)
            case NotMoved():
                return (await self._not_moved(order, ref, outcome),)
            case _:
                assert_never(outcome)

    async def _move(self, order: LandingOrder) -> Moved | NotMoved:
        """What is in the way may be a lock that somebody's git holds for a moment: it is tried again a few times."""
        outcome = await self._repository.land(order)
        for number, pause in enumerate(_PAUSES):
            tries = _TRIES.get(outcome.reason, 0) if isinstance(outcome, NotMoved) else 0
            if number >= tries:
                break
            await asyncio.sleep(pause)
            outcome = await self._repository.land(order)
        return outcome

    async def _stands_there_already(self, order: LandCandidate, ref: str) -> tuple[Event, ...]:
        """All of it is contained in the trunk: nothing moves, so no right is needed."""
        if await self._repository.resolve(ref) != order.old:
            return (await self._refused(_ids(order.merges), order.old, ref, _MOVED.format(trunk_name(ref))),)
        return await self._landed(order.merges, order.old, ref)

    async def _landed(self, merges: Merges, old: Sha, ref: str) -> tuple[Event, ...]:
        """The proof that the trunk holds the last merge; `_prove` has shown that this holds all the others. The
        landed tree is the gated one, since it is the gated commit that stands on the trunk."""
        new, stands = merges[-1][1], await self._repository.resolve(ref)
        if stands is None or not await self._repository.is_ancestor(new, stands):
            raise RepositoryFault(f"{ref} was moved to {new} and stands at {stands or 'nothing'} now")
        events: list[Event] = []
        before = old
        for value, commit in merges:
            events.append(Landed(value.id, value.task, commit, before, commit, ref))
            await remove_branch(self._repository, self._run, value)
            before = commit
        return tuple(events)

    async def _prove(self, merges: Merges, old: Sha) -> None:
        """Each merge contains its candidate's head and the merge before it; else it was not made by a probe of it."""
        before = old
        for value, commit in merges:
            for part in (before, value.head):
                if not await self._repository.is_ancestor(part, commit):
                    raise RepositoryFault(f"{commit} was to land {value.id}, but does not contain {part}")
            before = commit

    # --------------------------------------------------------------------------------------------- refusals

    async def _not_moved(self, order: LandCandidate, ref: str, outcome: NotMoved) -> LandingRefused:
        candidates = _ids(order.merges)
        match outcome.reason:
            case "fence":
                self._held = None
                raise StaleLease(f"the right to land on {trunk_name(ref)} was lost ({outcome.detail}); resume the run")
            case "checkout":
                return await self._beside(candidates, order.old, ref, outcome.detail)
            case "trunk-moved":
                return await self._refused(candidates, order.old, ref, _MOVED.format(trunk_name(ref)))
            case _:
                raise StoreError(f"{outcome.detail}; see to that, then resume run {self._run}")

    async def _refused(self, candidates: Ids, old: Sha, ref: str, why: str) -> LandingRefused:
        stands = await self._repository.resolve(ref)
        if stands is None:
            return await self._beside(candidates, old, ref, f"{ref} is gone")
        return LandingRefused(candidates, why, stands)

    async def _beside(self, candidates: Ids, old: Sha, ref: str, why: str) -> LandingRefused:
        """From now on the run lands on a ref beside the branch, which nobody has checked out. It begins at `old`,
        unless landed work stands there that the branch has not taken over yet."""
        shadow = shadow_ref(ref)
        stands = await self._repository.resolve(shadow)
        if stands is None or await self._repository.is_ancestor(stands, old):
            if not await self._repository.update_ref(shadow, old, stands):
                raise RepositoryFault(f"{shadow} was moved by somebody else just now")
            stands = old
        hint = f"the run lands on {shadow} from here on; to take that over: {take_over(shadow)}"
        return LandingRefused(candidates, f"{why}; {hint}", stands, shadow)

    # --------------------------------------------------------------------------------------------- the right

    async def _right(self, ref: str, pauses: Sequence[float]) -> _Denied | None:
        """Hold the lease, and the fence at this holder's token; else why not."""
        denied = await self._take_right(ref)
        for pause in pauses:
            if denied is None:
                break
            await asyncio.sleep(pause)
            denied = await self._take_right(ref)
        return denied

    async def _take_right(self, ref: str) -> _Denied | None:
        if self._held is not None and self._held.expires - self._clock.now() < TTL / 2:
            self._held = await self._lease.renew(self._held, TTL)
        if self._held is not None:
            return None
        held = await self._take_lease(ref)
        if isinstance(held, str):
            return _Denied(held)
        try:
            await self._set_fence(ref, held)
        except RepositoryFault as fault:
            await self._lease.release(held)
            return _Denied(str(fault), broken=True)
        return None

    async def _take_lease(self, ref: str) -> Held | str:
        name = f"trunk:{_BRANCHES}{trunk_name(ref)}"
        held = await self._lease.take(name, self._holder, TTL)
        if held is not None:
            return held
        other = await self._lease.holder(name)
        if other is not None and other.holder.endswith(f":{self._run}"):
            # Who led this run before us, and was paused: the run is ours now, and the fence moves past it.
            await self._lease.release(other)
            return await self._lease.take(name, self._holder, TTL) or f"this run lands on {trunk_name(ref)} elsewhere"
        return f"another run is landing on {trunk_name(ref)} ({other.holder if other else 'just gone'})"

    async def _set_fence(self, ref: str, held: Held) -> None:
        text = f"run {self._run}\nholder {held.holder}\ntoken {held.token}\n"
        self._token = await self._repository.set_fence(fence_ref(ref), text)
        self._held = held

    # --------------------------------------------------------------------------------------------- recovery

    async def recover(self, landing: LandingDispatched, run: RunState) -> tuple[Event, ...]:
        """How a landing ended whose process was killed in the middle: nobody can go on with it from here on, what it
        left is mended, and git is asked.

        `StoreError` when somebody else holds the right for longer than one who has died can.
        """
        ref = landing.ref
        held = await self._take_lease(ref)
        for pause in _UNTIL_EXPIRED:
            if not isinstance(held, str):
                break
            await asyncio.sleep(pause)
            held = await self._take_lease(ref)
        if isinstance(held, str):
            raise StoreError(f"{held}, so it is not known how the last landing of run {run.id} ended: resume it later")
        fence = fence_ref(ref)
        # First the locks that the dead landing left: the fence may be under one of them.
        await self._repository.mend_checkout(
            LandingOrder(ref, landing.old, landing.new, fence, Sha(""), landing.checkout)
        )
        await self._set_fence(ref, held)
        stands = await self._repository.resolve(ref)
        if stands is None or not await self._repository.is_ancestor(landing.new, stands):
            return (await self._refused(landing.candidates, landing.old, ref, _UNMOVED),)
        states = [run.candidates[name] for name in landing.candidates]
        merges = [(state.value, state.commit) for state in states if state.commit is not None]
        await self._prove(merges, landing.old)
        return await self._landed(merges, landing.old, ref)


def _ids(merges: Merges) -> Ids:
    return tuple(value.id for value, _ in merges)
