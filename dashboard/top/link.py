"""The terminal screen's way to the API: snapshots and intents over HTTP, the feed over the `websockets` client.

Never: a proxy of the environment's (the token is for the server alone), an answer that is waited for without end.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from pydantic import JsonValue
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from dashboard.envelope import Envelope

PATIENCE = 20.0
FIRST_WAIT, LONGEST_WAIT = 0.25, 8.0
_FRAME = 16 * 2**20


class Unanswered(Exception):
    """The server can not be reached, or does not answer; one sentence."""


class Refused(Exception):
    """The server answered with a problem; `code` is stable, the text one sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Server:
    """`url` has no path, as `http://127.0.0.1:7357`."""

    url: str
    token: str = field(repr=False)
    _opener: OpenerDirector = field(default_factory=lambda: build_opener(ProxyHandler({})), repr=False)

    async def get(self, path: str) -> dict[str, JsonValue]:
        """What stands at `/api/v1/PATH`."""
        return await asyncio.to_thread(self._ask, path, None)

    async def intend(self, run: str, intent: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Submit a wish."""
        return await asyncio.to_thread(self._ask, f"runs/{quote(run, safe='')}/intents", intent)

    def _ask(self, path: str, body: dict[str, JsonValue] | None) -> dict[str, JsonValue]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = Request(f"{self.url}/api/v1/{path}", data, headers)
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return _object(answer.read())
        except HTTPError as error:
            with error:
                raise _problem(error.code, error.read()) from error
        except (OSError, ValueError) as error:  # ValueError: an answer that is no JSON is none of Tianting's
            raise Unanswered(str(error)) from error

    async def feed(self, run: str, after: int) -> AsyncIterator[list[Envelope]]:
        """What comes after `after`, in order, without gap or repeat, until the connection ends."""
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        address = f"{scheme}://{parts.netloc}/api/v1/runs/{quote(run, safe='')}/feed?after={after}"
        headers = {"Authorization": f"Bearer {self.token}"}
        with suppress(WebSocketException, OSError):
            try:
                opened = connect(
                    address, additional_headers=headers, proxy=None, max_size=_FRAME, open_timeout=PATIENCE
                )
                async with opened as socket:
                    yield []
                    async for frame in socket:
                        yield [one for one in json.loads(frame) if one["seq"] > after]
            except InvalidHandshake as error:
                raise Unanswered(str(error)) from error


def _object(text: bytes) -> dict[str, JsonValue]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("the answer is no JSON object")
    return found


def _problem(status: int, text: bytes) -> Refused:
    try:
        told = _object(text)
    except ValueError:
        return Refused("error", f"the server answered {status}")
    return Refused(str(told.get("code", "error")), str(told.get("detail", f"the server answered {status}")))
