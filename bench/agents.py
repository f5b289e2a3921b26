"""Agents in windows: how long from the word to stop until no process is left, what an idle window costs the leading
process, and whether fifty at once are all stopped by their clocks.

The agent programs are real where they are installed; the model behind them is scripted and on this machine.
"""

import asyncio
import json
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from agents.model_server.app import ScriptedModel
from agents.model_server.serve import serving
from agents.runtime import Failed, Finished, Session, SessionSpec, Wanted
from agents.runtimes.known import runtime_for
from agents.sweep import MARKER
from bench.product import environment, git, log_of, tianting
from bench.report import Options, Report, Table, Target, median, spread
from bench.repositories import fresh, make
from state.plan import AGENTS, RuntimeName, ScriptStep, StepKind

_INTERRUPT = 5.0
_PATIENCE = 120.0
_NPM = Path(__file__).resolve().parents[1] / ".venv" / "agents" / "node_modules" / ".bin"
_TIMEOUT = 3.0
"""Seconds that each of the fifty has."""


def _programs() -> dict[RuntimeName, tuple[str, ...]]:
    """Those that are here, each with its command; an empty one is the runtime's own."""
    path = os.pathsep.join([str(_NPM), os.environ["PATH"]])
    known = {RuntimeName.ACP: "claude-agent-acp", RuntimeName.CODEX: "codex"}
    found: dict[RuntimeName, tuple[str, ...]] = {}
    for name in RuntimeName:
        where = shutil.which(known[name], path=path) if name in known else None
        here = where is not None if name in known else asyncio.run(runtime_for(name).probe()).found
        if here:
            found[name] = (where,) if where else ()
    return found


def _spec(folder: Path, begun: Path, address: str, command: tuple[str, ...]) -> SessionSpec:
    make(folder / "work", 1)
    for name in ("scratch", "state", "home"):
        (folder / name).mkdir()
    variables = {
        "PATH": os.pathsep.join([str(_NPM), os.environ["PATH"]]),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "scratch"),
        "ANTHROPIC_BASE_URL": address,
        "ANTHROPIC_API_KEY": "any-key",
        "OPENAI_BASE_URL": f"{address}/v1",
        "OPENAI_API_KEY": "any-key",
        MARKER: f"bench/{folder.name}",
    }
    run = f"echo > '{begun}'; sleep 1000 & wait"
    return SessionSpec(
        str(folder / "work"),
        str(folder / "scratch"),
        variables,
        run,
        (ScriptStep(StepKind.RUN, run),),
        command=command,
        model="scripted" if "codex" in "".join(command) else "",
        state=str(folder / "state"),
    )


async def _stopped(name: RuntimeName, command: tuple[str, ...], address: str) -> float:
    """Seconds from the word to stop, in the middle of a command of the agent, to no process left."""
    folder = fresh()
    begun = folder / "begun"
    os.mkfifo(begun)
    spec = _spec(folder, begun, address, command)
    if name is RuntimeName.AUTOGEN:
        spec = SessionSpec(**{**_fields(spec), "model": "anthropic:scripted"})  # type: ignore[arg-type]
    session = runtime_for(name).open(spec)
    try:
        await session.prompt(f"Work. [[script:{json.dumps([{'run': spec.run}])}]]" if name in AGENTS else "Work.")
        async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group:
            hearing = group.create_task(_hear(session))
            await asyncio.to_thread(begun.read_bytes)
            hearing.cancel()
        began = time.perf_counter()
        if await session.interrupt("the bench"):
            with suppress(TimeoutError):
                async with asyncio.timeout(_INTERRUPT):
                    await _hear(session)
    finally:
        stopping = time.perf_counter()
        await session.close()
    ended = time.perf_counter()
    return ended - min(began, stopping)


def _fields(spec: SessionSpec) -> dict[str, object]:
    return {name: getattr(spec, name) for name in SessionSpec.__dataclass_fields__}


async def _hear(session: Session) -> None:
    while not isinstance(happening := await session.next(), Finished | Failed):
        if isinstance(happening, Wanted):
            await session.decide(happening.number, True, "")


