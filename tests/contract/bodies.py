"""Every body of every port, each behind one function: a further body is one more entry in a table here."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from state.buses.file import FileBus
from state.buses.local import LocalBus
from state.ids import RunId
from state.leases.memory import MemoryLease
from state.leases.sqlite import SqliteLease
from state.ports import Bus, Clock, EventStore, Held, Inbox, Lease, TranscriptStore
from state.stores.memory import MemoryStore
from state.stores.sqlite import SqliteStore


class Store(EventStore, TranscriptStore, Inbox, Protocol):
    """All that is kept, behind one door."""


@dataclass
class HandClock:
    """Stands still until a test moves it."""

    time: float = 1_000.0

    def now(self) -> float:
        return self.time


@dataclass(frozen=True)
class Body:
    """Two doors to the same state; where there is one only (memory), both are it."""

    store: Store
    lease: Lease
    other_store: Store
    other_lease: Lease

    async def lead(self, run: str, holder: str = "here") -> Held:
        """Create the run and take its lease."""
        await self.store.create(RunId(run), "a plan", "a repository", 1.0)
        held = await self.lease.take(f"run:{run}", holder, ttl=60.0)
        assert held is not None
        return held


Opening = Callable[[Path, Clock], AbstractAsyncContextManager[Body]]


@asynccontextmanager
async def memory(_folder: Path, clock: Clock) -> AsyncIterator[Body]:
    lease = MemoryLease(clock)
    store = MemoryStore(lease.newest)
    yield Body(store, lease, store, lease)


@asynccontextmanager
async def sqlite(folder: Path, clock: Clock) -> AsyncIterator[Body]:
    store, other = (SqliteStore.open(str(folder / "ledger.sqlite")) for _ in range(2))
    yield Body(store, SqliteLease(store.file, clock), other, SqliteLease(other.file, clock))
    store.close()
    other.close()


BODIES: dict[str, Opening] = {"memory": memory, "sqlite": sqlite}

BUSES: dict[str, Callable[[Path], Bus]] = {
    "local": lambda _folder: LocalBus(),
    "file": lambda folder: FileBus(str(folder / "ledger.sqlite")),
}
