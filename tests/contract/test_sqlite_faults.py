"""What can happen to the ledger's file: every fault is one sentence, and nothing acknowledged is ever
lost."""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from state import codec
from state.events import Event, RunPaused
from state.ids import AttemptId, IntentId, RunId, Seq
from state.intents import LaunchRun, PauseRun
from state.leases.sqlite import SqliteLease
from state.ports import Held, NewerLog, StoreError
from state.schema import USER_VERSION
from state.stores.ledger_file import BUSY_SECONDS
from state.stores.sqlite import SqliteStore
from state.transcript import Entry, EntryKind
from tests.contract.bodies import HandClock

RUN = RunId("r")
ROOT = Path(__file__).parents[2]

# Appends for ever, each line of its output is a seq that the store has acknowledged.
WRITER = """
import asyncio, sys
from state.events import RunPaused
from state.leases.sqlite import SqliteLease
from state.stores.sqlite import SqliteStore

class Clock:
    def now(self):
        return 1.0

async def main(path, size):
    store = SqliteStore.open(path)
    held = await SqliteLease(store.file, Clock()).take("run:r", "writer", 60.0)
    seq = await store.last_seq("r")
    print(seq, flush=True)
    while True:
        seq = await store.append("r", [(1.0, RunPaused(str(seq + 1 + n))) for n in range(size)], seq, held)
        print(seq, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def pauses(count: int, first: int = 1) -> list[tuple[float, Event]]:
    return [(1.0, RunPaused(f"{number}" + "x" * 200)) for number in range(first, first + count)]


async def begin(store: SqliteStore) -> Held:
    await store.create(RUN, "name", "repository", 1.0)
    held = await SqliteLease(store.file, HandClock()).take(f"run:{RUN}", "here", 60.0)
    assert held is not None
    return held


async def written(path: Path, count: int) -> None:
    store = SqliteStore.open(str(path))
    await store.append(RUN, pauses(count), Seq(0), await begin(store))
    store.close()


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes | bytearray) -> None:
    path.write_bytes(content)


def one_sentence(caught: pytest.ExceptionInfo[StoreError], path: Path) -> str:
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "ledger.sqlite"


async def test_a_killed_writer_leaves_no_gap_and_every_acknowledged_event(path: Path) -> None:
    chance = random.Random(7)
    store = SqliteStore.open(str(path))
    await store.create(RUN, "name", "repository", 1.0)
    for _ in range(30):
        acknowledged = kill_a_writer(path, lines=chance.randint(1, 60), size=chance.choice([1, 1, 7, 100]))
        last = await store.last_seq(RUN)
        assert last >= acknowledged
        read = await store.read(RUN, Seq(0), 1_000_000)
        assert [one.seq for one in read] == list(range(1, last + 1))
        assert [one.event for one in read] == [RunPaused(str(number)) for number in range(1, last + 1)]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


def kill_a_writer(path: Path, lines: int, size: int) -> int:
    """Kill -9 a writer while it goes on after so many acknowledged appends; the last seq it was told."""
    command = [sys.executable, "-P", "-c", WRITER, str(path), str(size)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            assert writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read()
        # The pipe may have been cut in the middle of its last number.
        whole = told[: told.rfind("\n") + 1].split()
    return int(whole[-1]) if whole else 0


async def test_a_full_disk_is_said_and_undone(path: Path) -> None:
    store = SqliteStore.open(str(path))
    held = await begin(store)
    await store.append(RUN, pauses(3), Seq(0), held)
    with store.file.reading() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError) as caught:
        await store.append(RUN, pauses(500, first=4), Seq(3), held)
    assert "full" in one_sentence(caught, path)
    assert await store.last_seq(RUN) == 3
    with store.file.reading() as db:
        db.execute("PRAGMA max_page_count = 100000")
    assert await store.append(RUN, pauses(500, first=4), Seq(3), held) == 503
    store.close()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    mount, umount = shutil.which("mount"), shutil.which("umount")
    disk = tmp_path / "disk"
    disk.mkdir()
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("only root can make a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "none", str(disk)],
        check=False,
        capture_output=True,
        timeout=30,
    )
    if made.returncode != 0:
        pytest.skip("this machine mounts no tmpfs")
    yield disk
    subprocess.run([umount, str(disk)], check=True, timeout=30)


async def append_for_ever(store: SqliteStore, held: Held, acknowledged: list[Seq]) -> None:
    while True:
        seq = acknowledged[-1]
        acknowledged.append(await store.append(RUN, pauses(20, first=seq + 1), seq, held))


async def submit_for_ever(store: SqliteStore) -> None:
    while True:
        await store.submit(RUN, PauseRun(), "eve", 1.0)


def fill_disk(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass


async def test_a_really_full_disk_stops_cleanly_and_goes_on_with_room(tiny_disk: Path) -> None:
    path = tiny_disk / "ledger.sqlite"
    store = SqliteStore.open(str(path))
    held = await begin(store)
    acknowledged = [Seq(0)]
    with pytest.raises(StoreError) as caught:
        await append_for_ever(store, held, acknowledged)
    seq = acknowledged[-1]
    assert seq > 0
    assert "disk" in one_sentence(caught, path)
    assert await store.last_seq(RUN) == seq
    with pytest.raises(StoreError):
        await submit_for_ever(store)
    store.close()
    again = SqliteStore.open(str(path))
    assert [one.seq for one in await again.read(RUN, Seq(0), 10_000)] == list(range(1, seq + 1))
    again.close()


def test_a_ledger_on_a_disk_without_room_is_not_half_made(tiny_disk: Path) -> None:
    filler = tiny_disk / "filler"
    with pytest.raises(OSError, match="28"):
        fill_disk(filler)
    with pytest.raises(StoreError) as caught:
        SqliteStore.open(str(tiny_disk / "ledger.sqlite"))
    one_sentence(caught, tiny_disk)
    assert os.listdir(tiny_disk) == ["filler"]
    filler.unlink()
    SqliteStore.open(str(tiny_disk / "ledger.sqlite")).close()


async def test_a_newer_ledger_is_refused_and_left_alone(path: Path) -> None:
    await written(path, 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {USER_VERSION + 1}")
    before = content_of(path)
    with pytest.raises(NewerLog) as caught:
        SqliteStore.open(str(path))
    one_sentence(caught, path)
    assert content_of(path) == before


_TABLE_OF_VERSION_1 = """
CREATE TABLE events (
    run_no INTEGER NOT NULL REFERENCES runs (no), seq INTEGER NOT NULL, ts REAL NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (run_no, seq)
) WITHOUT ROWID
"""


def as_version_1(path: Path) -> None:
    """Turn a ledger into what the first version wrote."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT run_no, seq, ts, name, version, data FROM events").fetchall()
        db.execute("DROP TABLE events")
        db.execute(_TABLE_OF_VERSION_1)
        db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.execute("PRAGMA user_version = 1")
        db.commit()


