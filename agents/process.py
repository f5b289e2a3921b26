"""One program in its own session and process group, with exactly the environment that it is given.

Reading never takes more memory than one chunk: a program that floods is held up by its own pipe. Stopping is a
ladder that ends with nobody left. Never: an inherited variable, a shell string, a signal after the leader's pid
could belong to somebody else (the leader is reaped last, so its pid and group stay ours until then).
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from agents.lines import Tail
from agents.sweep import GRACE, MARKER, sweep
from agents.walls import Kind, Walls, confined

LADDER = ((signal.SIGINT, 3.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))
"""Signals to the group, each with the seconds that the leader has for ending itself."""

CHUNK = 65536
BACKLOG = 4 * 1024 * 1024
"""Bytes that may wait for a program that does not read its input."""

_SIGNALLED = 128
"""What bubblewrap, like a shell, adds to the number of the signal that ended the program inside."""

_LATE = 1024 * 1024
"""Bytes still read after the leader has ended: as much as a pipe can hold, so that a survivor can not keep us."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line and all that it gets. `environment` must hold the marker. `talks` opens its standard input,
    which otherwise is empty; standard error goes where standard output goes, or `apart`, where only a tail is kept.
    With `walls` it is confined by bubblewrap or landlock, of which somebody has seen that it works here."""

    command: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]
    talks: bool = False
    apart: bool = False
    walls: Walls | None = None


class LaunchFault(Exception):
    """The program could not be started; one sentence."""


def _command_line(launch: Launch) -> list[str]:
    """What is executed. A sandbox is put around the command here and nowhere else."""
    if launch.walls is None:
        return list(launch.command)
    return confined(launch.walls, launch.command, launch.folder, os.getpid(), os.geteuid() == 0)


def _start(launch: Launch) -> tuple[subprocess.Popen[bytes], int]:
    try:
        child = subprocess.Popen(
            _command_line(launch),
            cwd=launch.folder,
            env=launch.environment,
            stdin=subprocess.PIPE if launch.talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if launch.apart else subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:  # ValueError: a NUL in an argument or a variable
        raise LaunchFault(f"{launch.command[0]} could not be started: {fault}") from fault
    try:
        return child, os.pidfd_open(child.pid)
    except OSError as fault:
        child.kill()
        child.communicate()
        raise LaunchFault(f"{launch.command[0]} could not be watched: {fault}") from fault


class Program:
    """A running process group. Owned by whoever made it, who must `stop` it, whatever became of it."""

    def __init__(self, launch: Launch) -> None:
        """Raises `LaunchFault`. To be called in the loop's thread."""
        self._loop = asyncio.get_running_loop()
        self._marker = launch.environment[MARKER]
        self._child, self._pidfd = _start(launch)
        self._wrapped = launch.walls is not None and launch.walls.kind is Kind.BUBBLEWRAP
        self.pid = self._child.pid
        self._ended = asyncio.Event()
        self._wake = asyncio.Event()
        self._late = _LATE
        self._backlog = bytearray()
        self._stopped = False
        self.errors = Tail()
        """The end of what it wrote to a standard error that stands apart."""
        for pipe in (self._child.stdout, self._child.stdin, self._child.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        if self._child.stderr is not None:
            self._loop.add_reader(self._child.stderr.fileno(), self._on_error)
        self._loop.add_reader(self._pidfd, self._on_end)

    def _on_error(self) -> None:
        pipe = self._child.stderr
        if pipe is None or pipe.closed:
            return
        with suppress(BlockingIOError):
            data = os.read(pipe.fileno(), CHUNK)
            self.errors.feed(data)
            if not data:
                self._close_errors()

    def _close_errors(self) -> None:
        pipe = self._child.stderr
        if pipe is not None and not pipe.closed:
            self._loop.remove_reader(pipe.fileno())
            pipe.close()

    def _on_end(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._ended.set()
        self._wake.set()

    async def wait(self) -> int:
        """The exit code of the leader once it has ended; a signal's number, negated, when one ended it."""
        await self._ended.wait()
        # Looked at without being reaped; reaping would give its pid, and the name of its group, to others.
        end = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if end is None:
            raise RuntimeError(f"process {self.pid} was reaped by somebody else")
        if end.si_code != os.CLD_EXITED:
            return -end.si_status
        by_signal = end.si_status - _SIGNALLED
        return -by_signal if self._wrapped and by_signal in signal.valid_signals() else end.si_status

    async def read(self) -> bytes:
        """The next bytes of its output; b"" at the end. Cancelling loses nothing.

        The end is there when the leader has ended and the pipe is empty, even if a child of its holds the pipe open.
        """
        out = self._child.stdout
        while out is not None and not out.closed:
            if not self._ended.is_set():
                await self._readable(out.fileno())
            try:
                data = os.read(out.fileno(), CHUNK)
            except BlockingIOError:
                if not self._ended.is_set():
                    continue
                data = b""
            if self._ended.is_set():
                self._late -= len(data)
            if not data or self._late < 0:
                out.close()
            return data
        return b""

    async def _readable(self, fd: int) -> None:
        self._wake.clear()
        self._loop.add_reader(fd, self._wake.set)
        try:
            if not self._ended.is_set():
                await self._wake.wait()
        finally:
            self._loop.remove_reader(fd)

    def write(self, data: bytes) -> bool:
        """Hand bytes to its standard input without waiting; False when it does not (or can not) read them."""
        pipe = self._child.stdin
        if pipe is None or pipe.closed or self._ended.is_set() or len(self._backlog) + len(data) > BACKLOG:
            return False
        self._backlog += data
        self._flush(pipe.fileno())
        return not pipe.closed

    def _flush(self, fd: int) -> None:
        try:
            while self._backlog:
                del self._backlog[: os.write(fd, self._backlog[:CHUNK])]
        except BlockingIOError:
            self._loop.add_writer(fd, self._flush, fd)
            return
        except OSError:
            self._backlog.clear()
            self._close_input()
            return
        self._loop.remove_writer(fd)

    def _close_input(self) -> None:
        pipe = self._child.stdin
        if pipe is not None and not pipe.closed:
            self._loop.remove_writer(pipe.fileno())
            pipe.close()

    async def stop(self) -> None:
        """End the leader by the ladder, then whoever is left of the group or carries the marker, and let go of all.

        Nothing happens the second time. Even when cancelled in the middle, the group is killed and nothing leaks.
        """
        if self._stopped:
            return
        self._stopped = True
        try:
            for number, grace in LADDER:
                if self._ended.is_set():
                    break
                self._signal(number)
                with suppress(TimeoutError):
                    async with asyncio.timeout(grace):
                        await self._ended.wait()
            self._close_input()
            await sweep(self._marker, GRACE)
        finally:
            self._let_go()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _let_go(self) -> None:
        """Kill what is left of the group while its name is still ours, then reap the leader and close the pipes."""
        self._signal(signal.SIGKILL)
        self._close_input()
        self._close_errors()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=LADDER[-1][1])
