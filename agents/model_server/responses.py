"""OpenAI Responses: a request as a conversation, a reply as JSON or as server-sent events.

Never: a decision about what is said; a conversation kept here (the client sends all of it each time).
"""

from collections.abc import Iterator
from dataclasses import replace

from agents.model_server.pieces import Event, offered, pieces
from agents.model_server.talk import Conversation, Reply, Turn, Who
from agents.raw import Raw, items, said, text

_WHO = {"user": Who.USER, "assistant": Who.ASSISTANT, "system": Who.SYSTEM, "developer": Who.SYSTEM}


def conversation(body: Raw, size: int) -> Conversation:
    turns = [Turn(Who.SYSTEM, text(body, "instructions"))]
    asked = body.get("input")
    if isinstance(asked, str):
        turns.append(Turn(Who.USER, asked))
    turns += [turn for item in items(body, "input") if (turn := _turn(item)) is not None]
    tools = {text(tool, "name"): offered(tool.get("parameters")) for tool in items(body, "tools")}
    for group in items(body, "tools"):
        name = text(group, "name")
        for tool in items(group, "tools"):
            tools[f"{name}__{text(tool, 'name')}"] = replace(offered(tool.get("parameters")), group=name)
    return Conversation(text(body, "model"), turns, tools, body.get("stream") is True, size)


def _turn(item: Raw) -> Turn | None:
    kind = text(item, "type")
    if kind in ("message", ""):
        return Turn(_WHO.get(text(item, "role"), Who.USER), said(item.get("content")))
    if kind.endswith("_output"):
        return Turn(Who.TOOL, said(item.get("output")))
    return Turn(Who.ASSISTANT, "") if kind.endswith("_call") else None


def _usage(reply: Reply) -> dict[str, object]:
    tokens = reply.tokens
    prompt = tokens.input + tokens.cache_read + tokens.cache_write
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": tokens.cache_read},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + tokens.output,
    }


def _items(reply: Reply) -> list[dict[str, object]]:
    name = f"{reply.id}"
    found: list[dict[str, object]] = []
    if reply.say or not reply.calls:
        part = {"type": "output_text", "text": reply.say, "annotations": []}
        found.append(
            {"id": f"msg_{name}", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
        )
    for at, call in enumerate(reply.calls):
        group = {"namespace": call.group} if call.group else {}
        made = {**group, "name": call.name, "arguments": call.arguments, "call_id": call.id, "status": "completed"}
        found.append({"id": f"fc_{name}_{at}", "type": "function_call", **made})
    return found


def whole(reply: Reply, model: str) -> dict[str, object]:
    frame = {"id": f"resp_{reply.id}", "object": "response", "created_at": 0, "model": model}
    return {**frame, "status": "completed", "error": None, "output": _items(reply), "usage": _usage(reply)}


def events(reply: Reply, model: str) -> Iterator[Event]:
    done = whole(reply, model)
    begun = {**done, "status": "in_progress", "output": [], "usage": None}
    yield _event("response.created", response=begun)
    for index, item in enumerate(_items(reply)):
        if item["type"] == "message":
            yield _event("response.output_item.added", output_index=index, item={**item, "content": []})
            for piece in pieces(reply.say):
                yield _event(
                    "response.output_text.delta", item_id=item["id"], output_index=index, content_index=0, delta=piece
                )
        else:
            yield _event("response.output_item.added", output_index=index, item={**item, "arguments": ""})
        yield _event("response.output_item.done", output_index=index, item=item)
    yield _event("response.completed", response=done)


def _event(kind: str, **data: object) -> Event:
    return kind, {"type": kind, **data}
