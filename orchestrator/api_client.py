"""The API of a dashboard, asked over HTTP.

Never: a store, a port; who asks like this may be anywhere.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from httpx2 import AsyncClient, HTTPError, Response
from pydantic import JsonValue

from dashboard.mcp import Answer, Refused

_PREFIX = "/api/v1"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class ApiClient:
    """`dashboard.mcp.Api`."""

    http: AsyncClient

    async def get(self, path: str, **query: object) -> Answer:
        return await self._asked("GET", path, None, {key: str(value) for key, value in query.items()})

    async def post(self, path: str, body: Answer) -> Answer:
        return await self._asked("POST", path, body, {})

    async def grown(self, run: str, after: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._first(run, after)
        except TimeoutError:
            return
        except HTTPError as fault:
            raise Refused(f"the server does not answer: {fault}") from fault

    async def _first(self, run: str, after: int) -> None:
        headers = {"Accept": "text/event-stream"}
        feed = self.http.stream("GET", f"{_PREFIX}/runs/{run}/feed", params={"after": str(after)}, headers=headers)
        async with feed as answer:
            if answer.status_code != 200:
                await answer.aread()
                raise Refused(_why(answer))
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    return

    async def _asked(self, method: str, path: str, body: Answer | None, query: dict[str, str]) -> Answer:
        try:
            answer = await self.http.request(method, f"{_PREFIX}{path}", json=body, params=query)
        except HTTPError as fault:
            raise Refused(f"the server does not answer: {fault}") from fault
        if answer.is_error:
            raise Refused(_why(answer))
        found: JsonValue = answer.json()
        return found if isinstance(found, dict) else {"answer": found}


def _why(answer: Response) -> str:
    """A problem's own sentence, and what it lists."""
    try:
        problem = answer.json()
        faults = "".join(f"\n{one}" for one in problem.get("errors") or ())
        return f"{problem['detail']}{faults}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the server answered {answer.status_code}"


@asynccontextmanager
async def open_api(url: str, token: str) -> AsyncIterator[ApiClient]:
    """`url` is the server's address, without a path."""
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(base_url=url.rstrip("/"), headers=headers, timeout=_PATIENCE, trust_env=False) as http:
        yield ApiClient(http)
