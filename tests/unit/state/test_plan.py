"""What a task has when it does not say."""

from dataclasses import replace

import pytest

from state.ids import RoleName, TaskId
from state.plan import Defaults, Plan, RuntimeName, ScriptStep, StepKind, TaskSpec, WindowSpec

BARE = TaskSpec(TaskId("t"))
BACKEND = RoleName("backend")
SCRIPT = (ScriptStep(StepKind.SAY, "hello"),)
PLAN = Plan(
    "p",
    (BARE,),
    defaults=Defaults(runtime=RuntimeName.COMMAND, timeout=60.0, retries=1),
    windows=(WindowSpec(BACKEND, runtime=RuntimeName.SCRIPTED), WindowSpec(RoleName("docs"))),
)


@pytest.mark.parametrize(
    ("spec", "role", "runtime"),
    [
        (replace(BARE, runtime=RuntimeName.COMMAND, script=SCRIPT), "backend", RuntimeName.COMMAND),
        (replace(BARE, run="true"), "backend", RuntimeName.COMMAND),
        (replace(BARE, script=SCRIPT), "docs", RuntimeName.SCRIPTED),
        (BARE, "backend", RuntimeName.SCRIPTED),
        (BARE, "docs", RuntimeName.COMMAND),
        (BARE, "another", RuntimeName.COMMAND),
    ],
)
def test_a_runtime_is_the_tasks_own_then_what_its_keys_imply_then_its_windows_then_the_default(
    spec: TaskSpec, role: str, runtime: RuntimeName
) -> None:
    assert PLAN.runtime_of(spec, RoleName(role)) is runtime


def test_a_plan_that_names_no_runtime_has_none() -> None:
    assert Plan("p", (BARE,)).runtime_of(BARE, BACKEND) is None


def test_times_and_retries_are_the_tasks_own_or_the_plans() -> None:
    mine = replace(BARE, timeout=5.0, retries=0)
    assert (PLAN.timeout_of(BARE), PLAN.retries_of(BARE)) == (60.0, 1)
    assert (PLAN.timeout_of(mine), PLAN.retries_of(mine)) == (5.0, 0)
