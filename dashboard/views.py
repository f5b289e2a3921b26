"""A run's state as plain values for JSON: what the API answers and `--json` prints, in one shape for both.

Shas, ids and statuses are strings, times are unix seconds, and None says "there is none". Whatever a simulated agent
takes part in says `simulated`. Never: IO, a clock, a decision, a status that is not folded.
"""

from typing_extensions import TypedDict

from dashboard.reasoning import Hold, hold
from state.events import ConflictResolved
from state.ids import TaskId, task_branch
from state.lifecycle import ENDED, Status
from state.plan import RuntimeName
from state.ports import Forecast
from state.run import RunState
from state.standing import Gate, TaskState


class StatusTask(TypedDict):
    id: str
    status: str
    reason: str | None
    attempts: int
    window: str | None
    branch: str | None
    landed: str | None


class StatusView(TypedDict):
    run: str
    status: str
    counts: dict[str, int]
    tasks: list[StatusTask]


class TaskView(StatusTask):
    """`why` names the kind of reason and `on` what it speaks of; `since` is the start of the live attempt."""

    title: str
    role: str
    needs: list[str]
    why: str
    on: list[str]
    live: str | None
    candidate: str | None
    since: float | None
    note: str
    retry_at: float | None
    waiting_for_you: bool
    simulated: bool


class Trunk(TypedDict):
    """`ref` is what the run lands on: the branch, or a ref beside it when a checkout was in the way."""

    branch: str
    ref: str
    before: str
    now: str


class Cost(TypedDict):
    tokens: int
    usd: float


def run_status(run: RunState) -> str:
    """One word: launching, refused (it could not start), running, waiting (for a person, nothing else can go on),
    paused, finished, failed (ended with tasks that have not landed) or cancelled."""
    if not run.seq:
        return "launching"
    if run.refused:
        return "refused"
    if run.finished:
        if run.cancelled:
            return "cancelled"
        return "finished" if len(run.landed) == len(run.tasks) else "failed"
    if run.paused:
        return "paused"
    return "waiting" if run.questions and not _at_work(run) else "running"


def _at_work(run: RunState) -> bool:
    return bool(run.live) or run.landing is not None or any(one.gate is Gate.RUNNING for one in run.in_train())


def status_counts(run: RunState) -> dict[str, int]:
    """How many tasks stand at each status; every status is named."""
    return {status.value: run.counts.get(status, 0) for status in Status}


def status_view(run: RunState, forecast: Forecast, now: float, *, led: bool) -> StatusView:
    """What `status --json` prints. `led`: a process leads the run now; without one a run is not running but stopped."""
    tasks = [_status_task(run, task, hold(run, task, forecast, now, led=led)) for task in run.tasks.values()]
    word = run_status(run)
    status = "stopped" if word == "running" and not led else word
    return {"run": run.id, "status": status, "counts": status_counts(run), "tasks": tasks}


def _status_task(run: RunState, task: TaskState, held: Hold) -> StatusTask:
    return {
        "id": task.spec.id,
        "status": task.status.value,
        "reason": held.text,
        "attempts": task.attempts,
        "window": task.window,
        "branch": _branch(run, task),
        "landed": task.landed,
    }


def _branch(run: RunState, task: TaskState) -> str | None:
    """The branch of the work: the candidate's while it asks to land, or the one that has landed."""
    if task.candidate is not None:
        return run.candidates[task.candidate].value.branch
    if task.status is Status.LANDED:
        return task.spec.adopt or task_branch(run.id, task.spec.id)
    return None


def is_simulated(run: RunState, task: TaskId | None) -> bool:
    """Whether the agent of a task is a simulated one; for None, whether any of the run is."""
    if task is None:
        return run.simulated
    state = run.tasks[task]
    return state.adopted is None and run.plan.runtime_of(state.spec, state.role) is RuntimeName.SCRIPTED


