"""Stands in for a PromptX of an older or a newer kind: the names of its tools, and the shape of what it remembers."""

import json
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("promptx", log_level="ERROR")
begun: list[str] = []


def older() -> None:
    @server.tool()
    def promptx_init(workingDirectory: str) -> str:
        begun.append(workingDirectory)
        return "ready"

    @server.tool()
    def promptx_action(role: str) -> str:
        return f"old: {role}" if begun else "not initialised"

    @server.tool()
    def promptx_remember(content: str, tags: str = "") -> str:
        return json.dumps({"content": content, "tags": tags, "home": begun[0]})


def newer() -> None:
    @server.tool()
    def action(role: str) -> str:
        return f"new: {role}"

    @server.tool()
    def remember(role: str, engrams: list[dict[str, str | float]]) -> str:
        return json.dumps({"role": role, "engrams": engrams})


if __name__ == "__main__":
    (older if sys.argv[1] == "old" else newer)()
    server.run("stdio")
