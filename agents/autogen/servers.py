"""Tools of MCP servers for an AutoGen agent: the servers begin and end with it, each use is asked for first.

Never: a server of another agent, a use that nobody gave leave for.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from autogen_core import CancellationToken
from autogen_core.tools import BaseTool, ParametersSchema, ToolSchema
from httpx2 import AsyncClient
from mcp import Client, MCPError, StdioServerParameters, Tool, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent
from pydantic import BaseModel, ConfigDict

from agents.autogen.tools import Kit, Leave, Refused
from agents.autogen.wire import ProviderFault
from agents.raw import Raw, inner, text
from agents.runtimes.tool_words import in_one_line
from state.failure import FailureKind

_PATIENCE = 300.0
"""Seconds that an answer of a server that is reached by HTTP may take."""


class _Given(BaseModel):
    """What a model gives is checked by the server, which knows."""

    model_config = ConfigDict(extra="allow")


class _Told(BaseModel):
    words: str


class _FarTool(BaseTool[BaseModel, BaseModel]):
    def __init__(self, server: str, tool: Tool, client: Client, leave: Leave) -> None:
        super().__init__(_Given, _Told, f"mcp__{server}__{tool.name}", tool.description or tool.name)
        self._tool, self._client, self._leave = tool, client, leave

    @property
    def schema(self) -> ToolSchema:
        wanted = self._tool.input_schema
        properties, required = inner(wanted, "properties"), wanted.get("required")
        parameters = ParametersSchema(
            type="object", properties=dict(properties), required=required if isinstance(required, list) else []
        )
        return ToolSchema(name=self.name, description=self.description, parameters=parameters)

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> _Told:
        given = dict(args.model_extra or {})
        if why := await self._leave(self.name, in_one_line(given), ""):
            raise Refused(why)
        try:
            told = await self._client.call_tool(self._tool.name, given)
        except MCPError as fault:
            raise Refused(f"{self.name} failed: {fault}") from fault
        words = "\n".join(part.text for part in told.content if isinstance(part, TextContent))
        if told.is_error:
            raise Refused(words or f"{self.name} failed")
        return _Told(words=words)

    def return_value_as_string(self, value: object) -> str:
        return value.words if isinstance(value, _Told) else str(value)


@asynccontextmanager
async def tools_of(servers: Sequence[Raw], leave: Leave) -> AsyncIterator[list[Kit]]:
    """The tools of all servers, to the end of the block. Raises `ProviderFault`."""
    found: list[Kit] = []
    async with AsyncExitStack() as stack:
        for server in servers:
            name = text(server, "name")
            try:
                client = await stack.enter_async_context(await _client(stack, server))
                known = (await client.list_tools()).tools
            except (OSError, MCPError, ExceptionGroup) as fault:
                detail = f"the MCP server {name!r} of the plan does not answer: {fault}"
                raise ProviderFault(FailureKind.ENVIRONMENT, detail, again=False) from fault
            found += [_FarTool(name, one, client, leave) for one in known]
        yield found


async def _client(stack: AsyncExitStack, server: Raw) -> Client:
    if address := text(server, "url"):
        token = text(server, "token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        http = await stack.enter_async_context(AsyncClient(headers=headers, timeout=_PATIENCE))
        return Client(streamable_http_client(address, http_client=http))
    command = [str(part) for part in _list(server, "command")]
    environment = {str(key): str(value) for key, value in inner(server, "env").items()}
    return Client(stdio_client(StdioServerParameters(command=command[0], args=command[1:], env=environment)))


def _list(raw: Raw, key: str) -> Sequence[object]:
    found = raw.get(key)
    return found if isinstance(found, list) else ()