def task_view(run: RunState, task: TaskId, forecast: Forecast, now: float, *, led: bool) -> TaskView:
    """One task, with the reason that holds it."""
    state = run.tasks[task]
    return _task(
        run, state, hold(run, state, forecast, now, led=led), any(q.task == task for q in run.questions.values())
    )


def tasks_view(run: RunState, forecast: Forecast, now: float, *, led: bool) -> list[TaskView]:
    """All tasks in the order of the plan."""
    asked = {question.task for question in run.questions.values()}
    return [_task(run, one, hold(run, one, forecast, now, led=led), one.spec.id in asked) for one in run.tasks.values()]


def _task(run: RunState, task: TaskState, held: Hold, asked: bool) -> TaskView:
    live = None if task.live is None else run.live[task.live]
    return {
        **_status_task(run, task, held),
        "title": task.spec.title,
        "role": task.role,
        "needs": list(task.spec.needs),
        "why": held.kind,
        "on": list(held.on),
        "live": task.live,
        "candidate": task.candidate,
        "since": None if live is None else live.since,
        "note": "" if live is None else live.note,
        "retry_at": task.not_before or None,
        "waiting_for_you": asked,
        "simulated": is_simulated(run, task.spec.id),
    }


def trunk_view(run: RunState) -> Trunk:
    return {"branch": run.branch, "ref": run.trunk_ref, "before": run.trunk_before, "now": run.trunk}


class LandedTask(TypedDict):
    task: str
    title: str
    commit: str
    simulated: bool


class Resolution(TypedDict):
    """For review: `git diff previous head`."""

    candidate: str
    task: str | None
    rung: str
    by: str
    how: str
    onto: str
    previous: str
    head: str
    paths: list[str]
    simulated: bool


class LeftOut(TypedDict):
    """`kind` is the class of the last failure, "" where there was none."""

    task: str
    status: str
    kind: str
    detail: str


class ReportView(TypedDict):
    """`dropped`: tasks that failed or were cancelled. `open`: tasks that have not ended. `seconds` since the launch."""

    run: str
    name: str
    status: str
    simulated: bool
    trunk: Trunk
    landed: list[LandedTask]
    resolved: list[Resolution]
    dropped: list[LeftOut]
    open: list[LeftOut]
    cost: Cost
    seconds: float


def report_view(run: RunState) -> ReportView:
    """What `show RUN --report` prints."""
    return {
        "run": run.id,
        "name": run.plan.name,
        "status": run_status(run),
        "simulated": run.simulated,
        "trunk": trunk_view(run),
        "landed": [_landed(run, task) for task in run.landed],
        "resolved": resolutions_view(run),
        "dropped": _left(run, ended=True),
        "open": _left(run, ended=False),
        "cost": {"tokens": run.cost.tokens, "usd": run.cost.usd},
        "seconds": max(0.0, run.last - run.started),
    }


def resolutions_view(run: RunState) -> list[Resolution]:
    """Every conflict that was settled, in order; law 6 wants a person to be able to review them."""
    return [resolution_view(one) for one in run.resolutions]


def resolution_view(one: ConflictResolved) -> Resolution:
    return {
        "candidate": one.candidate,
        "task": one.task,
        "rung": one.rung.value,
        "by": one.by,
        "how": one.how,
        "onto": one.onto,
        "previous": one.previous,
        "head": one.head,
        "paths": list(one.paths),
        "simulated": one.simulated,
    }


def _landed(run: RunState, name: TaskId) -> LandedTask:
    task = run.tasks[name]
    return {
        "task": name,
        "title": task.spec.title,
        "commit": task.landed or "",
        "simulated": is_simulated(run, name),
    }


def _left(run: RunState, *, ended: bool) -> list[LeftOut]:
    return [
        {
            "task": task.spec.id,
            "status": task.status.value,
            "kind": "" if task.failure is None else task.failure.kind.value,
            "detail": "" if task.failure is None else task.failure.detail,
        }
        for task in run.tasks.values()
        if task.status is not Status.LANDED and (task.status in ENDED) is ended
    ]
