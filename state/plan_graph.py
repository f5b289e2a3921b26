"""What can only be wrong between the parts of a plan: names that must be there, ids used twice, cycles, runtimes.

Never: recursion (a plan may be a chain of 100,000 tasks), or work that grows faster than the plan.
"""

import re
from collections.abc import Iterator
from typing import assert_never

from state.ids import RoleName, TaskId, window_id
from state.plan import AGENTS, Plan, RuntimeName, TaskSpec
from state.plan_fault import Path, Raw
from state.plan_fields import Reading

_WORK = ("run", "script", "adopt")
_SHOWN_OF_A_CYCLE = 12
_PLACE = re.compile("[1-9][0-9]{0,5}")


def check_plan(reading: Reading, plan: Plan, root: Raw) -> None:
    """Note every fault between the parts of a plan whose single fields have been read from `root`."""
    places = _ids(reading, plan)
    roles = {window.role: window.count for window in plan.windows}
    runtimes_known = _runtimes_known(plan, root)
    raw_tasks = root.get("tasks") if isinstance(root, dict) else None
    for at, (task, raw) in enumerate(zip(plan.tasks, raw_tasks if isinstance(raw_tasks, list) else [], strict=True)):
        if isinstance(raw, dict):
            _needs(reading, at, task, raw, places)
            _window(reading, at, task, roles)
            _work(reading, at, task, raw, plan if runtimes_known else None)
    for server in plan.mcp:
        for role in (role for role in server.roles if role not in roles):
            path: Path = ("mcp", server.name, "roles")
            reading.fault(path, f"no window has the role {role!r}{reading.did_you_mean(role, roles)}")
    for cycle in _cycles(plan, places):
        reading.fault(("tasks", cycle[0], "needs"), _circle([plan.tasks[at].id for at in cycle]))


def _circle(names: list[TaskId]) -> str:
    shown = names if len(names) <= _SHOWN_OF_A_CYCLE else [*names[: _SHOWN_OF_A_CYCLE - 1], "…"]
    many = f" ({len(names)} of them)" if len(names) > _SHOWN_OF_A_CYCLE else ""
    story = " -> ".join([*shown, names[0]])
    return f"these tasks need each other in a circle{many}, {story}: take one of the needs away"


def _runtimes_known(plan: Plan, root: Raw) -> bool:
    """Whether every runtime that defaults and windows name could be read; else one more fault would mislead."""
    if not isinstance(root, dict):
        return False
    defaults, windows = root.get("defaults"), root.get("windows")
    if isinstance(defaults, dict) and "runtime" in defaults and plan.defaults.runtime is None:
        return False
    said = windows if isinstance(windows, dict) else {}
    read = {window.role: window.runtime for window in plan.windows}
    return all(
        read.get(RoleName(role)) is not None
        for role, window in said.items()
        if isinstance(window, dict) and "runtime" in window
    )


def _ids(reading: Reading, plan: Plan) -> dict[TaskId, int]:
    """Places of the tasks by id; of two with one id the first counts."""
    places: dict[TaskId, int] = {}
    for at, task in enumerate(plan.tasks):
        if task.id in places:
            reading.fault(("tasks", at, "id"), f"another task is called {task.id!r} already: choose another id")
        elif task.id:
            places[task.id] = at
    return places


def _needs(reading: Reading, at: int, task: TaskSpec, raw: dict[str, Raw], places: dict[TaskId, int]) -> None:
    unknown = [need for need in task.needs if need not in places]
    said = raw.get("needs")
    listed = {item: place for place, item in enumerate(said) if isinstance(item, str)} if isinstance(said, list) else {}
    for need in unknown:
        path: Path = ("tasks", at, "needs", *((listed[need],) if need in listed else ()))
        reading.fault(path, f"{task.id!r} needs {need!r}, which is no task{reading.did_you_mean(need, places)}")


def _window(reading: Reading, at: int, task: TaskSpec, roles: dict[RoleName, int]) -> None:
    if task.role is not None and task.role not in roles:
        near = reading.did_you_mean(task.role, roles)
        reading.fault(("tasks", at, "role"), f"no window has the role {task.role!r}{near}")
    if task.window is None:
        return
    spot = ("tasks", at, "window")
    name, _, number = task.window.rpartition("-")
    role = RoleName(task.window if task.window in roles else name)
    one_of_them = role in roles and bool(_PLACE.fullmatch(number)) and int(number) <= roles[role]
    if task.window not in roles and not one_of_them:
        known = [window_id(name, place) for name, count in roles.items() for place in range(1, min(count, 3) + 1)]
        near = reading.did_you_mean(task.window, [*roles, *known])
        reading.fault(spot, f"there is no window {task.window!r}{near}")
    elif task.role in roles and role != task.role:
        reading.fault(spot, f"the window {task.window!r} is not of the role {task.role!r}: take one of the two away")


