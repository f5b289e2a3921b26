"""What the terminal screen asks a person, each on a screen of its own over the others: a text, a choice, a yes. Escape
closes it without an answer.

Never: what the answer does.
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dashboard.top.words import plain

_STYLE = """
{name} {{ align: center middle; }}
{name} > .box {{ width: 80%; max-width: 100; height: auto; max-height: 80%; border: round $primary; padding: 0 1;
    background: $surface; }}
{name} OptionList {{ height: auto; max-height: 16; }}
"""
_ESCAPE: list[BindingType] = [Binding("escape", "leave", show=False)]


class Ask(ModalScreen[str | None]):
    """A question with choices (value, words), a free text, or both; "" is no answer."""

    CSS = _STYLE.format(name="Ask")
    BINDINGS: ClassVar[list[BindingType]] = _ESCAPE

    def __init__(self, question: str, choices: Sequence[tuple[str, str]], free: str | None, hint: str) -> None:
        """`free` is what stands in the empty field of a free text; None: there is no such field."""
        super().__init__()
        self._question, self._choices, self._free, self._hint = question, choices, free, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Text("\n".join(plain(line) for line in self._question.splitlines())), id="question")
            if self._choices:
                yield OptionList(*[Option(Text(plain(words)), id=f"choice-{at}") for at, (_, words) in self._numbered])
            if self._free is not None:
                yield Input(placeholder=self._free)
            yield Static(Text(self._hint, "dim"))

    @property
    def _numbered(self) -> list[tuple[int, tuple[str, str]]]:
        return list(enumerate(self._choices))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index][0])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)


class Page(ModalScreen[None]):
    """A text to read."""

    CSS = _STYLE.format(name="Page") + "Page VerticalScroll { height: auto; max-height: 30; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        *_ESCAPE,
        Binding("enter", "leave", show=False),
        Binding("q", "leave", show=False),
        Binding("question_mark", "leave", show=False),
    ]

    def __init__(self, text: Text, hint: str) -> None:
        super().__init__()
        self._text, self._hint = text, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            with VerticalScroll():
                yield Static(self._text, id="page")
            yield Static(Text(self._hint, "dim"))

    def action_leave(self) -> None:
        self.dismiss(None)
