"""From a plan to the first event of its log: roles, order, trunk and adopted branches are fixed here, once.

Never: start anything.
"""

import os
import re
import secrets
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

from agents.folders import make_private
from agents.passage import endpoints
from agents.runtimes.known import runtime_for
from agents.servers import has_own, variables_of
from agents.walls import Kind
from conflict.adopt import check_adoptable
from orchestrator.compose import House, the_sandbox
from orchestrator.learned import learned_for
from orchestrator.settings import Misuse
from scheduler.classify import roles
from scheduler.graph import start_order
from state import events as ev
from state.ids import BranchName, RoleName, RunId, Sha, TaskId
from state.plan import AGENTS, RESOLVER, Network, Plan, RuntimeName, TaskSpec

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_run_id(name: str) -> RunId:
    """A short id that says which plan it is of, such as `bookshop-k3v9x2`; safe in a branch name and a Redis key."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24].strip("-")
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    return RunId(f"{slug or 'run'}-{tail}")


async def plan_accepted(
    house: House, plan: Plan, run: RunId, *, launched_by: str, ladder: bool = True
) -> ev.PlanAccepted:
    """The event that opens the log; `Misuse` with all that does not fit the repository, a sentence each."""
    trunk = _trunk(house, plan)
    ref, sha = await _stand(house, trunk)
    chosen = roles(plan)
    faults = [*_runtime_faults(plan, chosen), *_resolver_faults(plan)]
    faults += _missing_variables(plan, chosen)
    faults += _missing_packages(plan, chosen)
    faults += _permission_faults(plan, chosen)
    faults += _network_faults(house, plan, chosen)
    adopted = await _adopted(house, plan, sha, faults)
    if faults:
        raise Misuse("\n".join(faults))
    await _check_names(house, run)
    check_home(house)
    simulated = any(
        plan.runtime_of(task, role) is RuntimeName.SCRIPTED and not task.adopt
        for task, role in zip(plan.tasks, chosen, strict=True)
    )
    simulated = simulated or plan.simulates_conflicts
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
        learned=await learned_for(house.store, plan, chosen),
    )


def _trunk(house: House, plan: Plan) -> BranchName:
    if plan.trunk is not None:
        return plan.trunk
    if house.branch is None:
        raise Misuse(
            f"{house.path} has a detached HEAD, so there is no current branch; name the one to land on, with "
            "`trunk:` in the plan or --trunk"
        )
    return BranchName(house.branch)


async def _stand(house: House, trunk: BranchName) -> tuple[str, Sha]:
    """Where to land and from which commit: the branch, or the ref beside it that an earlier run had to land on."""
    ref, shadow = f"refs/heads/{trunk}", f"refs/tianting/trunk/{trunk}"
    sha = await house.repository.resolve(ref)
    if sha is None and trunk == house.branch:
        raise Misuse(f"{house.path} has no commit yet; make the first one (git commit), then launch again")
    if sha is None:
        raise Misuse(
            f"{house.path} has no branch {trunk!r}; name the branch to land on, or make it (git branch {trunk})"
        )
    beside = await house.repository.resolve(shadow)
    if beside is None:
        return ref, sha
    if await house.repository.is_ancestor(beside, sha):
        await house.repository.update_ref(shadow, None, beside)
        return ref, sha
    if not await house.repository.is_ancestor(sha, beside):
        raise Misuse(
            f"{shadow} holds landed work that {trunk} does not have, and {trunk} has gone on; bring them together on "
            f"{trunk} first: git merge {shlex.quote(shadow)}"
        )
    return shadow, beside


def check_home(house: House) -> None:
    """`Misuse` when no worktree could be made: better once and now than from every task."""
    home = house.home.resolve()
    if home.is_relative_to(house.path.resolve()):
        raise Misuse(
            f"TIANTING_HOME ({house.home}) lies inside the repository {house.path}; name a folder outside of it"
        )
    try:
        make_private(house.home)
        with tempfile.TemporaryFile(dir=house.home):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise Misuse(
            f"worktrees can not be made in {house.home}: {why}; set TIANTING_HOME to a folder that you can write to"
        ) from error


def _runtime_faults(plan: Plan, chosen: tuple[RoleName, ...]) -> Iterator[str]:
    for task, role in zip(plan.tasks, chosen, strict=True):
        if task.adopt is not None:
            continue
        runtime = plan.runtime_of(task, role)
        if runtime is None:
            yield f"task {task.id!r} (role {role}) has no runtime: give it `run:`, `script:` or a runtime"
        elif runtime is RuntimeName.COMMAND and task.run is None:
            yield f"task {task.id!r} runs on `command` but has no `run:`"
        elif runtime is RuntimeName.SCRIPTED and not task.script:
            yield f"task {task.id!r} runs on `scripted` but has no `script:`"
        elif runtime in AGENTS and not task.prompt.strip():
            yield f"task {task.id!r} runs on `{runtime}` but has no `prompt:`"
        elif runtime is RuntimeName.ACP and not plan.window_of(role).command:
            yield f"task {task.id!r} runs on `acp`, but the windows of {role!r} name no `command:`, the agent's program"
        elif runtime is RuntimeName.AUTOGEN and not plan.model_of(task, role):
            yield f"task {task.id!r} runs on `autogen` but has no `model:`, such as anthropic:NAME or openrouter:NAME"


def _permission_faults(plan: Plan, chosen: tuple[RoleName, ...]) -> Iterator[str]:
    """A rule that an agent does not ask about would be kept by nobody."""
    rules = plan.permissions
    if not rules.deny and not rules.ask and rules.usual == "allow":
        return
    for task, role in zip(plan.tasks, chosen, strict=True):
        runtime = plan.runtime_of(task, role)
        if runtime in AGENTS and task.adopt is None and not runtime_for(runtime).capabilities().permits:
            told = f"the plan has `permissions`, and task {task.id!r} runs on `{runtime}`"
            yield f"{told}, which does not ask before it uses a tool: give it another runtime"


def _resolver_faults(plan: Plan) -> Iterator[str]:
    """The resolver works at conflicts of any task: what it runs must follow from the plan alone."""
    spec = plan.resolver_of(TaskSpec(TaskId("any"), prompt="any"))
    if spec is None:
        return
    for fault in _runtime_faults(replace(plan, tasks=(spec,)), (RESOLVER,)):
        yield fault.replace("task 'any'", "the resolver", 1)


def _missing_variables(plan: Plan, chosen: tuple[RoleName, ...]) -> list[str]:
    handed = dict.fromkeys(name for role in dict.fromkeys(chosen) for name in plan.inherited_by(role))
    served = dict.fromkeys(name for role in dict.fromkeys(chosen) for name in variables_of(plan, role))
    return [
        f"the plan hands {name} on to an MCP server, but it is not set here: export it, or take it out of the plan"
        for name in served
        if name not in os.environ
    ] + [
        f"the plan hands {name} on to agents (`inherit`), but it is not set here: export it, or take it out of the plan"
        for name in handed
        if name not in os.environ
    ]


def _network_faults(house: House, plan: Plan, chosen: tuple[RoleName, ...]) -> Iterator[str]:
    """A limit that nothing keeps is no limit, and an agent without its model does nothing."""
    if plan.network is Network.OPEN:
        return
    sandbox = the_sandbox(house.use, house.readable)
    if sandbox.kind is Kind.NONE:
        yield f"`network: {plan.network}` needs a sandbox, and there is none here: {sandbox.why}"
    elif not sandbox.keeps_network:
        yield f"`network: {plan.network}` needs bubblewrap: {sandbox.why or f'{sandbox.kind} can not keep it'}"
    for task, role in zip(plan.tasks, chosen, strict=True):
        runtime = plan.runtime_of(task, role)
        if runtime not in AGENTS:
            continue
        variables = dict(plan.env_of(task, role)) | {name: os.environ.get(name, "") for name in plan.inherited_by(role)}
        if plan.network is Network.OFF:
            yield f"task {task.id!r} runs on `{runtime}`, which has no model without a network: say `network: model`"
        elif not endpoints(runtime, variables):
            told = f"task {task.id!r} runs on `{runtime}`, and nothing says where its model is"
            yield f"{told}: name the address in `env`, in a variable such as ANTHROPIC_BASE_URL"


def _missing_packages(plan: Plan, chosen: tuple[RoleName, ...]) -> Iterator[str]:
    """Tianting's own MCP server is a program of ours, and an AutoGen agent speaks to servers through us."""
    if find_spec("mcp") is not None:
        return
    for task, role in zip(plan.tasks, chosen, strict=True):
        runtime = plan.runtime_of(task, role)
        if runtime in AGENTS and (has_own(plan, role) or (runtime is RuntimeName.AUTOGEN and plan.servers_of(role))):
            yield f"task {task.id!r} has MCP servers, which needs a package: pip install 'tianting[mcp]'"
            return


async def _adopted(house: House, plan: Plan, trunk: Sha, faults: list[str]) -> tuple[tuple[TaskId, Sha], ...]:
    found: list[tuple[TaskId, Sha]] = []
    for task in plan.tasks:
        if task.adopt is None:
            continue
        sha = await house.repository.resolve(task.adopt)
        if sha is None:
            faults.append(f"{house.path} has no branch, tag or commit {task.adopt!r} (task {task.id!r})")
            continue
        why = await check_adoptable(house.repository, sha, trunk)
        if why:
            faults.append(f"{task.adopt!r} can not be landed (task {task.id!r}): {why}")
        found.append((task.id, sha))
    return tuple(found)


async def _check_names(house: House, run: RunId) -> None:
    """Branches of the run stand below `tianting-<run>/`; a branch of exactly that name would be in their way."""
    clash = await house.repository.resolve(f"refs/heads/tianting-{run}")
    if clash is not None:
        raise Misuse(f"a branch tianting-{run} is in the way of this run's branches; rename it and launch again")
