"""A small agent that speaks the Agent Client Protocol by its official library, and has its replies from a model.

Run as a program of its own. It reads and writes through its client, asks before it edits or runs, counts tokens, and
ends a turn when it is cancelled.
"""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

import acp
from acp.interfaces import Client
from acp.schema import (
    AgentCapabilities,
    Implementation,
    InitializeResponse,
    NewSessionResponse,
    PermissionOption,
    PromptResponse,
    TextContentBlock,
    ToolCallLocation,
    ToolCallStatus,
    ToolCallUpdate,
    ToolKind,
    Usage,
)
from anthropic import APIStatusError, AsyncAnthropic
from anthropic.types import MessageParam, ToolParam, ToolResultBlockParam, ToolUseBlock

PLACE = {"type": "string"}
TOOLS: list[ToolParam] = [
    {"name": name, "input_schema": {"type": "object", "properties": dict.fromkeys(arguments, PLACE)}}
    for name, arguments in {
        "read_file": ["file_path"],
        "write_file": ["file_path", "content"],
        "edit_file": ["file_path", "old_string", "new_string"],
        "run_command": ["command"],
        "ask": ["question"],
    }.items()
]
KINDS: dict[str, ToolKind] = {
    "read_file": "read",
    "write_file": "edit",
    "edit_file": "edit",
    "run_command": "execute",
    "ask": "other",
}
LEAVE = [
    PermissionOption(option_id="yes", name="Allow", kind="allow_once"),
    PermissionOption(option_id="no", name="Reject", kind="reject_once"),
]


COMPLETED: ToolCallStatus = "completed"
FAILED: ToolCallStatus = "failed"


class Refused(Exception):
    pass


class SmallAgent:
    def __init__(self) -> None:
        self.client: Client
        self.cwd = ""
        self.talk: list[MessageParam] = []
        self.used = [0, 0, 0]
        self.work: asyncio.Task[None] | None = None
        self.model = AsyncAnthropic(max_retries=3)

    def on_connect(self, conn: Client) -> None:
        self.client = conn

    async def initialize(self, protocol_version: int, **_: object) -> InitializeResponse:
        info = Implementation(name="small-agent", version="1")
        return InitializeResponse(
            protocol_version=protocol_version, agent_capabilities=AgentCapabilities(), agent_info=info
        )

    async def new_session(self, cwd: str, **_: object) -> NewSessionResponse:
        self.cwd = cwd
        return NewSessionResponse(session_id=uuid4().hex)

    async def prompt(self, session_id: str, prompt: list[TextContentBlock], **_: object) -> PromptResponse:
        words = "\n".join(block.text for block in prompt)
        self.talk.append({"role": "user", "content": f"Working directory: {self.cwd}\n{words}"})
        self.work = asyncio.create_task(self.turn(session_id))  # noqa: TID251  # cancelled by `cancel`
        try:
            await self.work
            reason = "end_turn"
        except asyncio.CancelledError:
            reason = "cancelled"
        except APIStatusError as error:
            if error.status_code == 401:
                raise acp.RequestError.auth_required() from error
            raise acp.RequestError.internal_error({"status": error.status_code}) from error
        fresh, out, cached = self.used
        usage = Usage(
            total_tokens=fresh + out + cached, input_tokens=fresh, output_tokens=out, cached_read_tokens=cached
        )
        return PromptResponse(stop_reason=reason, usage=usage)  # type: ignore[arg-type]  # one of the known reasons

    async def cancel(self, session_id: str, **_: object) -> None:
        if self.work is not None:
            self.work.cancel()

    async def turn(self, session: str) -> None:
        while True:
            reply = await self.model.messages.create(model="small", max_tokens=999, messages=self.talk, tools=TOOLS)
            self.talk.append({"role": "assistant", "content": reply.content})
            cached = reply.usage.cache_read_input_tokens or 0
            for at, count in enumerate((reply.usage.input_tokens, reply.usage.output_tokens, cached)):
                self.used[at] += count
            results: list[ToolResultBlockParam] = []
            for block in reply.content:
                if block.type == "text" and block.text:
                    await self.client.session_update(session, acp.update_agent_message_text(block.text))
                if isinstance(block, ToolUseBlock):
                    results.append(await self.use(session, block))
            if not results:
                return
            self.talk.append({"role": "user", "content": results})

    async def use(self, session: str, block: ToolUseBlock) -> ToolResultBlockParam:
        given = {str(key): str(value) for key, value in dict(block.input).items()}
        kind: ToolKind = KINDS.get(block.name, "other")
        place = [ToolCallLocation(path=given["file_path"])] if "file_path" in given else []
        begun = acp.start_tool_call(
            block.id,
            block.name,
            kind=kind,
            status="pending",
            locations=place,
            raw_input=given,
        )
        await self.client.session_update(session, begun)
        try:
            if kind in ("edit", "execute"):
                await self.leave(session, block, kind, given, place)
            told, status = await self.do(session, block.name, given), COMPLETED
        except (Refused, acp.RequestError) as error:
            told, status = str(error), FAILED
        ended = acp.update_tool_call(
            block.id,
            status=status,
            content=[acp.tool_content(acp.text_block(told))],
        )
        await self.client.session_update(session, ended)
        return {"type": "tool_result", "tool_use_id": block.id, "content": told, "is_error": status == FAILED}

    async def leave(
        self, session: str, block: ToolUseBlock, kind: ToolKind, given: dict[str, str], place: list[ToolCallLocation]
    ) -> None:
        call = ToolCallUpdate(
            tool_call_id=block.id,
            title=block.name,
            kind=kind,
            raw_input=given,
            locations=place,
        )
        answer = await self.client.request_permission(session, call, LEAVE)
        if getattr(answer.outcome, "option_id", "") != "yes":
            raise Refused("not allowed")

    async def do(self, session: str, tool: str, given: dict[str, str]) -> str:
        path = given.get("file_path", "")
        match tool:
            case "read_file":
                return (await self.client.read_text_file(session, path)).content
            case "write_file":
                await self.client.write_text_file(session, path, given["content"])
            case "edit_file":
                before = Path(path).read_text(encoding="utf-8")
                after = before.replace(given["old_string"], given["new_string"])
                await self.client.write_text_file(session, path, after)
            case "run_command":
                return await self.run(given["command"])
            case "ask":
                return await self.ask(given["question"])
            case _:
                raise Refused("no such tool")
        return "done"

    async def run(self, command: str) -> str:
        child = await asyncio.create_subprocess_shell(
            command, cwd=self.cwd, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await child.communicate()
        return told.decode()

    async def ask(self, question: str) -> str:
        schema = {"type": "object", "properties": {"answer": {"type": "string", "enum": ["red", "blue"]}}}
        params = {"mode": "form", "message": question, "requestedSchema": schema}
        connection = self.client._conn  # type: ignore[attr-defined]  # the library has no word for it on this side
        answer = await connection.send_request("elicitation/create", params)
        return str(answer["content"]["answer"])


if __name__ == "__main__":
    os.environ.setdefault("ANTHROPIC_API_KEY", "none")
    asyncio.run(acp.run_agent(SmallAgent()))  # type: ignore[arg-type]  # it leaves out what it can not do
