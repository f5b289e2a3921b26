"""One command of the plan (`setup`, `verify`, a gate) run by a shell to its end.

Never: keep more of its output than a tail, outlive its time, leave a process behind.
"""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agents.lines import Tail
from agents.process import Launch, LaunchFault, Program
from agents.walls import Walls


def by_shell(command: str) -> tuple[str, ...]:
    """The command line that runs a command of the plan: POSIX sh, the one shell that is everywhere."""
    return ("/bin/sh", "-c", command)


def how_it_ended(code: int) -> str:
    """An exit code (a signal's number, negated) as the end of a sentence."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


@dataclass(frozen=True, slots=True)
class ShellEnd:
    """`fault` is the end of a sentence that says why it is not green; "" when the exit code was 0."""

    fault: str
    output: str


class Ear(Protocol):
    """Hears what a command prints while it prints it. `due` is when what was heard should be flushed, in the loop's
    time; None when nothing waits."""

    @property
    def due(self) -> float | None: ...

    def hear(self, data: bytes) -> None: ...

    async def flush(self) -> None: ...


async def run_shell(
    command: str,
    folder: str,
    environment: Mapping[str, str],
    timeout: float,
    walls: Walls | None = None,
    ear: Ear | None = None,
) -> ShellEnd:
    """Run it with an empty standard input; whatever it started is gone when this returns, cancelled or not."""
    try:
        program = Program(Launch(by_shell(command), folder, environment, walls=walls))
    except LaunchFault as fault:
        return ShellEnd(f"could not be run: {fault}", "")
    tail = Tail()
    try:
        async with asyncio.timeout(timeout):
            while data := await _read(program, ear):
                tail.feed(data)
                if ear is not None:
                    ear.hear(data)
            code = await program.wait()
    except TimeoutError:
        return ShellEnd(f"took longer than {timeout:g} s", tail.text())
    finally:
        await program.stop()
    return ShellEnd(how_it_ended(code) if code else "", tail.text())


async def _read(program: Program, ear: Ear | None) -> bytes:
    """The next output; what was heard before is not kept waiting by a program that is silent."""
    while ear is not None and ear.due is not None:
        try:
            async with asyncio.timeout_at(ear.due):
                return await program.read()
        except TimeoutError:
            await ear.flush()
    return await program.read()
