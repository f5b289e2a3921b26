"""What is said of an attempt: the texts of its task, the message of its commit, what was wrong with it.

Never: IO; a word that a program is to find a meaning in, but for the trailers.
"""

from collections.abc import Iterator
from dataclasses import replace

from agents.runtime import Capabilities
from state.commands import StartAttempt
from state.failure import Failure, FailureKind
from state.plan import StepKind, TaskSpec
from state.ports import Snapshot


def texts_of(task: TaskSpec, env: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """All texts of a task in which words are expanded."""
    yield task.run or ""
    yield from (value for _name, value in env)
    yield from task.verify
    yield from (step.arg for step in task.script if step.kind is StepKind.RUN)


def message_of(order: StartAttempt, can: Capabilities) -> str:
    """Of the snapshot's commit: what it is, and trailers that a program can read."""
    title = " ".join(order.task.title.split()) or str(order.task.id)
    trailers = [f"Tianting-Task: {order.task.id}", f"Tianting-Attempt: {order.attempt}"]
    if can.simulated:
        trailers.append("Tianting-Simulated: true")
    return "\n".join([title, "", *trailers])


def astray(taken: Snapshot) -> Failure | None:
    """A trunk must not name commits of a submodule that nobody else can get."""
    if not taken.astray:
        return None
    where = ", ".join(taken.astray)
    detail = f"work in the submodule {where} is on none of its remotes: push it from the task, or leave that alone"
    return Failure(FailureKind.PROTOCOL, detail)


def joined(first: Failure | None, then: Failure) -> Failure:
    """The first failure is the attempt's; what then went wrong too is added to its sentence."""
    return then if first is None else replace(first, detail=f"{first.detail}; {then.detail}")
