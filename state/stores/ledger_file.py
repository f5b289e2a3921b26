"""The one SQLite file of a repository: how it is made, opened and written, and how its failures are said.

A new ledger is made beside its place and linked there whole, so that no process ever opens a half-made one.
Everything runs in the caller's thread, the loop's: a transaction is sub-millisecond work but for the disk's
own flush, which an append has to wait for anyway. Never: a transaction that is open across an `await`.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from state.ports import NewerLog, StoreError
from state.schema import APPLICATION_ID, STATEMENTS, UPGRADES, USER_VERSION, store_error

BUSY_SECONDS = 5.0
"""How long a transaction waits for another process's; each of those is as short as ours."""

_WRITING = "120"
"""The byte of the -shm file that a writer locks; part of SQLite's file format."""

SYNCHRONOUS = ("FULL", "NORMAL")

Identity = tuple[int, int]


# The binding decodes texts, and SQLite's own messages that quote the file: damage shows as either of these.
_FAULTS = (sqlite3.Error, UnicodeDecodeError)


def _say(path: str, error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None and not isinstance(error, sqlite3.ProgrammingError):
        return store_error(path, sqlite3.SQLITE_CORRUPT, "a text in it is not UTF-8")
    told = _who_writes(path) if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY else ""
    return store_error(path, code or sqlite3.SQLITE_ERROR, told or str(error))


def _who_writes(path: str) -> str:
    """Which process holds the ledger's one lock, where the system tells. One that was stopped in the middle of a
    transaction (Ctrl-Z) holds it until somebody lets it go on, and that can only be a person.

    Read from /proc/locks: to open the file and close it again would give up what this process has locked there."""
    with suppress(OSError, ValueError, IndexError):
        shm = os.stat(f"{path}-shm")
        place = f"{os.major(shm.st_dev):02x}:{os.minor(shm.st_dev):02x}:{shm.st_ino}"
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            _, kind, _, mode, pid, file, first, last = line.split()[:8]
            if (kind, mode, file, first, last) == ("POSIX", "WRITE", place, _WRITING, _WRITING):
                letter = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
                stopped = f", which is stopped; `kill -CONT {pid}` lets it go on" if letter == "T" else ""
                return f"it is process {pid}{stopped}"
    return ""


def _connect(path: str) -> sqlite3.Connection:
    # mode=rw: a ledger that vanished between two looks must not come back as an empty one.
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=64)


def _make(path: str) -> None:
    """Put a new ledger at `path`, whole; another process that was faster is as good."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    # A -wal file would be played into the new ledger. It is not ours to delete: it may be all that is left of
    # the old one, or belong to a process that has made the new one since we looked.
    if os.path.exists(f"{path}-wal") and not os.path.exists(path):
        raise StoreError(f"the ledger {path} is gone, but {path}-wal stands: bring it back, or delete that too")
    handle, draft = tempfile.mkstemp(prefix=".ledger-", suffix=".new", dir=folder)
    os.close(handle)
    try:
        with closing(_connect(draft)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN")
            for statement in STATEMENTS:
                db.execute(statement)
            db.execute("COMMIT")
        with suppress(FileExistsError):
            os.link(draft, path)
        _flush_folder(folder)
    finally:
        for leftover in (draft, f"{draft}-wal", f"{draft}-shm"):
            with suppress(FileNotFoundError):
                os.unlink(leftover)


def _flush_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _set_up(path: str, db: sqlite3.Connection, synchronous: str) -> tuple[Identity, ...]:
    """Refuse what is no ledger of ours. The -wal and -shm files then stand until the last one closes."""
    if os.path.getsize(path) == 0:
        raise StoreError(f"the ledger {path} is empty: delete it to begin a new one")
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreError(f"the ledger {path} is not a ledger: it is the database of another program")
    if version > USER_VERSION:
        raise NewerLog(
            f"the ledger {path} was written by a newer version: its tables are of version {version}, this "
            f"Tianting knows those up to {USER_VERSION}; update it"
        )
    if version < USER_VERSION:
        _bring_up(db)
    db.execute(f"PRAGMA synchronous = {synchronous}")
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(f"the ledger {path} is on a file system without shared memory: keep it on a local disk")
    return _identities(path)


def _bring_up(db: sqlite3.Connection) -> None:
    """From tables of an older version to ours, whole or not at all. Who still leads a run with an older Tianting is
    refused by its next append, and loses nothing that was acknowledged."""
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()  # another process may have been faster
        for step in range(version, USER_VERSION):
            for statement in UPGRADES[step]:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {USER_VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _identities(path: str) -> tuple[Identity, ...]:
    """Which files the ledger, its -wal and its -shm are: by device and inode, not by name."""
    db, wal, shm = os.stat(path), os.stat(f"{path}-wal"), os.stat(f"{path}-shm")
    return (db.st_dev, db.st_ino), (wal.st_dev, wal.st_ino), (shm.st_dev, shm.st_ino)


@dataclass(slots=True, eq=False)
class LedgerFile:
    """An open ledger. `SqliteStore` and the leases of the same process work through one of these."""

    path: str
    _db: sqlite3.Connection
    _files: tuple[Identity, ...]

    @classmethod
    def open(cls, path: str, synchronous: str = "FULL") -> Self:
        """Open the ledger at `path`, made with its folder when there is none; `StoreError` in one
        sentence."""
        if synchronous not in SYNCHRONOUS:
            raise ValueError(f"synchronous is one of {', '.join(SYNCHRONOUS)}, not {synchronous!r}")
        try:
            if not os.path.lexists(path):
                _make(path)
            db = _connect(path)
            try:
                return cls(path, db, _set_up(path, db, synchronous))
            except BaseException:
                db.close()
                raise
        except _FAULTS as error:
            raise _say(path, error) from error
        except OSError as error:
            raise StoreError(f"the ledger {path} can not be opened: {error.strerror}") from error

    def close(self) -> None:
        """End the connection; the last one to end puts the -wal file into the ledger. Twice is as once."""
        with suppress(sqlite3.Error):
            self._db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One question (or several that need not agree with each other)."""
        try:
            yield self._db
        except _FAULTS as error:
            raise _say(self.path, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone from its first look to its commit; undone when anything is raised."""
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
        except _FAULTS as error:
            raise _say(self.path, error) from error
        self._check_still_there()

    def _check_still_there(self) -> None:
        """A commit into a file that somebody deleted is lost when we end, so it must not be acknowledged."""
        try:
            if _identities(self.path) == self._files:
                return
        except FileNotFoundError:
            pass  # which is the same
        raise StoreError(
            f"the ledger {self.path}, its -wal or its -shm file was deleted or replaced while in use: "
            "nothing more can be stored; end every tianting that uses it, then resume"
        )
