"""The bridge to a PromptX: one that calls its tools `promptx_action` and `promptx_remember`, or one that calls them
`action` and `remember` and takes what is remembered in another shape.

Never: a file of PromptX in the worktree; it keeps what it keeps in the private folder of the window's sessions.
"""

import os
from collections.abc import Mapping, Sequence

from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.types import TextContent

_PREFIX = "promptx_"
_PATIENCE = 60.0
_STRENGTH = 0.7
"""How well PromptX is to remember what an agent thought worth it; from 0 to 1."""


class BridgeFault(Exception):
    """PromptX did not do it; one sentence."""


class Bridge:
    def __init__(self, command: Sequence[str], home: str, role: str) -> None:
        self._server = StdioServerParameters(
            command=command[0], args=list(command[1:]), env=dict(os.environ), cwd=home or None
        )
        self._home, self._role = home, role

    async def action(self, role: str) -> str:
        """The words of a role. Raises `BridgeFault`."""
        return await self._call("action", {"role": role}, {"role": role})

    async def remember(self, content: str, tags: Sequence[str]) -> str:
        """Raises `BridgeFault`."""
        engram = {"content": content, "schema": "\n".join(tags), "strength": _STRENGTH, "type": "ATOMIC"}
        old = {"content": content, **({"tags": " ".join(tags)} if tags else {})}
        return await self._call("remember", old, {"role": self._role or "default", "engrams": [engram]})

    async def _call(self, tool: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
        """One call, in the dialect that is spoken there. A program of its own each time: calls are rare, and it may
        be ended at any moment."""
        try:
            async with Client(stdio_client(self._server), read_timeout_seconds=_PATIENCE) as client:
                known = {one.name for one in (await client.list_tools()).tools}
                if f"{_PREFIX}{tool}" not in known and tool not in known:
                    raise BridgeFault(f"this PromptX has neither {_PREFIX}{tool} nor {tool}")
                if f"{_PREFIX}init" in known:
                    await client.call_tool(f"{_PREFIX}init", {"workingDirectory": self._home})
                older = f"{_PREFIX}{tool}" in known
                told = await client.call_tool(f"{_PREFIX}{tool}" if older else tool, dict(old if older else new))
        except (OSError, MCPError, ExceptionGroup) as fault:
            raise _refused(fault) from fault
        words = "\n".join(part.text for part in told.content if isinstance(part, TextContent))
        if told.is_error:
            raise BridgeFault(f"PromptX refused: {words}")
        return words


def _refused(fault: Exception) -> BridgeFault:
    """The library puts what goes wrong while a server is spoken to into a group."""
    if isinstance(fault, ExceptionGroup):
        return _refused(fault.exceptions[0])
    return fault if isinstance(fault, BridgeFault) else BridgeFault(f"PromptX does not answer: {fault}")
