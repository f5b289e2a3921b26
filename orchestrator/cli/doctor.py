"""`doctor`: what is installed, what works, and what to do about the rest.

Never: install anything.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from agents.runtimes.known import abilities, runtime_for
from agents.sandbox import UNCONFINED, Sandbox, find_sandbox, found_kind
from agents.walls import Kind
from orchestrator.cli.guard import DONE, NOT_LANDED
from orchestrator.cli.servers import servers
from orchestrator.settings import SandboxUse, read_settings
from state.git.inspect import Unusable, inspect
from state.plan import RuntimeName

OLDEST_GIT = (2, 39)
OLDEST_PYTHON = (3, 11)
TIMEOUT = 10.0

ADVICE = {
    RuntimeName.CLAUDE: "pip install 'tianting[claude]', or install Claude Code",
    RuntimeName.AUTOGEN: "pip install 'tianting[autogen]'",
    RuntimeName.CODEX: "install Codex, for instance by npm",
}
"""How an agent program comes here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` is what to do when `ok` is False. `needed`: nothing runs without it."""

    what: str
    ok: bool
    detail: str
    advice: str = ""
    needed: bool = True


def show_doctor(repo: Path, as_json: bool) -> int:
    findings = [_python(), _git(), _sqlite(), _home(), _repository(repo), _sandbox(), *_agents(), *_packages()]
    findings += [Finding(*row, needed=False) for row in servers()]
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in findings], ensure_ascii=False) + "\n")
    else:
        for one in findings:
            mark = "ok" if one.ok else "MISSING" if one.needed else "absent"
            sys.stdout.write(f"{mark:<8} {one.what}: {one.detail}\n")
            if not one.ok and one.advice:
                sys.stdout.write(f"         {one.advice}\n")
    return DONE if all(one.ok or not one.needed for one in findings) else NOT_LANDED


def _python() -> Finding:
    found = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("Python", found, sys.version.split()[0], "Tianting needs Python 3.11 or newer")


def _git() -> Finding:
    program = shutil.which("git")
    if program is None:
        return Finding("git", False, "not found", "install git 2.39 or newer (Debian: apt install git)")
    said = subprocess.run([program, "version"], capture_output=True, text=True, timeout=TIMEOUT, check=False).stdout
    numbers = tuple(int(part) for part in said.split()[2].split(".")[:2] if part.isdigit())
    return Finding("git", numbers >= OLDEST_GIT, said.strip(), "install git 2.39 or newer")


def _sqlite() -> Finding:
    return Finding("SQLite", sqlite3.sqlite_version_info >= (3, 35), sqlite3.sqlite_version, "needs 3.35 or newer")


def _home() -> Finding:
    base = read_settings(os.environ, None).base
    try:
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=base):
            pass
    except OSError as error:
        return Finding("worktree folder", False, f"{base}: {error.strerror}", "set TIANTING_HOME to a writable folder")
    free = shutil.disk_usage(base).free // 2**30
    return Finding("worktree folder", True, f"{base}, {free} GiB free")


def _repository(repo: Path) -> Finding:
    found = inspect(str(repo))
    if isinstance(found, Unusable):
        return Finding("repository", False, found.why, "go to a repository or name one with --repo", needed=False)
    return Finding("repository", True, f"{found.top_level or found.common_dir}, on {found.branch or 'a detached HEAD'}")


def _sandbox() -> Finding:
    settings = read_settings(os.environ, None)
    found = UNCONFINED if settings.sandbox is SandboxUse.OFF else _found(settings.sandbox)
    if found.kind is not Kind.NONE:
        least = (
            "" if found.keeps_network else f"; the network can not be kept from them: {found.why or 'it was asked for'}"
        )
        held = "agents write in their worktree alone, and see no home of yours"
        return Finding("sandbox", True, f"{found.kind}: {held}{least}")
    return Finding(
        "sandbox",
        False,
        f"agents run with your rights: {found.why}",
        "install bubblewrap, or run Tianting in a container or a user account of its own when the agents are not yours",
        needed=settings.sandbox in (SandboxUse.REQUIRED, SandboxUse.LANDLOCK),
    )


def _found(use: SandboxUse) -> Sandbox:
    return found_kind(Kind.LANDLOCK, ()) if use is SandboxUse.LANDLOCK else find_sandbox(())


def _agents() -> list[Finding]:
    """Each agent program: whether it is there, and what it can do."""
    found: list[Finding] = []
    for name in RuntimeName:
        probe = asyncio.run(runtime_for(name).probe())
        can = ", ".join(words for words, yes in abilities(name) if yes) or "runs a program"
        advice = "" if probe.found else f"{ADVICE.get(name, '')}"
        found.append(Finding(f"agent {name}", probe.found, f"{probe.detail}; {can}", advice, needed=False))
    return found


def _packages() -> list[Finding]:
    core = "networkx gitpython fastapi uvicorn websockets prometheus-client typer rich pydantic ruamel.yaml"
    return [_package(name) for name in core.split()]


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", "install Tianting again: pip install tianting")
