"""The terminal screen: one run, live, with its tasks, windows, what needs a person and what happened last; and the keys
to steer it. It asks the API for a snapshot whenever the feed brings something.

Never: a fact that the API did not tell, a change beside an intent.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, cast

from pydantic import JsonValue
from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, RichLog, Static

from dashboard.detail import TaskDetail
from dashboard.envelope import Envelope
from dashboard.follow import RunSummary
from dashboard.snapshot import QuestionView, RunView
from dashboard.top.ask import Ask, Page
from dashboard.top.link import FIRST_WAIT, LONGEST_WAIT, Refused, Server, Unanswered
from dashboard.top.rows import head, needs, task_page, task_row, window_row
from dashboard.top.screens import ConflictScreen, TrainScreen
from dashboard.top.words import EN, ZH, Words, plain
from dashboard.views import TaskView

_STYLE = """
#head { height: 2; padding: 0 1; }
#needs { height: auto; padding: 0 1; }
#tasks { height: 2fr; }
#windows { height: auto; max-height: 9; }
#log { height: 1fr; min-height: 4; border-top: solid $primary; }
#keys { height: 1; padding: 0 1; color: $text-muted; }
"""
_KEYS = {
    "j": "move(1)", "k": "move(-1)", "enter": "look", "a": "answer", "s": "steer", "r": "retry", "c": "cancel_task",
    "C": "cancel_run", "p": "pause", "o": "runs", "L": "language", "question_mark": "help", "q": "quit",
    "g": "lead", "n": "needs", "m": "train", "X": "cancel_run",
}  # fmt: skip
_LAST_EVENTS = 200


class Rows(DataTable[Text]):
    """A table whose rows stay where they are: those that changed are written anew, none moves."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, cursor_type="row" if name == "tasks" else "none", zebra_stripes=True)
        self._shown: dict[str, tuple[Text, ...]] = {}

    def head(self, *labels: str) -> None:
        self.clear(columns=True)
        self._shown.clear()
        for at, label in enumerate(labels):
            self.add_column(label, key=str(at))

    def show(self, rows: dict[str, tuple[Text, ...]]) -> None:
        if list(self._shown)[: len(rows)] != list(rows)[: len(self._shown)] or len(rows) < len(self._shown):
            self.clear()
            self._shown.clear()
        for key, row in rows.items():
            before = self._shown.get(key)
            if before is None:
                self.add_row(*row, key=key)
            else:
                for at, (old, new) in enumerate(zip(before, row, strict=True)):
                    if old != new:
                        self.update_cell(key, str(at), new, update_width=True)
        self._shown = rows


