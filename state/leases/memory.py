"""Leases of one process, in memory: for the simulation and for `memory:`.

Never: shared between processes, and so never a look at whether a holder's process lives.
"""

from dataclasses import dataclass, field, replace

from state.ports import Clock, Held


@dataclass(slots=True)
class MemoryLease:
    """`newest` has the newest holder of each name until it gives the name up. An expired one stays: nobody
    else came, so its token still is the right one. A store in the same process refuses stale tokens by it.
    """

    clock: Clock
    newest: dict[str, Held] = field(default_factory=dict)
    _tokens: dict[str, int] = field(default_factory=dict)

    async def take(self, name: str, holder: str, ttl: float) -> Held | None:
        held = await self.holder(name)
        if held is not None and held.holder != holder:
            return None
        token = self._tokens.get(name, 0) + 1
        self._tokens[name] = token
        self.newest[name] = taken = Held(name, holder, token, self.clock.now() + ttl)
        return taken

    async def renew(self, held: Held, ttl: float) -> Held | None:
        if not self._is_newest(held):
            return None
        self.newest[held.name] = renewed = replace(held, expires=self.clock.now() + ttl)
        return renewed

    async def release(self, held: Held) -> None:
        if self._is_newest(held):
            del self.newest[held.name]

    async def holder(self, name: str) -> Held | None:
        held = self.newest.get(name)
        return held if held is not None and held.expires > self.clock.now() else None

    async def held_by(self, prefix: str) -> list[Held]:
        now = self.clock.now()
        return [held for name, held in sorted(self.newest.items()) if name.startswith(prefix) and held.expires > now]

    def _is_newest(self, held: Held) -> bool:
        newest = self.newest.get(held.name)
        return newest is not None and newest.token == held.token
