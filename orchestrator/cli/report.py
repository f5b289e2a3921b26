"""What a run brought, for people: what landed, what was resolved and how, what is left and why, where to look.

Never: anything the state of the run does not hold.
"""

import shlex
import sys

from scheduler.forecast import Foresight
from state.lifecycle import Status
from state.run import RunState


def print_report(run: RunState) -> None:
    """Print the integrated result of a run."""
    out = sys.stdout.write
    out("\n")
    if run.simulated:
        out("Simulated agents took part in this run; their work is scripted.\n")
    _landed(run)
    _resolved(run)
    _left(run)
    if run.trunk_before != run.trunk:
        out(f"Trunk {run.branch}: {run.trunk_before[:10]} -> {run.trunk[:10]}\n")
        between = f"{run.trunk_before[:10]}..{run.trunk[:10]}"
        out(f"Look: git -C {shlex.quote(run.repository)} log --graph --oneline {between}\n")
    if run.trunk_ref != f"refs/heads/{run.branch}" and run.trunk_before != run.trunk:
        out(
            f"Your checkout of {run.branch} has changes in the way, so the work landed beside it. "
            f"To take it in: git merge --ff-only {run.trunk_ref}\n"
        )
    out(f"More: tianting show {run.id} --report --repo {shlex.quote(run.repository)}\n")


def _landed(run: RunState) -> None:
    sys.stdout.write(f"Landed {len(run.landed)} of {len(run.tasks)} tasks")
    sys.stdout.write(f": {', '.join(run.landed[:50])}{' …' if len(run.landed) > 50 else ''}\n" if run.landed else "\n")


def _resolved(run: RunState) -> None:
    for one in run.resolutions:
        label = " (simulated)" if one.simulated and "simulated" not in one.by else ""
        sys.stdout.write(
            f"Resolved {one.task or one.candidate} in {', '.join(one.paths)}: {one.how} "
            f"(rung {one.rung}, by {one.by}{label}); review: git diff {one.previous[:10]} {one.head[:10]}\n"
        )


def _left(run: RunState) -> None:
    foresight = Foresight()
    for task in run.tasks.values():
        if task.status is Status.LANDED:
            continue
        why = task.failure.detail if task.failure else foresight.reason(run, task.spec.id, run.last).sentence()
        sys.stdout.write(f"Not landed {task.spec.id} ({task.status}): {why}\n")
    for question in run.questions.values():
        sys.stdout.write(f"Waiting for you: tianting answer {question.id} … — {question.text}\n")
