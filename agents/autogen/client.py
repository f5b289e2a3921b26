"""Our model client for AutoGen: any provider behind it, refusals waited out, and everything told as it happens.

AutoGen's own clients are bound to old versions of the providers' libraries, tell nothing of a retry and nothing of a
cache. Never: a key; the providers' libraries find theirs in the environment.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Literal

from autogen_core import CancellationToken
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelCapabilities,
    ModelFamily,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from agents.autogen.wire import Answer, Provider, ProviderFault

TRIES = 5
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
"""Seconds; a provider that wants to be left alone for longer has closed its door, and the attempt ends."""

Tell = Callable[[str, Mapping[str, object]], None]
Whole = Awaitable[Sequence[LLMMessage]]


class Client(ChatCompletionClient):
    def __init__(self, provider: Provider, model: str, tell: Tell, turns: int | None) -> None:
        self._provider = provider
        self.model = model
        self._tell = tell
        self._turns = turns
        self._total = RequestUsage(0, 0)
        self._last = RequestUsage(0, 0)
        self.before: Callable[[Sequence[LLMMessage]], Whole] | None = None

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, object] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        result: CreateResult | None = None
        async for part in self.create_stream(messages, tools=tools):
            if isinstance(part, CreateResult):
                result = part
        assert result is not None
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, object] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        if self._turns is not None:
            if not self._turns:
                raise TurnsSpent
            self._turns -= 1
        whole = messages if self.before is None else await self.before(messages)
        offered = [tool.schema if isinstance(tool, Tool) else tool for tool in tools]
        answer = await self._asked(whole, offered)
        yield self._result(answer)

    async def _asked(self, messages: Sequence[LLMMessage], tools: Sequence[ToolSchema]) -> Answer:
        for number in range(1, TRIES + 1):
            try:
                async for part in self._provider.ask(messages, tools):
                    if isinstance(part, Answer):
                        return part
                    self._tell("typing", {"text": part})
            except ProviderFault as fault:
                after = fault.after if fault.after is not None else _FIRST_WAIT * 2.0 ** (number - 1)
                if not fault.again or number == TRIES or after > _LONGEST_WAIT:
                    raise
                self._tell("retrying", {"after": after, "kind": fault.kind, "detail": fault.detail})
                await asyncio.sleep(after)
        raise AssertionError("the last try returns or raises")

    def _result(self, answer: Answer) -> CreateResult:
        spent = answer.usage
        self._last = RequestUsage(spent.tokens - spent.output, spent.output)
        self._total = RequestUsage(
            self._total.prompt_tokens + self._last.prompt_tokens,
            self._total.completion_tokens + self._last.completion_tokens,
        )
        parts = {"input": spent.input, "output": spent.output, "read": spent.cache_read, "write": spent.cache_write}
        self._tell("spent", {**parts, "usd": spent.usd, "model": self.model})
        if answer.calls:
            return CreateResult(
                finish_reason="function_calls",
                content=list(answer.calls),
                usage=self._last,
                cached=False,
                thought=answer.text or None,
            )
        reason: Literal["length", "stop"] = "length" if answer.cut else "stop"
        return CreateResult(finish_reason=reason, content=answer.text, usage=self._last, cached=False)

    async def close(self) -> None:
        await self._provider.close()

    def actual_usage(self) -> RequestUsage:
        return self._last

    def total_usage(self) -> RequestUsage:
        return self._total

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        return sum(len(str(message.content)) for message in messages) // 4

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        return 200_000 - self.count_tokens(messages)

    @property
    def capabilities(self) -> ModelCapabilities:
        return {"vision": False, "function_calling": True, "json_output": False}

    @property
    def model_info(self) -> ModelInfo:
        return {
            "vision": False,
            "function_calling": True,
            "json_output": False,
            "family": ModelFamily.UNKNOWN,
            "structured_output": False,
        }


class TurnsSpent(Exception):
    """The model was asked as often as the plan allows."""
