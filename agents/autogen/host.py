"""An AutoGen assistant as a program of its own: JSON lines out (what happens) and in (work, words of a person).

Started by `agents/runtimes/autogen.py`, in the window's worktree, with the window's environment. Never: a word on
standard output that is no message, a life longer than that of whoever started it.
"""

import asyncio
import json
import os
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import TaskResult
from autogen_agentchat.messages import TextMessage, ThoughtEvent, ToolCallExecutionEvent, ToolCallRequestEvent
from autogen_core.models import AssistantMessage, LLMMessage, UserMessage

from agents.autogen.client import Client, TurnsSpent
from agents.autogen.tools import Kit, Leave, Toolbox
from agents.autogen.wire import Provider, ProviderFault
from agents.raw import Raw, items, parsed, text, whole
from agents.runtimes.confined import Confined
from agents.runtimes.tool_words import in_one_line
from state.failure import FailureKind

OPENROUTER = "https://openrouter.ai/api/v1"
_MOST_ITERATIONS = 1000
_SYSTEM = "You are a careful software engineer. Work with your tools until the task is done; then say what you did."


def tell(kind: str, fields: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps({"type": kind, **fields}).encode() + b"\n")
    sys.stdout.buffer.flush()


def provider_for(name: str) -> tuple[Provider, str]:
    """The provider and the model that a name of the plan means: `anthropic:MODEL`, `openai:MODEL`, `openrouter:MODEL`;
    without a provider it is the one that there is a credential for."""
    known = ("anthropic", "openai", "openrouter")
    who, colon, model = name.partition(":")
    if not colon or who not in known:
        credentials = {"ANTHROPIC_API_KEY": 0, "ANTHROPIC_AUTH_TOKEN": 0, "OPENAI_API_KEY": 1, "OPENROUTER_API_KEY": 2}
        who, model = known[next((at for key, at in credentials.items() if os.environ.get(key)), 0)], name
    # Each library takes a second to import, and one of them is enough.
    if who == "anthropic":
        from agents.autogen.anthropic_wire import AnthropicProvider

        return AnthropicProvider(model), model
    from agents.autogen.openai_wire import OpenAiProvider

    if who == "openai":
        return OpenAiProvider(model), model
    address = os.environ.get("OPENROUTER_BASE_URL", OPENROUTER)
    return OpenAiProvider(model, address, os.environ.get("OPENROUTER_API_KEY", "")), model


