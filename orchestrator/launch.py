"""From a plan to the first event of its log: roles, order, trunk and adopted branches are fixed here, once.

Never: start anything.
"""

import re
import secrets
from dataclasses import replace

from conflict.adopt import check_adoptable
from orchestrator.compose import House
from orchestrator.settings import Misuse
from scheduler.classify import roles
from scheduler.graph import start_order
from state import events as ev
from state.ids import BranchName, RoleName, RunId, Sha, TaskId
from state.plan import Plan, RuntimeName

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_run_id(name: str) -> RunId:
    """A short id that says which plan it is of, such as `bookshop-k3v9x2`; safe in a branch name and a Redis key."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24].strip("-")
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    return RunId(f"{slug or 'run'}-{tail}")


async def plan_accepted(
    house: House, plan: Plan, run: RunId, *, launched_by: str, ladder: bool = True
) -> ev.PlanAccepted:
    """The event that opens the log; `Misuse` in one sentence when the plan does not fit the repository."""
    trunk = _trunk(house, plan)
    ref, sha = await _stand(house, trunk)
    chosen = roles(plan)
    _check_runtimes(plan, chosen)
    adopted = await _adopted(house, plan, sha)
    await _check_names(house, run)
    simulated = any(
        plan.runtime_of(task, role) is RuntimeName.SCRIPTED and not task.adopt
        for task, role in zip(plan.tasks, chosen, strict=True)
    )
    return ev.PlanAccepted(
        run=run,
        plan=replace(plan, trunk=trunk),
        repository=str(house.path),
        trunk=trunk,
        trunk_ref=ref,
        trunk_sha=sha,
        roles=chosen,
        order=start_order(plan),
        adopted=adopted,
        launched_by=launched_by,
        ladder=ladder,
        simulated=simulated,
    )


def _trunk(house: House, plan: Plan) -> BranchName:
    if plan.trunk is not None:
        return plan.trunk
    if house.branch is None:
        raise Misuse(f"{house.path} has a detached HEAD, so there is no current branch; name the trunk to land on")
    return BranchName(house.branch)


async def _stand(house: House, trunk: BranchName) -> tuple[str, Sha]:
    """Where to land and from which commit: the branch, or the ref beside it that an earlier run had to land on."""
    ref, shadow = f"refs/heads/{trunk}", f"refs/tianting/trunk/{trunk}"
    sha = await house.repository.resolve(ref)
    if sha is None:
        raise Misuse(f"{house.path} has no branch {trunk!r} with a commit; name the branch to land on")
    beside = await house.repository.resolve(shadow)
    if beside is None:
        return ref, sha
    if await house.repository.is_ancestor(beside, sha):
        await house.repository.update_ref(shadow, None, beside)
        return ref, sha
    if not await house.repository.is_ancestor(sha, beside):
        raise Misuse(
            f"{shadow} holds landed work that {trunk} does not have, and {trunk} has gone on; bring them together "
            f"first: git merge {shadow}"
        )
    return shadow, beside


def _check_runtimes(plan: Plan, chosen: tuple[RoleName, ...]) -> None:
    for task, role in zip(plan.tasks, chosen, strict=True):
        if task.adopt is not None:
            continue
        runtime = plan.runtime_of(task, role)
        if runtime is None:
            raise Misuse(f"task {task.id!r} (role {role}) has no runtime: give it `run:`, `script:` or a runtime")
        if runtime is RuntimeName.COMMAND and task.run is None:
            raise Misuse(f"task {task.id!r} runs on `command` but has no `run:`")
        if runtime is RuntimeName.SCRIPTED and not task.script:
            raise Misuse(f"task {task.id!r} runs on `scripted` but has no `script:`")


async def _adopted(house: House, plan: Plan, trunk: Sha) -> tuple[tuple[TaskId, Sha], ...]:
    found: list[tuple[TaskId, Sha]] = []
    for task in plan.tasks:
        if task.adopt is None:
            continue
        sha = await house.repository.resolve(task.adopt)
        if sha is None:
            raise Misuse(f"task {task.id!r} adopts {task.adopt!r}, which is no branch, tag or commit of {house.path}")
        why = await check_adoptable(house.repository, sha, trunk)
        if why:
            raise Misuse(f"task {task.id!r} adopts {task.adopt!r}: {why}")
        found.append((task.id, sha))
    return tuple(found)


async def _check_names(house: House, run: RunId) -> None:
    """Branches of the run stand below `tianting-<run>/`; a branch of exactly that name would be in their way."""
    clash = await house.repository.resolve(f"refs/heads/tianting-{run}")
    if clash is not None:
        raise Misuse(f"a branch tianting-{run} is in the way of this run's branches; rename it and launch again")
