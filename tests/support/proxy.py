"""A TCP proxy of our own between a client and a server, which cuts, delays, swallows and doubles.

As a program: `python -P proxy.py UPSTREAM_PORT`; it prints its port, then takes one order a line on standard input and
answers `ok` when it is in force. It ends with its standard input. Orders:

`fine` forwards again · `cut` ends every connection · `away` ends every connection, new ones too · `hole` takes
everything and gives nothing on · `slow SECONDS` keeps every chunk for that long · `double COUNT SECONDS` takes the next
requests, gives each on, ends the client's connection before the reply, and gives it on a second time after that long.
"""

import asyncio
import subprocess
import sys
from contextlib import suppress

CHUNK = 1 << 20


class Proxy:
    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._mode, self._delay = "fine", 0.0
        self._doubles, self._late = 0, 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._fine = asyncio.Event()
        self._fine.set()
        self._later: set[asyncio.Task[None]] = set()

    def order(self, words: list[str]) -> None:
        match words:
            case ["fine"]:
                self._mode, self._delay, self._doubles = "fine", 0.0, 0
                self._fine.set()
            case ["cut"]:
                self._cut()
            case ["away"]:
                self._mode = "away"
                self._cut()
            case ["hole"]:
                self._mode = "hole"
                self._fine.clear()
            case ["slow", seconds]:
                self._delay = float(seconds)
            case ["double", count, seconds]:
                self._doubles, self._late = int(count), float(seconds)
            case _:
                raise ValueError(f"no such order: {words}")

    def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        self._writers.add(writer)
        try:
            if self._mode == "away":
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
            try:
                async with asyncio.TaskGroup() as group:
                    up = group.create_task(self._pump(reader, back, writer))
                    down = group.create_task(self._pump(there, writer, None))
                    await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
                    up.cancel()
                    down.cancel()
            finally:
                back.transport.abort()
        except OSError:
            return
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, client: asyncio.StreamWriter | None
    ) -> None:
        """Until one side ends. `client` is whom the reply would go to."""
        with suppress(OSError):
            while data := await source.read(CHUNK):
                await self._fine.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                target.write(data)
                await target.drain()
                if client is not None and self._doubles > 0:
                    self._doubles -= 1
                    self._give_on_later(data)
                    client.transport.abort()
                    return

    def _give_on_later(self, data: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._second(data, self._late))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _second(self, data: bytes, late: float) -> None:
        await asyncio.sleep(late)
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            writer.write(data)
            await writer.drain()
            await reader.read(1)
            writer.transport.abort()


async def serve(upstream: int) -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    proxy = Proxy(upstream)
    server = await asyncio.start_server(proxy.meet, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await orders.readline():
        proxy.order(line.decode().split())
        print("ok", flush=True)
    proxy.order(["away"])
    server.close()


class ProxyProcess:
    """The proxy as a process of its own. Owned by whoever made it, who must `close` it."""

    def __init__(self, upstream: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(upstream)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._line())

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the proxy has ended"
        return line

    def order(self, *words: object) -> None:
        """In force when this returns."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        assert self._line() == "ok\n"

    def close(self) -> None:
        self._process.communicate(timeout=30)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
