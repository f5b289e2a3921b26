"""What all runtimes share whose program speaks one JSON object a line: the process, the lines, and the one ending.

A language (`Tongue`) says what is told first, what a message means and how the end of the process is to be read.
Never: a word of any one program's language.
"""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from agents.lines import Line, Lines, Tail, clean
from agents.process import Launch, LaunchFault, Program
from agents.raw import Raw, parsed
from agents.runtime import Alive, Ending, Failed, Happening, Said, SessionSpec, Started
from agents.shell import how_it_ended
from state.failure import Failure, FailureKind
from state.transcript import EntryKind

MESSAGE = 16 * 1024 * 1024
"""Bytes of the longest message that is understood; a longer one is a broken protocol, never more memory."""

_NEVER_RAN = (126, 127)
_STRAY = 1000
_STRAYS = 200
"""Lines that are no message are shown, so many of them."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """The program to start, and the words of a person for messages about it. `variables` come on top of the
    environment of the window."""

    name: str
    command: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()


class Tongue(Protocol):
    """One session's side of a language. It talks through the `Voice` that it is given."""

    def begin(self, voice: "Voice", prompt: str) -> None:
        """The process runs: say what comes first."""

    def understand(self, voice: "Voice", message: Raw) -> None: ...

    def steer(self, voice: "Voice", text: str) -> bool: ...

    def answer(self, voice: "Voice", number: int, text: str) -> bool: ...

    def decide(self, voice: "Voice", number: int, allowed: bool, why: str) -> bool: ...

    def interrupt(self, voice: "Voice", why: str) -> bool: ...


class Voice:
    """What a language can do: send a message, let something happen, end the turn. After the end nothing is heard."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.waiting: deque[Happening] = deque()
        self.ending: Ending | None = None
        self.program: Program | None = None
        self._tail = Tail()

    def send(self, message: object) -> bool:
        """Hand over one message; False when the program does not take it."""
        if self.program is None or self.ending is not None:
            return False
        return self.program.write(json.dumps(message).encode() + b"\n")

    def tell(self, *happenings: Happening) -> None:
        self.waiting.extend(happenings)

    def end(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending

    def fail(self, kind: FailureKind, detail: str) -> None:
        self.end(Failed(Failure(kind, detail, self.tail())))

    def heard(self, raw: bytes) -> None:
        self._tail.feed(raw)

    def tail(self) -> str:
        """The end of what it wrote that was no message, its standard error first of all."""
        errors = "" if self.program is None else self.program.errors.text()
        return errors or self._tail.text()


class Spoken:
    """A session of such a program."""

    def __init__(self, speaker: Speaker, spec: SessionSpec, tongue: Tongue) -> None:
        self._speaker = speaker
        self._spec = spec
        self._tongue = tongue
        self._voice = Voice(speaker.name)
        self._lines = Lines(MESSAGE)
        self._strays = _STRAYS
        self._heard = False

    async def prompt(self, text: str) -> None:
        voice = self._voice
        environment = {**self._spec.environment, **dict(self._speaker.variables)}
        command = (*self._spec.prefix, *self._speaker.command)
        launch = Launch(command, self._spec.worktree, environment, talks=True, apart=True, walls=self._spec.walls)
        try:
            voice.program = Program(launch)
        except LaunchFault as fault:
            voice.end(Failed(Failure(FailureKind.STARTUP, str(fault))))
            return
        voice.tell(Started(voice.program.pid))
        self._tongue.begin(voice, text)

    async def next(self) -> Happening:
        voice = self._voice
        while voice.program is not None and voice.ending is None and not voice.waiting:
            chunk = await voice.program.read()
            if chunk:
                self._heard = True
                self._hear(self._lines.feed(chunk))
                if not voice.waiting and voice.ending is None:
                    voice.tell(Alive())
            else:
                rest = self._lines.rest()
                self._hear([rest] if rest else [])
                self._died(await voice.program.wait())
        if voice.waiting:
            return voice.waiting.popleft()
        if voice.ending is None:
            raise RuntimeError("the session was not prompted")
        return voice.ending

    def _hear(self, lines: Iterable[Line]) -> None:
        for line in list(lines):
            if self._voice.ending is not None:
                return
            self._take(line)

    def _take(self, line: Line) -> None:
        voice = self._voice
        message = None if line.dropped else parsed(line.raw)
        if line.dropped:
            voice.fail(FailureKind.PROTOCOL, f"{self._speaker.name} sent a message of more than {MESSAGE} bytes")
        elif message is not None:
            self._tongue.understand(voice, message)
        elif line.raw.strip():
            voice.heard(line.raw + b"\n")
            if self._strays:
                self._strays -= 1
                voice.tell(Said(EntryKind.OUTPUT, clean(line.raw[:_STRAY])))

    def _died(self, code: int) -> None:
        """The process has ended in the middle of a turn."""
        if code in _NEVER_RAN and self._spec.walls is not None and not self._heard:
            # Behind walls it is not we who start it, and only its end tells that nobody could.
            self._voice.fail(FailureKind.STARTUP, f"{self._speaker.command[0]} could not be started")
            return
        kind = FailureKind.EXIT if code else FailureKind.PROTOCOL
        self._voice.fail(kind, f"{self._speaker.name} {how_it_ended(code)} in the middle of its work")

    async def steer(self, text: str) -> bool:
        return self._alive() and self._tongue.steer(self._voice, text)

    async def answer(self, number: int, text: str) -> bool:
        return self._alive() and self._tongue.answer(self._voice, number, text)

    async def decide(self, number: int, allowed: bool, why: str) -> bool:
        return self._alive() and self._tongue.decide(self._voice, number, allowed, why)

    async def interrupt(self, why: str) -> bool:
        return self._alive() and self._tongue.interrupt(self._voice, why)

    def _alive(self) -> bool:
        return self._voice.program is not None and self._voice.ending is None

    async def close(self) -> None:
        if self._voice.program is not None:
            await self._voice.program.stop()