class Top(App[None]):
    """`run` is where it begins; `now` gives unix seconds."""

    CSS = _STYLE
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, deed, show=False, priority=key == "enter") for key, deed in _KEYS.items()
    ]

    def __init__(self, server: Server, run: str, language: str, now: Callable[[], float]) -> None:
        super().__init__()
        self.server, self.run_id, self.words, self._now = server, run, Words(language), now
        self.view: RunView | None = None
        self.link = "connecting"
        self._dirty = asyncio.Event()
        self._events: list[Envelope] = []
        self._led = False
        # Held, not looked up: what comes while the screen is taken down must find them still.
        self._head, self._needs, self._keys = Static(id="head"), Static(id="needs"), Static(id="keys")
        self._tasks, self._windows = Rows("tasks"), Rows("windows")
        self._past = RichLog(id="log", wrap=False, max_lines=_LAST_EVENTS)

    def compose(self) -> ComposeResult:
        yield from (self._head, self._needs, self._tasks, self._windows, self._past, self._keys)

    def on_mount(self) -> None:
        self._label()
        self._tasks.focus()
        self.set_interval(1.0, self._draw)
        self._follow()

    # ------------------------------------------------------------------------------------------- what is shown

    def _label(self) -> None:
        say = self.words.say
        self._tasks.head(*map(say, ("state", "task", "window", "tries", "time", "reason")))
        self._windows.head(*map(say, ("window", "role", "task", "time", "note")))
        self._keys.update(Text(say("keys")))
        self._past.clear()
        for one in self._events:
            self._past.write(self._line(one))
        self._draw()

    def _line(self, envelope: Envelope) -> Text:
        return Text(f"{envelope['seq']:>5}  {plain(self.words.sentence(envelope))}")

    def _draw(self) -> None:
        view = self.view
        if view is None:
            self._head.update(Text(self.words.of("link", self.link)))
            return
        now = self._now()
        self._head.update(head(self.words, view, self.link))
        self._needs.display = bool(view["questions"])
        self._needs.update(needs(self.words, view))
        self._tasks.show({one["id"]: task_row(self.words, one, now) for one in view["tasks"]})
        self._windows.show({one["id"]: window_row(self.words, one, now) for one in view["windows"]})

    # -------------------------------------------------------------------------------------------- what is heard

    @work(exclusive=True, group="feed")
    async def _follow(self) -> None:
        """The feed from where the first snapshot stands, made again where it stood when it breaks."""
        run, place, wait = self.run_id, await self._first(), FIRST_WAIT
        self._refresh()
        while True:
            try:
                async for frame in self.server.feed(run, place):
                    wait = FIRST_WAIT
                    self._linked("live")
                    self._take(frame)
                    place = frame[-1]["seq"] if frame else place
            except Unanswered:
                place = await self._first()  # the place may not be one of this log any more
            self._linked("lost")
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _first(self) -> int:
        """The seq of a fresh snapshot; as long as there is none, it is asked for again."""
        wait = FIRST_WAIT
        while not await self._read():
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        assert self.view is not None, "a snapshot was read"
        seq = self.view["seq"]
        if not self._events:
            with suppress(Unanswered, Refused):  # what happened before is worth no second try
                page = await self.server.get(f"runs/{self.run_id}/events?after={max(0, seq - 50)}&limit=50")
                self._take([one for one in cast(list[Envelope], page["events"]) if one["seq"] <= seq])
        return seq

    def _take(self, frame: list[Envelope]) -> None:
        for one in frame:
            self._past.write(self._line(one))
        self._events = [*self._events, *frame][-_LAST_EVENTS:]
        if frame:
            self._dirty.set()

    def _linked(self, link: str) -> None:
        if link != self.link:
            self.link = link
            self._dirty.set()
            self._draw()

    @work(exclusive=True, group="snapshot")
    async def _refresh(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._read()
            await asyncio.sleep(0.1)  # what comes together is read once

    async def _read(self) -> bool:
        try:
            self.view = cast(RunView, await self.server.get(f"runs/{self.run_id}"))
        except Unanswered as error:
            self._linked("lost")
            self.notify(plain(self.words.say("gone", why=error)), severity="error", markup=False)
            return False
        except Refused as error:
            self.notify(plain(str(error)), severity="error", markup=False)
            return False
        self._draw()
        return True

    # ---------------------------------------------------------------------------------------------- what is done

    def _chosen(self) -> TaskView | None:
        at = self._tasks.cursor_row
        return self.view["tasks"][at] if self.view is not None and at < len(self.view["tasks"]) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is asked, its keys are its own."""
        own = Ask | Page | TrainScreen | ConflictScreen
        return len(self.screen_stack) == 1 or (action == "quit" and not isinstance(self.screen, own))

    def action_move(self, step: int) -> None:
        self._tasks.move_cursor(row=self._tasks.cursor_row + step)

    def action_language(self) -> None:
        self.words = Words(ZH if self.words.language == EN else EN)
        self._label()

    def action_help(self) -> None:
        self.push_screen(Page(Text(self.words.say("help")), self.words.say("escape")))

    def action_lead(self) -> None:
        self._led = True

    def _leads(self) -> bool:
        """Whether this key came after `g`; it does so once."""
        led, self._led = self._led, False
        return led

    def action_train(self) -> None:
        """`g m`: the train."""
        if self._leads():
            self.push_screen(TrainScreen(self))

    def action_needs(self) -> None:
        """`g n`: to the first task that something is asked of."""
        if self._leads() and self.view is not None:
            asked = [at for at, one in enumerate(self.view["tasks"]) if one["waiting_for_you"]]
            if asked:
                self._tasks.move_cursor(row=asked[0])

    def action_pause(self) -> None:
        if self.view is not None:
            self._intend({"kind": "ResumeRun" if self.view["paused"] else "PauseRun"})

    def action_retry(self) -> None:
        task = self._chosen()
        if task is not None:
            self._intend({"kind": "RetryTask", "task": task["id"]})

    def action_cancel_task(self) -> None:
        """`c`; but `g c` are the conflicts."""
        if self._leads():
            self.push_screen(ConflictScreen(self))
            return
        task = self._chosen()
        if task is not None:
            what = self.words.say("cancelTask", task=task["id"])
            self.sure(what, {"kind": "CancelTask", "task": task["id"]})

    def action_cancel_run(self) -> None:
        self.sure(self.words.say("cancelRun"), {"kind": "CancelRun"})

    def action_steer(self) -> None:
        task = self._chosen()
        if task is None:
            return
        name = task["id"]

        def said(text: str | None) -> None:
            if text is not None:
                self._intend({"kind": "SteerTask", "task": name, "text": text})

        say = self.words.say
        self.push_screen(Ask(say("steer", task=name), (), "", say("escape")), said)

    def action_answer(self) -> None:
        question = self._question()
        if question is None:
            self.notify(self.words.say("nothing"), markup=False)
            return
        name = question["id"]

        def answered(text: str | None) -> None:
            if text is not None:
                self._intend({"kind": "AnswerQuestion", "question": name, "text": text})

        choices = [(one, self.words.of("choice", one)) for one in question["choices"]]
        free = self.words.say("answer") if not choices or question["about"] == "conflict" else None
        self.push_screen(Ask(question["text"], choices, free, self.words.say("escape")), answered)

    def _question(self) -> QuestionView | None:
        """The one that is asked of the chosen task, else the first."""
        task, questions = self._chosen(), [] if self.view is None else self.view["questions"]
        of_task = [one for one in questions if task is not None and one["task"] == task["id"]]
        return next(iter([*of_task, *questions]), None)

    def sure(self, what: str, intent: dict[str, JsonValue]) -> None:
        def said(answer: str | None) -> None:
            if answer == "yes":
                self._intend(intent)

        own = [("no", self.words.of("own", "cancel")), ("yes", what)]
        self.push_screen(Ask(self.words.say("sure", what=what), own, None, self.words.say("escape")), said)

    def submit(self, intent: dict[str, JsonValue]) -> None:
        self._intend(intent)

    @work(group="intents")
    async def _intend(self, intent: dict[str, JsonValue]) -> None:
        try:
            answer = await self.server.intend(self.run_id, intent)
        except (Unanswered, Refused) as error:
            self.notify(plain(self.words.of("own", "failed", why=error)), severity="error", markup=False)
            return
        self.notify(self.words.of("own", "sent" if answer["led"] else "waits"), markup=False)

    @work(group="look")
    async def action_look(self) -> None:
        task = self._chosen()
        if task is None:
            return
        try:
            told = await self.server.get(f"runs/{self.run_id}/tasks/{task['id']}?diff=0&lines=40")
        except (Unanswered, Refused) as error:
            self.notify(plain(str(error)), severity="error", markup=False)
            return
        await self.push_screen(Page(task_page(self.words, cast(TaskDetail, told)), self.words.say("escape")))

    @work(group="look")
    async def action_runs(self) -> None:
        try:
            runs = cast(list[RunSummary], (await self.server.get("runs"))["runs"])
        except (Unanswered, Refused) as error:
            self.notify(plain(str(error)), severity="error", markup=False)
            return
        chosen = [(one["run"], f"{one['run']}  {self.words.of('runStatus', one['status'])}") for one in runs]
        await self.push_screen(Ask(self.words.say("runs"), chosen, None, self.words.say("escape")), self._go_to)

    def _go_to(self, run: str | None) -> None:
        if run is not None and run != self.run_id:
            self.run_id, self.view, self._events = run, None, []
            self._past.clear()
            self._follow()
