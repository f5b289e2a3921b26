"""Anthropic Messages: a request as a conversation, a reply as JSON or as server-sent events.

Never: a decision about what is said.
"""

import json
from collections.abc import Iterator, Sequence

from agents.model_server.pieces import Event, offered, pieces
from agents.model_server.talk import Conversation, Reply, Turn, Who
from agents.raw import Raw, items, said, text

_WHO = {"user": Who.USER, "assistant": Who.ASSISTANT, "system": Who.SYSTEM}
ERRORS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error"}
ERRORS |= {429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}


def conversation(body: Raw, size: int) -> Conversation:
    turns = [Turn(Who.SYSTEM, said(body.get("system")))]
    for message in items(body, "messages"):
        turns += _turns(message)
    tools = {text(tool, "name"): offered(tool.get("input_schema")) for tool in items(body, "tools")}
    return Conversation(text(body, "model"), turns, tools, body.get("stream") is True, size)


def _turns(message: Raw) -> Iterator[Turn]:
    who = _WHO.get(text(message, "role"), Who.USER)
    results = [block for block in items(message, "content") if block.get("type") == "tool_result"]
    for block in results:
        yield Turn(Who.TOOL, said(block.get("content")))
    content = message.get("content")
    if isinstance(content, list):
        content = [block for block in content if block not in results]
    told = said(content)
    if told or not results:
        yield Turn(who, told)


def error(status: int, why: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": ERRORS.get(status, "api_error"), "message": why}}


def _blocks(reply: Reply) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = [{"type": "text", "text": reply.say}] if reply.say or not reply.calls else []
    calls = (
        {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
        for call in reply.calls
    )
    return [*blocks, *calls]


def _usage(reply: Reply, output: int) -> dict[str, object]:
    tokens = reply.tokens
    return {
        "input_tokens": tokens.input,
        "output_tokens": output,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation_input_tokens": tokens.cache_write,
    }


def _message(reply: Reply, model: str, content: Sequence[object], stop: str | None, output: int) -> dict[str, object]:
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": _usage(reply, output),
    }


def _stop(reply: Reply) -> str:
    return "tool_use" if reply.calls else "end_turn"


def whole(reply: Reply, model: str) -> dict[str, object]:
    return _message(reply, model, _blocks(reply), _stop(reply), reply.tokens.output)


def events(reply: Reply, model: str) -> Iterator[Event]:
    yield "message_start", {"type": "message_start", "message": _message(reply, model, [], None, 1)}
    yield "ping", {"type": "ping"}
    for index, block in enumerate(_blocks(reply)):
        spoken = block["type"] == "text"
        empty = {**block, "text": ""} if spoken else {**block, "input": {}}
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}
        for piece in pieces(str(block["text"]) if spoken else json.dumps(block["input"])):
            delta = (
                {"type": "text_delta", "text": piece} if spoken else {"type": "input_json_delta", "partial_json": piece}
            )
            yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    end = {"stop_reason": _stop(reply), "stop_sequence": None}
    usage = _usage(reply, reply.tokens.output)
    yield "message_delta", {"type": "message_delta", "delta": end, "usage": usage}
    yield "message_stop", {"type": "message_stop"}
