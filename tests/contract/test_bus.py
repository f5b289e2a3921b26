"""The promises of `Bus`, for every body, and what only the bus beside a ledger can do."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from state.buses.file import FileBus
from state.buses.mqtt import MqttBus
from state.buses.mqtt_line import MqttBroker
from state.ids import RunId
from state.ports import Bus, Wakeups
from tests.contract.bodies import BUSES
from tests.support.broker import mosquitto

ONE, TWO = RunId("one"), RunId("two")
LONG, NOT_AT_ALL = 30.0, 0.0

WRITE = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO t VALUES (1)")
db.commit()
db.close()
"""


async def test_a_publish_wakes_who_waits(bus: Bus) -> None:
    async with bus.subscribe(ONE) as wakeups, asyncio.TaskGroup() as group:
        waiting = group.create_task(wakeups.wait(LONG))
        await asyncio.sleep(0)
        bus.publish(ONE)
        assert await waiting


async def test_a_publish_before_the_wait_is_not_missed(bus: Bus) -> None:
    async with bus.subscribe(ONE) as wakeups:
        bus.publish(ONE)
        assert await wakeups.wait(LONG)


async def test_without_a_publish_the_wait_ends_by_itself(bus: Bus) -> None:
    async with bus.subscribe(ONE) as wakeups:
        assert not await wakeups.wait(NOT_AT_ALL)
        assert not await wakeups.wait(0.001)


async def test_one_publish_wakes_once(bus: Bus) -> None:
    async with bus.subscribe(ONE) as wakeups:
        bus.publish(ONE)
        bus.publish(ONE)
        assert await wakeups.wait(LONG)
        assert not await wakeups.wait(NOT_AT_ALL)


async def test_who_publishes_is_not_woken_by_it_and_all_others_are(bus: Bus) -> None:
    async with bus.subscribe(ONE) as own, bus.subscribe(ONE) as other:
        bus.publish(ONE, own)
        assert not await own.wait(NOT_AT_ALL)
        assert await other.wait(LONG)
        bus.publish(ONE)
        assert await own.wait(LONG)


async def test_another_run_does_not_wake(bus: Bus) -> None:
    async with bus.subscribe(ONE) as wakeups:
        bus.publish(TWO)
        assert not await wakeups.wait(NOT_AT_ALL)


async def test_all_runs_wake_who_subscribed_to_all(bus: Bus) -> None:
    async with bus.subscribe(None) as wakeups:
        for run in (ONE, TWO):
            bus.publish(run)
            assert await wakeups.wait(LONG)


async def test_every_subscriber_is_woken(bus: Bus) -> None:
    async with bus.subscribe(ONE) as first, bus.subscribe(ONE) as second:
        bus.publish(ONE)
        assert await first.wait(LONG)
        assert await second.wait(LONG)


async def test_a_subscription_that_ended_disturbs_nobody(bus: Bus) -> None:
    async with bus.subscribe(ONE) as first:
        async with bus.subscribe(ONE):
            pass
        bus.publish(ONE)
        assert await first.wait(LONG)
    bus.publish(ONE)


async def test_a_cancelled_wait_leaves_the_subscription_usable(bus: Bus) -> None:
    async with bus.subscribe(ONE) as wakeups, asyncio.TaskGroup() as group:
        waiting = group.create_task(wakeups.wait(LONG))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        bus.publish(ONE)
        assert await wakeups.wait(LONG)


def a_ledger(folder: Path) -> Path:
    path = folder / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (x)")
    return path


def write_elsewhere(path: Path) -> None:
    subprocess.run([sys.executable, "-c", WRITE, str(path)], check=True, timeout=60)


async def quiet(wakeups: Wakeups) -> None:
    """Wait until old writes are no news any more."""
    while await wakeups.wait(0.2):
        pass


async def test_a_write_of_another_process_wakes_who_waits(tmp_path: Path) -> None:
    path = a_ledger(tmp_path)
    async with FileBus(str(path)).subscribe(ONE) as wakeups, asyncio.TaskGroup() as group:
        await quiet(wakeups)
        waiting = group.create_task(wakeups.wait(LONG))
        await asyncio.to_thread(write_elsewhere, path)
        assert await waiting


async def test_a_write_between_two_waits_is_seen_by_the_next(tmp_path: Path) -> None:
    path = a_ledger(tmp_path)
    bus = FileBus(str(path))
    async with bus.subscribe(ONE) as first, bus.subscribe(TWO) as second:
        await quiet(first)
        await quiet(second)
        await asyncio.to_thread(write_elsewhere, path)
        assert await first.wait(LONG)
        assert await second.wait(LONG)


async def test_the_first_ledger_of_a_repository_is_seen(tmp_path: Path) -> None:
    async with FileBus(str(tmp_path / "ledger.sqlite")).subscribe(None) as wakeups:
        assert not await wakeups.wait(0.001)
        a_ledger(tmp_path)
        assert await wakeups.wait(LONG)


async def test_nothing_is_looked_at_while_nobody_waits(tmp_path: Path) -> None:
    bus = FileBus(str(a_ledger(tmp_path)))
    async with bus.subscribe(ONE) as wakeups, asyncio.TaskGroup() as group:
        await quiet(wakeups)
        two = [group.create_task(wakeups.wait(LONG)) for _ in range(2)]
        await asyncio.sleep(0)
        assert bus.looking
        bus.publish(ONE)
        await asyncio.gather(*two)
        assert not bus.looking


async def woken_by(publisher: Bus, wakeups: Wakeups, run: RunId) -> None:
    """Publish until the other side hears: it may not be listening yet."""
    async with asyncio.timeout(LONG):
        publisher.publish(run)
        while not await wakeups.wait(0.2):
            publisher.publish(run)


@pytest.fixture(params=["redis", "mqtt"])
async def two(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[tuple[Bus, Bus]]:
    """The buses of two processes, which share nothing but a server."""
    opening = BUSES[request.param]
    async with opening(folder) as one, opening(folder) as other:
        yield one, other


async def test_a_publish_wakes_who_waits_in_another_process(two: tuple[Bus, Bus]) -> None:
    one, other = two
    async with one.subscribe(ONE) as wakeups, one.subscribe(TWO) as others:
        await woken_by(other, wakeups, ONE)
        while await others.wait(0.05):  # all were woken when the listening began
            pass
        other.publish(ONE)
        assert await wakeups.wait(LONG)
        assert not await others.wait(NOT_AT_ALL)


async def test_a_bus_whose_broker_is_away_works_inside_its_process_and_hears_it_come_back(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        at = MqttBroker("127.0.0.1", broker.port)
        one, other = MqttBus(at), MqttBus(at)
        async with one.at_work(), other.at_work(), one.subscribe(ONE) as here, other.subscribe(ONE) as there:
            await woken_by(one, there, ONE)
            broker.end()
            one.publish(ONE)
            assert await here.wait(LONG)
            broker.begin()
            # Whatever was published meanwhile is unknown: everybody looks once, without a publish.
            assert await there.wait(LONG)
            await woken_by(one, there, ONE)


async def test_a_broker_that_stands_still_holds_up_neither_a_publish_nor_the_end(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        bus = MqttBus(MqttBroker("127.0.0.1", broker.port))
        async with asyncio.timeout(LONG), bus.at_work(), bus.subscribe(ONE) as wakeups:
            broker.send(signal.SIGSTOP)
            for _ in range(1000):
                bus.publish(ONE)
                assert await wakeups.wait(LONG)
