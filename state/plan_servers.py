"""Reads the MCP servers of a plan.

Never: a look at other keys of the plan; that is `plan_graph.py`.
"""

import re

from state.ids import RoleName
from state.plan import OWN_SERVER, McpServer
from state.plan_fields import AnyKey, Table, empty_fault, name_fault, variable_fault
from state.plan_schema import MCP_SERVER, OWN_MCP_SERVER

SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
"""It becomes part of the names of tools, which providers limit."""
_ADDRESS = re.compile(r"https?://[^\s/]+\S*")


def read_servers(plan: Table) -> tuple[McpServer, ...]:
    table = Table.of(plan.reading, (*plan.path, "mcp"), plan.raw.get("mcp", {}), "`mcp`", AnyKey())
    return tuple(_server(table, name) for name in table.raw)


def _server(servers: Table, name: str) -> McpServer:
    own = name == OWN_SERVER
    path, raw = (*servers.path, name), servers.raw[name]
    known = OWN_MCP_SERVER if own else MCP_SERVER
    table = Table.of(servers.reading, path, {} if raw is None and own else raw, f"the MCP server {name!r}", known)
    if not SERVER_NAME.fullmatch(name):
        wanted = "must be 1 to 32 letters, digits, '_' or '-', the first a letter or digit"
        servers.reading.fault(path, f"the MCP server {name!r} {wanted}", key=True)
    server = McpServer(
        name,
        command=table.texts("command", empty_fault),
        url=table.text("url", _address_fault) or "",
        env=table.variables("env"),
        inherit=table.texts("inherit", variable_fault),
        bearer=table.text("bearer", variable_fault) or "",
        roles=tuple(RoleName(role) for role in dict.fromkeys(table.texts("roles", name_fault))),
        promptx=table.texts("promptx", empty_fault),
    )
    if not own and isinstance(raw, dict):
        _check(table, name)
    return server


def _check(table: Table, name: str) -> None:
    """A server is a program or an address, and what belongs to the one does not go with the other."""
    if ("command" in table.raw) == ("url" in table.raw):
        table.reading.fault(
            table.path, f"the MCP server {name!r} needs either `command`, its program, or `url`, its address"
        )
        return
    strange = ("env", "inherit") if "url" in table.raw else ("bearer",)
    for key in strange:
        if key in table.raw:
            kind = "an address" if "url" in table.raw else "a program"
            table.fault(key, f"says nothing to a server that is {kind}: take it out")


def _address_fault(raw: str) -> str | None:
    return None if _ADDRESS.fullmatch(raw) else "must be an address that begins with http:// or https://"
