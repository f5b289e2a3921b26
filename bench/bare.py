"""The lower bound of a durable log: the rows that a run wrote, in the transactions in which it wrote them, put straight
into an SQLite file of the same shape. No loop, no fold, no encoding.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from state.stores.ledger_file import LedgerFile

_INSERT = "INSERT INTO events (place, ts, name, version, data) VALUES (?, ?, ?, ?, ?)"


def replay_bare(folder: str, synchronous: str, batches: Sequence[int]) -> dict[str, float]:
    """Seconds, and those of processor time, for the rows of `folder`'s ledger, `batches[i]` of them in the i-th
    transaction."""
    with closing(sqlite3.connect(Path(folder) / "ledger.sqlite")) as written:
        rows = written.execute("SELECT place, ts, name, version, data FROM events ORDER BY place").fetchall()
    path = Path(folder) / "bare.sqlite"
    LedgerFile.open(str(path), synchronous).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("INSERT INTO runs (run, name, repository, created) VALUES ('bench', '', '', 0)")
        at, began, busy = 0, time.perf_counter(), time.process_time()
        for size in batches:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(_INSERT, rows[at : at + size])
            db.execute("COMMIT")
            at += size
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    return {"bare_seconds": seconds, "bare_cpu_seconds": cpu}
