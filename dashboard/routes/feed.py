"""The live feed of a run, at one address for WebSocket and for server-sent events.

Never: a client that another one waits for; each awaits its own socket, and one that stands still is dropped.
"""

import asyncio
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import APIRouter, Header, Query, WebSocket
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from dashboard.door import BY, session_of
from dashboard.live import HEARTBEAT, SEND_TIMEOUT, FeedEnded, Feeds, first_of
from dashboard.problems import Problem, code_of, problem
from dashboard.room import Room, TheRoom, room_of
from state.ids import RunId, Seq
from state.ports import StoreError

router = APIRouter(prefix="/api/v1", tags=["feed"])

_SERVER_PINGS = None
_GOING_AWAY = 1001
_FAILED = 1011
_NOT_ALLOWED = 1008
_RECONNECT = "retry: 1000\n\n"
_STILL_HERE = ": still here\n\n"
# The kernel ends a connection whose peer takes nothing (see serve.py); where it does not, this does.
_STUCK_SECONDS = 60.0


async def _place(room: Room, run: RunId, after: int) -> Seq:
    """Where a client goes on; a problem when there is no such place."""
    await room.check_known(run)
    last = await room.pages.last(run)
    if after > last:
        raise Problem(409, "ahead", f"the log of run {run} ends at {last}; read the run again and go on from its seq")
    return Seq(after)


@router.websocket("/runs/{run}/feed")
async def socket(websocket: WebSocket, run: str, after: str = "0") -> None:
    """Frames of envelopes, each frame a JSON array, from `after` on; what a client sends is not read."""
    room = room_of(websocket)
    name = RunId(run)
    try:
        place = await _place(room, name, _number(after))
    except Problem as refused:
        await websocket.send_denial_response(refused.response())
        return
    except StoreError as error:
        await websocket.send_denial_response(problem(503, code_of(error), str(error)))
        return
    await websocket.accept()
    right = _Right(room, websocket)
    await first_of(_until_gone(websocket), _send_frames(websocket, room.feeds, name, place), right.until_over())
    if right.over:
        with suppress(WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(SEND_TIMEOUT):
                await websocket.close(_NOT_ALLOWED, "the session has ended")


class _Right:
    """What a client may follow by: a person's session, which ends some time, or a program's token."""

    def __init__(self, room: Room, connection: HTTPConnection) -> None:
        self._room, self._connection = room, connection
        self.over = False

    async def until_over(self) -> None:
        if self._connection.scope.get(BY) == "dashboard":
            await self._room.access.ended(session_of(self._connection.headers) or "")
            self.over = True
        else:
            await asyncio.Event().wait()


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise Problem(422, "invalid", "query/after: a seq is a number from 0 on")
    return int(text)


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _send_frames(websocket: WebSocket, feeds: Feeds, run: RunId, place: Seq) -> None:
    try:
        async with (
            feeds.follow(run) as tail,
            aclosing(feeds.texts(tail, place, feeds.pages.frame, _SERVER_PINGS)) as texts,
        ):
            async for text in texts:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await websocket.send_text(text or "[]")
    except (WebSocketDisconnect, TimeoutError):
        return
    except FeedEnded as ended:
        code, reason = (_FAILED, ended.fault) if ended.fault else (_GOING_AWAY, "")
        with suppress(WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(SEND_TIMEOUT):
                await websocket.close(code, reason[:100])


class _ServerSent(Response):
    """A response that follows a run for as long as its client does."""

    media_type = "text/event-stream"

    def __init__(self, feeds: Feeds, run: RunId, place: Seq, right: _Right) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._feeds, self._run, self._place, self._right = feeds, run, place, right
        self._gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await first_of(self._until_gone(receive), self._send_all(send), self._right.until_over())
        if self._right.over:
            with suppress(TimeoutError):
                await _send(send, "", more=False)

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone.set()

    async def _send_all(self, send: Send) -> None:
        try:
            await _send(send, _RECONNECT)
            with suppress(FeedEnded):
                async with (
                    self._feeds.follow(self._run) as tail,
                    aclosing(self._feeds.texts(tail, self._place, self._feeds.pages.chunk, HEARTBEAT)) as texts,
                ):
                    async for text in texts:
                        await _send(send, _STILL_HERE if text is None else text)
            await _send(send, "", more=False)
        except TimeoutError:
            with suppress(TimeoutError):
                async with asyncio.timeout(_STUCK_SECONDS):
                    await self._gone.wait()


async def _send(send: Send, text: str, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_TIMEOUT):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


@router.get(
    "/runs/{run}/feed",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events: `id` is the seq, `data` an envelope. A comment comes every "
            f"{HEARTBEAT:.0f} s of silence. The same address speaks WebSocket: each frame is then a JSON array of "
            "envelopes.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream(
    request: Request,
    run: str,
    room: TheRoom,
    after: Annotated[int, Query(ge=0, lt=10**15)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Envelopes from `after`, or after `Last-Event-ID` when a client comes back, without gap or repeat."""
    wanted = after if last_event_id is None else _number(last_event_id)
    place = await _place(room, RunId(run), wanted)
    return _ServerSent(room.feeds, RunId(run), place, _Right(room, request))
