"""Which runtime stands behind a name of the plan.

Never: a runtime's own work.
"""

from collections.abc import Iterator
from typing import assert_never

from agents.runtime import Capabilities, Runtime
from agents.runtimes.acp import AcpRuntime
from agents.runtimes.autogen import AutogenRuntime
from agents.runtimes.claude import ClaudeRuntime
from agents.runtimes.codex import CodexRuntime
from agents.runtimes.command import CommandRuntime
from agents.runtimes.scripted import ScriptedRuntime
from state.plan import RuntimeName


def runtime_for(name: RuntimeName) -> Runtime:
    match name:
        case RuntimeName.COMMAND:
            return CommandRuntime()
        case RuntimeName.SCRIPTED:
            return ScriptedRuntime()
        case RuntimeName.CLAUDE:
            return ClaudeRuntime()
        case RuntimeName.ACP:
            return AcpRuntime()
        case RuntimeName.AUTOGEN:
            return AutogenRuntime()
        case RuntimeName.CODEX:
            return CodexRuntime()
        case _:
            assert_never(name)


ABILITIES = (
    ("asks", "asks a person"),
    ("steers", "takes a word while it works"),
    ("interrupts", "is interrupted by a word"),
    ("resumes", "goes on after a crash"),
    ("permits", "asks before it uses a tool"),
    ("counts", "counts tokens"),
    ("prices", "counts money"),
    ("models", "takes a model's name"),
    ("serves", "takes MCP servers"),
)
"""Each field of `Capabilities` that the table shows, with its words."""


def abilities(name: RuntimeName) -> Iterator[tuple[str, bool]]:
    """What a runtime can do and what not, in the words of the table."""
    can = runtime_for(name).capabilities()
    for field, words in ABILITIES:
        yield words, _has(can, field)


def _has(can: Capabilities, field: str) -> bool:
    return getattr(can, field) is True
