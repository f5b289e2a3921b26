"""A run whose store goes away: what is at work goes on, nothing is started or landed, and nothing is lost."""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command import Desk, Leader
from tests.support.ground import marked_processes
from tests.support.proxy import ProxyProcess
from tests.support.real_valkey import Valkey

PLAN = """
name: away
defaults: {retries: 0}
tasks:
  - {id: a, role: backend, run: "cat FOLDER/a; touch FOLDER/a-went-on; cat FOLDER/b; echo a > from-a.txt"}
  - {id: c, role: docs, needs: [a], run: "touch FOLDER/c-began; echo c > from-c.txt"}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "redis")
    yield server
    server.kill()


@pytest.fixture
def proxy(server: Valkey) -> Iterator[ProxyProcess]:
    proxy = ProxyProcess(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in "ab":
        os.mkfifo(tmp_path / name)
    return Desk.make(tmp_path)


def begin(desk: Desk, url: str) -> Leader:
    """The run, once task a is at work."""
    leader = desk.start("run", desk.plan(PLAN.replace("FOLDER", str(desk.top.parent))), "--store", url)
    leader.until_said("a: starts")
    let_go(desk, "a", lambda: True)
    return leader


def let_go(desk: Desk, name: str, seen: Callable[[], bool]) -> None:
    """Let the task go on that waits at this pipe, and wait until that is seen."""
    (desk.top.parent / name).write_text("go on\n")
    until(seen)


def until(seen: Callable[[], bool]) -> None:
    for _ in range(3000):
        if seen():
            return
        select.select([], [], [], 0.02)
    raise AssertionError("it was not seen")


def run_of(desk: Desk, url: str) -> str:
    return desk.tianting("runs", "--json", "--store", url).out.partition('"run":"')[2].partition('"')[0]


def test_a_run_waits_for_its_store_and_loses_nothing(desk: Desk, server: Valkey) -> None:
    folder = desk.top.parent
    leader = begin(desk, server.url)
    run = run_of(desk, server.url)
    until((folder / "a-went-on").exists)
    server.kill()
    leader.until_said("store unreachable: the Redis at 127.0.0.1")
    let_go(desk, "b", lambda: not marked_processes(run))  # the agent worked on, and came to its end
    told = desk.tianting("status", "--store", server.url)
    assert told.code == 1
    assert "can not be reached" in told.err
    back = time.time()
    server.start()
    told = leader.end()
    assert told.code == 0, told
    assert "the store is back" in told.out
    assert (folder / "c-began").stat().st_mtime > back
    assert desk.git("log", "--first-parent", "--format=%s", "main").count("\n") == 3
    assert desk.files() == ["a.txt", "b.txt", "from-a.txt", "from-c.txt"]
    assert "try 2" not in told.out


def test_a_connection_that_only_swallows_is_a_store_that_is_away(desk: Desk, proxy: ProxyProcess) -> None:
    leader = begin(desk, proxy.url)
    proxy.order("hole")
    leader.until_said("store unreachable: ", "no answer")
    let_go(desk, "b", lambda: True)
    proxy.order("cut")
    proxy.order("fine")
    told = leader.end()
    assert told.code == 0, told
    assert desk.files() == ["a.txt", "b.txt", "from-a.txt", "from-c.txt"]


def test_ctrl_c_while_the_store_is_away_ends_the_run_to_be_resumed(desk: Desk, server: Valkey) -> None:
    leader = begin(desk, server.url)
    run = run_of(desk, server.url)
    until((desk.top.parent / "a-went-on").exists)
    server.kill()
    leader.until_said("store unreachable: ")
    leader.signal(signal.SIGINT)
    told = leader.end()
    assert told.code == 1, told
    assert f"`tianting resume {run}` goes on" in told.err
    assert not marked_processes(run)
    server.start()
    (desk.top.parent / "a").unlink()
    (desk.top.parent / "a").touch()
    (desk.top.parent / "b").unlink()
    (desk.top.parent / "b").touch()
    told = desk.tianting("resume", "--store", server.url)
    assert told.code == 0, told
    assert desk.files() == ["a.txt", "b.txt", "from-a.txt", "from-c.txt"]


def test_a_store_that_can_lose_a_run_is_refused_or_warned_of(desk: Desk, tmp_path: Path) -> None:
    server = Valkey(tmp_path / "no file", appendonly="no")
    try:
        plan = desk.plan("name: one\ntasks:\n  - {id: a, run: 'echo a > a.txt'}\n")
        told = desk.tianting("run", plan, "--store", server.url)
        assert told.code == 1
        assert "keeps no append-only file" in told.err
        accepted = f"{server.url}?aof=off"
        told = desk.tianting("run", plan, "--store", accepted)
        assert told.code == 0, told
        assert "warning: " in told.out
        assert "keeps no append-only file" in told.out
        told = desk.tianting("doctor", "--json", env=desk.env(TIANTING_STORE=accepted))
        [row] = [one for one in json.loads(told.out) if one["what"] == "Redis of TIANTING_STORE"]
        assert "keeps no append-only file" in row["detail"]
    finally:
        server.kill()
