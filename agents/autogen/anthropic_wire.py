"""Anthropic Messages as a provider, over the official library.

Never: a retry; that is `client.py`, which tells of it.
"""

import json
from collections.abc import AsyncIterator, Sequence

import anthropic
import httpx2
from anthropic.types import MessageParam, TextBlockParam, ToolParam, ToolResultBlockParam, ToolUseBlockParam
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import ToolSchema

from agents.autogen.wire import CONNECTIONS, MOST_TOKENS, Answer, ProviderFault, fault_of
from state.failure import FailureKind
from state.transcript import usage_of


class AnthropicProvider:
    """Key and address come from the environment, as the library has it."""

    def __init__(self, model: str) -> None:
        self._model = model
        pool = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._client = anthropic.AsyncAnthropic(
            max_retries=0, http_client=anthropic.DefaultAsyncHttpxClient(limits=pool)
        )

    async def ask(self, messages: Sequence[LLMMessage], tools: Sequence[ToolSchema]) -> AsyncIterator[str | Answer]:
        system = "\n\n".join(one.content for one in messages if isinstance(one, SystemMessage))
        talk = [_message(one) for one in messages if not isinstance(one, SystemMessage)]
        offered = [_tool(one) for one in tools]
        # The conversation so far is read from the provider's cache with each next request.
        try:
            async with self._client.messages.stream(
                model=self._model,
                max_tokens=MOST_TOKENS,
                system=system,
                messages=talk,
                tools=offered,
                cache_control={"type": "ephemeral"},
            ) as stream:
                async for piece in stream.text_stream:
                    yield piece
                whole = await stream.get_final_message()
        except anthropic.APIStatusError as error:
            raise fault_of(error.status_code, error.message, error.response.headers.get("retry-after")) from error
        except (anthropic.APIConnectionError, httpx2.HTTPError) as error:
            raise ProviderFault(
                FailureKind.MODEL, f"the connection broke: {type(error).__name__}", again=True
            ) from error
        except anthropic.AnthropicError as error:
            raise ProviderFault(FailureKind.AUTH, f"no valid credential: {error}", again=False) from error
        usage = whole.usage
        calls = tuple(
            FunctionCall(id=block.id, name=block.name, arguments=json.dumps(block.input))
            for block in whole.content
            if block.type == "tool_use"
        )
        text = "".join(block.text for block in whole.content if block.type == "text")
        spent = usage_of(
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens or 0,
            usage.cache_creation_input_tokens or 0,
        )
        yield Answer(text, calls, spent, whole.stop_reason == "max_tokens")

    async def close(self) -> None:
        await self._client.close()


def _message(message: LLMMessage) -> MessageParam:
    match message:
        case UserMessage(content=content):
            words = content if isinstance(content, str) else "\n".join(one for one in content if isinstance(one, str))
            return {"role": "user", "content": words}
        case AssistantMessage(content=str(content)):
            return {"role": "assistant", "content": content}
        case AssistantMessage(content=list(calls), thought=thought):
            said: list[TextBlockParam | ToolUseBlockParam] = [{"type": "text", "text": thought}] if thought else []
            said += [_use(call) for call in calls]
            return {"role": "assistant", "content": said}
        case FunctionExecutionResultMessage(content=results):
            return {"role": "user", "content": [_result(one) for one in results]}
        case _:
            raise TypeError(f"{type(message).__name__} has no place in a conversation")


def _use(call: FunctionCall) -> ToolUseBlockParam:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments or "{}")}


def _result(one: FunctionExecutionResult) -> ToolResultBlockParam:
    return {"type": "tool_result", "tool_use_id": one.call_id, "content": one.content, "is_error": bool(one.is_error)}


def _tool(schema: ToolSchema) -> ToolParam:
    shape = dict(schema.get("parameters", {"type": "object", "properties": {}}))
    return {"name": schema["name"], "description": schema.get("description", ""), "input_schema": shape}
