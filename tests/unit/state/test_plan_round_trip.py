"""A plan written as text is read as the same plan, and its schema lets it pass."""

import json
from dataclasses import replace

from hypothesis import given
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from state.ids import TaskId
from state.plan import Plan, TaskSpec
from state.plan_text import json_schema, parse_plan, plan_to_text
from tests.unit.state.plans import plans

VALIDATOR = Draft202012Validator(json_schema())


@given(plans())
def test_a_plan_written_and_read_is_the_same_plan(plan: Plan) -> None:
    text = plan_to_text(plan)
    assert parse_plan(text, "somewhere") == plan


@given(plans())
def test_what_is_written_passes_the_schema_and_reads_the_same_as_json(plan: Plan) -> None:
    values = YAML(typ="safe", pure=True).load(plan_to_text(plan))
    as_json = json.dumps(values, default=str)
    VALIDATOR.validate(json.loads(as_json))
    assert parse_plan(as_json, "plan.json") == plan
    assert parse_plan(json.dumps(values, default=str, indent="\t", ensure_ascii=False), "plan.json") == plan


def test_only_what_differs_from_the_defaults_is_written() -> None:
    plan = Plan("p", (TaskSpec(TaskId("a"), run="make all"),))
    assert plan_to_text(plan) == "tianting: 1\nname: p\ntasks:\n  - id: a\n    run: make all\n"


def test_a_prompt_of_several_lines_is_written_as_lines() -> None:
    task = TaskSpec(TaskId("a"), prompt="Do this:\n\n  - that\n", run="true")
    text = plan_to_text(replace(Plan("p", ()), tasks=(task,)))
    assert '    prompt: |\n      Do this:\n\n        - that\n    run: "true"\n' in text
