"""The one door between a plan and its text: YAML or JSON to `Plan` with every fault at once, and back; the schema.

Never: a file; who calls has read it, and names it as `source` for the messages.
"""

import re
from typing import assert_never

from state.plan import Plan
from state.plan_fault import Mishap, PlanFault, Tree
from state.plan_fields import Reading
from state.plan_graph import check_plan
from state.plan_json import read_json
from state.plan_reader import read_plan
from state.plan_schema import json_schema
from state.plan_writer import plan_to_text
from state.plan_yaml import read_yaml

__all__ = ["PlanFault", "json_schema", "parse_plan", "plan_to_text"]


def parse_plan(text: str, source: str) -> Plan | tuple[PlanFault, ...]:
    """The plan, or all that is wrong with its text in the order of the text."""
    tree = _tree(text.removeprefix("\ufeff"), source)
    match tree:
        case Mishap():
            return (PlanFault(source, *tree.place, tree.message),)
        case Tree():
            return _plan(tree, source)
        case _:
            assert_never(tree)


def _tree(text: str, source: str) -> Tree | Mishap:
    if not text.lstrip().startswith("{"):
        return read_yaml(text)
    tree = read_json(text)
    if isinstance(tree, Mishap) and not source.lower().endswith(".json"):
        # Flow style YAML begins as JSON does.
        return read_yaml(text)
    return tree


def _plan(tree: Tree, source: str) -> Plan | tuple[PlanFault, ...]:
    if tree.root is None and not tree.mishaps:
        return (PlanFault(source, 1, 1, "the plan is empty: it needs at least `tasks`"),)
    reading = Reading()
    plan = read_plan(reading, tree.root, _name_from(source))
    check_plan(reading, plan, tree.root)
    if not reading.faults and not tree.mishaps:
        return plan
    places = tree.locate([spot for spot, _ in reading.faults])
    faults = [PlanFault(source, *mishap.place, mishap.message) for mishap in tree.mishaps]
    faults += [PlanFault(source, *place, said) for place, (_, said) in zip(places, reading.faults, strict=True)]
    return tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))


def _name_from(source: str) -> str:
    """What a plan is called that does not say: the stem of its file."""
    last = re.split(r"[/\\]", source)[-1]
    return last.rpartition(".")[0] or last or "plan"
