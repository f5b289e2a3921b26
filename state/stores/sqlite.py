"""Logs, transcripts and inbox in the one SQLite ledger of a repository: the embedded default.

An append is one transaction, durable when it returns (`synchronous=FULL`), in the caller's thread. Several
processes, and several stores in one process, may have the ledger open. Never: a fact that is not in the file.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from state import codec
from state.events import Event, Recorded
from state.ids import AttemptId, IntentId, RunId, Seq
from state.intents import Intent, LaunchRun, Submitted
from state.kept import Checkpoint
from state.ports import Held, NewerLog, RunHead, SeqTaken, StaleLease, StoreError
from state.schema import CHECKPOINTS, REMEMBERED, SEQ_BITS, free_text, from_free_text
from state.stores.ledger_file import LedgerFile
from state.transcript import Entry, EntryKind

Row = tuple[int, float, str, int, str]
"""One event: place (see `SEQ_BITS`), ts, name, version, JSON text."""

_OF_RUN = f"place > (runs.no << {SEQ_BITS}) AND place < ((runs.no + 1) << {SEQ_BITS})"
_STANDING = f"""
SELECT runs.no << {SEQ_BITS}, (SELECT max(place) FROM events WHERE {_OF_RUN}), leases.token
FROM runs LEFT JOIN leases ON leases.name = ? AND leases.holder IS NOT NULL WHERE runs.run = ?
"""
_SAME_PLACE = "SELECT place, ts, name, version, data FROM events WHERE place >= ? AND place <= ? ORDER BY place"
_READ = f"""
SELECT seq, ts, events.name, version, data FROM runs JOIN events
ON place > ((no << {SEQ_BITS}) | ?) AND place < ((no + 1) << {SEQ_BITS}) WHERE run = ? ORDER BY place LIMIT ?
"""
_NEWEST = f"coalesce((SELECT max(place) FROM events WHERE {_OF_RUN}) & {(1 << SEQ_BITS) - 1}, 0)"
_RUNS = f"SELECT run, name, repository, created, {_NEWEST} FROM runs ORDER BY created DESC, no DESC"
_LAST = f"SELECT {_NEWEST} FROM runs WHERE run = ?"
_APPEND = "INSERT INTO events (place, ts, name, version, data) VALUES (?, ?, ?, ?, ?)"
_FORGET = f"""
DELETE FROM events WHERE place > (SELECT no << {SEQ_BITS} FROM runs WHERE run = ?1)
AND place < (SELECT (no + 1) << {SEQ_BITS} FROM runs WHERE run = ?1)
"""
_ADD = "INSERT INTO transcripts VALUES (?, ?, ?, ?, ?, ?, ?)"
_LAST_ENTRY = "SELECT coalesce(max(no), 0) FROM transcripts WHERE run = ? AND attempt = ?"
_ENTRIES = """
SELECT no, ts, kind, text, simulated FROM transcripts
WHERE run = ? AND attempt = ? AND no > ? ORDER BY no LIMIT ?
"""
_HAS_CHECKPOINTS = "SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'"
_CHECKPOINT = "SELECT seq, maker, data FROM checkpoints WHERE run = ?"
_KEEP = """
INSERT INTO checkpoints VALUES (?, ?, ?, ?) ON CONFLICT (run) DO UPDATE
SET seq = excluded.seq, maker = excluded.maker, data = excluded.data
WHERE maker != excluded.maker OR seq < excluded.seq
"""
_PENDING = "SELECT run, id, ts, by, version, data FROM inbox WHERE run = ? AND id > ? ORDER BY id"
_LAUNCHES = "SELECT run, id, ts, by, version, data FROM inbox WHERE launch AND id > ? ORDER BY id"

_REMEMBERS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'remembered'"
_RECALL = "SELECT key, text FROM remembered WHERE key = ?"
_REMEMBER = "INSERT OR REPLACE INTO remembered VALUES (?, ?)"


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Rows of a damaged file may hold any type and any value."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise StoreError(f"{what} can not be read, the ledger is damaged: {error!r:.200}") from error


def _recorded(row: tuple[int, float, str, int, str]) -> Recorded:
    seq, ts, name, version, data = row
    return Recorded(Seq(seq), float(ts), codec.decode(name, version, data))


def _submitted(row: tuple[int, float, bytes, int, str]) -> Submitted:
    number, ts, by, version, data = row
    if version > codec.SCHEMA_VERSION:
        raise NewerLog(f"intent {number} was submitted by a newer version (format {version}): update Tianting")
    return Submitted(IntentId(number), float(ts), from_free_text(by), codec.decode_intent(data))


def _entry(row: tuple[int, float, str, bytes, int]) -> tuple[int, Entry]:
    number, ts, kind, text, simulated = row
    return number, Entry(float(ts), EntryKind(kind), from_free_text(text), bool(simulated))


def _stand_already(db: sqlite3.Connection, rows: Sequence[Row], last: int) -> bool:
    """Whether these very events are stored at their places: the reply to their first append was lost."""
    if not rows or rows[-1][0] > last:
        return False
    return db.execute(_SAME_PLACE, (rows[0][0], rows[-1][0])).fetchall() == rows


@dataclass(slots=True, eq=False)
class SqliteStore:
    """Hand `file` to the leases of the same process."""

    file: LedgerFile

    @classmethod
    def open(cls, path: str, synchronous: str = "FULL") -> Self:
        """`StoreError` when it can not be opened or made, `NewerLog` when it is of a newer version.

        With `synchronous="NORMAL"` a power loss may take the newest events; a killed process takes none.
        """
        return cls(LedgerFile.open(path, synchronous))

    def close(self) -> None:
        self.file.close()

    async def create(self, run: RunId, name: str, repository: str, created: float) -> None:
        with self.file.writing() as db:
            if db.execute("SELECT 1 FROM runs WHERE run = ?", (run,)).fetchone():
                raise StoreError(f"there is a run {run!r} already")
            db.execute(
                "INSERT INTO runs (run, name, repository, created) VALUES (?, ?, ?, ?)",
                (run, free_text(name), free_text(repository), created),
            )

    async def append(self, run: RunId, events: Sequence[tuple[float, Event]], expected: Seq, lease: Held) -> Seq:
        encoded = [(ts, type(event).__name__, codec.encode(event)) for ts, event in events]
        with self.file.writing() as db:
            standing = db.execute(_STANDING, (f"run:{run}", run)).fetchone()
            if standing is None:
                raise StoreError(f"there is no run {run!r}")
            start, last, token = standing[0], standing[1] or standing[0], standing[2]
            if lease.name != f"run:{run}" or token != lease.token:
                raise StaleLease(f"the lease on run {run!r} was lost to another process")
            version = codec.SCHEMA_VERSION
            first = start + expected + 1
            rows = [(place, ts, name, version, data) for place, (ts, name, data) in enumerate(encoded, first)]
            if last == start + expected:
                db.executemany(_APPEND, rows)
            elif not _stand_already(db, rows, last):
                raise SeqTaken(f"run {run!r} stands at event {last - start}, not at {expected}")
        return Seq(expected + len(rows))

    async def forget(self, run: RunId, lease: Held) -> None:
        with self.file.writing() as db:
            row = db.execute(
                "SELECT token FROM leases WHERE name = ? AND holder IS NOT NULL", (f"run:{run}",)
            ).fetchone()
            if row is None or lease.name != f"run:{run}" or row[0] != lease.token:
                raise StaleLease(f"the lease on run {run!r} was lost to another process")
            db.execute(_FORGET, (run,))
            tables = ["runs", "inbox", "transcripts"]
            tables += ["checkpoints"] if db.execute(_HAS_CHECKPOINTS).fetchone() else []
            for table in tables:
                db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

    async def read(self, run: RunId, after: Seq, limit: int) -> list[Recorded]:
        with self.file.reading() as db:
            rows = db.execute(_READ, (after, run, limit)).fetchall()
        if rows and rows[-1][0] != after + len(rows):
            raise StoreError(f"the log of run {run!r} has a gap after event {after}: the ledger is damaged")
        with _readable(f"the log of run {run!r}"):
            return [_recorded(row) for row in rows]

    async def runs(self) -> list[RunHead]:
        with self.file.reading() as db:
            rows = db.execute(_RUNS).fetchall()
        with _readable("the list of runs"):
            return [
                RunHead(RunId(run), from_free_text(name), from_free_text(repository), float(created), Seq(last))
                for run, name, repository, created, last in rows
            ]

    async def last_seq(self, run: RunId) -> Seq:
        with self.file.reading() as db:
            row = db.execute(_LAST, (run,)).fetchone()
        return Seq(row[0] if row else 0)

    async def keep_checkpoint(self, run: RunId, checkpoint: Checkpoint) -> None:
        with self.file.writing() as db:
            db.execute(CHECKPOINTS)
            db.execute(_KEEP, (run, checkpoint.seq, checkpoint.maker, checkpoint.data))

    async def checkpoint(self, run: RunId) -> Checkpoint | None:
        with self.file.reading() as db:
            if db.execute(_HAS_CHECKPOINTS).fetchone() is None:
                return None
            row = db.execute(_CHECKPOINT, (run,)).fetchone()
        with _readable(f"the checkpoint of run {run!r}"):
            return None if row is None else Checkpoint(Seq(row[0]), str(row[1]), bytes(row[2]))

    async def add(self, run: RunId, attempt: AttemptId, entries: Sequence[Entry]) -> None:
        with self.file.writing() as db:
            (last,) = db.execute(_LAST_ENTRY, (run, attempt)).fetchone()
            db.executemany(
                _ADD,
                [
                    (
                        run,
                        attempt,
                        number,
                        entry.ts,
                        entry.kind.value,
                        free_text(entry.text),
                        int(entry.simulated),
                    )
                    for number, entry in enumerate(entries, last + 1)
                ],
            )

    async def entries(self, run: RunId, attempt: AttemptId, after: int, limit: int) -> list[tuple[int, Entry]]:
        with self.file.reading() as db:
            rows = db.execute(_ENTRIES, (run, attempt, after, limit)).fetchall()
        with _readable(f"the transcript of attempt {attempt!r}"):
            return [_entry(row) for row in rows]

    async def submit(self, run: RunId, intent: Intent, by: str, ts: float) -> IntentId:
        launch = isinstance(intent, LaunchRun)
        with self.file.writing() as db:
            number = db.execute(
                "INSERT INTO inbox (run, launch, ts, by, version, data) VALUES (?, ?, ?, ?, ?, ?)",
                (run, launch, ts, free_text(by), codec.SCHEMA_VERSION, codec.encode(intent)),
            ).lastrowid
        return IntentId(number or 0)

    async def pending(self, run: RunId, after: IntentId) -> list[Submitted]:
        with self.file.reading() as db:
            rows = db.execute(_PENDING, (run, after)).fetchall()
        with _readable(f"the inbox of run {run!r}"):
            return [_submitted(row[1:]) for row in rows]

    async def launches(self, after: IntentId) -> list[tuple[RunId, Submitted]]:
        with self.file.reading() as db:
            rows = db.execute(_LAUNCHES, (after,)).fetchall()
        with _readable("the inbox"):
            return [(RunId(row[0]), _submitted(row[1:])) for row in rows]

    async def recall(self, keys: Sequence[str]) -> dict[str, str]:
        with self.file.reading() as db:
            if not db.execute(_REMEMBERS).fetchone():
                return {}
            rows = [row for key in keys for row in db.execute(_RECALL, (key,)).fetchall()]
        with _readable("what is remembered"):
            return {str(key): from_free_text(text) for key, text in rows}

    async def remember(self, texts: Mapping[str, str]) -> None:
        with self.file.writing() as db:
            db.execute(REMEMBERED)
            db.executemany(_REMEMBER, [(key, free_text(text)) for key, text in texts.items()])