async def test_a_ledger_of_the_first_version_is_brought_up_with_all_that_is_in_it(path: Path) -> None:
    await written(path, 1200)
    store = SqliteStore.open(str(path))
    await store.create(RunId("other"), "other", "/somewhere", 2.0)
    held = await SqliteLease(store.file, HandClock()).take("run:other", "me", 60.0)
    assert held is not None
    await store.append(RunId("other"), pauses(3), Seq(0), held)
    logs = [await store.read(run, Seq(0), 2000) for run in (RUN, RunId("other"))]
    store.close()
    as_version_1(path)
    older = sqlite3.connect(path)
    two = [SqliteStore.open(str(path)) for _ in range(2)]
    assert [await two[1].read(run, Seq(0), 2000) for run in (RUN, RunId("other"))] == logs
    assert [head.seq for head in await two[0].runs()] == [Seq(3), Seq(1200)]
    await two[0].append(RunId("other"), pauses(1, 4), Seq(3), held)
    assert await two[1].last_seq(RunId("other")) == 4
    with pytest.raises(sqlite3.OperationalError):  # an older Tianting that has it open writes nothing into it any more
        older.execute("INSERT INTO events VALUES (1, 1201, 1.0, 'RunPaused', 1, '{}')")
    older.close()
    for one in two:
        one.close()


