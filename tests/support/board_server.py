"""A small MCP server of a user's own: it says what it was given and what it can see. It speaks on its standard streams,
or, with a named pipe to say its port to, by HTTP."""

import os
import socket
import sys
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import Context, MCPServer

LOOKED_FOR = ("BOARD", "HANDED_ON", "TIANTING_CANARY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")

server = MCPServer[None]("board", log_level="ERROR")


@server.tool()
def note(text: str, context: Context[None]) -> str:
    """Say what was given, and what this process sees."""
    shown = (context.headers or {}).get("authorization", "")
    seen = {name: os.environ.get(name, "") for name in LOOKED_FOR}
    return f"{text}{f', {shown}' if shown else ''}: {seen} in {os.getcwd()}"


def far(ready: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(server.streamable_http_app(), log_level="error")
    ready.write_text(str(listener.getsockname()[1]))  # who connects from now on waits in the listener's line
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        far(Path(sys.argv[1]))
    else:
        server.run("stdio")
