"""The simulated agent's runtime: starts `scripted_agent.py` as a process of its own and speaks its JSON lines.

Never: shown without the word simulated (its capabilities say so, and the window labels every entry by them).
"""

import json
import os
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.lines import Line, Lines, Tail, clean
from agents.process import BACKLOG, Launch, LaunchFault, Program
from agents.runtime import (
    Asked,
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
from agents.shell import how_it_ended
from state.failure import Failure, FailureKind
from state.transcript import EntryKind

AGENT = (sys.executable, "-I", "-P", os.fspath(Path(__file__).with_name("scripted_agent.py")))

MESSAGE = 10 * 1024 * 1024
"""Bytes of the longest message that is understood."""


class _Garbled(Exception):
    """A message that is not of the language; one sentence."""


@dataclass(frozen=True, slots=True)
class ScriptedRuntime:
    """`agent` is the command line of the program that takes the steps."""

    agent: tuple[str, ...] = AGENT

    def capabilities(self) -> Capabilities:
        return Capabilities(asks=True, steers=True, simulated=True, interrupts=True)

    async def probe(self) -> Probe:
        found = os.access(self.agent[0], os.X_OK)
        return Probe(found, self.agent[0] if found else f"{self.agent[0] or 'the interpreter'} can not be run")

    def open(self, spec: SessionSpec) -> Session:
        return _ScriptedSession(self.agent, spec)


class _ScriptedSession:
    def __init__(self, agent: tuple[str, ...], spec: SessionSpec) -> None:
        self._agent = agent
        self._spec = spec
        self._program: Program | None = None
        self._lines = Lines(MESSAGE)
        self._tail = Tail()
        self._waiting: deque[Happening] = deque()
        self._said_it: Ending | None = None
        self._ending: Ending | None = None
        self._started = False
        self._open: set[int] = set()

    async def prompt(self, text: str) -> None:
        """The steps are the work; the text is what a real agent would be told, and a script can not read."""
        try:
            self._program = Program(
                Launch(self._agent, self._spec.worktree, self._spec.environment, talks=True, walls=self._spec.walls)
            )
        except LaunchFault as fault:
            self._ending = Failed(Failure(FailureKind.STARTUP, str(fault)))
            return
        steps = [asdict(step) for step in self._spec.script]
        if not self._tell("work", steps=steps) and len(json.dumps(steps)) > BACKLOG // 2:
            # Else it has ended, or closed its ears, and how it ends says more.
            self._end(FailureKind.STARTUP, "the script is too long to hand over, or the agent does not listen")

    async def next(self) -> Happening:
        while self._program is not None and self._ending is None and not self._waiting:
            chunk = await self._program.read()
            if chunk:
                self._tail.feed(chunk)
                self._hear(list(self._lines.feed(chunk)))
            else:
                rest = self._lines.rest()
                self._hear([rest] if rest else [])
                self._judge(await self._program.wait())
        if self._waiting:
            return self._waiting.popleft()
        if self._ending is None:
            raise RuntimeError("the session was not prompted")
        return self._ending

    def _hear(self, lines: list[Line]) -> None:
        for line in lines:
            if self._ending is not None:
                return
            if line.dropped:
                self._end(FailureKind.PROTOCOL, f"a message of more than {MESSAGE} bytes")
                return
            try:
                self._understand(line.raw)
            except _Garbled as fault:
                self._end(FailureKind.PROTOCOL, str(fault))

    def _understand(self, raw: bytes) -> None:
        message = _parsed(raw)
        if message is None:
            self._waiting.append(Said(EntryKind.ERROR, clean(raw)[:1000]))
            return
        match message.get("type"):
            case "started" if self._program is not None:
                self._started = True
                self._waiting.append(Started(self._program.pid))
            case "said":
                self._waiting.append(_said(message))
            case "asked":
                number = _number(message)
                self._open.add(number)
                self._waiting.append(Asked(number, _text(message, "text")))
            case "finished":
                self._said_it = Finished(_text(message, "summary"))
            case "failed":
                detail = _text(message, "detail")
                self._said_it = Failed(Failure(FailureKind.EXIT, f"the simulated agent gave up: {detail}"))
            case _:
                raise _Garbled("a message of an unknown type")

    def _judge(self, code: int) -> None:
        """The process has ended: was it as it said?"""
        if self._ending is not None:
            return
        if isinstance(self._said_it, Failed) or (self._said_it is not None and code == 0):
            self._ending = self._said_it
        elif not self._started:
            self._end(FailureKind.STARTUP, f"the agent {how_it_ended(code)} before its first word")
        elif code:
            self._end(FailureKind.EXIT, f"the agent {how_it_ended(code)}")
        else:
            self._end(FailureKind.PROTOCOL, "the agent ended without saying how")

    def _end(self, kind: FailureKind, detail: str) -> None:
        self._ending = Failed(Failure(kind, detail, self._tail.text()))

    def _tell(self, kind: str, **fields: object) -> bool:
        if self._program is None or self._ending is not None:
            return False
        return self._program.write(json.dumps({"type": kind, **fields}).encode() + b"\n")

    async def steer(self, text: str) -> bool:
        return self._started and self._said_it is None and self._tell("steer", text=text)

    async def answer(self, number: int, text: str) -> bool:
        if number not in self._open or not self._tell("answer", number=number, text=text):
            return False
        self._open.discard(number)
        return True

    async def decide(self, number: int, allowed: bool, why: str) -> bool:
        return False

    async def interrupt(self, why: str) -> bool:
        return self._tell("interrupt", why=why)

    async def close(self) -> None:
        if self._program is not None:
            await self._program.stop()


def _parsed(raw: bytes) -> Mapping[str, object] | None:
    """A message; None for a line that is none, such as what a crashing interpreter prints."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _text(message: Mapping[str, object], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str):
        raise _Garbled(f"a message without the text {key!r}")
    return clean(value.encode("utf-8", "replace"))


def _number(message: Mapping[str, object]) -> int:
    value = message.get("number")
    if not isinstance(value, int):
        raise _Garbled("a question without a number")
    return value


def _said(message: Mapping[str, object]) -> Said:
    try:
        kind = EntryKind(_text(message, "kind"))
    except ValueError:
        kind = EntryKind.OUTPUT
    return Said(kind, _text(message, "text"))
