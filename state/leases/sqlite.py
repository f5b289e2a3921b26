"""Leases in the ledger of a repository, beside the logs that they guard.

A name's row stays when its holder goes, so that its token only ever grows. On the same host and boot, a
holder whose process has ended counts as expired at once: after a kill nobody waits. Never: a lease without a
row in the file.
"""

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from state.leases.holder import is_dead
from state.ports import Clock, Held


class Ledger(Protocol):
    """What is needed of an open ledger: one transaction, or one question; failures come as `StoreError`."""

    def writing(self) -> AbstractContextManager[sqlite3.Connection]: ...

    def reading(self) -> AbstractContextManager[sqlite3.Connection]: ...


_TAKE = """
INSERT INTO leases (name, token, holder, expires) VALUES (?, 1, ?, ?)
ON CONFLICT (name) DO UPDATE SET token = token + 1, holder = excluded.holder, expires = excluded.expires
"""
_RENEW = "UPDATE leases SET expires = ? WHERE name = ? AND token = ? AND holder IS NOT NULL"
_RELEASE = "UPDATE leases SET holder = NULL WHERE name = ? AND token = ?"
_ONE = "SELECT name, holder, token, expires FROM leases WHERE name = ? AND holder IS NOT NULL"
_ALL = """
SELECT name, holder, token, expires FROM leases
WHERE substr(name, 1, length(?1)) = ?1 AND holder IS NOT NULL ORDER BY name
"""


@dataclass(slots=True, eq=False)
class SqliteLease:
    """`ledger` is the `file` of the store that the same process has open."""

    ledger: Ledger
    clock: Clock

    async def take(self, name: str, holder: str, ttl: float) -> Held | None:
        with self.ledger.writing() as db:
            held = self._live(db.execute(_ONE, (name,)).fetchone())
            if held is not None and held.holder != holder:
                return None
            expires = self.clock.now() + ttl
            db.execute(_TAKE, (name, holder, expires))
            (token,) = db.execute("SELECT token FROM leases WHERE name = ?", (name,)).fetchone()
        return Held(name, holder, token, expires)

    async def renew(self, held: Held, ttl: float) -> Held | None:
        expires = self.clock.now() + ttl
        with self.ledger.writing() as db:
            renewed = db.execute(_RENEW, (expires, held.name, held.token)).rowcount
        return replace(held, expires=expires) if renewed else None

    async def release(self, held: Held) -> None:
        with self.ledger.writing() as db:
            db.execute(_RELEASE, (held.name, held.token))

    async def holder(self, name: str) -> Held | None:
        with self.ledger.reading() as db:
            row = db.execute(_ONE, (name,)).fetchone()
        return self._live(row)

    async def held_by(self, prefix: str) -> list[Held]:
        with self.ledger.reading() as db:
            rows = db.execute(_ALL, (prefix,)).fetchall()
        return [held for held in map(self._live, rows) if held is not None]

    def _live(self, row: tuple[str, str, int, float] | None) -> Held | None:
        if row is None:
            return None
        held = Held(*row)
        return held if held.expires > self.clock.now() and not is_dead(held.holder) else None
