"""Tianting as an MCP server for the agent in one window, on its standard streams.

Started by the agent program, in the window's own walls. Never: a tool that changes what a task is or when it lands.
"""

import json
import os
import sys
from collections.abc import Awaitable
from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from agents.mcp.door import Door, Unheard, door_here
from agents.mcp.promptx import Bridge, BridgeFault

PROMPTX = "TIANTING_PROMPTX"
"""The command of a PromptX, as JSON; roles and memory are then asked of it."""
PROMPTX_HOME = "TIANTING_PROMPTX_HOME"

_INSTRUCTIONS = """You work in one window of Tianting; others work at the same time in theirs. Look at the plan and at
what others claim before you decide on something that they rely on, read what a neighbour's code offers before you call
it, and ask when a decision is not yours."""

Tags = Annotated[list[str] | None, Field(description="Words to find it by.")]


def server_for(door: Door, bridge: Bridge | None) -> MCPServer[None]:
    server = MCPServer("tianting", instructions=_INSTRUCTIONS, log_level="ERROR")
    _about_the_run(server, door)
    _by_conversation(server, door)
    _by_memory(server, door)
    _by_other_names(server, door, bridge)
    return server


async def _told(door: Door, tool: str, **given: object) -> str:
    try:
        return await door.ask(tool, given)
    except Unheard as fault:
        raise ToolError(str(fault)) from fault


async def _bridged(calling: Awaitable[str]) -> str:
    try:
        return await calling
    except BridgeFault as fault:
        raise ToolError(str(fault)) from fault


def _about_the_run(server: MCPServer[None], door: Door) -> None:
    @server.tool()
    async def plan() -> str:
        """The tasks of the plan: where each stands, what it needs, what it claims. Yours is marked."""
        return await _told(door, "plan")

    @server.tool()
    async def claims() -> str:
        """What is claimed and has been changed by those who work at the same time, and where your work meets theirs."""
        return await _told(door, "claims")

    @server.tool()
    async def interface(task: Annotated[str, Field(description="The id of a task.")]) -> str:
        """What the code of another task offers as it is now: signatures, routes, tables."""
        return await _told(door, "interface", task=task)


def _by_conversation(server: MCPServer[None], door: Door) -> None:
    @server.tool()
    async def report(text: Annotated[str, Field(description="One sentence.")]) -> str:
        """Tell the person who watches how far you are."""
        return await _told(door, "report", text=text)

    @server.tool()
    async def ask(
        question: str, choices: Annotated[list[str] | None, Field(description="The answers there are.")] = None
    ) -> str:
        """Ask the person in charge, and wait for the answer."""
        return await _told(door, "ask", question=question, choices=choices or [])


def _by_memory(server: MCPServer[None], door: Door) -> None:
    @server.tool()
    async def remember(content: str, tags: Tags = None) -> str:
        """Keep something for later tasks and runs of this repository."""
        return await _told(door, "remember", content=content, tags=tags or [])

    @server.tool()
    async def recall(query: Annotated[str, Field(description="Words to look for; empty: the newest.")] = "") -> str:
        """What was remembered in this repository, the best match first."""
        return await _told(door, "recall", query=query)


def _by_other_names(server: MCPServer[None], door: Door, bridge: Bridge | None) -> None:
    """The names that PromptX has for a role and for memory."""

    @server.tool()
    async def promptx_action(role: str) -> str:
        """Take on a role: what it is told about itself."""
        if bridge is None:
            return await _told(door, "role", role=role)
        return await _bridged(bridge.action(role))

    @server.tool()
    async def promptx_remember(content: str, tags: Tags = None) -> str:
        """Keep something for later tasks and runs of this repository."""
        if bridge is not None:
            await _bridged(bridge.remember(content, tags or []))
        return await _told(door, "remember", content=content, tags=tags or [])


def main() -> None:
    try:
        door = door_here()
    except Unheard as fault:
        sys.stderr.write(f"tianting: {fault}\n")
        sys.exit(2)
    command = os.environ.get(PROMPTX)
    role = os.environ.get("TIANTING_ROLE", "")
    bridge = Bridge(tuple(json.loads(command)), os.environ.get(PROMPTX_HOME, ""), role) if command else None
    server_for(door, bridge).run("stdio")


if __name__ == "__main__":
    main()
