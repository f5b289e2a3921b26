"""What runs of one repository share beside its trunk: exclusive claims, and providers that want to be left alone.

Each is a lease, so that other processes see who has it and until when, and nobody keeps it who is gone. What others
have comes into the log as an event, since decisions know nothing else. Never: a decision; a claim or a quota taken away
from another run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from state.events import ClaimsElsewhere, Event, QuotaClosed
from state.footprint import first_meeting
from state.leases.holder import label_of
from state.plan import Plan
from state.ports import Clock, Held, Lease
from state.run import RunState

CLAIM_SECONDS = 30.0
LOOK_SECONDS = 1.0
_QUOTA = "quota:"
_TURN_SECONDS = 10.0
"""Looking at what is claimed and claiming takes far less; whoever dies in between is waited for no longer."""
_AGAIN = 0.05

Emit = Callable[[Event], None]
Moved = Callable[[], Awaitable[Event | None]]


def claims_in(place: str) -> str:
    """What the names of the leases begin with by which runs of a repository claim globs; the glob follows."""
    return f"claim:{place}:"


class Sharing:
    """Of one run; used from the loop's thread alone. `place` names the repository. `holder` ends in the name of the
    run. `moved` asks the repository whether its trunk stands where the run knows."""

    def __init__(
        self, lease: Lease, clock: Clock, run: RunState, plan: Plan, holder: str, place: str, moved: Moved
    ) -> None:
        self._lease, self._clock, self._run, self._holder = lease, clock, run, holder
        self._turn, self._claims = f"claims:{place}", claims_in(place)
        self._claiming = any(task.exclusive for task in plan.tasks)
        self._moved = moved
        self._own: dict[str, Held] = {}
        self._told: dict[str, str] = {}

    async def arrive(self, emit: Emit) -> None:
        """Before the first decision: claim again what work from before claims, and see what others have. What another
        run has taken meanwhile stays with both; where they meet the train finds out."""
        self._told = dict(self._run.elsewhere)
        for name in self._wanted():
            await self._hold(name, CLAIM_SECONDS)
        await self.look(emit)

    async def keep(self, emit: Emit) -> None:
        """Until cancelled: renew and give back, and hand in what others have."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look(emit)

    async def claim(self, globs: Sequence[str], emit: Emit) -> str:
        """Claim all of them, or none; "" when they are ours, else a sentence that says who is in the way."""
        while True:
            turn = await self._take_turn()
            try:
                others = await self._others(emit)
                met = first_meeting(globs, others)
                if met is not None:
                    return f"{met[0]} is claimed by run {others[met[1]]} of this repository"
                for glob in globs:
                    await self._hold(self._claims + glob, CLAIM_SECONDS)
                if await self._lease.renew(turn, _TURN_SECONDS) is not None:
                    return ""
                await self._give_back({self._claims + glob for glob in globs} - self._wanted())
            finally:
                await self._lease.release(turn)

    async def _give_back(self, names: Iterable[str]) -> None:
        """This process was paused for longer than its turn: others may have looked, and claimed, before it claimed."""
        for name in names:
            held = self._own.pop(name, None)
            if held is not None:
                await self._lease.release(held)

    async def release(self) -> None:
        """Give back all; the run is over, or goes on another time."""
        while self._own:
            await self._lease.release(self._own.popitem()[1])

    async def _take_turn(self) -> Held:
        """Two that look at the same moment would both find the way free."""
        while True:
            turn = await self._lease.take(self._turn, self._holder, _TURN_SECONDS)
            if turn is not None:
                return turn
            await asyncio.sleep(_AGAIN)

    def _wanted(self) -> set[str]:
        return {self._claims + glob for globs in self._run.claims.values() for glob in globs}

    async def look(self, emit: Emit) -> None:
        """Renew what is ours, give back what is used no more, and hand in what others have."""
        now = self._clock.now()
        shut = {f"{_QUOTA}{name}": until for name, until in self._run.quotas.items() if until > now}
        for name in self._own.keys() - self._wanted() - shut.keys():
            await self._lease.release(self._own.pop(name))
        for name in [name for name in self._own if name not in shut]:
            await self._hold(name, CLAIM_SECONDS)
        for name in shut.keys() - self._own.keys():
            await self._hold(name, shut[name] - now)
        if self._claiming:
            await self._others(emit)
        await self._closed_doors(emit, now)

    async def _hold(self, name: str, seconds: float) -> None:
        """Take it or renew it, unless it is young, or somebody else has it."""
        held = self._own.pop(name, None)
        if held is not None and held.expires - self._clock.now() < seconds * 2 / 3:
            held = await self._lease.renew(held, seconds)
        held = held or await self._lease.take(name, self._holder, seconds)
        if held is not None:
            self._own[name] = held

    async def _others(self, emit: Emit) -> dict[str, str]:
        """Globs that other runs claim, to the run; handed in where they are news."""
        mine = label_of(self._holder)
        held = {one.name: label_of(one.holder) for one in await self._lease.held_by(self._claims)}
        others = {name.removeprefix(self._claims): run for name, run in held.items() if run != mine}
        if others != self._told:
            self._told = others
            landed = await self._moved()  # who waited for a claim begins with what its holder has landed
            if landed is not None:
                emit(landed)
            emit(ClaimsElsewhere(tuple(others.items())))
        return others

    async def _closed_doors(self, emit: Emit, now: float) -> None:
        run, mine = self._run, label_of(self._holder)
        used = {run.plan.credential_of(window.role) for window in run.windows.values()}
        for one in await self._lease.held_by(_QUOTA):
            credential, other = one.name.removeprefix(_QUOTA), label_of(one.holder)
            if other != mine and credential in used and credential not in run.quotas and one.expires > now:
                emit(QuotaClosed(credential, one.expires, f"run {other} has met the provider's limit"))
