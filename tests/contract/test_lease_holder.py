"""Who holds a lease, told apart by more than a pid; a dead holder on this host is seen at once."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from state.leases.holder import is_dead, this_process
from state.leases.sqlite import SqliteLease
from state.stores.sqlite import SqliteStore
from tests.contract.bodies import HandClock

ROOT = Path(__file__).parents[2]

# Takes the lease, says who it is, and waits to be killed.
HOLD = """
import asyncio, sys
from state.leases.holder import this_process
from state.leases.sqlite import SqliteLease
from state.stores.sqlite import SqliteStore

class Clock:
    def now(self):
        return 1_000.0

store = SqliteStore.open(sys.argv[1])
me = this_process()
held = asyncio.run(SqliteLease(store.file, Clock()).take("run:r", me, 3600.0))
print(me, held.token, flush=True)
sys.stdin.read()
"""


def until_ended(child: subprocess.Popen[str]) -> None:
    """Ended, but not waited for: a process without life that still has its pid."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


def holding(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_the_lease_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteStore.open(str(path))) as store, holding(path) as child:
        lease = SqliteLease(store.file, HandClock())
        assert child.stdout is not None
        holder, token = child.stdout.readline().split()
        held = await lease.holder("run:r")
        assert held is not None
        assert held.holder == holder
        assert not is_dead(holder)
        assert await lease.take("run:r", this_process(), 10.0) is None
        child.send_signal(signal.SIGKILL)
        until_ended(child)
        assert await lease.holder("run:r") is None
        assert await lease.held_by("run:") == []
        child.wait(timeout=30)
        assert is_dead(holder)
        taken = await lease.take("run:r", this_process(), 10.0)
        assert taken is not None
        assert taken.token > int(token)


def test_this_process_is_not_dead() -> None:
    assert not is_dead(this_process())
    assert not is_dead(this_process("second loop: of one process"))


def test_two_labels_are_two_holders() -> None:
    assert this_process("a") != this_process("b") != this_process()


def test_a_pid_that_came_back_is_another_process() -> None:
    host, boot, pid, start = this_process().split(":")
    assert is_dead(f"{host}:{boot}:{pid}:{int(start) - 1}")
    assert is_dead(f"{host}:{boot}:{pid}:{int(start) - 1}:label")


def test_a_pid_that_nobody_has_is_dead() -> None:
    host, boot, _, start = this_process().split(":")
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait(timeout=30)
    assert is_dead(f"{host}:{boot}:{child.pid}:{start}")


@pytest.mark.parametrize("holder", ["", "me", "a:b:c", ":::", "a:b:notapid:4"])
def test_a_name_that_tells_nothing_is_not_called_dead(holder: str) -> None:
    assert not is_dead(holder)


def test_processes_of_other_hosts_boots_and_namespaces_are_not_called_dead() -> None:
    host, boot, _, _ = this_process().split(":")
    identifier, _, namespace = boot.partition(".")
    nobody = f"{2**22 + 1}:1"
    assert is_dead(f"{host}:{boot}:{nobody}")
    assert not is_dead(f"{host}x:{boot}:{nobody}")
    assert not is_dead(f"{host}:{identifier[:-1]}.{namespace}:{nobody}")
    assert not is_dead(f"{host}:{identifier}.{namespace}1:{nobody}")