def _work(reading: Reading, at: int, task: TaskSpec, raw: dict[str, Raw], plan: Plan | None) -> None:
    given = [key for key in _WORK if key in raw]
    if len(given) > 1:
        reading.fault(("tasks", at), f"a task has one of run, script and adopt, not {' and '.join(given)}")
    elif given:
        _mismatch(reading, at, task, given[0])
    elif (task.runtime or "runtime" not in raw) and (task.runtime or plan):
        fault = _idle(task, plan)
        if fault:
            reading.fault(("tasks", at), fault)


def _mismatch(reading: Reading, at: int, task: TaskSpec, given: str) -> None:
    wanted = {"run": RuntimeName.COMMAND, "script": RuntimeName.SCRIPTED}.get(given)
    if task.runtime is None or task.runtime is wanted:
        return
    if wanted is None:
        message = f"a task that adopts a branch runs nothing: take `runtime` or `{given}` away"
    else:
        message = f"`{given}` is for the runtime {wanted}, not {task.runtime}: take one of the two away"
    reading.fault(("tasks", at, "runtime"), message)


def _idle(task: TaskSpec, plan: Plan | None) -> str:
    """What is wrong with a task that says no work of its own; "" when an agent may read its prompt."""
    name = f"task {task.id!r}" if task.id else "this task"
    runtime = task.runtime
    if runtime is None and plan is not None:
        found = {window.runtime or plan.defaults.runtime for window in plan.windows if task.role in (None, window.role)}
        if len(found) > 1 and not AGENTS.isdisjoint(found):
            return _unasked(task, name)  # its role, and so its runtime, is found out at launch
        runtime = found.pop() if len(found) == 1 else None
    match runtime:
        case RuntimeName.COMMAND:
            return f"{name} is for the runtime command, which needs `run`, the command to run"
        case RuntimeName.SCRIPTED:
            return f"{name} is for the runtime scripted, which needs `script`, the steps to take"
        case RuntimeName.CLAUDE | RuntimeName.ACP | RuntimeName.AUTOGEN | RuntimeName.CODEX:
            return _unasked(task, name)
        case None:
            return f"nothing says what carries out {name}: give it `run`, `script` or `adopt`"
        case _:
            assert_never(runtime)


def _unasked(task: TaskSpec, name: str) -> str:
    return "" if task.prompt.strip() else f"{name} is for an agent, which needs `prompt`, what it is asked to do"


def _cycles(plan: Plan, places: dict[TaskId, int]) -> Iterator[list[int]]:
    """One circle of each knot of tasks that need each other, beginning at its first task in the text."""
    needs = [[places[need] for need in task.needs if need in places] for task in plan.tasks]
    for knot in _knots(needs):
        start = min(knot)
        seen: dict[int, int] = {}
        walk: list[int] = []
        here = start
        while here not in seen:
            seen[here] = len(walk)
            walk.append(here)
            here = next(there for there in needs[here] if there in knot)
        circle = walk[seen[here] :]
        first = circle.index(min(circle))
        yield circle[first:] + circle[:first]


def _knots(needs: list[list[int]]) -> list[set[int]]:
    """Strongly connected sets of more than one task, and tasks that need themselves (Tarjan, without recursion)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    knots: list[set[int]] = []
    for root in range(len(needs)):
        work = [] if root in order else [(root, iter(needs[root]))]
        while work:
            here, rest = work[-1]
            if here not in order:
                order[here] = low[here] = len(order)
                stack.append(here)
                on_stack.add(here)
            below = next((there for there in rest if there not in order or there in on_stack), None)
            if below is not None and below not in order:
                work.append((below, iter(needs[below])))
            elif below is not None:
                low[here] = min(low[here], order[below])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[here])
                if low[here] == order[here]:
                    knot = {stack.pop()}
                    while here not in knot:
                        knot.add(stack.pop())
                    on_stack -= knot
                    if len(knot) > 1 or here in needs[here]:
                        knots.append(knot)
    return sorted(knots, key=min)
