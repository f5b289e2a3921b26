"""The scripted model for tests, and what the agents of a plan need to work with it and with nothing else."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.model_server.app import ScriptedModel
from agents.model_server.serve import serving
from agents.runtimes import claude
from state.plan import RuntimeName

ROOT = Path(__file__).parents[2]

KEY = "sk-ant-dummy-000"
Step = dict[str, object]


def scripted(*steps: Step, say: str = "Do the task.") -> str:
    """A prompt that brings its script along."""
    return f"{say} [[script:{json.dumps(steps)}]]"


def pointed_at(address: str) -> tuple[tuple[str, str], ...]:
    """The variables by which every agent program finds the scripted model."""
    return (
        ("ANTHROPIC_BASE_URL", address),
        ("ANTHROPIC_API_KEY", KEY),
        ("OPENAI_BASE_URL", f"{address}/v1"),
        ("OPENAI_API_KEY", KEY),
    )


@asynccontextmanager
async def scripted_model() -> AsyncIterator[tuple[ScriptedModel, str]]:
    """The model and its address, to the end of the block."""
    model = ScriptedModel({})
    async with serving(model) as address:
        yield model, address


# --------------------------------------------------------------------------------------------- the programs there are

NODE = 22
AGENTS = ROOT / ".venv" / "agents"
FOUND = AGENTS / "node_modules" / ".bin"
"""Where `make agents` puts the programs that come from npm."""


@dataclass(frozen=True, slots=True)
class Program:
    """An agent program; `missing` says why it can not be run here."""

    name: str
    runtime: RuntimeName
    missing: str = ""
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    model: str | None = None


def _no_package(*names: str) -> str:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return f"these packages are not there: {', '.join(missing)}" if missing else ""


def _from_npm(name: str, runtime: RuntimeName, program: str, *arguments: str, model: str | None = None) -> Program:
    path = os.pathsep.join([str(FOUND), os.environ.get("PATH", os.defpath)])
    found = shutil.which(program, path=path)
    missing = "" if found else f"{program} is not there: {_why()}"
    return Program(name, runtime, missing or _node(path), (found or program, *arguments), (("PATH", path),), model)


def _why() -> str:
    """Why `make agents` could not install it, if that was tried."""
    try:
        return (AGENTS / "why").read_text(encoding="utf-8").strip()
    except OSError:
        return "`make agents` installs it"


def _node(path: str) -> str:
    found = shutil.which("node", path=path)
    if found is None:
        return "node is not there"
    told = subprocess.run((found, "--version"), capture_output=True, text=True, timeout=60, check=False).stdout
    version = int(told.lstrip("v").partition(".")[0] or 0)
    return "" if version >= NODE else f"node {NODE} is needed, and this is {told.strip()}"


SMALL_AGENT = (sys.executable, "-P", str(ROOT / "tests" / "support" / "acp_agent.py"))
PROGRAMS = {
    one.name: one
    for one in (
        Program("claude", RuntimeName.CLAUDE, "" if claude.program() else "there is no Claude Code"),
        Program("acp", RuntimeName.ACP, _no_package("acp", "anthropic"), SMALL_AGENT),
        Program("autogen", RuntimeName.AUTOGEN, _no_package("autogen_agentchat", "anthropic"), model="anthropic:m"),
        Program("autogen, OpenAI", RuntimeName.AUTOGEN, _no_package("autogen_agentchat", "openai"), model="openai:m"),
        _from_npm("acp, Claude", RuntimeName.ACP, "claude-agent-acp"),
        _from_npm("codex", RuntimeName.CODEX, "codex", model="scripted"),
    )
}
