"""A plan back to text: YAML that a person would write, with only what differs from the defaults.

Never: a value that the parser would read as another; what is not surely plain goes in quotes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields

from state.plan import (
    DEFAULT_WINDOWS,
    FORMAT_VERSION,
    Budget,
    GateSpec,
    McpServer,
    MigrationSpec,
    Network,
    OnOverlap,
    Plan,
    ResolverSpec,
    ScriptStep,
    StepKind,
    TaskSpec,
    WindowSpec,
)

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_TEXT_STEPS = frozenset({StepKind.WRITE, StepKind.APPEND, StepKind.REPLACE})

Scalar = str | int | float | bool
Value = Scalar | list[str] | dict[str, Scalar]
Pair = tuple[str, Value]


def plan_to_text(plan: Plan) -> str:
    """YAML that `parse_plan` reads as the same plan. Its windows are the four defaults, changed or not, and more."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"tianting: {FORMAT_VERSION}"
    top: list[Pair] = [("name", plan.name)]
    if plan.trunk is not None:
        top.append(("trunk", plan.trunk))
    yield from _block(top, "")
    yield from _section("defaults", _changed(plan.defaults, Plan("", ()).defaults))
    yield from _windows(plan.windows)
    if plan.gate:
        yield "gate:"
        for check in plan.gate:
            yield from _item([("name", check.name), *_changed(check, GateSpec(check.name, ""))], "  ")
    if plan.gate_carry:
        yield "gate_carry: true"
    yield from _section("limits", _changed(plan.limits, Plan("", ()).limits))
    yield from _block([(key, list(globs)) for key, globs in _preparation(plan) if globs], "")
    if plan.regenerate:
        yield "regenerate:"
        yield from _block([(_scalar(glob), command) for glob, command in plan.regenerate], "  ")
    yield from _migrations(plan.migrations)
    yield from _section("permissions", _changed(plan.permissions, Plan("", ()).permissions))
    if plan.network is not Network.OPEN:
        yield f'network: "{plan.network}"'
    yield from _servers(plan.mcp)
    if plan.overlaps is not OnOverlap.REORDER:
        yield f"overlaps: {plan.overlaps}"
    yield from _resolver(plan.resolver)
    yield "tasks:"
    for task in plan.tasks:
        yield from _task(task)


def _migrations(spec: MigrationSpec | None) -> Iterator[str]:
    if spec is None:
        return
    yield "migrations:"
    usual = MigrationSpec("")
    pairs = [(one.name, getattr(spec, one.name)) for one in fields(spec) if one.name != "env"]
    yield from _block([(name, said) for name, said in pairs if said != getattr(usual, name)], "  ")
    if spec.env:
        yield "  env:"
        yield from _block([*spec.env], "    ")


def _servers(servers: tuple[McpServer, ...]) -> Iterator[str]:
    if servers:
        yield "mcp:"
    for server in servers:
        pairs = _changed(server, McpServer(server.name))
        yield f"  {_scalar(server.name)}: {{{', '.join(f'{key}: {_flow(value)}' for key, value in pairs)}}}"


def _resolver(spec: ResolverSpec | None) -> Iterator[str]:
    if spec is None:
        return
    pairs = [pair for pair in _changed(spec, ResolverSpec()) if pair[0] != "script"]
    if not pairs and not spec.script:
        yield "resolver: {}"
        return
    yield "resolver:"
    yield from _block(pairs, "  ")
    if spec.script:
        yield "  script:"
        for step in spec.script:
            yield from _item(_step(step), "    ")


def _preparation(plan: Plan) -> Iterable[tuple[str, tuple[str, ...]]]:
    return ("setup", plan.setup), ("copy", plan.copy), ("keep", plan.keep)


def _changed(value: object, usual: object) -> list[Pair]:
    """The fields of a flat value that differ from the usual one."""
    pairs: list[Pair] = []
    for one in fields(value):  # type: ignore[arg-type]  # every caller hands over one of the plan's dataclasses
        said = getattr(value, one.name)
        if said != getattr(usual, one.name) and said is not None:
            pairs.append((one.name, _plain(one.name, said)))
    return pairs


def _plain(key: str, said: object) -> Value:
    """A field as YAML has it: pairs of name and value are a mapping, and a tuple is a list."""
    if isinstance(said, Budget):
        return {key: value for key, value in asdict(said).items() if value is not None}
    if isinstance(said, tuple):
        return dict(said) if key == "env" else list(said)
    return said  # type: ignore[return-value]  # what is no tuple is a scalar in all of the plan's dataclasses


def _windows(windows: tuple[WindowSpec, ...]) -> Iterator[str]:
    usual = {window.role: window for window in DEFAULT_WINDOWS}
    changed = [window for window in windows if usual.get(window.role) != window]
    if changed:
        yield "windows:"
    for window in changed:
        pairs = _changed(window, usual.get(window.role, WindowSpec(window.role)))
        yield f"  {_scalar(window.role)}: {{{', '.join(f'{key}: {_flow(value)}' for key, value in pairs)}}}"


def _task(task: TaskSpec) -> Iterator[str]:
    apart = ("env", "script")
    pairs = [pair for pair in _changed(task, TaskSpec(task.id)) if pair[0] not in apart]
    yield from _item([("id", task.id), *pairs], "  ")
    if task.env:
        yield "    env:"
        yield from _block([*task.env], "      ")
    if task.script:
        yield "    script:"
        for step in task.script:
            yield from _item(_step(step), "      ")


def _step(step: ScriptStep) -> list[Pair]:
    argument: Scalar = float(step.arg) if step.kind in (StepKind.WAIT, StepKind.LISTEN) else step.arg
    pairs: list[Pair] = [(step.kind.value, argument)]
    if step.kind is StepKind.REPLACE:
        pairs.append(("old", step.old))
    if step.kind in _TEXT_STEPS:
        pairs.append(("text", step.text))
    if step.attempt is not None:
        pairs.append(("attempt", step.attempt))
    return pairs


def _section(key: str, pairs: list[Pair]) -> Iterator[str]:
    if pairs:
        yield f"{key}:"
        yield from _block(pairs, "  ")


def _item(pairs: list[Pair], indent: str) -> Iterator[str]:
    """An item of a list: its first key stands behind the dash."""
    lines = _block(pairs, f"{indent}  ")
    yield f"{indent}- {next(lines).lstrip()}"
    yield from lines


def _block(pairs: Iterable[Pair], indent: str) -> Iterator[str]:
    for key, value in pairs:
        if isinstance(value, str) and _fits_a_block(value):
            yield f"{indent}{key}: |{'' if value.endswith(chr(10)) else '-'}"
            yield from (f"{indent}  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
        else:
            yield f"{indent}{key}: {_flow(value)}"


def _fits_a_block(text: str) -> bool:
    """Whether a literal block gives this text back: several plain lines, none blank at either end."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or not lines[0] or not lines[-1] or lines[0].startswith(" "):
        return False
    return all(line.isprintable() and (not line or line.strip()) for line in lines)


def _flow(value: Value) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_scalar(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_scalar(item)}' for key, item in value.items())}}}"
    return _scalar(value)


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return "".join([_escaped(letter) for letter in json.dumps(value, ensure_ascii=False)])


def _escaped(letter: str) -> str:
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"
