"""What only a server can do to a ledger: be away, lose things, be killed, be used by several processes."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from state.buses.redis import RedisBus
from state.events import Event, RunPaused
from state.ids import RunId, Seq, WindowId
from state.leases.holder import this_process
from state.leases.redis import RedisLease
from state.ports import SeqTaken, StaleLease, StoreAway, StoreError
from state.stores import redis_keeper as keeper
from state.stores.redis import RedisStore
from state.stores.redis_embedded import EmbeddedRedis
from state.stores.redis_link import RedisLink
from tests.contract.bodies import Doubling, links
from tests.support.real_valkey import Valkey

ROOT = Path(__file__).parents[2]
RUN = RunId("r")
PAUSE: list[tuple[float, Event]] = [(1.0, RunPaused("eve"))]

USE = """
import asyncio, sys
from state.leases.holder import this_process
from state.leases.redis import RedisLease
from state.stores.redis_embedded import EmbeddedRedis
from state.stores.redis_link import RedisLink

async def main():
    used = await EmbeddedRedis.open(sys.argv[1])
    link = await RedisLink.open(used.url)
    held = await RedisLease(link).take("run:r", this_process(), 3600.0)
    print(held.token, flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
async def link(redis_folder: Path) -> AsyncIterator[RedisLink]:
    async with links(redis_folder, 1) as (one,):
        yield one


def using(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the server and holds the lease of the run."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", USE, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip().isdigit()
    return child


def kill(child: subprocess.Popen[str]) -> None:
    with child:
        child.kill()


async def pid_of(link: RedisLink) -> int:
    found: dict[str, int] = await link.client.info("server")
    return found["process_id"]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110  # no child of ours, so nobody is told of its end
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def a_run(link: RedisLink) -> tuple[RedisStore, RedisLease]:
    store, lease = RedisStore(link), RedisLease(link)
    await store.create(RUN, "a plan", "/here", 1.0)
    return store, lease


async def test_a_server_without_an_append_only_file_is_no_ledger_unless_told_so(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        await link.client.config_set("appendonly", "no")
        with pytest.raises(StoreError, match=r"no append-only file.*aof=off"):
            await RedisLink.open(link.url)
        accepted = await RedisLink.open(link.url, durable=False)
        assert "no append-only file" in accepted.risk
        await accepted.close()


async def test_a_server_that_comes_back_without_its_append_only_file_is_no_ledger_any_more(tmp_path: Path) -> None:
    server = Valkey(tmp_path)
    try:
        link = await RedisLink.open(server.url)
        store, _ = await a_run(link)
        server.kill()
        server.start(appendonly="no")
        with pytest.raises(StoreError, match="no append-only file") as refused:
            await store.last_seq(RUN)
        assert not isinstance(refused.value, StoreAway), "nobody is to wait for it"
        server.kill()
        server.start()
        assert [head.run for head in await store.runs()] == [RUN]
        await link.close()
    finally:
        server.kill()


async def test_a_server_that_forgets_keys_is_no_ledger(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        await link.client.config_set("maxmemory", "100mb")
        await link.client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(StoreError, match="noeviction"):
            await RedisLink.open(link.url)


async def test_a_ledger_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        await link.client.set("tianting:format", "2")
        with pytest.raises(StoreError, match="update Tianting"):
            await RedisLink.open(link.url)


async def test_no_server_is_said_in_one_sentence_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"^the Redis at 127\.0\.0\.1:1/0 can not be reached: [^\n]*$") as refused:
        await RedisLink.open("redis://:secret@127.0.0.1:1/0")
    assert "secret" not in str(refused.value)


async def test_a_refused_write_is_an_error_of_the_store(link: RedisLink) -> None:
    store, lease = await a_run(link)
    held = await lease.take(f"run:{RUN}", "here", 60.0)
    assert held is not None
    await link.client.set(f"tianting:{RUN}:log", "not a stream")
    with pytest.raises(StoreError, match="does not do what it is asked"):
        await store.append(RUN, PAUSE, Seq(0), held)


async def test_what_was_appended_outlives_a_kill_of_the_server_and_of_its_keeper(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        store, lease = await a_run(link)
        held = await lease.take(f"run:{RUN}", "here", 60.0)
        assert held is not None
        assert await store.append(RUN, PAUSE, Seq(0), held) == 1
        first = await pid_of(link)
        os.kill(first, signal.SIGKILL)
        assert await store.append(RUN, PAUSE, Seq(1), held) == 2
        second = await pid_of(link)
        parent = int(Path(f"/proc/{second}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(parent, signal.SIGKILL)
        await until(lambda: gone(second))
        assert await store.append(RUN, PAUSE, Seq(2), held) == 3
        assert await pid_of(link) not in (first, second)
        assert [one.seq for one in await store.read(RUN, Seq(0), 9)] == [1, 2, 3]


async def test_the_server_ends_with_its_last_user_even_a_killed_one(tmp_path: Path) -> None:
    child = using(tmp_path)
    used = await EmbeddedRedis.open(str(tmp_path))
    link = await RedisLink.open(used.url)
    server = await pid_of(link)
    await link.close()
    used.close()
    assert not gone(server)
    kill(child)
    await until(lambda: gone(server))
    async with links(tmp_path, 1) as (again,):
        assert await pid_of(again) != server


async def test_a_server_goes_on_when_one_of_two_users_is_killed(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        server = await pid_of(link)
        kill(using(tmp_path))
        assert await pid_of(link) == server


async def test_the_lease_of_a_killed_process_is_free_at_once_and_its_token_is_passed(redis_folder: Path) -> None:
    async with links(redis_folder, 1) as (link,):
        lease = RedisLease(link)
        child = using(redis_folder)
        held = await lease.holder("run:r")
        assert held is not None
        assert await lease.take("run:r", this_process(), 10.0) is None
        kill(child)
        assert await lease.holder("run:r") is None
        assert await lease.held_by("run:") == []
        taken = await lease.take("run:r", this_process(), 10.0)
        assert taken is not None
        assert taken.token > held.token


async def test_the_time_of_the_server_counts(link: RedisLink) -> None:
    lease = RedisLease(link)
    seconds, micros = await link.client.time()
    held = await lease.take("x", "me", 100.0)
    assert held is not None
    assert 0 <= held.expires - 100.0 - seconds - micros / 1e6 < 60


async def test_a_holder_that_was_overtaken_writes_nothing_more(link: RedisLink) -> None:
    store, lease = await a_run(link)
    slow = await lease.take(f"run:{RUN}", "slow", 0.0)  # paused beyond its lease
    quick = await lease.take(f"run:{RUN}", "quick", 60.0)
    assert slow is not None
    assert quick is not None
    await store.append(RUN, PAUSE, Seq(0), quick)
    for expected in (0, 1):
        with pytest.raises(StaleLease):
            await store.append(RUN, PAUSE, Seq(expected), slow)
    assert await lease.renew(slow, 60.0) is None


async def test_of_two_that_append_at_one_place_one_is_refused(link: RedisLink) -> None:
    store, lease = await a_run(link)
    held = await lease.take(f"run:{RUN}", "here", 60.0)
    assert held is not None
    rivals = [store.append(RUN, [(float(n), RunPaused(f"p{n}"))], Seq(0), held) for n in range(30)]
    outcomes = await asyncio.gather(*rivals, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == [SeqTaken.__name__] * 29 + ["int"]
    assert await store.last_seq(RUN) == 1


async def test_more_callers_than_connections_all_get_their_turn(link: RedisLink) -> None:
    store, _ = await a_run(link)
    assert await asyncio.gather(*[store.last_seq(RUN) for _ in range(100)]) == [0] * 100


async def test_a_cancelled_call_ends_and_leaves_the_connection_usable(link: RedisLink) -> None:
    store, _ = await a_run(link)

    async def for_ever() -> None:
        while True:
            await store.last_seq(RUN)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for turns in range(60):
            task = group.create_task(for_ever())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert [head.run for head in await store.runs()] == [RUN]


async def test_a_publish_of_another_process_wakes_who_waits(redis_folder: Path) -> None:
    async with links(redis_folder, 2) as (one, other):
        here, there = RedisBus(one), RedisBus(other)
        async with here.at_work(), there.at_work(), here.subscribe(RUN) as mine, here.subscribe(RunId("x")) as others:
            while await mine.wait(0.05) or await others.wait(0.05):  # the beginning itself
                pass
            there.publish(RUN)
            assert await mine.wait(30.0)
            assert not await others.wait(0.0)


async def test_who_waited_while_the_server_was_away_is_woken_when_it_is_back(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        bus = RedisBus(link)
        async with bus.at_work(), bus.subscribe(RUN) as mine:
            while await mine.wait(0.05):
                pass
            os.kill(await pid_of(link), signal.SIGKILL)
            assert await mine.wait(30.0)


async def test_what_is_published_last_is_told_before_the_end(redis_folder: Path) -> None:
    async with links(redis_folder, 2) as (one, other):
        here, there = RedisBus(one), RedisBus(other)
        async with here.at_work(), here.subscribe(RUN) as mine:
            while await mine.wait(0.05):
                pass
            async with there.at_work():
                there.publish(RUN)
            assert await mine.wait(30.0)


@pytest.mark.parametrize("late", [False, True])
async def test_windows_are_shown_with_the_events_that_move_them_or_not_at_all(link: RedisLink, late: bool) -> None:
    _, lease = await a_run(link)
    log, one, two = RedisStore(Doubling(link, late)), WindowId("docs-1"), WindowId("docs-2")
    first = await lease.take(f"run:{RUN}", "first", 60.0)
    assert first is not None

    async def shown() -> object:
        return await link.client.hgetall(f"project:{RUN}:state")

    await log.append_shown(RUN, PAUSE, Seq(0), first, {one: "1", two: "1"}, whole=True)
    await log.append_shown(RUN, PAUSE * 2, Seq(1), first, {two: "3"}, whole=False)
    await log.append_shown(RUN, PAUSE, Seq(3), first, {}, whole=False)
    assert await shown() == {b"docs-1": b"1", b"docs-2": b"3"}
    with pytest.raises(SeqTaken):
        await log.append_shown(RUN, PAUSE, Seq(9), first, {one: "9"}, whole=True)
    await lease.release(first)
    second = await lease.take(f"run:{RUN}", "second", 60.0)
    assert second is not None
    with pytest.raises(StaleLease):
        await log.append_shown(RUN, PAUSE, Seq(4), first, {one: "9"}, whole=True)
    assert await shown() == {b"docs-1": b"1", b"docs-2": b"3"}
    await log.append_shown(RUN, PAUSE, Seq(4), second, {two: "5"}, whole=True)
    await log.append(RUN, PAUSE, Seq(5), second)
    assert await shown() == {b"docs-2": b"5"}


async def test_a_server_that_can_not_start_is_said_with_the_place_of_its_log(tmp_path: Path) -> None:
    folder = tmp_path / "redis" / "appendonlydir"
    folder.parent.mkdir()
    folder.write_text("in the way")
    with pytest.raises(StoreError, match=keeper.LOG):
        await EmbeddedRedis.open(str(folder.parent))


async def test_a_server_is_reached_by_address_and_database_and_a_wrong_password_is_said(tmp_path: Path) -> None:
    async with links(tmp_path, 1) as (link,):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        await link.client.config_set("port", port)
        remote = await RedisLink.open(f"redis://127.0.0.1:{port}/3")
        await a_run(remote)
        await remote.close()
        assert await RedisStore(link).runs() == []
        await link.client.config_set("requirepass", "right")
        with pytest.raises(StoreError, match="does not let us in"):
            await RedisLink.open(f"redis://:wrong@127.0.0.1:{port}/3")
        let_in = await RedisLink.open(f"redis://:right@127.0.0.1:{port}/3")
        assert [head.run for head in await RedisStore(let_in).runs()] == [RUN]
        await let_in.close()