async def test_a_ledger_that_can_not_be_brought_up_stays_as_it_was(path: Path) -> None:
    await written(path, 5)
    as_version_1(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE events_1 (whatever)")
    before = content_of(path)
    with pytest.raises(StoreError) as caught:
        SqliteStore.open(str(path))
    one_sentence(caught, path)
    assert content_of(path) == before


async def test_a_newer_event_in_a_known_ledger_is_refused_when_read(path: Path) -> None:
    await written(path, 2)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE events SET version = ? WHERE seq = 2", (codec.SCHEMA_VERSION + 1,))
        db.commit()
    store = SqliteStore.open(str(path))
    assert len(await store.read(RUN, Seq(0), 1)) == 1
    with pytest.raises(NewerLog):
        await store.read(RUN, Seq(0), 2)
    store.close()


async def test_newer_and_damaged_intents_are_refused_when_read(path: Path) -> None:
    store = SqliteStore.open(str(path))
    first = await store.submit(RUN, PauseRun(), "eve", 1.0)
    second = await store.submit(RUN, PauseRun(), "eve", 1.0)
    with store.file.writing() as db:
        db.execute("UPDATE inbox SET version = ? WHERE id = ?", (codec.SCHEMA_VERSION + 1, second))
        db.execute("UPDATE inbox SET data = '{}' WHERE id = ?", (first,))
    with pytest.raises(StoreError, match="can not be read"):
        await store.pending(RUN, IntentId(0))
    with pytest.raises(NewerLog):
        await store.pending(RUN, first)
    store.close()


async def test_a_gap_in_the_log_is_refused(path: Path) -> None:
    await written(path, 5)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM events WHERE seq = 3")
        db.commit()
    store = SqliteStore.open(str(path))
    with pytest.raises(StoreError, match="gap"):
        await store.read(RUN, Seq(0), 10)
    with pytest.raises(StoreError, match="gap"):
        await store.read(RUN, Seq(2), 10)
    store.close()


async def test_a_transcript_of_an_unknown_kind_is_refused(path: Path) -> None:
    store = SqliteStore.open(str(path))
    with store.file.writing() as db:
        db.execute("INSERT INTO transcripts VALUES ('r', 'a.1', 1, 1.0, 'dream', x'61', 0)")
    with pytest.raises(StoreError, match="dream"):
        await store.entries(RUN, AttemptId("a.1"), 0, 9)
    store.close()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"not a database, only some text of a person\n" * 200, "not a ledger"),
        (b"SQLite", "not a ledger"),
    ],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes, word: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        SqliteStore.open(str(path))
    assert word in one_sentence(caught, path)
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photos (x)")
    with pytest.raises(StoreError) as caught:
        SqliteStore.open(str(path))
    assert "another program" in one_sentence(caught, path)


