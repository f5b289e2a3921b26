"""`land`: existing branches through the train, with no agent.

Never: an attempt.
"""

import re
from pathlib import Path

from orchestrator.cli.house import with_house
from orchestrator.cli.lead import Showing, is_on, stay_with
from orchestrator.compose import House
from orchestrator.launch import new_run_id, plan_accepted
from orchestrator.loop import Manner
from orchestrator.session import Started, launch
from orchestrator.settings import DEFAULT_PORT
from state.ids import BranchName, TaskId
from state.plan import GateSpec, Plan, TaskSpec
from state.run import RunState


def land_refs(
    refs: list[str],
    repo: Path,
    store: str | None,
    trunk: str | None,
    gate: list[str],
    ladder: str,
    as_json: bool,
) -> int:
    climbs = is_on(ladder)
    checks = tuple(GateSpec(f"gate-{number}", command) for number, command in enumerate(gate, 1))
    plan = Plan("land", _tasks(refs), BranchName(trunk) if trunk else None, gate=checks)

    async def work(house: House) -> int:
        accepted = await plan_accepted(house, plan, new_run_id("land"), launched_by="land", ladder=climbs)

        async def leading(manner: Manner, started: Started) -> RunState:
            return await launch(house, accepted, manner, started)

        showing = Showing(DEFAULT_PORT, dashboard=False, as_json=as_json, leave=True)
        return await stay_with(house, accepted.run, leading, showing)

    return with_house(repo, store, work, leading=True)


def _tasks(refs: list[str]) -> tuple[TaskSpec, ...]:
    """A task for each ref, in order; its id is the ref's name as far as an id can hold it."""
    seen: set[str] = set()
    tasks: list[TaskSpec] = []
    for number, ref in enumerate(refs, 1):
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", ref).strip("-")[:48] or f"ref-{number}"
        while name in seen:
            name = f"{name}-{number}"
        seen.add(name)
        tasks.append(TaskSpec(TaskId(name), title="" if name == ref else ref, adopt=ref))
    return tuple(tasks)
