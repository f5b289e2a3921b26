"""MCP servers in the words of the Agent Client Protocol.

Never: a choice of servers; that is `agents/servers.py`.
"""

from agents.runtime import Served


def described(one: Served) -> dict[str, object]:
    if one.url:
        headers = [{"name": "Authorization", "value": f"Bearer {one.token}"}] if one.token else []
        return {"type": "http", "name": one.name, "url": one.url, "headers": headers}
    env = [{"name": name, "value": value} for name, value in one.environment]
    return {"name": one.name, "command": one.command[0], "args": list(one.command[1:]), "env": env}
