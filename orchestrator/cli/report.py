"""What a run brought, for people: what landed, what was resolved and how, what is left and why, what to do next, and
where to look.

Never: anything the state of the run does not hold.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path

from conflict.land import take_over
from orchestrator.cli import out
from orchestrator.cli.out import one_line
from scheduler.forecast import Foresight
from state.candidate import Rung
from state.events import ConflictResolved
from state.lifecycle import Status
from state.question import About, Question
from state.run import RunState

MOST_NAMED = 50


def print_report(run: RunState, repo: Path) -> None:
    """Print the integrated result of a run. `repo` is where its repository lies now, which may not be where it lay."""
    out.say("\n".join(["", *_report(run, repo)]))


def _report(run: RunState, repo: Path) -> Iterator[str]:
    if run.simulated:
        yield "Simulated agents took part in this run; their work is scripted."
    yield _landed(run)
    yield from _resolved(run)
    yield from _left(run)
    repository = shlex.quote(str(repo))
    if run.trunk_before != run.trunk:
        between = f"{run.trunk_before[:10]}..{run.trunk[:10]}"
        yield f"Trunk {run.branch}: {run.trunk_before[:10]} -> {run.trunk[:10]}"
        yield f"Look: git -C {repository} log --graph --oneline {between}"
    if run.trunk_ref != f"refs/heads/{run.branch}" and run.trunk_before != run.trunk:
        yield (
            f"{run.branch} could not be moved, so the work landed beside it, on {run.trunk_ref}. When nothing is in "
            f"its way any more, take it in where {run.branch} is checked out: {take_over(run.trunk_ref)}"
        )
    yield from _spent(run)
    yield from _next(run, repo)
    yield f"More: tianting show {run.id} --report --repo {repository}"


def _landed(run: RunState) -> str:
    head = f"Landed {len(run.landed)} of {len(run.tasks)} tasks"
    if not run.landed:
        return head
    return f"{head}: {', '.join(run.landed[:MOST_NAMED])}{' …' if len(run.landed) > MOST_NAMED else ''}"


def _resolved(run: RunState) -> Iterator[str]:
    for one in run.resolutions:
        label = " (simulated)" if one.simulated and "simulated" not in one.by else ""
        paths = one_line(", ".join(one.paths))
        yield (
            f"Resolved {one.task or one.candidate} in {paths}: {one_line(one.how)} "
            f"(rung {one.rung}, by {one.by}{label}); review: git {_review(one)}"
        )


def _review(one: ConflictResolved) -> str:
    """What an automatic resolution made of the clashes alone; a person's own commit may be more than that."""
    if one.rung is Rung.PERSON:
        return f"diff {one.previous[:10]} {one.head[:10]}"
    return f"show --remerge-diff {one.head[:10]}"


def _left(run: RunState) -> Iterator[str]:
    asked = {question.task for question in run.questions.values()}
    left = [task for task in run.tasks.values() if task.status is not Status.LANDED]
    foresight = Foresight()
    for task in left[:MOST_NAMED]:
        if task.spec.id in asked:
            why = "waiting for you"
        elif task.failure is not None:
            why = task.failure.detail
        else:
            why = foresight.reason(run, task.spec.id, run.last).sentence()
        yield f"Not landed {task.spec.id} ({task.status}): {one_line(why)}"
    if len(left) > MOST_NAMED:
        yield f"Not landed: {len(left) - MOST_NAMED} more; `tianting status {run.id}` lists them all"


def _spent(run: RunState) -> Iterator[str]:
    """By runtime and model, the dearest first; what an agent did not tell is not in it."""
    for by, usage in sorted(run.models.items(), key=lambda one: (-one[1].usd, -one[1].tokens, one[0])):
        cached = f", {usage.cache_read:,} of them read from a cache" if usage.cache_read else ""
        money = f", ${usage.usd:.2f}" if usage.usd else ""
        yield f"Spent by {one_line(by)}: {usage.tokens:,} tokens{cached}{money}"


def _next(run: RunState, repo: Path) -> Iterator[str]:
    """What a person can do so that more lands."""
    for question in run.questions.values():
        yield from how_to_answer(run, question, repo)
    repository = shlex.quote(str(repo))
    if run.questions:
        yield f"Then go on: tianting resume {run.id} --repo {repository}"
    failed = next((task.spec.id for task in run.tasks.values() if task.status is Status.FAILED), None)
    if failed is not None and run.finished:
        yield (
            f"To try again: tianting retry {failed} --run {run.id} --repo {repository}, then "
            f"tianting resume {run.id} --repo {repository}"
        )


def how_to_answer(run: RunState, question: Question, repo: Path) -> list[str]:
    """The question, and the command that answers it."""
    known = ", ".join(question.choices) if question.choices else "any text"
    if question.about is About.CONFLICT:
        known += " or a commit"
    return [
        f"Waiting for you: {one_line(question.text)}",
        f"  tianting answer {question.id} ANSWER --run {run.id} --repo {shlex.quote(str(repo))}   ({known})",
    ]
