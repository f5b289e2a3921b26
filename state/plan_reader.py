"""Reads a plan's values into its nouns, key by key.

Never: a look across tasks; that is `plan_graph.py`.
"""

from collections.abc import Collection
from typing import TypeVar

from state.footprint import glob_fault
from state.ids import BranchName, RoleName, TaskId
from state.plan import (
    DEFAULT_WINDOWS,
    FORMAT_VERSION,
    Defaults,
    GateSpec,
    Limits,
    Plan,
    RuntimeName,
    ScriptStep,
    StepKind,
    TaskSpec,
    WindowSpec,
)
from state.plan_fault import Path, Raw
from state.plan_fields import (
    VARIABLE,
    Reading,
    Table,
    branch_fault,
    described,
    empty_fault,
    file_fault,
    line_fault,
    name_fault,
    ref_fault,
    seconds_of,
    text_fault,
)
from state.plan_schema import (
    DEFAULTS,
    GATE,
    KEYS_TO_COME,
    LIMITS,
    LIMITS_TO_COME,
    MOST_PRIORITY,
    MOST_RETRIES,
    MOST_WINDOWS,
    PLAN,
    RUNTIMES_TO_COME,
    STEP,
    STEP_KINDS,
    TASK,
    WINDOW,
    WINDOW_KEYS_TO_COME,
)

Value = TypeVar("Value")

_RUNTIMES = [name.value for name in RuntimeName]
_FILE_STEPS = frozenset({StepKind.WRITE, StepKind.APPEND, StepKind.REPLACE, StepKind.DELETE})
_TEXT_STEPS = frozenset({StepKind.WRITE, StepKind.APPEND, StepKind.REPLACE})


def _or(found: Value | None, default: Value) -> Value:
    return default if found is None else found


def read_plan(reading: Reading, root: Raw, default_name: str) -> Plan:
    """The plan in these values; what is faulty in them is noted in `reading`, and the plan is then of no use."""
    table = Table.of(reading, (), root, "the plan", PLAN, KEYS_TO_COME)
    version = table.raw.get("tianting", FORMAT_VERSION)
    if version != FORMAT_VERSION or isinstance(version, bool):
        table.fault("tianting", f"is the version of the format and must be {FORMAT_VERSION}, not {described(version)}")
    trunk = table.text("trunk", branch_fault)
    return Plan(
        name=_or(table.text("name", line_fault), default_name),
        tasks=_tasks(table) if isinstance(root, dict) else (),
        trunk=None if trunk is None else BranchName(trunk),
        defaults=_defaults(table),
        windows=_windows(table),
        gate=_gates(table),
        gate_carry=table.flag("gate_carry"),
        limits=_limits(table),
        setup=table.texts("setup", empty_fault),
        copy=table.texts("copy", glob_fault),
        keep=table.texts("keep", glob_fault),
    )


def _inner(table: Table, key: str, known: Collection[str], later: Collection[str] = ()) -> Table:
    return Table.of(table.reading, (*table.path, key), table.raw.get(key, {}), f"`{key}`", known, later)


def _runtime(table: Table) -> RuntimeName | None:
    raw = table.text("runtime")
    if raw is None:
        return None
    if raw in _RUNTIMES:
        return RuntimeName(raw)
    if raw in RUNTIMES_TO_COME:
        table.fault("runtime", f"{raw!r} is not built in this version: use {' or '.join(_RUNTIMES)}")
    else:
        near = table.reading.did_you_mean(raw, _RUNTIMES)
        table.fault("runtime", f"names no agent program that there is, {raw!r}{near}")
    return None


def _defaults(plan: Table) -> Defaults:
    table, usual = _inner(plan, "defaults", DEFAULTS), Defaults()
    return Defaults(
        runtime=_runtime(table),
        timeout=_or(table.seconds("timeout"), usual.timeout),
        startup=_or(table.seconds("startup"), usual.startup),
        idle=_or(table.seconds("idle"), usual.idle),
        retries=_or(table.whole("retries", 0, MOST_RETRIES), usual.retries),
    )


def _limits(plan: Table) -> Limits:
    table, usual = _inner(plan, "limits", LIMITS, LIMITS_TO_COME), Limits()
    return Limits(
        windows=_or(table.whole("windows", 1, MOST_WINDOWS), usual.windows),
        gates=_or(table.whole("gates", 1, MOST_WINDOWS), usual.gates),
        wall=table.seconds("wall"),
    )


_GATE_FAULT = "is taken by the worktrees of the gate: choose another"


def _windows(plan: Table) -> tuple[WindowSpec, ...]:
    """The default windows with what the plan says of them, then the plan's own in its order."""
    found = {window.role: window for window in DEFAULT_WINDOWS}
    raw = plan.raw.get("windows", {})
    if not isinstance(raw, dict):
        plan.fault("windows", f"must be a mapping of roles, not {described(raw)}")
        return DEFAULT_WINDOWS
    for name, said in raw.items():
        path: Path = (*plan.path, "windows", name)
        fault = name_fault(name) or (_GATE_FAULT if name == "gate" else None)
        if fault:
            plan.reading.fault(path, f"the role {name!r} {fault}", key=True)
        what = f"the windows of {name!r}"
        table = Table.of(plan.reading, path, {} if said is None else said, what, WINDOW, WINDOW_KEYS_TO_COME)
        role = RoleName(name)
        usual = found.get(role, WindowSpec(role))
        found[role] = WindowSpec(role, _or(table.whole("count", 1, MOST_WINDOWS), usual.count), _runtime(table))
    return tuple(found.values())


