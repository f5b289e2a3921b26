"""The live feed under a crowd: 1,000 sockets and 200 streams, one in ten of them stuck, 20 events a second, bursts of
200; and how many envelopes a second go out beside a bare broadcast of the same frames by the `websockets` library.

The clients run on the same machine and take their share of it, on both sides alike. Never: an envelope that is counted
without its seq having been looked at.
"""

import asyncio
import json
import resource
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.clients import Reader, Served, Socket, Stream, Tally, percentile, served
from bench.report import Json, Options, Report, Table, Target
from bench.repositories import fresh
from bench.served import BURST, BURST_EVERY, RUN, TOKEN

SOCKETS, STREAMS, STUCK = 1000, 200, 10
SECONDS, QUICK_SECONDS = 40.0, 6.0
BURSTS, QUICK_BURSTS = 30, 4
PATIENCE = 300.0
CALM = 1.5
"""Seconds after a burst that belong to it."""


def _requests(port: int) -> tuple[bytes, bytes]:
    shared = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {TOKEN}\r\n"
    path = f"GET /api/v1/runs/{RUN}/feed?after=0 HTTP/1.1\r\n"
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    return f"{path}{shared}{upgrade}\r\n".encode(), f"{path}{shared}\r\n".encode()


async def _crowd(port: int, tally: Tally, sockets: int, streams: int, stuck_each: int) -> list[Reader]:
    loop = asyncio.get_running_loop()
    by_socket, by_stream = _requests(port)
    found: list[Reader] = []
    for at in range(sockets + streams):
        kind, request = (Socket, by_socket) if at < sockets else (Stream, by_stream)
        stuck = bool(stuck_each) and at % stuck_each == stuck_each - 1
        _, reader = await loop.create_connection(partial(kind, tally, request, stuck), "127.0.0.1", port)
        await asyncio.wait_for(reader.open, PATIENCE)
        found.append(reader)
    return found


async def _steady(server: Served, tally: Tally, live: list[Reader], seconds: float) -> dict[str, Json]:
    cpu, own, before = server.cpu(), time.process_time(), tally.envelopes
    tally.late.clear()
    tally.timing = True
    server.send(do="steady", seconds=seconds)
    told = await server.told()
    last = int(str(told["last"]))
    await asyncio.wait_for(asyncio.gather(*(one.until(last) for one in live)), PATIENCE)
    used, own_used = server.cpu() - cpu, time.process_time() - own
    began = min(stored for stored, _ in tally.late)
    bursts = [began + BURST_EVERY * (0.5 + turn) for turn in range(int(seconds / BURST_EVERY) + 1)]
    within = [late for stored, late in tally.late if any(0 <= stored - burst + 0.3 < CALM for burst in bursts)]
    outside = [late for stored, late in tally.late if all(not 0 <= stored - burst + 0.3 < CALM for burst in bursts)]
    return {
        "seconds": seconds, "envelopes": tally.envelopes - before, "p50": percentile(outside, 0.5),
        "p99": percentile(outside, 0.99), "p99_burst": percentile(within, 0.99), "cpu": used / seconds,
        "client_cpu": own_used / seconds, "rss": told["rss"], "most": told["most"], "last": last, "lost": tally.lost,
    }  # fmt: skip


async def _flood(
    server: Served, tally: Tally, live: Sequence[Reader], order: dict[str, Json], last: int
) -> dict[str, Json]:
    """From the order to the moment when every client that reads has everything."""
    cpu, before = server.cpu(), tally.envelopes
    began = time.perf_counter()
    server.send(**order)
    await asyncio.wait_for(asyncio.gather(*(one.until(last) for one in live)), PATIENCE)
    seconds = time.perf_counter() - began
    await server.told()
    count = tally.envelopes - before
    return {"seconds": seconds, "envelopes": count, "rate": count / seconds, "cpu": server.cpu() - cpu}


