"""The embedded ledger as SQL text: its tables, its version, and the sentence for each way in which it fails.

Never: a connection. The bodies in `stores/` and `leases/` share these tables; each has the SQL of its own
questions.
"""

from state.ports import StoreError

APPLICATION_ID = 0x5469616E
"""What SQLite keeps in the file's header to tell a ledger of ours from any other database: "Tian"."""

USER_VERSION = 2
"""Version of the tables below; a file of a higher one is refused as newer, one of a lower one is brought up."""

SEQ_BITS = 40
"""An event's `place` is the number of its run, so many bits to the left, and its seq: one whole number for a key, which
costs a third less than a key of two columns, and keeps a run's events side by side."""

EVENTS = f"""
CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    run_no INTEGER AS (place >> {SEQ_BITS}),
    seq INTEGER AS (place & {(1 << SEQ_BITS) - 1}),
    ts REAL NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL
)
"""

TABLES = """
CREATE TABLE runs (
    no INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    name BLOB NOT NULL,
    repository BLOB NOT NULL,
    created REAL NOT NULL
);
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    holder TEXT,
    expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    launch INTEGER NOT NULL,
    ts REAL NOT NULL,
    by BLOB NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX inbox_of_run ON inbox (run, id);
CREATE INDEX inbox_launches ON inbox (id) WHERE launch;
CREATE TABLE transcripts (
    run TEXT NOT NULL,
    attempt TEXT NOT NULL,
    no INTEGER NOT NULL,
    ts REAL NOT NULL,
    kind TEXT NOT NULL,
    text BLOB NOT NULL,
    simulated INTEGER NOT NULL,
    PRIMARY KEY (run, attempt, no)
) WITHOUT ROWID;
"""
"""A lease's row outlives its holder (then NULL), so that its token grows for ever. Columns of free text are
BLOBs of UTF-8 in which a lone surrogate stands as it is: a folder's name may hold bytes that are no text."""

CHECKPOINTS = """
CREATE TABLE IF NOT EXISTS checkpoints (
    run TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    maker TEXT NOT NULL,
    data BLOB NOT NULL
)
"""
"""Made when there is something to keep in it: an older version of Tianting does without."""

REMEMBERED = "CREATE TABLE IF NOT EXISTS remembered (key TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID"
"""Made when there is something to remember: a ledger of before has no such table, and needs none until then."""

STATEMENTS = tuple(
    statement
    for statement in (
        f"PRAGMA application_id = {APPLICATION_ID}",
        f"PRAGMA user_version = {USER_VERSION}",
        *(part.strip() for part in TABLES.split(";")),
        EVENTS,
    )
    if statement
)

UPGRADES = {
    1: (
        "ALTER TABLE events RENAME TO events_1",
        EVENTS,
        f"""
INSERT INTO events (place, ts, name, version, data)
SELECT (run_no << {SEQ_BITS}) | seq, ts, name, version, data FROM events_1 ORDER BY run_no, seq
""",
        "DROP TABLE events_1",
    ),
}
"""From a version of the tables to the next."""

_FAULTS = {
    3: "may not be opened: look at the permissions of the file and its folder",
    5: "is locked by another process for too long: end that process, or try again",
    6: "is locked by another process for too long: end that process, or try again",
    8: "can not be written: look at the permissions of the file and its folder",
    10: "can not be read or written: the disk reports an error",
    11: "is damaged: move it away, or bring back a copy",
    13: "can not grow: the disk is full; make room and resume",
    14: "can not be opened: look at the permissions of the file and its folder, and at the room on the disk",
    26: "is not a ledger: it holds something else",
}
"""Primary result codes of SQLite, which are stable for ever, to what a person can do."""


def store_error(path: str, code: int, detail: str) -> StoreError:
    """The error of a ledger at `path` for a result code of SQLite, extended or not; `detail` goes in
    brackets."""
    fault = _FAULTS.get(code & 0xFF, "can not be used")
    shown = "".join([letter if letter.isprintable() else "?" for letter in detail[:200]])
    return StoreError(f"the ledger {path} {fault} ({shown})")


def free_text(text: str) -> bytes:
    """Free text as it is stored."""
    return text.encode("utf-8", "surrogatepass")


def from_free_text(stored: bytes) -> str:
    """What `free_text` was given; ValueError or TypeError when this is none of its results."""
    if not isinstance(stored, bytes):
        raise TypeError(f"expected bytes, found {stored!r:.60}")
    return stored.decode("utf-8", "surrogatepass")
