"""Many clients of one server in one process, as light as can be: sockets that read frames, streams that read events,
connections that ask and wait. What they are sent is read once for all who are sent the same.

Never: a client library whose own cost would be measured.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.report import Json

_HEAD = re.compile(rb'\{"seq":(\d+),"ts":([0-9.]+),"run":')
PATIENCE = 60.0
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Read:
    """What one text holds: seqs without gaps from `first` to `last`, stored at `times`."""

    first: int
    last: int
    times: tuple[float, ...]


class Memo:
    """Texts that were read already."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Read] = OrderedDict()

    def read(self, text: bytes) -> Read:
        found = self._known.get(text)
        if found is None:
            heads = _HEAD.findall(text)
            seqs = [int(seq) for seq, _ in heads]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a text with a gap"
            found = self._known[text] = Read(seqs[0], seqs[-1], tuple(float(ts) for _, ts in heads))
            if len(self._known) > 64:
                self._known.popitem(last=False)
        return found


@dataclass
class Tally:
    """What all clients saw together. `late` are (stored at, seconds) of each envelope of each client."""

    memo: Memo = field(default_factory=Memo)
    envelopes: int = 0
    gaps: int = 0
    late: list[tuple[float, float]] = field(default_factory=list)
    timing: bool = True
    frames: list[str] | None = None
    lost: int = 0


class Reader(asyncio.Protocol):
    """One client of a feed. With `stuck` it takes nothing after the handshake."""

    def __init__(self, tally: Tally, request: bytes, stuck: bool) -> None:
        self.tally, self.request, self.stuck = tally, request, stuck
        self.seq, self.open = 0, asyncio.get_running_loop().create_future()
        self.wanted: tuple[int, asyncio.Future[None]] | None = None
        self.buffer = bytearray()
        self.recording = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.stuck:
            self.tally.lost += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open.done():
            head, found, rest = bytes(self.buffer).partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head[:16] or b" 200 " in head[:16], head
            self.buffer = bytearray(rest)
            self.open.set_result(None)
            if self.stuck:
                self.transport.pause_reading()
                return
        self.take()

    def take(self) -> None:
        raise NotImplementedError

    def took(self, text: bytes) -> None:
        read = self.tally.memo.read(text)
        if read.first != self.seq + 1:
            self.tally.gaps += 1
        self.seq = read.last
        self.tally.envelopes += len(read.times)
        if self.tally.timing:
            now = time.time()
            self.tally.late.extend((one, now - one) for one in read.times)
        if self.recording and self.tally.frames is not None:
            self.tally.frames.append(text.decode())
        if self.wanted is not None and self.seq >= self.wanted[0] and not self.wanted[1].done():
            self.wanted[1].set_result(None)

    async def until(self, seq: int) -> None:
        if self.seq < seq:
            self.wanted = (seq, asyncio.get_running_loop().create_future())
            await self.wanted[1]


class Socket(Reader):
    """WebSocket frames of a server: not masked, never in parts."""

    def take(self) -> None:
        buffer = self.buffer
        while len(buffer) >= 2:
            size, at = buffer[1] & 0x7F, 2
            if size > 125:
                at = 4 if size == 126 else 10
                if len(buffer) < at:
                    return
                size = int.from_bytes(buffer[2:at], "big")
            if len(buffer) < at + size:
                return
            kind, body = buffer[0] & 0x0F, bytes(buffer[at : at + size])
            del buffer[: at + size]
            if kind == 1 and len(body) > 2:
                self.took(body)
            elif kind == 9:  # a ping wants its pong, which a client masks
                self.transport.write(bytes([0x8A, 0x80 | len(body), 0, 0, 0, 0]) + body)


class Stream(Reader):
    """Server-sent events, in chunks as HTTP sends them."""

    def __init__(self, tally: Tally, request: bytes, stuck: bool) -> None:
        super().__init__(tally, request, stuck)

    def take(self) -> None:
        while True:
            line = self.buffer.find(b"\r\n")
            if line < 0:
                return
            size = int(bytes(self.buffer[:line]), 16)
            end = line + 2 + size + 2
            if len(self.buffer) < end:
                return
            text = bytes(self.buffer[line + 2 : end - 2])
            del self.buffer[:end]
            if b'"seq":' in text:
                self.took(text)


@dataclass(slots=True)
class Served:
    """A server at work in a process of its own."""

    process: "subprocess.Popen[bytes]"
    port: int

    def send(self, **order: Json) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    async def told(self) -> dict[str, Json]:
        """The next line that it prints."""
        return await asyncio.to_thread(self._line)

    def _line(self) -> dict[str, Json]:
        assert self.process.stdout is not None
        found: dict[str, Json] = json.loads(self.process.stdout.readline())
        return found

    def cpu(self) -> float:
        """Seconds of processor so far."""
        parts = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / 100


@contextmanager
def served(kind: str, folder: Path, tasks: int = 20) -> Iterator[Served]:
    words = [sys.executable, "-P", "-m", "bench.served", kind, str(folder), str(tasks)]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    if kind == "ours" and "BENCH_PROFILE" in os.environ:
        env["BENCH_PROFILE"] = os.environ["BENCH_PROFILE"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            yield Served(process, int(port))
            assert process.stdin is not None
            process.stdin.close()  # it ends by itself then
            process.wait(PATIENCE)
        finally:
            process.kill()


def percentile(values: list[float], share: float) -> float:
    """0.0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
