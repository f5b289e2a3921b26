"""The live feed: many clients, some of them stuck; every one that reads gets each event once, in order, to the end."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import pairwise

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard import live
from dashboard.pages import FRAME
from dashboard.routes import feed
from state.buses.local import LocalBus
from state.ids import RunId, Seq
from state.ports import StoreError, Wakeups
from tests.support.stage import PATIENCE, TOKEN, Stage, on_stage
from tests.support.story import Story, World

BEARER = {"Authorization": f"Bearer {TOKEN}"}
RUN = "bookshop-1"


def sockets(stage: Stage, after: int = 0) -> connect:
    url = f"{stage.feed}/{RUN}/feed?after={after}"
    return connect(url, additional_headers=BEARER, proxy=None, compression=None)


async def read_socket(client: ClientConnection, until: int) -> list[dict[str, object]]:
    """Envelopes up to the one with seq `until`."""
    seen: list[dict[str, object]] = []
    async with asyncio.timeout(PATIENCE):
        while not seen or seen[-1]["seq"] != until:
            seen += json.loads(await client.recv())
    return seen


@asynccontextmanager
async def streamed(
    stage: Stage, after: int = 0, last_event_id: str | None = None
) -> AsyncIterator[asyncio.StreamReader]:
    """The body of a stream of server-sent events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port, limit=2**22)
    came_back = "" if last_event_id is None else f"Last-Event-ID: {last_event_id}\r\n"
    writer.write(
        f"GET /api/v1/runs/{RUN}/feed?after={after} HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\n{came_back}\r\n".encode()
    )
    try:
        async with asyncio.timeout(PATIENCE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert " 200 ok" in head, head
            assert "content-type: text/event-stream" in head
            yield reader
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def read_stream(reader: asyncio.StreamReader, until: int) -> list[dict[str, object]]:
    """Envelopes up to seq `until`; each must carry its seq as id."""
    seen: list[dict[str, object]] = []
    number = ""
    while not seen or seen[-1]["seq"] != until:
        line = (await reader.readline()).decode().rstrip("\n")
        if line.startswith("id: "):
            number = line[4:]
        elif line.startswith("data: "):
            seen.append(json.loads(line[6:]))
            assert str(seen[-1]["seq"]) == number
    return seen


def seqs(envelopes: list[dict[str, object]]) -> list[object]:
    return [one["seq"] for one in envelopes]


@pytest.fixture
async def story() -> Story:
    story = await Story.begin(World())
    await story.dispatch("schema")
    return story


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop work until something holds; fails by the timeout."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is looked at rings no bell
            await asyncio.sleep(0.01)


async def test_a_client_gets_what_was_and_then_what_comes(story: Story) -> None:
    async with on_stage(story.world) as stage, sockets(stage) as client, streamed(stage) as stream:
        assert seqs(await read_socket(client, 4)) == [1, 2, 3, 4]
        assert seqs(await read_stream(stream, 4)) == [1, 2, 3, 4]
        await story.progress("schema", "more")
        (by_socket,) = await read_socket(client, 5)
        (by_stream,) = await read_stream(stream, 5)
        assert by_socket == by_stream
        assert list(by_socket) == ["seq", "ts", "run", "type", "task", "window", "data"]
        assert (by_socket["run"], by_socket["type"], by_socket["task"]) == (RUN, "AttemptProgressed", "schema")


async def test_what_waits_for_a_client_comes_as_one_frame(story: Story) -> None:
    async with on_stage(story.world) as stage, sockets(stage) as client:
        await read_socket(client, 4)
        for number in range(20):
            await story.progress("schema", f"line {number}")
        async with asyncio.timeout(PATIENCE):
            frame = json.loads(await client.recv())
        assert seqs(frame) == list(range(5, 25))


async def test_a_trickle_is_gathered_so_that_waking_the_clients_stays_cheap(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_GAP", 0.2)
    async with on_stage(story.world) as stage, sockets(stage, story.last) as client:
        await until(lambda: bool(stage.app.state.room.feeds._tails))
        for number in range(20):
            await story.progress("schema", f"line {number}")
            await asyncio.sleep(0.002)
        frames: list[list[dict[str, object]]] = []
        async with asyncio.timeout(PATIENCE):
            while not frames or frames[-1][-1]["seq"] != story.last:
                frames.append(json.loads(await client.recv()))
        assert len(frames) <= 10


async def test_across_reconnects_there_is_no_gap_and_no_repeat(story: Story) -> None:
    async with on_stage(story.world) as stage:
        seen: list[object] = []
        place = 0
        for turn in range(6):
            for number in range(40):
                await story.progress("schema", f"{turn}.{number}")
            if turn % 2:
                async with sockets(stage, place) as client:
                    got = await read_socket(client, story.last)
            else:
                async with streamed(stage, after=1, last_event_id=str(place)) as stream:
                    got = await read_stream(stream, story.last)
            seen += seqs(got)
            place = story.last
        assert seen == list(range(1, story.last + 1))


async def test_a_feed_stays_when_its_run_has_ended(story: Story) -> None:
    async with on_stage(story.world) as stage, sockets(stage) as client:
        await story.succeed("schema")
        await story.land("schema")
        await story.finish("schema")
        ended = await read_socket(client, story.last)
        assert ended[-1]["type"] == "RunFinished"
        await story.tell(*[one.event for one in await story.world.store.read(story.run, Seq(1), 1)])  # led again
        assert seqs(await read_socket(client, story.last)) == [story.last]


class Mute(LocalBus):
    def publish(self, run: RunId, but: Wakeups | None = None) -> None:
        """Nobody hears it."""


async def test_a_lost_wake_up_is_made_good(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_LOOK_EVERY", 0.05)
    story.world.bus = Mute()
    async with on_stage(story.world) as stage, sockets(stage) as client:
        await read_socket(client, 4)
        await story.progress("schema", "unheard")
        assert seqs(await read_socket(client, 5)) == [5]


async def test_a_silent_stream_gets_signs_of_life(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT", 0.05)
    async with on_stage(story.world) as stage, streamed(stage, after=4) as stream:
        for _ in range(3):
            while not (await stream.readline()).startswith(b":"):
                pass
        await story.progress("schema", "more")
        assert seqs(await read_stream(stream, 5)) == [5]


async def test_what_a_client_sends_is_not_read_into_memory(story: Story) -> None:
    async with on_stage(story.world) as stage, sockets(stage) as client:
        await client.send("hello" * 1000)
        assert seqs(await read_socket(client, 4)) == [1, 2, 3, 4]
        await client.send(b"x" * 70_000)
        with pytest.raises(ConnectionClosed):
            await read_socket(client, 99)


_UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@contextmanager
def stuck(stage: Stage, sockets: int, streams: int) -> Iterator[None]:
    """Clients that ask for the feed and then never read; their own buffers are as small as can be."""
    with ExitStack() as stack:
        for upgrade in [_UPGRADE] * sockets + [""] * streams:
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(("127.0.0.1", stage.port))
            client.sendall(
                f"GET /api/v1/runs/{RUN}/feed HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n"
                f"Authorization: Bearer {TOKEN}\r\n{upgrade}\r\n".encode()
            )
        yield


async def follow_socket(stage: Stage, last: int, seen: list[object]) -> None:
    async with sockets(stage) as client:
        while not seen or seen[-1] != last:
            seen += seqs(json.loads(await client.recv()))


async def follow_stream(stage: Stage, last: int, seen: list[object]) -> None:
    async with streamed(stage) as stream:
        seen += seqs(await read_stream(stream, last))


def waiting_to_be_sent() -> list[int]:
    """Bytes that wait in each connection of this process."""
    transports = [one for one in gc.get_objects() if issubclass(type(one), asyncio.WriteTransport)]
    return [one.get_write_buffer_size() for one in transports if not one.is_closing()]


async def test_fifty_sockets_and_twenty_streams_one_in_ten_of_them_stuck(story: Story) -> None:
    bursts, size = 20, 100
    last = story.last + bursts * size
    read: list[list[object]] = [[] for _ in range(63)]
    async with on_stage(story.world) as stage:
        feeds, pages = stage.app.state.room.feeds, stage.app.state.room.pages
        with stuck(stage, sockets=5, streams=2):
            async with asyncio.TaskGroup() as group:
                for place, seen in enumerate(read):
                    follow = follow_socket if place < 45 else follow_stream
                    group.create_task(follow(stage, last, seen))
                await until(lambda: feeds.clients == 70)
                for burst in range(bursts):
                    for number in range(size):
                        await story.progress("schema", f"{burst}.{number} " + "x" * 500)
                    await asyncio.sleep(0)
            for seen in read:
                assert seen == list(range(1, last + 1))
            # Each of the stuck has more waiting for it than the machine would take: it waits in the log, not here.
            held = waiting_to_be_sent()
            assert sum(1 for one in held if one) == 7
            assert max(held) <= 65_536 + 2 * FRAME
            assert pages.size < 2 * (last * 900)


async def test_a_client_that_takes_nothing_is_dropped_and_costs_nothing_more(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SEND_TIMEOUT", 0.2)
    for number in range(200):
        await story.progress("schema", f"{number} " + "x" * 50_000)
    async with on_stage(story.world) as stage:
        feeds = stage.app.state.room.feeds
        with stuck(stage, sockets=1, streams=1):
            await until(lambda: feeds.clients == 2)
            await until(lambda: feeds.clients == 0)
            assert not feeds._tails
            async with sockets(stage) as client:
                assert seqs(await read_socket(client, story.last)) == list(range(1, story.last + 1))


async def test_a_client_that_was_dropped_comes_back_to_its_place(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SEND_TIMEOUT", 0.2)
    for number in range(100):
        await story.progress("schema", f"{number} " + "x" * 100_000)
    async with on_stage(story.world) as stage:
        slow = connect(f"{stage.feed}/{RUN}/feed", additional_headers=BEARER, proxy=None, compression=None, max_queue=1)
        got: list[object] = []
        async with slow as client:
            got += seqs(json.loads(await client.recv()))
            await until(lambda: stage.app.state.room.feeds.clients == 0)
            with suppress(ConnectionClosed):
                async with asyncio.timeout(PATIENCE):
                    while True:
                        got += seqs(json.loads(await client.recv()))
        assert 1 <= len(got) < story.last
        place = got[-1]
        assert isinstance(place, int)
        async with sockets(stage, place) as client:
            got += seqs(await read_socket(client, story.last))
        assert got == list(range(1, story.last + 1))


async def test_a_reader_far_behind_does_not_hold_up_the_others(story: Story) -> None:
    for number in range(3000):
        await story.progress("schema", f"{number} " + "x" * 200)
    begun = story.last
    async with on_stage(story.world) as stage, sockets(stage, begun) as quick, asyncio.TaskGroup() as group:
        behind: list[object] = []
        group.create_task(follow_socket(stage, begun + 1, behind))
        await story.progress("schema", "news")
        assert seqs(await read_socket(quick, begun + 1)) == [begun + 1]


async def test_closing_the_server_ends_every_feed_soon(story: Story) -> None:
    for number in range(40):
        await story.progress("schema", f"{number} " + "x" * 50_000)
    async with on_stage(story.world) as stage:
        feeds = stage.app.state.room.feeds
        with stuck(stage, sockets=1, streams=1):
            async with sockets(stage) as client, streamed(stage) as stream:
                await read_socket(client, story.last)
                await read_stream(stream, story.last)
                await until(lambda: feeds.clients == 4)
                stage.stop.set()
                async with asyncio.timeout(PATIENCE):
                    assert (await stream.read()).endswith(b"0\r\n\r\n")
                    with pytest.raises(ConnectionClosed) as closed:
                        await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code in (1001, 1012)
            await until(lambda: feeds.clients == 0)


async def test_nobody_can_follow_a_server_that_closes(story: Story) -> None:
    async with on_stage(story.world) as stage:
        stage.app.state.room.feeds.close()
        async with sockets(stage) as client:
            with pytest.raises(ConnectionClosed) as closed:
                await read_socket(client, 4)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001


class Failing:
    """A store that can be read until it is told otherwise."""

    def __init__(self, world: World) -> None:
        self.store, self.fails = world.store, False

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    async def last_seq(self, run: str) -> int:
        if self.fails:
            raise StoreError("the ledger can not be read: the disk reports an error")
        return await self.store.last_seq(run)  # type: ignore[arg-type]


async def test_a_store_that_fails_ends_the_feed_with_a_reason_and_the_client_can_come_back(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_LOOK_EVERY", 0.05)
    world = story.world
    failing = Failing(world)
    world.store = failing  # type: ignore[assignment]
    async with on_stage(world) as stage:
        async with sockets(stage) as client:
            await read_socket(client, 4)
            failing.fails = True
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(ConnectionClosed) as closed:
                    await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, "ledger" in closed.value.rcvd.reason) == (1011, True)
        failing.fails = False
        await story.progress("schema", "again")
        async with sockets(stage, 4) as client:
            assert seqs(await read_socket(client, 5)) == [5]


async def test_envelopes_have_one_order_and_no_client_sees_time_run_back(story: Story) -> None:
    async with on_stage(story.world) as stage, sockets(stage) as client:
        for number in range(50):
            story.world.clock.at += 1
            await story.progress("schema", str(number))
        stamps = [float(str(one["ts"])) for one in await read_socket(client, story.last)]
        assert all(before <= after for before, after in pairwise(stamps))
