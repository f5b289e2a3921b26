"""OpenAI chat completions: a request as a conversation, a reply as JSON or as server-sent events.

Never: a decision about what is said.
"""

from collections.abc import Iterator

from agents.model_server.pieces import Event, offered, pieces
from agents.model_server.talk import Conversation, Reply, Turn, Who
from agents.raw import Raw, inner, items, said, text

_WHO = {"user": Who.USER, "assistant": Who.ASSISTANT, "tool": Who.TOOL, "system": Who.SYSTEM, "developer": Who.SYSTEM}


def conversation(body: Raw, size: int) -> Conversation:
    turns = [
        Turn(_WHO.get(text(message, "role"), Who.USER), said(message.get("content")))
        for message in items(body, "messages")
    ]
    functions = [inner(tool, "function") for tool in items(body, "tools")]
    tools = {text(one, "name"): offered(one.get("parameters")) for one in functions}
    return Conversation(text(body, "model"), turns, tools, body.get("stream") is True, size)


def error(status: int, why: str) -> dict[str, object]:
    return {
        "error": {"message": why, "type": "server_error" if status >= 500 else "invalid_request_error", "code": status}
    }


def _usage(reply: Reply) -> dict[str, object]:
    tokens = reply.tokens
    prompt = tokens.input + tokens.cache_read + tokens.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": tokens.output,
        "total_tokens": prompt + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read},
    }


def _calls(reply: Reply) -> list[dict[str, object]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in reply.calls
    ]


def _stop(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _frame(reply: Reply, model: str, kind: str) -> dict[str, object]:
    return {"id": f"chatcmpl-{reply.id}", "object": kind, "created": 0, "model": model}


def whole(reply: Reply, model: str) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": reply.say or None}
    if reply.calls:
        message["tool_calls"] = _calls(reply)
    choice = {"index": 0, "message": message, "finish_reason": _stop(reply), "logprobs": None}
    return {**_frame(reply, model, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def events(reply: Reply, model: str) -> Iterator[Event]:
    frame = _frame(reply, model, "chat.completion.chunk")

    def chunk(delta: dict[str, object], stop: str | None = None) -> Event:
        return "", {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": stop}]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(reply.say):
        yield chunk({"content": piece})
    for index, (call, made) in enumerate(zip(reply.calls, _calls(reply), strict=True)):
        yield chunk({"tool_calls": [{**made, "index": index, "function": {"name": call.name, "arguments": ""}}]})
        for piece in pieces(call.arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _stop(reply))
    yield "", {**frame, "choices": [], "usage": _usage(reply)}
