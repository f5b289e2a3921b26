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
    RESOLVER,
    Budget,
    Defaults,
    GateSpec,
    Limits,
    MigrationSpec,
    Network,
    OnOverlap,
    Permissions,
    Plan,
    ResolverSpec,
    RuntimeName,
    TaskSpec,
    WindowSpec,
)
from state.plan_fault import Path, Raw
from state.plan_fields import (
    AnyKey,
    Reading,
    Table,
    branch_fault,
    described,
    empty_fault,
    line_fault,
    name_fault,
    pattern_fault,
    ref_fault,
    variable_fault,
)
from state.plan_schema import (
    BUDGET,
    DEFAULTS,
    GATE,
    LIMITS,
    MIGRATIONS,
    MOST_PRIORITY,
    MOST_RETRIES,
    MOST_TOKENS,
    MOST_WINDOWS,
    PERMISSIONS,
    PLAN,
    RESOLVER_KEYS,
    TASK,
    WINDOW,
)
from state.plan_script import script_of
from state.plan_servers import read_servers

Value = TypeVar("Value")

_RUNTIMES = [name.value for name in RuntimeName]


def _or(found: Value | None, default: Value) -> Value:
    return default if found is None else found


def read_plan(reading: Reading, root: Raw, default_name: str) -> Plan:
    """The plan in these values; what is faulty in them is noted in `reading`, and the plan is then of no use."""
    table = Table.of(reading, (), root, "the plan", PLAN)
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
        regenerate=_regenerate(table),
        migrations=_migrations(table),
        permissions=_permissions(table),
        mcp=read_servers(table),
        overlaps=OnOverlap(_or(table.choice("overlaps", [one.value for one in OnOverlap]), OnOverlap.REORDER)),
        resolver=_resolver(table),
        network=Network(_or(table.choice("network", [one.value for one in Network]), Network.OPEN.value)),
    )


def _inner(table: Table, key: str, known: Collection[str]) -> Table:
    return Table.of(table.reading, (*table.path, key), table.raw.get(key, {}), f"`{key}`", known)


def _runtime(table: Table) -> RuntimeName | None:
    raw = table.text("runtime")
    if raw is None:
        return None
    if raw in _RUNTIMES:
        return RuntimeName(raw)
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
        model=table.text("model", line_fault),
        env=table.variables("env"),
        inherit=table.texts("inherit", variable_fault),
        budget=_budget(table),
        answer=table.seconds("answer"),
    )


def _limits(plan: Table) -> Limits:
    table, usual = _inner(plan, "limits", LIMITS), Limits()
    return Limits(
        windows=_or(table.whole("windows", 1, MOST_WINDOWS), usual.windows),
        gates=_or(table.whole("gates", 1, MOST_WINDOWS), usual.gates),
        wall=table.seconds("wall"),
        tokens=table.whole("tokens", 1, MOST_TOKENS),
        usd=table.amount("usd"),
    )


def _budget(table: Table) -> Budget | None:
    if "budget" not in table.raw:
        return None
    said = _inner(table, "budget", BUDGET)
    return Budget(said.whole("tokens", 1, MOST_TOKENS), said.amount("usd"), said.whole("turns", 1, MOST_TOKENS))


def _permissions(plan: Table) -> Permissions:
    table = _inner(plan, "permissions", PERMISSIONS)
    return Permissions(
        allow=table.texts("allow", pattern_fault),
        deny=table.texts("deny", pattern_fault),
        ask=table.texts("ask", pattern_fault),
        usual=_or(table.choice("usual", ("allow", "deny", "ask")), Permissions().usual),
    )


def _regenerate(plan: Table) -> tuple[tuple[str, str], ...]:
    table = Table.of(plan.reading, (*plan.path, "regenerate"), plan.raw.get("regenerate", {}), "`regenerate`", AnyKey())
    found: list[tuple[str, str]] = []
    for glob in table.raw:
        fault = glob_fault(glob)
        if fault:
            plan.reading.fault((*table.path, glob), f"{glob!r} in `regenerate` {fault}", key=True)
        command = table.text(glob, empty_fault)
        if command is not None:
            found.append((glob, command))
    return tuple(found)


def _migrations(plan: Table) -> MigrationSpec | None:
    if "migrations" not in plan.raw:
        return None
    table = _inner(plan, "migrations", MIGRATIONS)
    run = table.text("run", empty_fault)
    if "run" not in table.raw and isinstance(plan.raw["migrations"], dict):
        plan.reading.fault(table.path, "`migrations` needs `run`, the command that runs them")
    texts = {key: _or(table.text(key, empty_fault), "") for key in ("database", "create", "dump", "drop")}
    timeout = _or(table.seconds("timeout"), MigrationSpec("").timeout)
    if texts["database"] and not texts["dump"]:
        table.fault("database", "is no SQLite file of ours, so `dump` must say how its schema is printed")
    return MigrationSpec(_or(run, ""), table.variables("env"), timeout=timeout, **texts)


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
        table = Table.of(plan.reading, path, {} if said is None else said, what, WINDOW)
        role = RoleName(name)
        usual = found.get(role, WindowSpec(role))
        found[role] = WindowSpec(
            role,
            _or(table.whole("count", 1, MOST_WINDOWS), usual.count),
            _runtime(table),
            command=table.texts("command", empty_fault),
            model=table.text("model", line_fault),
            env=table.variables("env"),
            inherit=table.texts("inherit", variable_fault),
            budget=_budget(table),
        )
    if "resolver" in plan.raw and RESOLVER not in found:
        found[RESOLVER] = WindowSpec(RESOLVER)
    return tuple(found.values())


def _resolver(plan: Table) -> ResolverSpec | None:
    if "resolver" not in plan.raw:
        return None
    table, usual = _inner(plan, "resolver", RESOLVER_KEYS), ResolverSpec()
    if "run" in table.raw and "script" in table.raw:
        table.fault("script", "and `run` exclude each other: take one out")
    return ResolverSpec(
        attempts=_or(table.whole("attempts", 1, MOST_RETRIES), usual.attempts),
        runtime=_runtime(table),
        model=table.text("model", line_fault),
        run=table.text("run", empty_fault),
        script=script_of(table),
        timeout=table.seconds("timeout"),
    )


def _gates(plan: Table) -> tuple[GateSpec, ...]:
    found: list[GateSpec] = []
    for at, raw in enumerate(plan.items("gate")):
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
    items = plan.items("tasks")
    if not items and isinstance(plan.raw.get("tasks", []), list):
        plan.reading.fault(("tasks",), "a plan needs at least one task: list it under `tasks`")
    return tuple(_task(plan.reading, ("tasks", at), raw) for at, raw in enumerate(items))


def _task(reading: Reading, path: Path, raw: Raw) -> TaskSpec:
    table = Table.of(reading, path, raw, "a task", TASK)
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
        env=table.variables("env"),
        runtime=_runtime(table),
        run=table.text("run", empty_fault),
        script=script_of(table),
        adopt=table.text("adopt", ref_fault),
        timeout=table.seconds("timeout"),
        retries=table.whole("retries", 0, MOST_RETRIES),
        model=table.text("model", line_fault),
        budget=_budget(table),
    )
