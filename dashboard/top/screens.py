"""The terminal's train and its conflicts side by side, each on a screen over the tasks, live.

Never: a fact that the API did not tell, a change beside an intent.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Protocol, cast
from urllib.parse import quote

from pydantic import JsonValue
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, OptionList, Static
from textual.widgets.option_list import Option

from dashboard.detail import ConflictCase, ConflictsView, GateOutput
from dashboard.routes.sides import Sides
from dashboard.snapshot import CandidateView, RunView
from dashboard.top.link import Refused, Server, Unanswered
from dashboard.top.sides import case_head, case_line, columns, gate_text, train_row
from dashboard.top.words import Words

EVERY = 1.0
_LINES = 1000
_CHOICES = {"1": "ours", "2": "both", "3": "theirs", "r": "retry", "d": "drop"}


class Behind(Protocol):
    """What a screen needs of the one under it."""

    view: RunView | None
    words: Words
    server: Server
    run_id: str

    def sure(self, what: str, intent: dict[str, JsonValue]) -> None: ...

    def submit(self, intent: dict[str, JsonValue]) -> None: ...


_STYLE = """
{name} {{ background: $surface; }}
{name} > .title {{ height: auto; padding: 0 1; text-style: bold; }}
{name} > .hint {{ height: 1; padding: 0 1; color: $text-muted; dock: bottom; }}
"""


class TrainScreen(ModalScreen[None]):
    """The train in its order, with what the gate of the chosen candidate prints."""

    CSS = _STYLE.format(name="TrainScreen") + (
        "TrainScreen DataTable { height: 1fr; } TrainScreen VerticalScroll { height: 1fr; border-top: solid $primary; }"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, deed, show=False)
        for key, deed in {
            "escape": "leave", "q": "leave", "j": "choose(1)", "k": "choose(-1)", "J": "move(1)", "K": "move(-1)",
            "d": "drop", "a": "approve",
        }.items()
    ]  # fmt: skip

    def __init__(self, behind: Behind) -> None:
        super().__init__()
        self._behind = behind
        self._rows: DataTable[Text] = DataTable(id="train", cursor_type="row", zebra_stripes=True)
        self._output = Static(id="gate")

    def compose(self) -> ComposeResult:
        say = self._behind.words.say
        yield Static(Text(say("train")), classes="title")
        yield self._rows
        with VerticalScroll():
            yield self._output
        yield Static(Text(say("trainKeys")), classes="hint")

    def on_mount(self) -> None:
        say = self._behind.words.say
        self._rows.add_columns(*map(say, ("place", "task", "lane", "gate", "onTop", "commit")))
        self._rows.focus()
        self.set_interval(EVERY, self._draw)
        self._draw()

    @property
    def _train(self) -> list[CandidateView]:
        return [] if self._behind.view is None else self._behind.view["train"]

    def _chosen(self) -> CandidateView | None:
        at = self._rows.cursor_row
        return self._train[at] if 0 <= at < len(self._train) else None

    def _draw(self) -> None:
        at = self._rows.cursor_row
        self._rows.clear()
        for place, one in enumerate(self._train, 1):
            self._rows.add_row(*train_row(self._behind.words, one, place), key=one["candidate"])
        self._rows.move_cursor(row=max(0, min(at, len(self._train) - 1)))
        self._listen()

    @work(exclusive=True, group="gate")
    async def _listen(self) -> None:
        one = self._chosen()
        text = Text(self._behind.words.say("emptyTrain" if one is None else "silent"), "dim")
        if one is not None and one["commit"] is not None:
            with suppress(Unanswered, Refused):  # no gate has begun at it
                path = f"runs/{self._behind.run_id}/gates/{one['commit']}/output?limit={_LINES}"
                told = cast(GateOutput, await self._behind.server.get(path))
                text = gate_text(told) or text
        self._output.update(text)

    def on_data_table_row_highlighted(self) -> None:
        self._listen()

    def action_choose(self, step: int) -> None:
        self._rows.move_cursor(row=self._rows.cursor_row + step)

    def action_move(self, step: int) -> None:
        one, order = self._chosen(), [each["candidate"] for each in self._train]
        if one is None:
            return
        at = order.index(one["candidate"])
        if 0 <= at + step < len(order):
            order.insert(at + step, order.pop(at))
            self._behind.submit({"kind": "ReorderTrain", "order": list(order)})

    def action_drop(self) -> None:
        one = self._chosen()
        if one is not None:
            what = self._behind.words.say("dropCandidate", candidate=one["task"] or one["candidate"])
            self._behind.sure(what, {"kind": "DropCandidate", "candidate": one["candidate"]})

    def action_approve(self) -> None:
        one = self._chosen()
        if one is not None and one["task"] is not None:
            self._behind.submit({"kind": "ApproveTask", "task": one["task"]})

    def action_leave(self) -> None:
        self.dismiss(None)


class ConflictScreen(ModalScreen[None]):
    """The conflicts of a run: the open ones first, then how others were settled; the sides of the chosen one beside
    each other."""

    CSS = _STYLE.format(name="ConflictScreen") + (
        "ConflictScreen OptionList { height: auto; max-height: 8; } ConflictScreen Horizontal { height: 1fr; }"
        "ConflictScreen VerticalScroll { width: 1fr; border-left: solid $primary; padding: 0 1; }"
        "ConflictScreen #case { height: auto; padding: 0 1; }"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("q", "leave", show=False),
        Binding("j", "choose(1)", show=False),
        Binding("k", "choose(-1)", show=False),
        Binding("f", "file", show=False),
        *(Binding(key, f"settle('{choice}')", show=False) for key, choice in _CHOICES.items()),
    ]

    def __init__(self, behind: Behind) -> None:
        super().__init__()
        self._behind = behind
        self._cases: list[ConflictCase] = []
        self._file = 0
        self._list, self._case = OptionList(id="cases"), Static(id="case")
        self._sides = Static(id="ours"), Static(id="base"), Static(id="theirs")

    def compose(self) -> ComposeResult:
        say = self._behind.words.say
        yield Static(Text(say("conflictTitle")), classes="title")
        yield self._list
        yield self._case
        with Horizontal():
            for side in self._sides:
                with VerticalScroll():
                    yield side
        yield Static(Text(say("conflictKeys")), classes="hint")

    def on_mount(self) -> None:
        self._list.focus()
        self.set_interval(EVERY, self._refresh)
        self._refresh()

    @work(exclusive=True, group="conflicts")
    async def _refresh(self) -> None:
        try:
            told = cast(ConflictsView, await self._behind.server.get(f"runs/{self._behind.run_id}/conflicts"))
        except (Unanswered, Refused):
            return
        cases = [*told["open"], *reversed(told["settled"])]
        if cases != self._cases or not self._list.option_count:
            at = self._list.highlighted or 0
            self._cases = cases
            lines = [Text(case_line(self._behind.words, one)) for one in cases]
            self._list.clear_options()
            self._list.add_options([Option(one) for one in lines or [Text(self._behind.words.say("noConflict"))]])
            self._list.highlighted = min(at, len(cases) - 1) if cases else None
            await self._show()

    def _chosen(self) -> ConflictCase | None:
        at = self._list.highlighted
        return self._cases[at] if at is not None and at < len(self._cases) else None

    async def _show(self) -> None:
        one = self._chosen()
        paths = [] if one is None else list(dict.fromkeys(conflict["path"] for conflict in one["conflicts"]))
        texts: Sequence[Text] = (Text(), Text(), Text())
        if one is None or not paths:
            self._case.update(Text())
        else:
            path = paths[self._file % len(paths)]
            self._case.update(case_head(self._behind.words, one, path))
            address = f"runs/{self._behind.run_id}/conflicts/{quote(one['candidate'], safe='')}/sides"
            with suppress(Unanswered, Refused):
                told = await self._behind.server.get(f"{address}?path={quote(path, safe='')}")
                texts = columns(self._behind.words, cast(Sides, told))
        for side, text in zip(self._sides, texts, strict=True):
            side.update(text)

    @work(exclusive=True, group="sides")
    async def _show_chosen(self) -> None:
        await self._show()

    def on_option_list_option_highlighted(self) -> None:
        self._file = 0
        self._show_chosen()

    def action_choose(self, step: int) -> None:
        if self._list.option_count:
            at = (self._list.highlighted or 0) + step
            self._list.highlighted = max(0, min(self._list.option_count - 1, at))

    def action_file(self) -> None:
        self._file += 1
        self._show_chosen()

    def action_settle(self, choice: str) -> None:
        one = self._chosen()
        if one is not None and not one["settled"]:
            what = f"{one['task'] or one['candidate']}: {self._behind.words.of('choice', choice)}"
            self._behind.sure(what, {"kind": "ResolveConflict", "candidate": one["candidate"], "choice": choice})

    def action_leave(self) -> None:
        self.dismiss(None)