def _items(table: Table, key: str) -> list[Raw]:
    raw = table.raw.get(key, [])
    if isinstance(raw, list):
        return raw
    table.fault(key, f"must be a list, not {described(raw)}: begin each item with '- '")
    return []


def _gates(plan: Table) -> tuple[GateSpec, ...]:
    found: list[GateSpec] = []
    for at, raw in enumerate(_items(plan, "gate")):
        table = Table.of(plan.reading, (*plan.path, "gate", at), raw, "a check of the gate", GATE)
        run = table.text("run", empty_fault)
        if "run" not in table.raw and isinstance(raw, dict):
            plan.reading.fault(table.path, "a check of the gate needs `run`, the command to run")
        name = _or(table.text("name", line_fault), _or(run, ""))
        if name and any(name == other.name for other in found):
            plan.reading.fault(table.path, f"a second check of the gate is called {name!r}: give it another `name`")
        found.append(GateSpec(name, _or(run, ""), _or(table.seconds("timeout"), GateSpec("", "").timeout)))
    return tuple(found)


def _tasks(plan: Table) -> tuple[TaskSpec, ...]:
    items = _items(plan, "tasks")
    if not items and isinstance(plan.raw.get("tasks", []), list):
        plan.reading.fault(("tasks",), "a plan needs at least one task: list it under `tasks`")
    return tuple(_task(plan.reading, ("tasks", at), raw) for at, raw in enumerate(items))


def _task(reading: Reading, path: Path, raw: Raw) -> TaskSpec:
    table = Table.of(reading, path, raw, "a task", TASK, KEYS_TO_COME)
    said = table.raw.get("id")
    if "id" not in table.raw and isinstance(raw, dict):
        reading.fault(path, "a task needs an `id`")
    role = table.text("role", name_fault)
    return TaskSpec(
        # A faulty id still is what other tasks call it.
        id=TaskId(_or(table.text("id", name_fault), said if isinstance(said, str) else "")),
        title=_or(table.text("title"), ""),
        prompt=_or(table.text("prompt"), ""),
        role=None if role is None else RoleName(role),
        window=table.text("window"),
        needs=tuple(TaskId(need) for need in dict.fromkeys(table.texts("needs", empty_fault))),
        touches=table.texts("touches", glob_fault),
        exclusive=table.texts("exclusive", glob_fault),
        verify=table.texts("verify", empty_fault),
        priority=_or(table.whole("priority", -MOST_PRIORITY, MOST_PRIORITY), 0),
        estimate=table.seconds("estimate"),
        approve=table.flag("approve"),
        env=_env(table),
        runtime=_runtime(table),
        run=table.text("run", empty_fault),
        script=_script(table),
        adopt=table.text("adopt", ref_fault),
        timeout=table.seconds("timeout"),
        retries=table.whole("retries", 0, MOST_RETRIES),
    )


def _env(task: Table) -> tuple[tuple[str, str], ...]:
    raw = task.raw.get("env", {})
    if not isinstance(raw, dict):
        task.fault("env", f"must be a mapping of names to values, not {described(raw)}")
        return ()
    pairs: list[tuple[str, str]] = []
    for name, said in raw.items():
        path: Path = (*task.path, "env", name)
        value = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
        fault = text_fault(value)
        if not VARIABLE.fullmatch(name):
            task.reading.fault(path, f"{name!r} can not name an environment variable", key=True)
        elif fault is None and isinstance(value, str):
            pairs.append((name, value))
        else:
            task.reading.fault(path, f"the value of {name} {fault}")
    return tuple(pairs)


def _script(task: Table) -> tuple[ScriptStep, ...]:
    items = _items(task, "script")
    if "script" in task.raw and not items and isinstance(task.raw["script"], list):
        task.fault("script", "has no step: give it one, or take it out")
    steps = [_step(task.reading, (*task.path, "script", at), raw) for at, raw in enumerate(items)]
    return tuple(step for step in steps if step is not None)


def _step(reading: Reading, path: Path, raw: Raw) -> ScriptStep | None:
    table = Table.of(reading, path, raw, "a step", STEP)
    kinds = [kind for kind in table.raw if kind in STEP_KINDS]
    if len(kinds) != 1:
        if isinstance(raw, dict):
            wanted = f"a step does one thing, one of {', '.join(STEP_KINDS)}"
            reading.fault(path, f"{wanted}; this one has {' and '.join(kinds) or 'none'}")
        return None
    kind = StepKind(kinds[0])
    for key, takers in (("text", _TEXT_STEPS), ("old", {StepKind.REPLACE})):
        if kind in takers and key not in table.raw:
            reading.fault(path, f"`{kind}` needs `{key}`")
        elif kind not in takers and key in table.raw:
            reading.fault((*path, key), f"`{kind}` takes no `{key}`", key=True)
    return ScriptStep(
        kind=kind,
        arg=_argument(table, kind),
        text=_or(table.text("text"), ""),
        old=_or(table.text("old", _nothing_to_find), ""),
        attempt=table.whole("attempt", 1, MOST_RETRIES + 1),
    )


def _nothing_to_find(raw: str) -> str | None:
    return None if raw else "is empty: say what is to be replaced"


def _argument(step: Table, kind: StepKind) -> str:
    if kind is not StepKind.WAIT:
        return _or(step.text(kind, file_fault if kind in _FILE_STEPS else empty_fault), "")
    raw = step.raw[kind]
    seconds = 0.0 if raw == 0 and not isinstance(raw, bool) else seconds_of(raw)
    if seconds is None:
        step.fault(kind, f"must be a number of seconds, or a duration such as 2s, not {described(raw)}")
        return "0"
    return str(int(seconds)) if seconds.is_integer() else repr(seconds)