async def _all_stopped(programs: dict[RuntimeName, tuple[str, ...]], times: int) -> dict[str, list[float]]:
    async with serving(ScriptedModel({})) as address:
        return {
            name.value: [await _stopped(name, command, address) for _ in range(times)]
            for name, command in programs.items()
        }


def _idle(windows: int) -> float:
    """MB of the leading process with so many windows in which an agent says nothing."""
    home = fresh()
    repository = make(home / "repo", 10)
    fifo = home / "go"
    os.mkfifo(fifo)
    tasks = [{"id": f"t{at}", "role": "backend", "prompt": "Wait."} for at in range(windows)]
    roles = {"backend": {"count": windows, "runtime": "claude", "command": ["cat"]}}
    plan = {"limits": {"windows": windows}, "windows": roles, "tasks": tasks}
    (home / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    leader = subprocess.Popen(
        tianting("run", str(home / "plan.json"), "--repo", str(repository), "--no-dashboard", "--json"),
        stdout=subprocess.PIPE,
        env=environment(home),
    )
    assert leader.stdout is not None
    started = 0
    while started < windows:
        started += json.loads(leader.stdout.readline())["type"] == "AttemptStarted"
    pages = int(Path(f"/proc/{leader.pid}/statm").read_text().split()[1])
    leader.terminate()
    leader.stdout.read()
    leader.wait(timeout=_PATIENCE)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _clocks(windows: int) -> list[float]:
    """How late the wall clock of each of so many windows at once stopped it, in seconds."""
    home = fresh()
    repository = make(home / "repo", 10)
    tasks = [
        {"id": f"t{at}", "role": "backend", "run": "while :; do echo tick; sleep 0.2; done", "retries": 0}
        for at in range(windows)
    ]
    roles = {"backend": {"count": windows}}
    plan = {"defaults": {"timeout": _TIMEOUT}, "limits": {"windows": windows}, "windows": roles, "tasks": tasks}
    (home / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    subprocess.run(
        tianting("run", str(home / "plan.json"), "--repo", str(repository), "--no-dashboard"),
        stdout=subprocess.DEVNULL,
        env=environment(home),
        timeout=600,
        check=False,
    )
    assert git(repository, "worktree", "list").count("\n") == 0
    began = {event.data["task"]: event.ts for event in log_of(repository) if event.name == "AttemptStarted"}
    ended = [event for event in log_of(repository) if event.name == "AttemptFailed" and _by_its_clock(event.data)]
    return [one.ts - began[one.data["task"]] - _TIMEOUT for one in ended]


def _by_its_clock(failed: dict[str, object]) -> bool:
    failure = failed["failure"]
    return isinstance(failure, dict) and failure["kind"] == "timeout"


def bench(options: Options) -> Report:
    times, windows = (1, 5) if options.quick else (5, 50)
    programs = _programs()
    stopped = asyncio.run(_all_stopped(programs, times))
    few, many = _idle(2), _idle(2 + windows // 2)
    each = (many - few) / (windows // 2)
    late = _clocks(windows)
    rows = tuple((name, spread(found, "s", 2), str(times)) for name, found in stopped.items())
    missing = [name.value for name in RuntimeName if name not in programs]
    notes = (f"not installed here: {', '.join(missing)}",) if missing else ()
    costs = (
        (f"memory of the leading process for one idle window more, of {windows // 2}", f"{each:.2f} MB"),
        (f"{windows} `command` windows at once, stopped by their clocks", f"{len(late)} of {windows}"),
        ("from their clock to their end, work kept", spread(late, "s", 2) if late else "-"),
    )
    targets = (
        *(Target(f"{name}: to no process left, seconds", median(found), 2.0) for name, found in stopped.items()),
        Target("an idle window, MB", each, 5.0),
        Target(f"clocks missed of {windows}", float(windows - len(late)), 0.0),
    )
    tables = (
        Table(
            "agents: from the word to stop to no process left", ("runtime", "median (least-most)", "runs"), rows, notes
        ),
        Table("agents: windows", ("what", "measured"), costs),
    )
    return Report("agents", tables, targets, {"stopped": stopped, "idle": [few, many], "late": late})
