"""Pause a three-task run (SIGSTOP) beyond its lease at the n-th git call or append; let another process take it over
and end it; let the first go on. It must be refused whatever it was about to do, and change nothing.

`python -P enumerate_pauses.py KIND FOLDER FIRST STEP`, KIND as in `enumerate_kills.py`: every STEP-th moment from FIRST
on. A process of its own, since it forks.
"""

import asyncio
import os
import select
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from orchestrator.compose import WallClock  # noqa: E402
from state.leases.sqlite import SqliteLease  # noqa: E402
from state.stores.sqlite import SqliteStore  # noqa: E402
from tests.support.enumerate_kills import LIMIT, TASKS, arming, ground, has_log  # noqa: E402
from tests.support.ground import assert_all_is_well, clean_env, newest_run, sh  # noqa: E402
from tests.support.killing import start, tianting, wait  # noqa: E402

LEASE = "1"


def until_free(ledger: Path, run: str) -> None:
    """Until the lease of the paused process has ended."""
    store = SqliteStore.open(str(ledger))
    try:
        lease = SqliteLease(store.file, WallClock())
        while asyncio.run(lease.holder(f"run:{run}")) is not None:
            select.select([], [], [], 0.05)
    finally:
        store.close()


def is_locked(ledger: Path) -> bool:
    """Whether it was paused in the middle of a transaction."""
    with closing(sqlite3.connect(ledger, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        db.execute("ROLLBACK")
        return False


def attempt(kind: str, number: int, folder: Path) -> bool:
    """One run paused at `number` and overtaken; whether it came so far at all."""
    top, home, plan = ground(folder)
    env = {**clean_env(home), "TIANTING_LEASE": LEASE}
    said, again = folder / "first.txt", folder / "second.txt"
    first = start(["run", str(plan), "--no-dashboard"], top, env, said, arming(kind, -number, folder / "tally"))
    _, status = os.waitpid(first, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        assert os.waitstatus_to_exitcode(status) == 0, said.read_text()
        return False
    ledger = top / ".git" / "tianting" / "ledger.sqlite"
    if not has_log(ledger) or is_locked(ledger):
        os.kill(first, signal.SIGCONT)  # there is nothing to take over, or no way to: SQLite has one lock
        assert wait(first) == 0, said.read_text()
        assert_all_is_well(top, home, TASKS)
        return True
    until_free(ledger, newest_run(top))
    code = tianting(["resume", "--no-dashboard"], top, env, again)
    assert code == 0, f"resume ended with {code}:\n{said.read_text()}\n---\n{again.read_text()}"
    trunk = sh(top, "rev-parse", "main")
    os.kill(first, signal.SIGCONT)
    code = wait(first)
    had_ended = "finished: " in said.read_text()  # it only had to clear away what was its own
    assert code == 1 or (had_ended and code == 0), f"the overtaken one ended with {code}:\n{said.read_text()}"
    assert sh(top, "rev-parse", "main") == trunk, "the trunk was moved by a stale holder"
    assert_all_is_well(top, home, TASKS, overtaken=True)
    for name in TASKS:
        assert sh(top, "show", f"main:{name}.txt") == f"{name}\n"
    return True


def main() -> int:
    kind, folder, number, step = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    paused = 0
    while number < LIMIT:
        try:
            if not attempt(kind, number, folder / "ground"):
                break
        except AssertionError as broken:
            print(f"paused at {kind} {number}: {broken}")
            return 1
        paused += 1
        number += step
    print(f"paused {paused} times, up to {number}")
    return 0 if paused else 1


if __name__ == "__main__":
    sys.exit(main())
