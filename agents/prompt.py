"""The prompt of one attempt, as text.

Never: IO, a secret (variables are not shown), an order about merging: what the agent leaves in the worktree is taken
from there by git.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.roles import role_prompt
from state.failure import Failure
from state.ids import RoleName, TaskId
from state.plan import TaskSpec

_OUTPUT = 4000
"""Characters of a failure's output that are shown: its end, where the reason stands."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A task whose window works at the same time; `claims` are its globs."""

    task: TaskId
    title: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """What a prompt needs from the run's state: the role decided for the task, how the attempt before ended, who
    works beside it, and what a person said to earlier attempts, in order."""

    role: RoleName
    last_failure: Failure | None = None
    neighbours: tuple[Neighbour, ...] = ()
    steers: tuple[str, ...] = ()


def write_prompt(task: TaskSpec, number: int, brief: Brief, needs: Sequence[TaskSpec], asks: bool) -> str:
    """The whole prompt of attempt `number` (from 1), in Markdown. `asks`: the runtime can put questions to a person."""
    parts = [
        role_prompt(brief.role),
        _task(task),
        _needs(needs),
        _claims(task, brief.neighbours),
        _checks(task),
        _last_time(number, brief.last_failure),
        _said(brief.steers),
        _rules(asks),
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
        [f"{_named(other.task, other.title)} ({', '.join(other.claims) or 'no claim'})" for other in neighbours],
    )
    return "\n\n".join(part for part in (own, others) if part)


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
