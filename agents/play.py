"""One program at its work, from its start to its end: happenings become transcript entries, events and one verdict.

When `play` returns, or is cancelled, no process of the session is left. Never: a look at the worktree (git says what
changed), a decision about the task.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from agents.clocks import Clocks
from agents.permit import Answer, permitted
from agents.recorder import Recorder
from agents.runtime import (
    Alive,
    Asked,
    Ending,
    Failed,
    FileChanged,
    Finished,
    Happening,
    Opened,
    Retrying,
    Said,
    Session,
    Spent,
    Started,
    ToolFinished,
    ToolStarted,
    Typing,
    Wanted,
)
from state.commands import StartAttempt
from state.events import AttemptProgressed, AttemptStarted, Event, QuestionAnswered, QuestionAsked, QuotaClosed
from state.failure import Failure, FailureKind
from state.ids import QuestionId
from state.plan import Permissions
from state.question import About, Question
from state.transcript import EntryKind, Usage

_INTERRUPT = 5.0
"""Seconds between the interrupt in the agent's own language and the first signal."""
_NOTE = 2.0
"""Seconds between two notes for the screens."""
_NOTE_LENGTH = 200
_NOTHING_SPENT = Usage()
_LEAVE = ("allow", "deny")
_NOBODY = "Nobody has answered. Take the careful way, and say what you assumed."
_QUOTA = 60.0
"""Seconds that a provider is left alone when it does not say for how long."""
_PATIENCE = 30.0
"""Seconds that an agent may wait for its provider by itself, without anybody else being stopped."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agent is held to: its worktree, the plan's rules, how long its questions wait (seconds; None: for ever),
    and what its credential is called where a quota is spoken of."""

    worktree: str
    rules: Permissions
    answer: float | None
    credential: str
    now: Callable[[], float]


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
        terms: Terms,
    ) -> None:
        self._order = order
        self._terms = terms
        self._session = session
        self._started = started
        self._recorder = recorder
        self._clocks = clocks
        self._emit = emit
        self._asked = 0
        self._open: dict[QuestionId, int] = {}
        self._leaves: set[QuestionId] = set()
        self._lapses: dict[QuestionId, float] = {}
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._closed = False
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
        if isinstance(ending, Finished):
            return ending
        if ending.failure.kind is FailureKind.QUOTA and not self._clocks.stopped:
            self._close_quota(_QUOTA, ending.failure.detail)
        return ending.failure

    async def _listen(self) -> Ending:
        while True:
            happening = await self._next()
            if isinstance(happening, Finished | Failed):
                return happening
            await self._take(happening)
            self._clocks.hear()
            if self._recorder.full:
                await self._recorder.flush()

    async def _take(self, happening: Happening) -> None:
        match happening:
            case Started(pid):
                self._emit(self._started(pid))
            case Asked():
                self._ask(happening)
            case Wanted():
                await self._permit(happening)
            case Retrying(after, FailureKind.QUOTA, detail) if not 0 < after < _PATIENCE:
                self._recorder.say(EntryKind.ERROR, detail)
                self._close_quota(after or _QUOTA, detail)
            case Spent(usage, model):
                self._emit(self._progress(usage=usage, model=model))
            case Opened(session, model, version):
                told = " ".join(part for part in ("session", session, model, version) if part)
                self._recorder.say(EntryKind.SESSION, told)
                self._emit(self._progress(session=session, model=model))
            case Typing() | Alive() | Finished() | Failed():
                pass
            case _:
                for kind, text in _lines_of(happening):
                    self._recorder.say(kind, text)
                    self._note(text)

    async def _permit(self, wanted: Wanted) -> None:
        verdict = permitted(wanted, self._terms.worktree, self._terms.rules)
        match verdict.answer:
            case Answer.ASK:
                asked = Asked(wanted.number, f"May it use {wanted.tool}? {wanted.detail}".rstrip(), _LEAVE)
                self._leaves.add(self._ask(asked))
            case Answer.DENY:
                self._recorder.say(EntryKind.ERROR, f"refused: {wanted.tool} {wanted.detail}: {verdict.why}")
                await self._session.decide(wanted.number, False, verdict.why)
            case Answer.ALLOW:
                await self._session.decide(wanted.number, True, "")

    async def _next(self) -> Happening:
        """The next happening; while there is none, what waits for the transcript is stored, and questions lapse."""
        while True:
            due = (
                [*self._lapses.values()] if self._recorder.due is None else [self._recorder.due, *self._lapses.values()]
            )
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(due, default=None)):
                    return await self._session.next()
            await self._recorder.flush()
            await self._answer_for_nobody()

    def _ask(self, asked: Asked, lapses: bool = True) -> QuestionId:
        self._asked += 1
        question = QuestionId(f"{self._order.attempt}.q{self._asked}")
        self._open[question] = asked.number
        self._recorder.say(EntryKind.QUESTION, asked.text)
        self._clocks.hold()
        order = self._order
        asks = Question(question, About.AGENT, asked.text, asked.choices, order.task.id, order.attempt)
        self._emit(QuestionAsked(asks, order.task.id))
        if lapses and self._terms.answer is not None:
            self._lapses[question] = asyncio.get_running_loop().time() + self._terms.answer
        return question

    async def _answer_for_nobody(self) -> None:
        """Questions that have waited for as long as the plan lets them: a leave is refused, the rest is open."""
        now = asyncio.get_running_loop().time()
        for question in [one for one, due in self._lapses.items() if due <= now]:
            text = _LEAVE[1] if question in self._leaves else _NOBODY
            if await self.steer(text, question):
                self._emit(QuestionAnswered(question, text, "nobody"))
            self._lapses.pop(question, None)

    def _close_quota(self, after: float, why: str) -> None:
        """Everybody who shares the credential is to stop; told once."""
        if not self._closed:
            self._closed = True
            self._emit(QuotaClosed(self._terms.credential, self._terms.now() + after, why))

    def _note(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._noted_at + _NOTE:
            return
        line = self._recorder.scrub(text).strip().partition("\n")[0][:_NOTE_LENGTH]
        if not line:
            return
        self._noted_at = now
        self._emit(self._progress(line))

    def _progress(
        self, note: str = "", usage: Usage = _NOTHING_SPENT, session: str = "", model: str = ""
    ) -> AttemptProgressed:
        order = self._order
        return AttemptProgressed(order.task.id, order.attempt, order.window, note, usage, session, model)

    async def _interrupt(self, why: str) -> None:
        if not await self._session.interrupt(why):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_INTERRUPT):
                while not isinstance(happening := await self._session.next(), Finished | Failed):
                    for kind, text in _lines_of(happening):
                        self._recorder.say(kind, text)

    async def ask(self, question: str, choices: Sequence[str]) -> str:
        """A question that comes by another way than the agent's own language; the answer, or what is said when nobody
        gives one."""
        number = -1 - len(self._waiting)
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        asked = self._ask(Asked(number, question, tuple(choices)), lapses=False)
        try:
            async with asyncio.timeout(self._terms.answer):
                return await waiting
        except TimeoutError:
            self._emit(QuestionAnswered(asked, _NOBODY, "nobody"))
            return _NOBODY
        finally:
            del self._waiting[number]
            self._open.pop(asked, None)
            if not self._open:
                self._clocks.go_on()

    def report(self, words: str) -> None:
        self._recorder.say(EntryKind.MESSAGE, words)
        self._note(words)

    async def _answered(self, question: QuestionId, text: str) -> bool:
        number = self._open.get(question)
        if number is None:
            return False
        if (waiting := self._waiting.get(number)) is not None:
            if not waiting.done():
                waiting.set_result(text)
            return True
        if question not in self._leaves:
            return await self._session.answer(number, text)
        allowed = text.strip().lower() == _LEAVE[0]
        return await self._session.decide(number, allowed, "" if allowed else f"a person does not allow this: {text}")

    async def steer(self, text: str, question: QuestionId | None) -> bool:
        """Hand over a sentence, or the answer to a question; whether it was taken."""
        if question is None:
            taken = await self._session.steer(text)
        else:
            taken = await self._answered(question, text)
            if taken:
                self._open.pop(question, None)
                self._lapses.pop(question, None)
        if taken:
            self._recorder.say(EntryKind.STEER if question is None else EntryKind.ANSWER, text)
        if not self._open:
            self._clocks.go_on()
        return taken


def _lines_of(happening: Happening) -> Iterator[tuple[EntryKind, str]]:
    """What the transcript shows of a happening that is no more than told."""
    match happening:
        case Said(kind, text):
            yield kind, text
        case ToolStarted(_, tool, detail):
            yield EntryKind.TOOL, f"{tool} {detail}".rstrip()
        case ToolFinished(_, ok, output):
            if output.strip():
                yield (EntryKind.OUTPUT if ok else EntryKind.ERROR), output
        case FileChanged(path):
            yield EntryKind.FILE, path
        case Retrying(after, _, detail):
            yield EntryKind.ERROR, f"{detail}; it tries again{f' in {after:g} s' if after else ''}"
        case _:
            pass
