"""One program at its work, from its start to its end: happenings become transcript entries, events and one verdict.

When `play` returns, or is cancelled, no process of the session is left. Never: a look at the worktree (git says what
changed), a decision about the task.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from agents.clocks import Clocks
from agents.recorder import Recorder
from agents.runtime import Alive, Asked, Ending, Failed, Finished, Happening, Said, Session, Started
from state.commands import StartAttempt
from state.events import AttemptProgressed, AttemptStarted, Event, QuestionAsked
from state.failure import Failure
from state.ids import QuestionId
from state.question import About, Question
from state.transcript import EntryKind

_INTERRUPT = 5.0
"""Seconds between the interrupt in the agent's own language and the first signal."""
_NOTE = 2.0
"""Seconds between two notes for the screens."""
_NOTE_LENGTH = 200


class Play:
    """The conversation with one session, and the door for a person's words to it."""

    def __init__(
        self,
        order: StartAttempt,
        session: Session,
        started: Callable[[int], AttemptStarted],
        recorder: Recorder,
        clocks: Clocks,
        emit: Callable[[Event], None],
    ) -> None:
        self._order = order
        self._session = session
        self._started = started
        self._recorder = recorder
        self._clocks = clocks
        self._emit = emit
        self._asked = 0
        self._open: dict[QuestionId, int] = {}
        self._noted_at = float("-inf")

    async def play(self, prompt: str) -> Finished | Failure:
        try:
            async with self._clocks.wall(), self._clocks.listening():
                await self._session.prompt(prompt)
                ending = await self._listen()
        except TimeoutError:
            ending = Failed(self._clocks.verdict())
            await self._interrupt(ending.failure.detail)
        except asyncio.CancelledError:
            await self._interrupt("cancelled")
            raise
        finally:
            self._open.clear()
            await self._session.close()
        return ending if isinstance(ending, Finished) else ending.failure

    async def _listen(self) -> Ending:
        while True:
            happening = await self._next()
            match happening:
                case Started(pid):
                    self._emit(self._started(pid))
                case Asked():
                    self._ask(happening)
                case Said(kind, text):
                    self._recorder.say(kind, text)
                    self._note(text)
                case Finished() | Failed():
                    return happening
                case Alive():
                    pass
            self._clocks.hear()
            if self._recorder.full:
                await self._recorder.flush()

    async def _next(self) -> Happening:
        """The next happening; what waits for the transcript is stored while nothing happens."""
        if self._recorder.due is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._recorder.due):
                    return await self._session.next()
            await self._recorder.flush()
        return await self._session.next()

    def _ask(self, asked: Asked) -> None:
        self._asked += 1
        question = QuestionId(f"{self._order.attempt}.q{self._asked}")
        self._open[question] = asked.number
        self._recorder.say(EntryKind.QUESTION, asked.text)
        self._clocks.hold()
        order = self._order
        asks = Question(question, About.AGENT, asked.text, asked.choices, order.task.id, order.attempt)
        self._emit(QuestionAsked(asks, order.task.id))

    def _note(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._noted_at + _NOTE:
            return
        line = self._recorder.scrub(text).strip().partition("\n")[0][:_NOTE_LENGTH]
        if not line:
            return
        self._noted_at = now
        self._emit(AttemptProgressed(self._order.task.id, self._order.attempt, self._order.window, line))

    async def _interrupt(self, why: str) -> None:
        if not await self._session.interrupt(why):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_INTERRUPT):
                while not isinstance(happening := await self._session.next(), Finished | Failed):
                    if isinstance(happening, Said):
                        self._recorder.say(happening.kind, happening.text)

    async def steer(self, text: str, question: QuestionId | None) -> bool:
        """Hand over a sentence, or the answer to a question; whether it was taken."""
        if question is None:
            taken = await self._session.steer(text)
        else:
            number = self._open.get(question)
            taken = number is not None and await self._session.answer(number, text)
            if taken:
                del self._open[question]
        if taken:
            self._recorder.say(EntryKind.STEER if question is None else EntryKind.ANSWER, text)
        if not self._open:
            self._clocks.go_on()
        return taken
