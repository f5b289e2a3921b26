"""What the terminal screen shows of a snapshot: its head, its rows, a task's page. State is told by a mark and a word,
never by colour alone.

Never: IO, a clock, a widget.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.text import Text

from dashboard.detail import TaskDetail
from dashboard.snapshot import RunView, WindowView
from dashboard.top.words import Words, plain, span
from dashboard.views import TaskView

MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "WAITING": ("·", "dim"),
    "RUNNING": ("▶", "bold cyan"),
    "PROPOSED": ("⇡", "blue"),
    "GATING": ("◐", "bold blue"),
    "CONFLICTED": ("!", "bold yellow"),
    "LANDED": ("✔", "green"),
    "FAILED": ("✘", "bold red"),
    "CANCELLED": ("−", "dim"),
    "NEEDS_YOU": ("?", "bold magenta"),
}
SIMULATED: Final = "~"
"""Before the window of what a simulated agent works at."""


def marked(words: Words, task: TaskView) -> Text:
    mark, style = MARKS["NEEDS_YOU" if task["waiting_for_you"] else task["status"]]
    return Text(f"{mark} {words.status(task)}", style)


def task_row(words: Words, task: TaskView, now: float) -> tuple[Text, ...]:
    """Status, id, window, tries, time at work, why."""
    since = task["since"]
    simulated = SIMULATED if task["simulated"] else ""
    return (
        marked(words, task),
        Text(plain(task["id"])),
        Text(simulated + plain(task["window"] or "-")),
        Text(str(task["attempts"])),
        Text("" if since is None else span(now - since)),
        Text(plain(task["note"] or words.reason(task))),
    )


def window_row(words: Words, window: WindowView, now: float) -> tuple[Text, ...]:
    """Window, role, task, time at work, what it does."""
    since = window["since"]
    return (
        Text((SIMULATED if window["simulated"] else "") + plain(window["id"])),
        Text(plain(window["role"])),
        Text(plain(window["task"] or words.say("idle")), "" if window["task"] else "dim"),
        Text("" if since is None else span(now - since)),
        Text(plain(window["note"])),
    )


def head(words: Words, run: RunView, link: str) -> Text:
    """Two lines: what it is and how it stands; how far it is and what it cost."""
    busy = sum(one["task"] is not None for one in run["windows"])
    text = Text(f"{words.of('own', 'brand')}  {plain(run['name'] or run['run'])}", "bold")
    text.append(f"  {words.of('runStatus', run['status'])}", "reverse")
    if run["simulated"] or any(one["simulated"] for one in run["tasks"]):
        text.append(f"  {SIMULATED} {words.of('own', 'simulated')}", "yellow")
    text.append(f"  {words.of('link', link)}", "green" if link == "live" else "bold red")
    text.append(f"\n{words.say('onto', trunk=plain(run['trunk']['branch']))}", "not bold")
    told = [words.say("landed", landed=run["counts"].get("LANDED", 0), tasks=len(run["tasks"]))]
    told.append(words.say("busy", busy=busy))
    if run["remaining"]:
        told.append(words.say("left", left=span(run["remaining"])))
    if run["cost"]["tokens"]:
        told.append(words.say("tokens", tokens=f"{run['cost']['tokens']:,}"))
    if run["cost"]["usd"]:
        told.append(f"${run['cost']['usd']:.2f}")
    if not run["led"] and run["status"] in ("running", "waiting", "paused"):
        told.append(words.say("nobody", run=run["run"]))
    text.append(" · " + " · ".join(told), "not bold")
    return text


def needs(words: Words, run: RunView) -> Text:
    """What waits for a person."""
    lines = [words.say("needs", count=len(run["questions"]))]
    for one in run["questions"][:5]:
        about = " ".join(filter(None, (words.about(one), one["task"] and f"({one['task']})")))
        lines.append(f"? {plain(about)}: {plain(one['text'])}")
    return Text("\n".join(lines), "bold magenta")


def task_page(words: Words, task: TaskDetail) -> Text:
    """A task with its past and its last words."""
    text = Text(f"{plain(task['id'])}  {plain(task['title'])}\n", "bold")
    text.append(marked(words, task))
    text.append(f"  {plain(words.reason(task))}\n")
    for line in _past(words, task):
        text.append(f"{line}\n")
    if task["transcript"]["lines"]:
        text.append(f"\n{words.say('said')}\n", "bold")
        for said in task["transcript"]["lines"]:
            text.append(f"{plain(said['kind'])}: {plain(said['text'])}\n")
    return text


def _past(words: Words, task: TaskDetail) -> Iterator[str]:
    for one in task["history"]:
        outcome = one["outcome"]
        yield words.say("attempt", number=one["number"], window=plain(one["window"]), outcome=outcome)
        if one["failure"] is not None:
            yield f"  {plain(one['failure']['detail'])}"
