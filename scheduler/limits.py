"""How much may run at once, and which claims are held: pools of windows, the run's own limits, exclusive globs.

Never: choose a task or a window.
"""

from state.footprint import as_glob, first_meeting
from state.ids import RoleName, TaskId
from state.plan import Budget
from state.run import RunState
from state.standing import AttemptState, TaskState, WindowState
from state.transcript import Usage

_MOST_TOUCHED = 200
"""So many of the files that a task has touched are held against what others claim."""


def past_wall(run: RunState, now: float) -> bool:
    """Whether the run has used up the time that its plan gives it."""
    wall = run.plan.limits.wall
    return wall is not None and now >= run.started + wall


def spent(run: RunState) -> str:
    """What of its budget the run has used up, as a sentence; "" when it may go on."""
    limits = run.plan.limits
    if limits.tokens is None and limits.usd is None:
        return ""
    return _more(run.cost, Budget(limits.tokens, limits.usd), "the run")


def overspent(run: RunState, attempt: AttemptState) -> str:
    """Which budget a live attempt has used up; "" while it may go on."""
    plan, task, window = run.plan, run.tasks[attempt.task], run.windows[attempt.window]
    own, window_budget = plan.defaults.budget, plan.window_of(window.role).budget
    if own is None and task.spec.budget is None and window_budget is None:
        return spent(run)
    most = [budget.turns for budget in (own, task.spec.budget) if budget is not None and budget.turns is not None]
    if most and attempt.turns >= min(most):
        return f"the attempt has used up its {min(most)} turns"
    return (
        spent(run)
        or overdrawn(task)
        or _more(window.spent, window_budget, f"window {window.id}")
        or _more(attempt.spent, own, "the attempt")
    )


def overdrawn(task: TaskState) -> str:
    """What of its budget a task has used up with all its attempts; "" while it may go on."""
    return _more(task.spent, task.spec.budget, f"task {task.spec.id}")


def _more(used: Usage, budget: Budget | None, who: str) -> str:
    if budget is None:
        return ""
    if budget.tokens is not None and used.tokens >= budget.tokens:
        return f"{who} has used up its {budget.tokens} tokens"
    if budget.usd is not None and used.usd >= budget.usd:
        return f"{who} has used up its {budget.usd:g} US dollars"
    return ""


def closed_until(run: RunState, role: RoleName) -> float | None:
    """When the provider of this role's agents opens its door again; None while it is open."""
    return run.quotas.get(run.plan.credential_of(role)) if run.quotas else None


def may_start(run: RunState, now: float) -> bool:
    """Whether anything at all may start now."""
    return not (run.paused or run.cancelled or run.finished or past_wall(run, now) or spent(run))


def room(run: RunState) -> int:
    """How many attempts more may be live at once, by the limit of the run."""
    return max(0, run.plan.limits.windows - len(run.live))


def windows_of(run: RunState, pool: str) -> tuple[WindowState, ...]:
    """The windows that serve a pool; a task may also name one window, which then is a pool of its own."""
    of_role = tuple(window for window in run.windows.values() if window.role == pool)
    return of_role or tuple(window for window in run.windows.values() if window.id == pool)


def held_by(run: RunState, exclusive: tuple[str, ...]) -> tuple[str, str] | None:
    """The first of these globs that is not free, and who holds what it meets: a task, or another run of the repository;
    None when all are free.

    A claim is held from dispatch until the work has landed or is given back.
    """
    for by, claim in run.claims.items():
        met = first_meeting(exclusive, claim)
        if met is not None:
            return met[0], by
    met = first_meeting(exclusive, run.elsewhere)
    return None if met is None else (met[0], f"run {run.elsewhere[met[1]]}")


def overlapped_by(run: RunState, task: TaskState) -> tuple[str, TaskId] | None:
    """The first glob of a task that meets what another one changes that has not landed, and that other one."""
    mine = footprint(task)
    for name, globs in unlanded(run):
        met = first_meeting(mine, globs) if name != task.spec.id else None
        if met is not None:
            return met[0], name
    return None


def unlanded(run: RunState) -> list[tuple[TaskId, tuple[str, ...]]]:
    """What tasks say they touch, and have touched, that are at work or wait to land."""
    found = [(one.task, held_now(run.tasks[one.task], one.touched)) for one in run.live.values()]
    for state in run.in_train():
        task = run.task_of(state.value)
        if task is not None and task.live is None:
            found.append((task.spec.id, held_now(task, state.value.paths)))
    return found


def footprint(task: TaskState) -> tuple[str, ...]:
    """All that a task says it will touch, claimed or not, and what tasks like it have touched before."""
    return task.spec.exclusive + task.spec.touches + task.learned


def held_now(task: TaskState, touched: tuple[str, ...]) -> tuple[str, ...]:
    """All that a task at work says it will touch, and what it has been seen to touch."""
    return footprint(task) + tuple(as_glob(path) for path in touched[:_MOST_TOUCHED])