class Host:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heard: asyncio.Queue[Raw | None] = asyncio.Queue()
        self._steers: list[str] = []
        self._open: dict[int, asyncio.Future[Raw]] = {}
        self._number = 0
        self._work: asyncio.Task[None] | None = None
        self._last = ""
        self._names: dict[str, str] = {}

    def listen(self) -> None:
        """In a thread of its own. The end of input is the end: whoever led this agent is gone."""
        for line in sys.stdin.buffer:
            if (message := parsed(line)) is not None:
                self._loop.call_soon_threadsafe(self._heard.put_nowait, message)
        self._loop.call_soon_threadsafe(self._heard.put_nowait, None)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while (message := await self._heard.get()) is not None:
                match text(message, "type"):
                    case "work":
                        self._work = group.create_task(self._carried_out(message))
                        self._work.add_done_callback(lambda _: self._heard.put_nowait(None))
                    case "steer":
                        self._steers.append(text(message, "text"))
                    case "answer" | "decide":
                        waiting = self._open.pop(whole(message, "number"), None)
                        if waiting is not None and not waiting.done():
                            waiting.set_result(message)
                    case "interrupt":
                        self._stop()
                    case _:
                        pass
            self._stop()

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def _carried_out(self, work: Raw) -> None:
        try:
            await self._assist(work)
        except asyncio.CancelledError:
            tell("failed", {"kind": FailureKind.CANCELLED, "detail": "interrupted"})
        except ProviderFault as fault:
            if fault.kind is FailureKind.QUOTA:
                tell("retrying", {"after": fault.after or 0.0, "kind": fault.kind, "detail": fault.detail})
            tell("failed", {"kind": fault.kind, "detail": fault.detail})
        except TurnsSpent:
            tell("failed", {"kind": FailureKind.BUDGET, "detail": "the model was asked as often as the plan allows"})
        else:
            tell("finished", {"summary": self._last})

    async def _assist(self, work: Raw) -> None:
        provider, model = provider_for(text(work, "model"))
        client = Client(provider, model, tell, whole(work, "turns") or None)
        files = Confined(os.getcwd())
        box = Toolbox(files, self._leave, self._ask, lambda path: tell("file", {"path": path}))
        try:
            async with _far_tools(items(work, "servers"), self._leave) as far:
                await self._work_with(work, client, [*box.tools(), *far])
        except BaseExceptionGroup as group:
            raise _cause(group) from group  # the library of the servers puts what goes wrong beside it into a group

    async def _work_with(self, work: Raw, client: Client, tools: Sequence[Kit]) -> None:
        agent = AssistantAgent(
            "assistant",
            client,
            tools=[*tools],
            system_message=_SYSTEM,
            model_client_stream=True,
            max_tool_iterations=_MOST_ITERATIONS,
        )
        memory = _Memory(text(work, "state"), text(work, "resume"))
        await memory.recall(agent)
        tell("opened", {"session": memory.session, "model": client.model})
        client.before = lambda messages: self._with_steers(agent, messages, memory)
        try:
            async for event in agent.run_stream(task=text(work, "prompt")):
                self._event(event)
        finally:
            await memory.keep(agent)
            await client.close()

    async def _with_steers(
        self, agent: AssistantAgent, messages: Sequence[LLMMessage], memory: "_Memory"
    ) -> Sequence[LLMMessage]:
        """What a person said meanwhile is put behind the results of the tools, where every provider takes it."""
        said = [UserMessage(content=words, source="person") for words in self._steers]
        self._steers.clear()
        for one in said:
            await agent.model_context.add_message(one)
        await memory.keep(agent)
        return [*messages, *said]

    def _event(self, event: object) -> None:
        match event:
            case ToolCallRequestEvent(content=calls):
                for call in calls:
                    given = parsed(call.arguments) or {}
                    tell("tool", {"call": call.id, "tool": call.name, "detail": in_one_line(given)})
            case ToolCallExecutionEvent(content=results):
                for one in results:
                    tell("result", {"call": one.call_id, "ok": not one.is_error, "output": one.content})
            case ThoughtEvent(content=words):
                tell("said", {"text": words})
            case TextMessage(content=words, source="assistant"):
                self._last = words
                tell("said", {"text": words})
            case TaskResult():
                pass
            case _:
                tell("alive", {})

    async def _waited(self, kind: str, fields: Mapping[str, object]) -> Raw:
        self._number += 1
        waiting = self._open[self._number] = self._loop.create_future()
        tell(kind, {"number": self._number, **fields})
        said: Raw = await waiting
        return said

    async def _leave(self, tool: str, detail: str, writes: str) -> str:
        said = await self._waited("wanted", {"tool": tool, "detail": detail, "writes": writes})
        return "" if said.get("allowed") is True else text(said, "why") or "this is not allowed"

    async def _ask(self, question: str) -> str:
        return text(await self._waited("asked", {"text": question}), "text")


@asynccontextmanager
async def _far_tools(servers: Sequence[Raw], leave: Leave) -> AsyncIterator[Sequence[Kit]]:
    """The tools of MCP servers, whose library takes a second to import."""
    if not servers:
        yield []
        return
    from agents.autogen.servers import tools_of

    async with tools_of(servers, leave) as found:
        yield found


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _cause(first) if isinstance(first, BaseExceptionGroup) else first


class _Memory:
    """What the agent knows, in a file, so that it can be gone on with."""

    def __init__(self, folder: str, resume: str) -> None:
        self.session = resume or uuid4().hex
        self._file = Path(folder) / f"autogen-{self.session}.json" if folder else None
        self._resumed = bool(resume)

    async def recall(self, agent: AssistantAgent) -> None:
        if not self._resumed or self._file is None or not self._file.exists():
            return
        await agent.load_state(json.loads(self._file.read_text(encoding="utf-8")))
        # A call whose result was lost with the process would be refused by every provider.
        messages = await agent.model_context.get_messages()
        while messages and isinstance(messages[-1], AssistantMessage) and not isinstance(messages[-1].content, str):
            messages = messages[:-1]
        await agent.model_context.clear()
        for message in messages:
            await agent.model_context.add_message(message)

    async def keep(self, agent: AssistantAgent) -> None:
        if self._file is None:
            return
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(await agent.save_state()), encoding="utf-8")
        beside.replace(self._file)


def main() -> None:
    async def lead() -> None:
        host = Host(asyncio.get_running_loop())
        threading.Thread(target=host.listen, daemon=True).start()
        tell("alive", {})
        await host.run()

    code = 1
    try:
        asyncio.run(lead())
        code = 0
    except KeyboardInterrupt:
        code = 0  # the stop ladder's first signal; all that was to be kept is
    finally:
        if code:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)  # the listening thread may hold standard input, and Python would wait for it, for seconds


if __name__ == "__main__":
    main()
