"""The same plan through Bernstein, offline: its own orchestrator, worktrees and merges, with a shell script where it
would start a model's program.

It runs as shipped. What that means for the figures is said in `NOTE`, which stands below the table.
Never: a change of its code.
"""

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.product import GIT_ENVIRONMENT, git, inherited

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / ".peers" / "bernstein" / "bin" / "bernstein"
AGENT = HERE / "peers" / "bernstein_agent.sh"
NOTE = (
    "Bernstein as shipped polls every 3 s, gives an agent up to two tasks, and starts at most 2 agents in 10 s and 12 "
    "in a minute; its files have no setting for any of these, so its figure is mostly its own rate limit"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` from the start of its process to its last merge (whole seconds: the time of a commit)."""

    seconds: float
    landed: int


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _prepare(folder: Path, repository: Path, tasks: int, windows: int, seconds: float) -> Path:
    programs = folder / "bin"
    programs.mkdir()
    for name in ("generic", "generic-cli"):  # one is looked for, the other started
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{AGENT}" {seconds:g} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    seed = {"goal": "bench", "cli": "generic", "model": "none", "max_agents": windows, "internal_llm_provider": "none"}
    (repository / "bernstein.yaml").write_text(json.dumps(seed), encoding="utf-8")
    (repository / ".gitignore").write_text(".sdd/\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "settings")
    git(repository, "checkout", "-q", "-b", "work")  # it refuses to merge onto the default branch
    steps = [
        {
            "title": f"bench-task-{number}",
            "description": f"write out/bench-task-{number}.txt",
            "role": "backend",
            "scope": "small",
            "complexity": "low",
            "model": "none",
            "files": [f"out/bench-task-{number}.txt"],
        }
        for number in range(1, tasks + 1)
    ]
    plan = {"name": "bench", "cli": "generic", "max_agents": windows, "stages": [{"name": "all", "steps": steps}]}
    path = folder / "plan.yaml"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def run(folder: Path, repository: Path, tasks: int, windows: int, seconds: float, patience: float) -> Outcome | str:
    """The outcome, or a sentence why there is none. `repository` is used up."""
    if not PROGRAM.exists():
        return "not installed: it needs Python 3.12 (bench/setup_peers.sh says what is missing)"
    plan = _prepare(folder, repository, tasks, windows, seconds)
    home = folder / "bernstein-home"
    home.mkdir()
    search = os.pathsep.join([str(folder / "bin"), str(PROGRAM.parent), os.environ["PATH"]])
    environment = {**inherited(), **GIT_ENVIRONMENT, "HOME": str(home), "PATH": search}
    environment["GIT_CONFIG_GLOBAL"] = str(home / ".gitconfig")
    (home / ".gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.invalid\n", encoding="utf-8")
    command = [str(PROGRAM), "run", str(plan), "--cli", "generic", "--model", "none", "--auto-approve", "--quiet"]
    command += ["--fresh", "--wait", f"{patience:.0f}", "--profile", "airgap", "--allow-network", "127.0.0.1"]
    command += ["--port", str(_free_port())]
    began = time.time()
    try:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, cwd=repository, env=environment, capture_output=True, check=False, timeout=patience + 60
            )
    finally:
        _end(home)
    landed = git(repository, "ls-tree", "-r", "--name-only", "work", "--", "out").splitlines()
    if not landed:
        return f"nothing was merged within {patience:.0f} s"
    return Outcome(int(git(repository, "log", "-1", "--format=%ct", "work")) - began, len(landed))


def _end(home: Path) -> None:
    """End the servers and agents that it leaves running: every process whose HOME is the one made for this run."""
    mark = b"HOME=" + os.fsencode(home)
    for _ in range(5):  # one that is ended last may have started another
        left = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and _has(entry, mark)]
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            return


def _has(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
