"""The prompt of one attempt, as text.

Never: IO, a secret (variables are not shown), an order about merging: what the agent leaves in the worktree is taken
from there by git.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from state.candidate import Conflict, Proposal, Side
from state.failure import Failure
from state.ids import RoleName, TaskId
from state.light import light
from state.plan import TaskSpec

_OUTPUT = 4000
"""Characters of a failure's output that are shown: its end, where the reason stands."""


_ASKED = 400
"""Characters of a neighbour's own prompt that are shown: enough to see what it will offer."""

_BEGUN = (
    "## This was begun before\n\nAn attempt at this task was interrupted. Your worktree holds what it had done: "
    "look at that first (`git log`, `git diff`), and go on from there."
)


_SETTLE = (
    "Your worktree holds the work of this task merged with {trunk} as it stands now. Where the two clash in text, both "
    "are there between conflict markers: {trunk} first, then the task. Edit the files so that they hold what both "
    "sides added and meant, and leave no marker. A result that lacks what a side added, or brings back what one took "
    "out, is not taken. Where the two truly contradict each other, leave the markers and say so: then a person decides."
)


@light
@dataclass(frozen=True, slots=True)
class Neighbour:
    """A task whose window works at the same time; `claims` are its globs, `asked` is what it was asked to do."""

    task: TaskId
    title: str
    claims: tuple[str, ...]
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """What a resolver is to settle: the trunk's name, what conflicts, the landed tasks that made the other side, and
    what rules would make of it."""

    trunk: str
    conflicts: tuple[Conflict, ...]
    others: tuple[Neighbour, ...] = ()
    proposals: tuple[Proposal, ...] = ()


@light
@dataclass(frozen=True, slots=True)
class Brief:
    """What a prompt needs from the run's state: the role decided for the task, how the attempt before ended, who
    works beside it, and what a person said to earlier attempts, in order. With `clash` it is a conflict of the task
    that is to be settled."""

    role: RoleName
    last_failure: Failure | None = None
    neighbours: tuple[Neighbour, ...] = ()
    steers: tuple[str, ...] = ()
    clash: Clash | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a prompt needs from the window: the words of the role, whether the runtime can put questions to a person,
    and whether the worktree holds what an interrupted attempt had done."""

    role: str
    asks: bool
    begun: bool = False


def go_on() -> str:
    """For an agent that remembers what it was doing when it was interrupted."""
    return "You were interrupted. Your worktree is as you left it: go on with the task.\n"


def write_prompt(task: TaskSpec, number: int, brief: Brief, needs: Sequence[TaskSpec], frame: Frame) -> str:
    """The whole prompt of attempt `number` (from 1), in Markdown."""
    if brief.clash is not None:
        return _settling(task, number, brief, brief.clash, frame)
    parts = [
        frame.role,
        _task(task),
        _needs(needs),
        _claims(task, brief.neighbours),
        _checks(task),
        _BEGUN if frame.begun else _last_time(number, brief.last_failure),
        _said(brief.steers),
        _rules(frame.asks),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(heading: str, items: Sequence[str]) -> str:
    return "\n".join([heading, *(f"- {item}" for item in items)]) if items else ""


def _named(task: TaskId, title: str) -> str:
    return f"{task}: {title}" if title else str(task)


def _task(task: TaskSpec) -> str:
    return f"# Task {_named(task.id, task.title)}\n\n{task.prompt.strip()}".rstrip()


def _needs(needs: Sequence[TaskSpec]) -> str:
    return _listed(
        "These tasks have landed before; build on what they left:",
        [_named(need.id, need.title) for need in needs],
    )


def _claims(task: TaskSpec, neighbours: Sequence[Neighbour]) -> str:
    own = _listed("You are expected to touch:", [*task.exclusive, *task.touches])
    others = _listed(
        "Others work at the same time. Keep out of what they claim wherever you can:",
        [_beside(other) for other in neighbours],
    )
    return "\n\n".join(part for part in (own, others) if part)


def _beside(other: Neighbour) -> str:
    asked = " ".join(other.asked.split())
    shown = asked if len(asked) <= _ASKED else f"{asked[:_ASKED]} …"
    told = f"{_named(other.task, other.title)} ({', '.join(other.claims) or 'no claim'})"
    return f"{told}: {shown}" if shown else told


def _checks(task: TaskSpec) -> str:
    return _listed("When you are done, these commands must pass here:", [f"`{line}`" for line in task.verify])


def _last_time(number: int, failure: Failure | None) -> str:
    if failure is None:
        return ""
    told = (
        f"## This is attempt {number}\n\nThe one before failed ({failure.kind}): {failure.detail}\n"
        "You begin again from a clean worktree; do not repeat what failed."
    )
    shown = failure.output[-_OUTPUT:].strip("\n")
    return f"{told}\n\nThe end of its output:\n\n{_fenced(shown)}" if shown else told


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def _said(steers: Sequence[str]) -> str:
    return _listed("## What a person said while this task was worked on", steers)


def _rules(asks: bool) -> str:
    ask = (
        "If you can not go on without a decision that is not yours, ask one short question and wait for the answer."
        if asks
        else "Nobody can answer questions: where something is open, take the careful way and say what you assumed."
    )
    return (
        "## Rules\n\n"
        "- Work only inside the current folder; it is a git worktree of your own.\n"
        "- Leave your work in the files; committing is fine, and not needed. Do not merge, rebase, push, stash or "
        "switch branches: bringing the work together is done for you, and checked.\n"
        f"- {ask}"
    )


def _settling(task: TaskSpec, number: int, brief: Brief, clash: Clash, frame: Frame) -> str:
    """For a resolver: both intents, what conflicts with its three sides, and what the rules would propose."""
    parts = [
        frame.role,
        f"# Settle a conflict of task {_named(task.id, task.title)}\n\n{_SETTLE.format(trunk=clash.trunk)}",
        f"## What the task was asked to do\n\n{task.prompt.strip() or task.title or task.id}",
        _listed(f"## What landed on {clash.trunk} in the same places", [_beside(one) for one in clash.others]),
        _listed("## What conflicts", [_of_conflict(one) for one in clash.conflicts]),
        _listed("## What rules would make of it, without being sure", [_of_proposal(one) for one in clash.proposals]),
        _checks(task),
        _last_time(number, brief.last_failure),
        _said(brief.steers),
        _rules(frame.asks),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _of_conflict(one: Conflict) -> str:
    sides = (("both began from", one.base), ("trunk", one.ours), ("task", one.theirs))
    shown = ", ".join(f"{name}: `git cat-file blob {side.blob}`" for name, side in sides if isinstance(side, Side))
    what = one.detail or f"{one.kind}, {one.rule}"
    return f"{one.path}: {what}" + (f" ({shown})" if shown else "")


def _of_proposal(one: Proposal) -> str:
    return f"{one.path}: `git cat-file blob {one.blob}` ({one.how})"
