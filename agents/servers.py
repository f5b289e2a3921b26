"""The MCP servers that an attempt's agent is given: those of the plan, with their variables, and Tianting's own.

Never: a variable of this process that the plan does not hand on, a server that the role is not to have.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from agents.audience import VARIABLE
from agents.environment import Environment, EnvironmentFault
from agents.runtime import Served
from agents.sweep import MARKER
from state.ids import RoleName
from state.plan import OWN_SERVER, McpServer, Plan

PROGRAM = (sys.executable, "-I", "-P", "-m", "agents.mcp.server")
_BARE = (sys.executable, "-I", "-S", "-B", str(Path(__file__).parent / "mcp" / "bare.py"))
_BASE = ("PATH", "LANG", "TZ", "HOME", "TMPDIR", "GIT_CEILING_DIRECTORIES", MARKER)
"""What a server gets of the window's environment: no credential of the agent's is among it."""
_SHORTEST_SECRET = 6


def has_own(plan: Plan, role: RoleName) -> bool:
    """Whether Tianting's own server is among those of a role."""
    return any(server.name == OWN_SERVER for server in plan.servers_of(role))


def served(plan: Plan, role: RoleName, here: Environment, audience: str, state: str) -> tuple[Served, ...]:
    """`audience` is the window's socket, `state` a private folder that outlives the attempt. Raises
    `EnvironmentFault`."""
    return tuple(_served(server, role, here, audience, state) for server in plan.servers_of(role))


def hidden(here: Environment, servers: tuple[Served, ...], plan: Plan) -> Environment:
    """The environment with what the servers were handed kept out of transcripts too."""
    handed = {name for server in plan.mcp for name in server.inherit}
    values = {value for one in servers for name, value in one.environment if name in handed}
    values |= {one.token for one in servers}
    return replace(here, secrets=(*here.secrets, *(one for one in values if len(one) >= _SHORTEST_SECRET)))


def _served(server: McpServer, role: RoleName, here: Environment, audience: str, state: str) -> Served:
    base = {name: value for name in _BASE if (value := here.variables.get(name))}
    if server.name == OWN_SERVER:
        own = {VARIABLE: audience, "TIANTING_ROLE": role}
        if server.promptx:
            own |= {"TIANTING_PROMPTX": json.dumps(server.promptx), "TIANTING_PROMPTX_HOME": state}
        return _bare(server.name, PROGRAM, base | own)
    if server.url:
        return Served(server.name, url=server.url, token=_value(server.name, server.bearer) if server.bearer else "")
    own = {name: _value(server.name, name) for name in server.inherit}
    own |= {name: here.expand(value) for name, value in server.env}
    return _bare(server.name, tuple(here.expand(part) for part in server.command), base | own)


def _bare(name: str, command: tuple[str, ...], variables: Mapping[str, str]) -> Served:
    """A program that gets these variables alone, whatever the agent hands on to it."""
    return Served(name, (*_BARE, ",".join(variables), *command), tuple(variables.items()))


def variables_of(plan: Plan, role: RoleName) -> Iterator[str]:
    """The names of variables that must be set where Tianting is started."""
    for server in plan.servers_of(role):
        yield from (*server.inherit, *([server.bearer] if server.bearer else []))


def _value(server: str, name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise EnvironmentFault(
            f"the plan hands {name} on to the MCP server {server!r}, but it is not set where Tianting was started"
        )
    return value
