"""Runs any program as an agent: the command of the task, in the worktree; git says what it changed.

It speaks no protocol: its output is its transcript, its exit code its verdict, signals its only interrupt. The
prompt lies in a file that `TIANTING_PROMPT` names, for programs that want one. Never: a meaning read from its words.
"""

import os
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from agents.lines import Line, Lines, Tail, clean
from agents.process import Launch, LaunchFault, Program
from agents.runtime import (
    Alive,
    Capabilities,
    Ending,
    Failed,
    Finished,
    Happening,
    Probe,
    Said,
    Session,
    SessionSpec,
    Started,
)
from agents.shell import by_shell, how_it_ended
from state.failure import Failure, FailureKind
from state.transcript import EntryKind

PROMPT = "TIANTING_PROMPT"

_LINE = 16_384
_SHOWN = 3_000_000
"""Bytes of output that become lines, with `_COST` for each line; the rest is read, and only its tail is kept."""
_COST = 100

_NEVER_RAN = {126: "is not executable", 127: "was not found"}
"""What POSIX shells say by exit code about a program that they could not run."""


class CommandRuntime:
    def capabilities(self) -> Capabilities:
        return Capabilities(asks=False, steers=False, simulated=False)

    async def probe(self) -> Probe:
        shell = shutil.which(by_shell("")[0])
        return Probe(True, shell) if shell else Probe(False, f"{by_shell('')[0]} is not there")

    def open(self, spec: SessionSpec) -> Session:
        return _CommandSession(spec)


@dataclass(slots=True)
class _Output:
    """Turns what a program prints into happenings, and stops doing so when it is too much."""

    _lines: Lines
    tail: Tail
    _left: int = _SHOWN

    def take(self, chunk: bytes) -> list[Happening]:
        self.tail.feed(chunk)
        if self._left <= 0:
            return [Alive()]
        said: list[Happening] = []
        for line in self._lines.feed(chunk):
            said.append(self._said(line))
            if self._left <= 0:
                return [*said, Said(EntryKind.ERROR, "too much output: the rest is not kept")]
        return said or [Alive()]

    def rest(self) -> list[Happening]:
        line = self._lines.rest() if self._left > 0 else None
        return [self._said(line)] if line else []

    def _said(self, line: Line) -> Said:
        self._left -= len(line.raw) + _COST
        text = clean(line.raw)
        return Said(EntryKind.OUTPUT, f"{text} … ({line.dropped} bytes more)" if line.dropped else text)


class _CommandSession:
    def __init__(self, spec: SessionSpec) -> None:
        self._spec = spec
        self._program: Program | None = None
        self._output = _Output(Lines(_LINE), Tail())
        self._waiting: deque[Happening] = deque()
        self._ending: Ending | None = None

    async def prompt(self, text: str) -> None:
        if self._spec.run is None:
            self._ending = Failed(Failure(FailureKind.STARTUP, "the task has no `run` for the command runtime"))
            return
        file = Path(self._spec.scratch) / "prompt.md"
        variables = {**self._spec.environment, PROMPT: os.fspath(file)}
        try:
            file.write_text(text, encoding="utf-8")
            self._program = Program(
                Launch(by_shell(self._spec.run), self._spec.worktree, variables, walls=self._spec.walls)
            )
        except (OSError, LaunchFault) as fault:
            self._ending = Failed(Failure(FailureKind.STARTUP, str(fault)))
            return
        self._waiting.append(Started(self._program.pid))

    async def next(self) -> Happening:
        if self._program is not None and self._ending is None and not self._waiting:
            chunk = await self._program.read()
            if chunk:
                self._waiting.extend(self._output.take(chunk))
            else:
                self._ending = self._verdict(await self._program.wait())
        if self._waiting:
            return self._waiting.popleft()
        if self._ending is None:
            raise RuntimeError("the session was not prompted")
        return self._ending

    def _verdict(self, code: int) -> Ending:
        self._waiting.extend(self._output.rest())
        if code == 0:
            return Finished(self._output.tail.text().rpartition("\n")[2].strip())
        if code in _NEVER_RAN:
            detail = f"the program {_NEVER_RAN[code]} (exit code {code})"
            return Failed(Failure(FailureKind.STARTUP, detail, self._output.tail.text()))
        detail = f"the program {how_it_ended(code)}"
        return Failed(Failure(FailureKind.EXIT, detail, self._output.tail.text()))

    async def steer(self, text: str) -> bool:
        return False

    async def answer(self, number: int, text: str) -> bool:
        return False

    async def decide(self, number: int, allowed: bool, why: str) -> bool:
        return False

    async def interrupt(self, why: str) -> bool:
        return False

    async def close(self) -> None:
        if self._program is not None:
            await self._program.stop()
