"""The scripted model server: Anthropic Messages, OpenAI chat and OpenAI Responses, by scripts, with faults on demand.

It is for tests and for the demo: real agent programs work against it with no key and no network. Never: a model, a
secret kept (a key is compared, and only its last letters are noted).
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agents.model_server import chat, messages, responses
from agents.model_server.pieces import Event
from agents.model_server.script import Fault, Script, ScriptFault, chosen_by
from agents.model_server.talk import Conversation, Reply, reply_to
from agents.raw import Raw, parsed

Endpoint = Callable[[Request], Awaitable[Response]]

_JOURNAL = 1000


class Cut(Exception):
    """Breaks a stream off in the middle, as a script asked."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format."""

    read: Callable[[Raw, int], Conversation]
    whole: Callable[[Reply, str], dict[str, object]]
    events: Callable[[Reply, str], Iterator[Event]]
    error: Callable[[int, str], dict[str, object]]
    last: str = ""
    """What follows the last event of a stream."""


ANTHROPIC = Dialect(messages.conversation, messages.whole, messages.events, messages.error)
CHAT = Dialect(chat.conversation, chat.whole, chat.events, chat.error, "data: [DONE]\n\n")
RESPONSES = Dialect(responses.conversation, responses.whole, responses.events, chat.error)


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, as the journal (`GET /calls`) has it."""

    path: str
    model: str
    key: str
    turns: int
    tools: int
    status: int
    prompt: str


class ScriptedModel:
    """What one server knows: its scripts, the key that it wants ("" for any), how often each fault was met, and what
    it was asked."""

    def __init__(self, scripts: Mapping[str, Script], key: str = "") -> None:
        self._scripts = scripts
        self._key = key
        self._met: Counter[str] = Counter()
        self.heard: deque[Heard] = deque(maxlen=_JOURNAL)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/messages", self._answers(ANTHROPIC), methods=["POST"]),
                Route("/v1/messages/count_tokens", self._count, methods=["POST"]),
                Route("/v1/chat/completions", self._answers(CHAT), methods=["POST"]),
                Route("/v1/responses", self._answers(RESPONSES), methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/calls", self._calls),
                Route("/api/hello", self._hello),
            ]
        )

    def _answers(self, dialect: Dialect) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return await self._answer(request, dialect)

        return endpoint

    async def _answer(self, request: Request, dialect: Dialect) -> Response:
        body = await request.body()
        raw = parsed(body)
        if raw is None:
            return JSONResponse(dialect.error(400, "the request is no JSON object"), 400)
        talk = dialect.read(raw, len(body))
        refused = self._refused(request)
        try:
            reply = reply_to(talk, lambda prompt: chosen_by(prompt, self._scripts))
        except ScriptFault as bad:
            self._note(request, talk, 400)
            return JSONResponse(dialect.error(400, str(bad)), 400)
        if refused:
            self._note(request, talk, 401)
            return JSONResponse(dialect.error(401, "this key is not known"), 401)
        fault = self._fault(reply)
        if fault is not None and fault.status:
            self._note(request, talk, fault.status)
            after = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
            return JSONResponse(dialect.error(fault.status, "as the script asked"), fault.status, headers=after)
        self._note(request, talk, 200)
        if talk.stream:
            return StreamingResponse(_stream(dialect, reply, talk.model, fault), media_type="text/event-stream")
        if fault is not None:
            await asyncio.sleep(fault.stall)
        return JSONResponse(dialect.whole(reply, talk.model))

    def _fault(self, reply: Reply) -> Fault | None:
        if reply.fault is None:
            return None
        self._met[reply.id] += 1
        return reply.fault if not reply.fault.times or self._met[reply.id] <= reply.fault.times else None

    def _refused(self, request: Request) -> bool:
        return bool(self._key) and _key_of(request) != self._key

    def _note(self, request: Request, talk: Conversation, status: int) -> None:
        prompt = next((turn.text for turn in talk.turns if turn.who == "user" and "[[script:" in turn.text), "")
        key = _key_of(request)[-4:]
        self.heard.append(
            Heard(request.url.path, talk.model, key, len(talk.turns), len(talk.tools), status, prompt[:20_000])
        )

    async def _hello(self, _request: Request) -> Response:
        return Response()

    async def _count(self, request: Request) -> Response:
        return JSONResponse({"input_tokens": max(1, len(await request.body()) // 4)})

    async def _models(self, _request: Request) -> Response:
        model = {"id": "scripted", "object": "model", "type": "model", "display_name": "Scripted", "created": 0}
        return JSONResponse({"object": "list", "data": [model], "has_more": False})

    async def _calls(self, _request: Request) -> Response:
        return JSONResponse([asdict(one) for one in self.heard])


def _key_of(request: Request) -> str:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    return request.headers.get("x-api-key") or bearer


async def _stream(dialect: Dialect, reply: Reply, model: str, fault: Fault | None) -> AsyncIterator[str]:
    made = list(dialect.events(reply, model))
    middle = len(made) // 2
    for at, (name, data) in enumerate(made):
        if fault is not None and at == middle:
            await asyncio.sleep(fault.stall)
            if fault.cut:
                raise Cut
        if reply.pace and at:
            await asyncio.sleep(reply.pace)
        head = f"event: {name}\n" if name else ""
        yield f"{head}data: {json.dumps(data)}\n\n"
    if dialect.last:
        yield dialect.last
