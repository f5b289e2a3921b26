"""`plan check`, `plan show`, `plan schema`.

Never: a run, a repository.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from dashboard.plain import to_json
from orchestrator.cli.guard import DONE, MISUSE
from orchestrator.cli.house import Unsound, read_plan
from scheduler.forecast import Foresight
from state.forecast import PlanForecast
from state.plan import OnOverlap, Plan
from state.plan_text import json_schema


def check(path: Path, as_json: bool) -> int:
    try:
        plan = read_plan(path)
    except Unsound as unsound:
        if not as_json:
            raise
        sys.stdout.write(to_json({"plan": None, "tasks": 0, "faults": [asdict(one) for one in unsound.faults]}) + "\n")
        return MISUSE
    if as_json:
        seen = Foresight().plan(plan)
        told = {"plan": plan.name, "tasks": len(plan.tasks), "faults": [], "overlaps": _overlaps(seen)}
        sys.stdout.write(to_json(told) + "\n")
    else:
        sys.stdout.write(f"{path}: plan {plan.name!r} is sound: {len(plan.tasks)} tasks\n")
        _tell_overlaps(plan, Foresight().plan(plan))
    return DONE


def schema() -> int:
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return DONE


def show(path: Path, as_json: bool) -> int:
    plan = read_plan(path)
    seen = Foresight().plan(plan)
    if as_json:
        sys.stdout.write(to_json(_as_json(plan.name, seen)) + "\n")
        return DONE
    out = sys.stdout.write
    roles = dict(seen.roles)
    out(f"{plan.name}: {len(plan.tasks)} tasks in {len(seen.waves)} waves\n")
    for number, wave in enumerate(seen.waves, 1):
        out(f"  wave {number}: {', '.join(f'{task} ({roles[task]})' for task in wave)}\n")
    out(f"critical path, {_minutes(seen.critical_seconds)}: {' -> '.join(seen.critical_path)}\n")
    out(f"foreseen with these windows: {_minutes(seen.makespan)}\n")
    _tell_overlaps(plan, seen)
    return DONE


def _tell_overlaps(plan: Plan, seen: PlanForecast) -> None:
    held = plan.overlaps is OnOverlap.HOLD
    for overlap in seen.overlaps:
        kept = "will be kept apart" if overlap.exclusive or held else "may conflict"
        between = f"{overlap.left} ({overlap.glob}) and {overlap.right} ({overlap.other})"
        sys.stdout.write(f"overlap: {between} {kept}\n")


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def _as_json(name: str, seen: PlanForecast) -> dict[str, object]:
    return {
        "plan": name,
        "order": seen.order,
        "roles": dict(seen.roles),
        "waves": seen.waves,
        "critical_path": seen.critical_path,
        "critical_seconds": seen.critical_seconds,
        "makespan": seen.makespan,
        "overlaps": _overlaps(seen),
    }


def _overlaps(seen: PlanForecast) -> list[dict[str, object]]:
    return [
        {"between": [one.left, one.right], "globs": [one.glob, one.other], "exclusive": one.exclusive}
        for one in seen.overlaps
    ]
