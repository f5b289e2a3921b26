"""The plan: a DAG of tasks and how to run them, as frozen values.

Never: text (that is `plan_text.py`), a graph algorithm (that is the scheduler), a status.
All times are seconds, all paths are relative to the repository with `/` between the parts.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from zlib import crc32

from state.ids import BranchName, RoleName, TaskId

FORMAT_VERSION = 1


class RuntimeName(StrEnum):
    """The agent programs that this version can run."""

    COMMAND = "command"
    SCRIPTED = "scripted"
    CLAUDE = "claude"
    ACP = "acp"
    AUTOGEN = "autogen"
    CODEX = "codex"


AGENTS = frozenset({RuntimeName.CLAUDE, RuntimeName.ACP, RuntimeName.AUTOGEN, RuntimeName.CODEX})
"""Those that are told what to do by a prompt."""


class Network(StrEnum):
    """What agents, `verify` and gates may reach: everything, the model of an agent alone, nothing."""

    OPEN = "open"
    MODEL = "model"
    OFF = "off"


class OnOverlap(StrEnum):
    """What becomes of a ready task whose footprint meets that of a task that has not landed yet: it waits, it gives way
    to others that are ready, or it starts in its turn."""

    HOLD = "hold"
    REORDER = "reorder"
    GO = "go"


class StepKind(StrEnum):
    """What one step of a scripted (simulated) agent does."""

    SAY = "say"
    WRITE = "write"
    APPEND = "append"
    REPLACE = "replace"
    DELETE = "delete"
    RUN = "run"
    WAIT = "wait"
    LISTEN = "listen"
    ASK = "ask"
    COMMIT = "commit"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step of a simulated agent.

    `arg` is the path (write, append, replace, delete), the command (run), the sentence (say, ask, commit, fail)
    or the seconds as text (wait, listen). `text` is the new content, with the last answer to `ask` for `{answer}`;
    `old` is what replace looks for. With `attempt` the step is taken on that attempt only (1 is the first).
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
class MigrationSpec:
    """How migrations are run on a scratch database, to prove what was merged. `run` takes the database that
    `{database}` names in it (and in `env`) to the newest state; `dump` prints a schema. `database` is its address, ""
    for a SQLite file; `{scratch}` in it, in `create`, `dump` and `drop` is a name that is free. "" where left out.
    """

    run: str
    env: tuple[tuple[str, str], ...] = ()
    database: str = ""
    create: str = ""
    dump: str = ""
    drop: str = ""
    timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class ResolverSpec:
    """The agent that is given what the rules of the ladder do not settle: how often it may try one conflict, and what
    it works with where that is not what the windows of its role say."""

    attempts: int = 2
    runtime: RuntimeName | None = None
    model: str | None = None
    run: str | None = None
    script: tuple[ScriptStep, ...] = ()
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent: tokens (cached ones too), US dollars, turns of the model. None is no limit."""

    tokens: int | None = None
    usd: float | None = None
    turns: int | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """What agents may do, by patterns of tools (see `agents/permit.py`): the first list that names a use decides, in
    the order deny, ask, allow. `usual` is the answer where none does: `allow`, `deny` or `ask`."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    usual: str = "allow"


OWN_SERVER = "tianting"
"""The name of the MCP server that Tianting itself offers to a window."""


@dataclass(frozen=True, slots=True)
class McpServer:
    """An MCP server that agents are given: a program that speaks on its standard streams (`command`), or an address
    (`url`) that is shown the variable `bearer` as its token. `inherit` and `bearer` name variables of the leading
    process, `roles` the windows that get it (none: all). The one called `tianting` is Tianting's own; its `promptx` is
    the command of a PromptX that its roles and memory are asked of."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: tuple[tuple[str, str], ...] = ()
    inherit: tuple[str, ...] = ()
    bearer: str = ""
    roles: tuple[RoleName, ...] = ()
    promptx: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A pool of `count` windows of one role; `runtime` is what its tasks run on unless they say otherwise. `command` is
    the agent program, where another than the runtime's own is meant; `model`, `env` and `inherit` as in `Defaults`.
    `budget` is what each of its windows may spend in a run."""

    role: RoleName
    count: int = 1
    runtime: RuntimeName | None = None
    command: tuple[str, ...] = ()
    model: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    inherit: tuple[str, ...] = ()
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Capacity of a run: windows live at once, gates at once, seconds of wall time in all, tokens and US dollars."""

    windows: int = 4
    gates: int = 2
    wall: float | None = None
    tokens: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a task has when it does not say: runtime, wall, startup and idle clocks, number of retries, model. `env` is
    pairs of name and value; `inherit` names the variables that agents get as the leading process has them. `budget` is
    what one attempt may spend; `answer` is how long an agent's question waits for a person, in seconds."""

    runtime: RuntimeName | None = None
    timeout: float = 1800.0
    startup: float = 60.0
    idle: float = 600.0
    retries: int = 2
    model: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    inherit: tuple[str, ...] = ()
    budget: Budget | None = None
    answer: float | None = None


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A node of the plan. `touches` and `exclusive` are globs; `env` is pairs of name and value; `budget` is what all
    of its attempts may spend together."""

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
    model: str | None = None
    budget: Budget | None = None


DEFAULT_ROLES = (RoleName("frontend"), RoleName("backend"), RoleName("testing"), RoleName("docs"))
RESOLVER = RoleName("resolver")
"""Settles conflicts; no task is given to its windows unless it asks."""
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
    regenerate: tuple[tuple[str, str], ...] = ()
    """Globs of files that are made by a command and never merged as text, each with the command."""
    migrations: MigrationSpec | None = None
    permissions: Permissions = Permissions()
    mcp: tuple[McpServer, ...] = ()
    overlaps: OnOverlap = OnOverlap.REORDER
    resolver: ResolverSpec | None = None
    """None: no agent is asked to settle a conflict."""
    network: Network = Network.OPEN

    def runtime_of(self, task: TaskSpec, role: RoleName) -> RuntimeName | None:
        """The runtime a task runs on: its own, what its keys imply, its windows', the plan's default."""
        if task.runtime is not None:
            return task.runtime
        if task.run is not None:
            return RuntimeName.COMMAND
        if task.script:
            return RuntimeName.SCRIPTED
        return self.window_of(role).runtime or self.defaults.runtime

    def resolver_of(self, task: TaskSpec, attempt: int = 1) -> TaskSpec | None:
        """What the resolver is given for a conflict of this task, at the `attempt`-th try; None when there is none."""
        one = self.resolver
        if one is None:
            return None
        steps = tuple(replace(step, attempt=None) for step in one.script if step.attempt in (None, attempt))
        return replace(
            task,
            role=RESOLVER,
            window=None,
            adopt=None,
            runtime=one.runtime,
            model=one.model,
            run=one.run,
            script=steps,
            timeout=one.timeout if one.timeout is not None else task.timeout,
        )

    @property
    def simulates_conflicts(self) -> bool:
        """Whether its resolver is a simulated agent."""
        spec = self.resolver_of(TaskSpec(TaskId("")))
        return spec is not None and self.runtime_of(spec, RESOLVER) is RuntimeName.SCRIPTED

    def window_of(self, role: RoleName) -> WindowSpec:
        return next((window for window in self.windows if window.role == role), WindowSpec(role))

    def model_of(self, task: TaskSpec, role: RoleName) -> str:
        """The model's name; "" leaves it to the program."""
        return task.model or self.window_of(role).model or self.defaults.model or ""

    def env_of(self, task: TaskSpec, role: RoleName) -> tuple[tuple[str, str], ...]:
        """The variables of a task: the nearest word counts."""
        return tuple((dict(self.defaults.env) | dict(self.window_of(role).env) | dict(task.env)).items())

    def inherited_by(self, role: RoleName) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.defaults.inherit, *self.window_of(role).inherit)))

    def servers_of(self, role: RoleName) -> tuple[McpServer, ...]:
        """The MCP servers that the windows of a role get."""
        return tuple(server for server in self.mcp if not server.roles or role in server.roles)

    def timeout_of(self, task: TaskSpec) -> float:
        return self.defaults.timeout if task.timeout is None else task.timeout

    def retries_of(self, task: TaskSpec) -> int:
        return self.defaults.retries if task.retries is None else task.retries

    def credential_of(self, role: RoleName) -> str:
        """A name for what the agents of a role show to their provider: the same for all who share it. It tells
        nothing of the credential itself."""
        window = self.window_of(role)
        shown = {name: value for name, value in (*self.defaults.env, *window.env) if _SHOWN.search(name)}
        handed = [name for name in self.inherited_by(role) if _SHOWN.search(name)]
        said = "\0".join([*(f"{name}={value}" for name, value in sorted(shown.items())), *sorted(handed)])
        return f"{crc32(said.encode('utf-8', 'surrogatepass')):08x}"


_SHOWN = re.compile("KEY|TOKEN|AUTH|CREDENTIAL|BASE_URL|API_BASE", re.IGNORECASE)
"""Names of variables that say who pays, and to whom."""
