"""The port to an agent program: what every runtime can be asked, and the one shape of what it tells.

A runtime is an adapter: how to start a program, and how its raw lines become happenings. Never: IO, a judgement
about the work (that is git's diff), a retry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agents.walls import Walls
from state.failure import Failure, FailureKind
from state.plan import ScriptStep
from state.transcript import EntryKind, Usage


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`asks`: can put a question to a person and wait for the answer. `steers`: takes a sentence while it works.
    `simulated`: no model and no person stands behind it; shown wherever the agent is shown. `resumes`: goes on with a
    session after a crash. `permits`: asks before it uses a tool. `counts`: tells tokens; `prices`: tells money.
    `models`: works with a model, and takes its name. `serves`: takes MCP servers. `note` says what is peculiar."""

    asks: bool
    steers: bool
    simulated: bool
    resumes: bool = False
    permits: bool = False
    counts: bool = False
    prices: bool = False
    models: bool = False
    serves: bool = False
    interrupts: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether the program is to be had: its path (and version where it is cheap to know), or why not."""

    found: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Served:
    """An MCP server that the agent is to have: a program with all of its environment, or an address with the token
    that it is shown ("" for none)."""

    name: str
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    url: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What a session is opened with. `environment` is all that the program gets, never more; `run` and `script` are
    the task's own, with their words expanded; `scratch` is a private folder outside the worktree, and `state` one that
    outlives the attempt, for what the program must find again to go on with the session `resume`. `command` is the
    program where the plan names one; `model` is "" for the program's own choice; `turns` is the most it may take;
    `prefix` is put before its command line.
    `whole` is the prompt for a conversation that turns out not to be there any more."""

    worktree: str
    scratch: str
    environment: Mapping[str, str]
    run: str | None = None
    script: tuple[ScriptStep, ...] = ()
    command: tuple[str, ...] = ()
    model: str = ""
    state: str = ""
    resume: str = ""
    whole: str = ""
    turns: int | None = None
    walls: Walls | None = None
    servers: tuple[Served, ...] = ()
    prefix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The first sign of life: the program runs, `pid` leads its process group."""

    pid: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation has a name of its own (`session`, by which it can be gone on with); "" what is not known."""

    session: str
    model: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One line for the transcript."""

    kind: EntryKind
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent waits for an answer; `number` names the question within the session, from 1."""

    number: int
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The agent waits for leave to use a tool; `number` as in `Asked`, `detail` is what it would do with it, and
    `writes` the path of the file that it would write."""

    number: int
    tool: str
    detail: str
    writes: str = ""


@dataclass(frozen=True, slots=True)
class Typing:
    """A piece of a message that is still being said; the whole comes as `Said`."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """`call` names this use of the tool until `ToolFinished` tells its end."""

    call: str
    tool: str
    detail: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    call: str
    ok: bool
    output: str


@dataclass(frozen=True, slots=True)
class FileChanged:
    """A hint: what really changed is git's to say."""

    path: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used since the last time it was told."""

    usage: Usage
    model: str = ""


@dataclass(frozen=True, slots=True)
class Retrying:
    """The provider refused, and the program will try again by itself in `after` seconds. `failure` is the class that
    it would be if it gave up."""

    after: float
    failure: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Alive:
    """Something was heard that is not worth a line."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The program says that it is done; `summary` is its last word."""

    summary: str


@dataclass(frozen=True, slots=True)
class Failed:
    failure: Failure


Ending = Finished | Failed
Happening = (
    Started
    | Opened
    | Said
    | Typing
    | ToolStarted
    | ToolFinished
    | FileChanged
    | Asked
    | Wanted
    | Spent
    | Retrying
    | Alive
    | Ending
)


class Session(Protocol):
    """One conversation with one process group. After `close` nothing of it runs any more."""

    async def prompt(self, text: str) -> None:
        """Hand over the work, once. A program that can not be started shows as `Failed` in the stream."""

    async def next(self) -> Happening:
        """The next happening. The stream ends in exactly one `Ending`, which is given again when asked again.

        May be cancelled at any time without losing anything: the next call goes on where this one was.
        """

    async def steer(self, text: str) -> bool:
        """Hand over a sentence in the middle of the work; False when it can not be taken."""

    async def answer(self, number: int, text: str) -> bool:
        """Answer the question of that number; False when nobody waits for it (any more)."""

    async def decide(self, number: int, allowed: bool, why: str) -> bool:
        """Give or refuse the leave of that number; False when nobody waits for it (any more)."""

    async def interrupt(self, why: str) -> bool:
        """Ask the agent, in its own language, to end; False when there is no such word. The stream then ends soon."""

    async def close(self) -> None:
        """Walk the rest of the stop ladder until no process is left. Nothing happens when it was closed already."""


class Runtime(Protocol):
    """One kind of agent program."""

    def capabilities(self) -> Capabilities: ...

    async def probe(self) -> Probe: ...

    def open(self, spec: SessionSpec) -> Session:
        """A session in which nothing runs yet; `prompt` begins."""
