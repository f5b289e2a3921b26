"""The plan: a DAG of tasks and how to run them, as frozen values.

Never: text (that is `plan_text.py`), a graph algorithm (that is the scheduler), a status.
All times are seconds, all paths are relative to the repository with `/` between the parts.
"""

from dataclasses import dataclass
from enum import StrEnum

from state.ids import BranchName, RoleName, TaskId

FORMAT_VERSION = 1


class RuntimeName(StrEnum):
    """The agent programs that this version can run."""

    COMMAND = "command"
    SCRIPTED = "scripted"


class StepKind(StrEnum):
    """What one step of a scripted (simulated) agent does."""

    SAY = "say"
    WRITE = "write"
    APPEND = "append"
    REPLACE = "replace"
    DELETE = "delete"
    RUN = "run"
    WAIT = "wait"
    ASK = "ask"
    COMMIT = "commit"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step of a simulated agent.

    `arg` is the path (write, append, replace, delete), the command (run), the sentence (say, ask, commit, fail)
    or the seconds as text (wait). `text` is the new content, with the last answer to `ask` for `{answer}`; `old` is
    what replace looks for. With `attempt` the step is taken on that attempt only (1 is the first).
    """

    kind: StepKind
    arg: str
    text: str = ""
    old: str = ""
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class GateSpec:
    """One check, run with a shell in a worktree of the speculative merge commit; exit code 0 is green."""

    name: str
    run: str
    timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A pool of `count` windows of one role; `runtime` is what its tasks run on unless they say otherwise."""

    role: RoleName
    count: int = 1
    runtime: RuntimeName | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Capacity of a run: windows live at once, gates at once, seconds of wall time in all."""

    windows: int = 4
    gates: int = 2
    wall: float | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a task has when it does not say: runtime, wall, startup and idle clocks, number of retries."""

    runtime: RuntimeName | None = None
    timeout: float = 1800.0
    startup: float = 60.0
    idle: float = 600.0
    retries: int = 2


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A node of the plan. `touches` and `exclusive` are globs; `env` is pairs of name and value."""

    id: TaskId
    title: str = ""
    prompt: str = ""
    role: RoleName | None = None
    window: str | None = None
    needs: tuple[TaskId, ...] = ()
    touches: tuple[str, ...] = ()
    exclusive: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    priority: int = 0
    estimate: float | None = None
    approve: bool = False
    env: tuple[tuple[str, str], ...] = ()
    runtime: RuntimeName | None = None
    run: str | None = None
    script: tuple[ScriptStep, ...] = ()
    adopt: str | None = None
    timeout: float | None = None
    retries: int | None = None


DEFAULT_ROLES = (RoleName("frontend"), RoleName("backend"), RoleName("testing"), RoleName("docs"))
DEFAULT_WINDOWS = tuple(WindowSpec(role, 2 if role == "backend" else 1) for role in DEFAULT_ROLES)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `trunk` None means the branch that the repository has checked out at launch."""

    name: str
    tasks: tuple[TaskSpec, ...]
    trunk: BranchName | None = None
    defaults: Defaults = Defaults()
    windows: tuple[WindowSpec, ...] = DEFAULT_WINDOWS
    gate: tuple[GateSpec, ...] = ()
    gate_carry: bool = False
    limits: Limits = Limits()
    setup: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def runtime_of(self, task: TaskSpec, role: RoleName) -> RuntimeName | None:
        """The runtime a task runs on: its own, what its keys imply, its windows', the plan's default."""
        if task.runtime is not None:
            return task.runtime
        if task.run is not None:
            return RuntimeName.COMMAND
        if task.script:
            return RuntimeName.SCRIPTED
        for window in self.windows:
            if window.role == role and window.runtime is not None:
                return window.runtime
        return self.defaults.runtime

    def timeout_of(self, task: TaskSpec) -> float:
        return self.defaults.timeout if task.timeout is None else task.timeout

    def retries_of(self, task: TaskSpec) -> int:
        return self.defaults.retries if task.retries is None else task.retries