async def _ours(folder: Path, seconds: float, bursts: int) -> tuple[dict[str, Json], dict[str, Json], Tally, int]:
    tally = Tally()
    with served("ours", folder) as server:
        crowd = await _crowd(server.port, tally, SOCKETS, STREAMS, STUCK)
        live = [one for one in crowd if not one.stuck]
        steady = await _steady(server, tally, live, seconds)
        for one in crowd:  # the comparison is of sockets that read, on both sides
            if one.stuck or isinstance(one, Stream):
                one.transport.abort()
        sockets = [one for one in live if isinstance(one, Socket)]
        tally.timing, tally.frames, sockets[0].recording = False, [], True
        first = int(str(steady["last"]))
        flood = await _flood(server, tally, sockets, {"do": "flood", "bursts": bursts}, first + bursts * BURST)
        return steady, flood, tally, first


async def _bare(folder: Path, frames: list[str], first: int) -> dict[str, Json]:
    (folder / "frames.json").write_text(json.dumps(frames), "utf-8")
    tally = Tally(timing=False)
    with served("bare", folder) as server:
        crowd = await _crowd(server.port, tally, SOCKETS - SOCKETS // STUCK, 0, 0)
        for one in crowd:
            one.seq = first
        return await _flood(server, tally, crowd, {"do": "flood"}, json.loads(frames[-1])[-1]["seq"])


def bench(options: Options) -> Report:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    seconds, bursts = (QUICK_SECONDS, QUICK_BURSTS) if options.quick else (SECONDS, BURSTS)
    folder = fresh()
    steady, flood, tally, first = asyncio.run(_ours(folder, seconds, bursts))
    assert tally.frames
    bare = asyncio.run(_bare(folder, tally.frames, first))
    ratio = _of(flood, "rate") / _of(bare, "rate")
    by_cpu = (_of(bare, "cpu") / _of(bare, "envelopes")) / (_of(flood, "cpu") / _of(flood, "envelopes"))
    rows = (
        ("delivery outside bursts, p50 / p99", f"{_of(steady, 'p50') * 1e3:.0f} / {_of(steady, 'p99') * 1e3:.0f} ms"),
        ("delivery within bursts, p99", f"{_of(steady, 'p99_burst') * 1e3:.0f} ms"),
        ("gaps and repeats; readers lost", f"{tally.gaps}; {_of(steady, 'lost'):.0f}"),
        (
            "processors used by the server / by the clients",
            f"{_of(steady, 'cpu'):.2f} / {_of(steady, 'client_cpu'):.2f}",
        ),
        ("server's memory at the end / at most", f"{_of(steady, 'rss'):.0f} / {_of(steady, 'most'):.0f} MB"),
        ("envelopes a second, to 900 sockets", f"{_of(flood, 'rate'):,.0f}"),
        ("the same frames by a bare broadcast", f"{_of(bare, 'rate'):,.0f}"),
        ("ratio of the rates / of envelopes a processor second", f"{ratio:.2f} / {by_cpu:.2f}"),
    )
    targets = (
        Target("p99 delivery outside bursts, seconds", _of(steady, "p99"), 0.25),
        Target("p99 delivery within bursts, seconds", _of(steady, "p99_burst"), 1.0),
        Target("gaps and repeats, and readers lost", tally.gaps + _of(steady, "lost"), 0.0),
        Target("envelopes a second beside a bare broadcast", ratio, 0.7, at_most=False),
    )
    title = f"the feed: {SOCKETS} sockets and {STREAMS} streams, one in {STUCK} stuck, 20 events/s, bursts of {BURST}"
    table = Table(title, ("what", "measured"), rows, ("clients and server share the machine",))
    data: dict[str, Json] = {"steady": steady, "flood": flood, "bare": bare, "ratio": ratio, "ratio_by_cpu": by_cpu}
    return Report("feed", (table,), targets, data)


def _of(found: dict[str, Json], key: str) -> float:
    return float(str(found[key]))
