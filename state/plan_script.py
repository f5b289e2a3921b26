"""Reads the steps of a simulated agent, as a task or the resolver has them.

Never: a look at anything beside the script.
"""

from state.plan import ScriptStep, StepKind
from state.plan_fault import Path, Raw
from state.plan_fields import Reading, Table, described, empty_fault, file_fault, seconds_of
from state.plan_schema import MOST_RETRIES, STEP, STEP_KINDS

_FILE_STEPS = frozenset({StepKind.WRITE, StepKind.APPEND, StepKind.REPLACE, StepKind.DELETE})
_TEXT_STEPS = frozenset({StepKind.WRITE, StepKind.APPEND, StepKind.REPLACE})


def script_of(task: Table) -> tuple[ScriptStep, ...]:
    items = task.items("script")
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
        text=table.text("text") or "",
        old=table.text("old", _nothing_to_find) or "",
        attempt=table.whole("attempt", 1, MOST_RETRIES + 1),
    )


def _nothing_to_find(raw: str) -> str | None:
    return None if raw else "is empty: say what is to be replaced"


def _argument(step: Table, kind: StepKind) -> str:
    if kind not in (StepKind.WAIT, StepKind.LISTEN):
        return step.text(kind, file_fault if kind in _FILE_STEPS else empty_fault) or ""
    raw = step.raw[kind]
    seconds = 0.0 if raw == 0 and not isinstance(raw, bool) else seconds_of(raw)
    if seconds is None:
        step.fault(kind, f"must be a number of seconds, or a duration such as 2s, not {described(raw)}")
        return "0"
    return str(int(seconds)) if seconds.is_integer() else repr(seconds)
