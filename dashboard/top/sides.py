"""What the terminal shows of the train and of a conflict: rows, a heading, and the sides of a file beside each other
with what each of them changed.

Never: IO, a widget; a merge.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

from rich.text import Text

from dashboard.detail import ConflictCase, GateOutput
from dashboard.routes.sides import Sides, SideText
from dashboard.snapshot import CandidateView
from dashboard.top.words import Words, plain

AROUND: Final = 3
"""Lines that are shown around a change."""
_GAP: Final = "⋯"


def train_row(words: Words, one: CandidateView, place: int) -> tuple[Text, ...]:
    """Place, candidate, lane, gate, on top of what, speculative commit."""
    return (
        Text(str(place)),
        Text(plain(one["task"] or one["candidate"])),
        Text(str(one["lane"])),
        _stands(words, one),
        Text((one["onto"] or "-")[:10]),
        Text((one["commit"] or "-")[:10]),
    )


def _stands(words: Words, one: CandidateView) -> Text:
    if one["conflicts"]:
        return Text(f"! {words.say('conflicts', count=one['conflicts'])}", "bold yellow")
    if one["landing"]:
        return Text(f"✔ {words.of('gate', 'landing')}", "green")
    mark, style = {"green": ("✔", "green"), "red": ("✘", "bold red"), "running": ("◐", "bold blue")}.get(
        one["gate"], ("·", "dim")
    )
    carried = f" · {words.of('gate', 'carried')}" if one["carried"] else ""
    return Text(f"{mark} {words.of('gate', one['gate'])}{carried}", style)


def gate_text(output: GateOutput) -> Text:
    """What a gate prints."""
    text = Text()
    for line in output["lines"]:
        style = {"check": "bold", "error": "bold red"}.get(line["kind"], "")
        text.append(f"{plain(line['text'])}\n", style)
    return text


def case_line(words: Words, one: ConflictCase) -> str:
    """A conflict in one line: open or how it was settled, whose it is, where."""
    how = one["settled"] or words.say("open")
    if one["resolution"] is not None:
        how = words.of("rung", one["resolution"]["rung"])
    paths = ", ".join(dict.fromkeys(conflict["path"] for conflict in one["conflicts"]))
    mark = "✔" if one["settled"] else "!"
    return f"{mark} {plain(one['task'] or one['candidate'])}  {how}  {plain(paths)}"


def case_head(words: Words, one: ConflictCase, path: str) -> Text:
    text = Text(f"{case_line(words, one)}\n", "bold")
    for conflict in one["conflicts"]:
        if conflict["path"] == path and conflict["detail"]:
            text.append(f"{plain(conflict['detail'])}\n", "not bold")
    if one["resolution"] is not None:
        text.append(f"{plain(one['resolution']['by'])}: {plain(one['resolution']['how'])}\n", "green")
    elif one["note"]:
        text.append(f"{plain(one['note'])}\n", "yellow")
    return text


def columns(words: Words, sides: Sides) -> tuple[Text, Text, Text]:
    """The trunk, the common base and the task, each near what was changed."""
    base = _lines(sides["base"])
    ours, theirs = _lines(sides["ours"]), _lines(sides["theirs"])
    return (
        _side(words.say("ours"), ours, base, words),
        _base(words.say("base"), base, [side for side in (ours, theirs) if side is not None], words),
        _side(words.say("theirs"), theirs, base, words),
    )


def _lines(side: SideText | None) -> list[str] | None:
    return None if side is None or side["text"] is None else side["text"].splitlines()


def _side(name: str, side: list[str] | None, base: list[str] | None, words: Words) -> Text:
    if side is None:
        return _titled(name, [Text(words.say("absent"), "dim")])
    changed = {at for _, _, start, end in _changes(base or [], side) for at in range(start, end)}
    deleted = {start for _, _, start, end in _changes(base or [], side) if start == end}
    return _titled(name, _near(side, changed, changed | deleted, "+", "green"))


def _base(name: str, base: list[str] | None, sides: list[list[str]], words: Words) -> Text:
    if base is None:
        return _titled(name, [Text(words.say("absent"), "dim")])
    found = [change for side in sides for change in _changes(base, side)]
    gone = {at for start, end, _, _ in found for at in range(start, end)}
    return _titled(name, _near(base, gone, gone | {start for start, _, _, _ in found}, "-", "red"))


def _changes(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [(i, j, k, n) for kind, i, j, k, n in matcher.get_opcodes() if kind != "equal"]


def _near(lines: list[str], marked: set[int], places: set[int], mark: str, style: str) -> Iterator[Text]:
    """The lines around some places, with their numbers, those that are marked with their mark."""
    shown = sorted({at for place in places for at in range(place - AROUND, place + AROUND + 1) if 0 <= at < len(lines)})
    before = -1
    for at in shown:
        if at != before + 1:
            yield Text(_GAP, "dim")
        hit = at in marked
        yield Text(f"{at + 1:>4} {mark if hit else ' '} {plain(lines[at])}", style if hit else "")
        before = at
    if before != len(lines) - 1:
        yield Text(_GAP, "dim")


def _titled(name: str, lines: "Iterator[Text] | list[Text]") -> Text:
    return Text("\n").join([Text(name, "bold underline"), *lines])
