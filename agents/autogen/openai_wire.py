"""OpenAI chat completions as a provider, over the official library: OpenAI, OpenRouter, and whoever is compatible.

Never: a retry; that is `client.py`, which tells of it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx2
import openai
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import ToolSchema
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam, ChatCompletionToolParam

from agents.autogen.wire import CONNECTIONS, Answer, ProviderFault, fault_of
from agents.raw import inner, number, whole
from state.failure import FailureKind
from state.transcript import Usage, usage_of


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Gathered:
    """A reply that is still coming."""

    text: str = ""
    calls: dict[int, _Call] = field(default_factory=dict)
    usage: Usage = Usage()
    reason: str = ""

    def take(self, chunk: ChatCompletionChunk) -> str:
        """The piece of text that came."""
        if chunk.usage is not None:
            self.usage = _usage(chunk.usage.model_dump())
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self.reason = choice.finish_reason or self.reason
        for part in choice.delta.tool_calls or []:
            call = self.calls.setdefault(part.index, _Call())
            call.id = part.id or call.id
            if part.function is not None:
                call.name += part.function.name or ""
                call.arguments += part.function.arguments or ""
        piece = choice.delta.content or ""
        self.text += piece
        return piece


class OpenAiProvider:
    """`address` and `key` as in the environment where they are None."""

    def __init__(self, model: str, address: str | None = None, key: str | None = None) -> None:
        self._model = model
        try:
            self._client = openai.AsyncOpenAI(
                max_retries=0, base_url=address, api_key=key, http_client=openai.DefaultAsyncHttpxClient(limits=_POOL)
            )
        except openai.OpenAIError as error:
            raise ProviderFault(FailureKind.AUTH, "no OPENAI_API_KEY is set for this window", again=False) from error

    async def ask(self, messages: Sequence[LLMMessage], tools: Sequence[ToolSchema]) -> AsyncIterator[str | Answer]:
        talk = [part for one in messages for part in _messages(one)]
        gathered = _Gathered()
        try:
            stream = await self._client.chat.completions.create(
                model=self._model,
                messages=talk,
                tools=[_tool(one) for one in tools],
                stream=True,
                stream_options={"include_usage": True},
            )
            async for chunk in stream:
                if piece := gathered.take(chunk):
                    yield piece
        except openai.APIStatusError as error:
            raise fault_of(error.status_code, error.message, error.response.headers.get("retry-after")) from error
        except (openai.APIError, httpx2.HTTPError) as error:
            raise ProviderFault(
                FailureKind.MODEL, f"the connection broke: {type(error).__name__}", again=True
            ) from error
        if not gathered.reason:
            raise ProviderFault(FailureKind.MODEL, "the reply broke off", again=True)
        calls = tuple(
            FunctionCall(id=one.id, name=one.name, arguments=one.arguments or "{}") for one in gathered.calls.values()
        )
        yield Answer(gathered.text, calls, gathered.usage, gathered.reason == "length")

    async def close(self) -> None:
        await self._client.close()


_POOL = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


def _usage(raw: dict[str, object]) -> Usage:
    """OpenRouter tells money too."""
    cached = whole(inner(raw, "prompt_tokens_details"), "cached_tokens")
    return usage_of(
        whole(raw, "prompt_tokens") - cached, whole(raw, "completion_tokens"), cached, usd=number(raw, "cost")
    )


def _messages(message: LLMMessage) -> list[ChatCompletionMessageParam]:
    match message:
        case SystemMessage(content=content):
            return [{"role": "system", "content": content}]
        case UserMessage(content=content):
            words = content if isinstance(content, str) else "\n".join(one for one in content if isinstance(one, str))
            return [{"role": "user", "content": words}]
        case AssistantMessage(content=str(content)):
            return [{"role": "assistant", "content": content}]
        case AssistantMessage(content=list(calls), thought=thought):
            return [
                {
                    "role": "assistant",
                    "content": thought,
                    "tool_calls": [
                        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
                        for one in calls
                    ],
                }
            ]
        case FunctionExecutionResultMessage(content=results):
            return [{"role": "tool", "tool_call_id": one.call_id, "content": one.content} for one in results]
        case _:
            raise TypeError(f"{type(message).__name__} has no place in a conversation")


def _tool(schema: ToolSchema) -> ChatCompletionToolParam:
    shape = dict(schema.get("parameters", {"type": "object", "properties": {}}))
    return {
        "type": "function",
        "function": {"name": schema["name"], "description": schema.get("description", ""), "parameters": shape},
    }