async def test_a_damaged_ledger_is_refused_wherever_it_is_cut(path: Path) -> None:
    await written(path, 300)
    whole = content_of(path)
    for kept in (1, 99, 100, 512, 4095, 4096, 5000, len(whole) // 2, len(whole) - 1):
        put(path, whole[:kept])
        with pytest.raises(StoreError):
            await read_all(path)


async def read_all(path: Path) -> None:
    store = SqliteStore.open(str(path))
    try:
        await store.runs()
        assert len(await store.read(RUN, Seq(0), 1_000)) < 300, "the damage was not in the part that was read"
    finally:
        store.close()


async def test_random_damage_is_never_more_than_a_sentence(path: Path) -> None:
    store = SqliteStore.open(str(path))
    await store.append(RUN, pauses(40), Seq(0), await begin(store))
    await store.add(RUN, AttemptId("a.1"), [Entry(1.0, EntryKind.OUTPUT, "said" * 9) for _ in range(40)])
    for _ in range(20):
        await store.submit(RUN, PauseRun(), "eve", 1.0)
        await store.submit(RUN, LaunchRun(RUN, "plan" * 9, "f"), "eve", 1.0)
    store.close()
    whole = content_of(path)
    chance = random.Random(3)
    for _ in range(100):
        damaged = bytearray(whole)
        start = chance.randrange(len(damaged))
        damaged[start : start + 64] = chance.randbytes(64)
        put(path, damaged)
        said = await what_is_said_of(path)
        assert "\n" not in said
        assert said.isprintable()


async def what_is_said_of(path: Path) -> str:
    try:
        with closing(SqliteStore.open(str(path))) as store:
            await store.runs()
            await store.read(RUN, Seq(0), 1_000)
            await store.pending(RUN, IntentId(0))
            await store.launches(IntentId(0))
            await store.entries(RUN, AttemptId("a.1"), 0, 1_000)
    except StoreError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
async def test_a_file_deleted_while_in_use_stops_the_writer(path: Path, suffix: str) -> None:
    store = SqliteStore.open(str(path))
    held = await begin(store)
    await store.append(RUN, pauses(1), Seq(0), held)
    os.unlink(f"{path}{suffix}")
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            await store.append(RUN, pauses(1, first=2), Seq(1), held)
        assert "deleted" in one_sentence(caught, path)
    store.close()


async def test_a_ledger_replaced_while_in_use_stops_the_writer(path: Path) -> None:
    store = SqliteStore.open(str(path))
    held = await begin(store)
    other = path.with_name("other.sqlite")
    SqliteStore.open(str(other)).close()
    os.replace(other, path)
    with pytest.raises(StoreError, match="replaced"):
        await store.append(RUN, pauses(1), Seq(0), held)
    store.close()


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
async def test_a_file_beside_the_ledger_that_went_after_a_crash_is_no_crash(path: Path, suffix: str) -> None:
    SqliteStore.open(str(path)).close()
    setup = SqliteStore.open(str(path))
    await setup.create(RUN, "name", "repository", 1.0)
    setup.close()
    kill_a_writer(path, lines=5, size=3)
    os.unlink(f"{path}{suffix}")
    store = SqliteStore.open(str(path))
    read = await store.read(RUN, Seq(0), 1_000)
    assert [one.seq for one in read] == list(range(1, len(read) + 1))
    store.close()


async def test_a_half_written_wal_is_cut_at_its_last_whole_commit(path: Path) -> None:
    setup = SqliteStore.open(str(path))
    await setup.create(RUN, "name", "repository", 1.0)
    setup.close()
    kill_a_writer(path, lines=40, size=1)
    wal = Path(f"{path}-wal")
    whole = content_of(wal)
    for kept in (0, 10, 31, 32, 2_000, len(whole) // 2, len(whole) - 1):
        put(wal, whole[:kept])
        put(Path(f"{path}-shm"), b"")
        store = SqliteStore.open(str(path))
        read = await store.read(RUN, Seq(0), 1_000)
        assert [one.seq for one in read] == list(range(1, len(read) + 1))
        store.close()


def test_a_wal_without_its_ledger_is_not_played_into_a_new_one(path: Path) -> None:
    path.parent.mkdir(parents=True)
    Path(f"{path}-wal").write_bytes(b"what is left of somebody's log")
    with pytest.raises(StoreError) as caught:
        SqliteStore.open(str(path))
    assert "-wal" in one_sentence(caught, path)
    assert not path.exists()


async def test_a_ledger_locked_for_too_long_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BUSY_SECONDS > 1
    monkeypatch.setattr("state.stores.ledger_file.BUSY_SECONDS", 0.05)
    store = SqliteStore.open(str(path))
    held = await begin(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            await store.append(RUN, pauses(1), Seq(0), held)
        assert "locked" in one_sentence(caught, path)
        assert await store.last_seq(RUN) == 0
        other.execute("ROLLBACK")
    assert await store.append(RUN, pauses(1), Seq(0), held) == 1
    store.close()


STOPPED = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
os.kill(os.getpid(), signal.SIGSTOP)
db.execute("ROLLBACK")
"""


def stopped(path: Path) -> subprocess.Popen[bytes]:
    """Another process, once it was stopped in the middle of a transaction."""
    other = subprocess.Popen([sys.executable, "-c", STOPPED, str(path)])
    os.waitpid(other.pid, os.WUNTRACED)
    return other


async def test_a_process_that_was_stopped_in_the_middle_of_a_transaction_is_named_with_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state.stores.ledger_file.BUSY_SECONDS", 0.05)
    store = SqliteStore.open(str(path))
    held = await begin(store)
    with stopped(path) as other:
        try:
            with pytest.raises(StoreError) as caught:
                await store.append(RUN, pauses(1), Seq(0), held)
            said = one_sentence(caught, path)
            assert f"it is process {other.pid}, which is stopped" in said
            assert f"`kill -CONT {other.pid}`" in said
        finally:
            os.kill(other.pid, signal.SIGCONT)
        assert other.wait(60) == 0
    assert await store.append(RUN, pauses(1), Seq(0), held) == 1
    store.close()


def test_a_folder_or_a_missing_place_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "ledger")
    for path in (tmp_path, tmp_path / "file" / "ledger.sqlite", tmp_path / "link"):
        with pytest.raises(StoreError) as caught:
            SqliteStore.open(str(path))
        one_sentence(caught, path)


async def test_a_closed_store_says_so_and_closes_twice(path: Path) -> None:
    store = SqliteStore.open(str(path))
    store.close()
    store.close()
    with pytest.raises(StoreError):
        await store.runs()
    with pytest.raises(StoreError):
        await store.submit(RUN, PauseRun(), "eve", 1.0)


def test_names_that_mean_something_in_an_address_are_only_names(tmp_path: Path) -> None:
    for name in ("a?mode=memory", "a#b", "50%25 off", "na\u00efve \udcff", "new\nline", "'\""):
        path = tmp_path / name / "ledger.sqlite"
        SqliteStore.open(str(path)).close()
        assert path.exists()


def test_a_new_ledger_leaves_nothing_beside_itself(path: Path) -> None:
    SqliteStore.open(str(path)).close()
    assert os.listdir(path.parent) == ["ledger.sqlite"]


def test_an_unknown_way_to_flush_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="OFF"):
        SqliteStore.open(str(path), synchronous="OFF")


async def test_full_is_the_default_and_normal_is_to_be_had(path: Path) -> None:
    for store, level in ((SqliteStore.open(str(path)), 2), (SqliteStore.open(str(path), "NORMAL"), 1)):
        with store.file.reading() as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (level,)
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.close()


SUBMITTER = """
import asyncio, sys
from state.intents import LaunchRun, PauseRun
from state.stores.sqlite import SqliteStore

async def main(path):
    store = SqliteStore.open(path)
    for _ in range(25):
        await store.submit("r", PauseRun(), "eve", 1.0)
    store.close()

asyncio.run(main(sys.argv[1]))
"""


async def test_processes_that_open_a_new_ledger_at_once_share_it(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", SUBMITTER, str(path)]
    processes = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(4)]
    async with asyncio.timeout(60):
        assert [await process.wait() for process in processes] == [0] * 4
    store = SqliteStore.open(str(path))
    assert [one.id for one in await store.pending(RUN, IntentId(0))] == list(range(1, 101))
    store.close()
    assert os.listdir(path.parent) == ["ledger.sqlite"]
