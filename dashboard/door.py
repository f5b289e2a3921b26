"""The door: the one layer that every request, HTTP and WebSocket alike, comes through. It looks at the Host, at where
a browser says the request comes from, and at the token; whoever has none learns nothing but that.

Never: a rule about runs, a second place that lets someone in.
"""

import re
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.auth import Access, Verdict
from dashboard.pace import Kind, Pace, caller_of, route_of
from dashboard.ports import Options
from dashboard.problems import problem

BY: Final = "tianting.by"
"""Key of the scope under which the door notes who came in: `dashboard` (a person's session) or `api`."""

_BODY_LIMIT = 8_000_000
_HEALTH = frozenset({"/healthz", "/readyz"})
_LOGIN = "/login"
_OPEN = frozenset({"/favicon.ico"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"^(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>\d+))?$")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def host_of(header: str) -> tuple[str, str] | None:
    """(name in lower case, port or "") of a Host header; None when it is not one."""
    match = _HOST.match(header.strip())
    if match is None:
        return None
    return (match["v6"] or match["name"]).lower(), match["port"] or ""


def cookie_name(headers: Headers) -> str:
    """Cookies do not tell ports apart: two dashboards on one machine must not end each other's sessions."""
    host = host_of(headers.get("host", ""))
    return f"tianting_{host[1] if host and host[1] else '0'}"


def session_of(headers: Headers) -> str | None:
    """The session that a browser's cookie carries."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(cookie_name(headers))
    except CookieError:
        return None
    return None if morsel is None else morsel.value


@dataclass(frozen=True, slots=True)
class Door:
    app: ASGIApp
    access: Access
    options: Options
    pace: Pace
    login_page: str
    """HTML for a browser that comes without a session."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        answering = _with_headers(scope, send)
        if refusal is not None:
            await refusal(scope, receive, answering)
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            await self.app(scope, _bounded(receive), answering)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        if path in _HEALTH:  # probes call a server by whatever address they have
            return None
        host = host_of(headers.get("host", ""))
        if host is None or host[0] not in map(str.lower, self.options.hosts):
            return problem(403, "host", "this server does not answer to that Host")
        strange = self._strange_origin(scope, headers)
        if strange is not None:
            return strange
        if path == _LOGIN:
            return self._too_fast(address_of(scope), Kind.LOGIN, path)
        if path in _OPEN or path.startswith("/static/") or (path == "/metrics" and self.options.open_metrics):
            return None
        return self._stranger(scope, headers)

    def _too_fast(self, caller: str, kind: Kind, route: str) -> Response | None:
        wait = self.pace.wait(caller, kind, route)
        if not wait:
            return None
        detail = f"too many requests ({kind.value}: {self.pace.rates[kind]}); try again in {wait} s"
        return problem(429, "too-many-requests", detail, None, {"Retry-After": str(wait)})

    def _strange_origin(self, scope: Scope, headers: Headers) -> Response | None:
        """Refuse what another site's page makes a browser send; a navigation to a page of ours is fine."""
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin, headers):
            return problem(403, "origin", "requests from that origin are not allowed")
        site = headers.get("sec-fetch-site", "none")
        navigates = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") == "GET"
        if site not in ("same-origin", "none") and origin is None and not navigates:
            return problem(403, "origin", "requests from another site are not allowed")
        return None

    def _is_own(self, origin: str, headers: Headers) -> bool:
        own = headers["host"].lower()
        return origin.lower() in (f"http://{own}", f"https://{own}") or origin in self.options.origins

    def _stranger(self, scope: Scope, headers: Headers) -> Response | None:
        """Refuse who has neither a token nor a session; note who has."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind:
            if kind.lower() != "bearer":
                return self._unknown(scope, headers)
            match self.access.check_token(address_of(scope), token.strip()):
                case Verdict.RIGHT:
                    scope[BY] = "api"
                    return self._paced(scope, token.strip())
                case Verdict.WRONG:
                    return self._unknown(scope, headers)
                case Verdict.SLOW_DOWN:
                    return slow_down()
        session = session_of(headers)
        if session is None or not self.access.is_session(session):
            return self._unknown(scope, headers)
        acts = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if acts and headers.get("origin") is None:
            return problem(403, "origin", "with a session, this needs an Origin; programs send a bearer token")
        scope[BY] = "dashboard"
        return self._paced(scope, session)

    def _paced(self, scope: Scope, secret: str) -> Response | None:
        return self._too_fast(caller_of(secret), *route_of(scope.get("method", "GET"), scope["path"]))

    def _unknown(self, scope: Scope, headers: Headers) -> Response:
        challenge = {"WWW-Authenticate": 'Bearer realm="tianting"'}
        is_page = scope.get("method") == "GET" and not scope["path"].startswith("/api/")
        if is_page and "text/html" in headers.get("accept", "") and "authorization" not in headers:
            return HTMLResponse(self.login_page, 401, {**challenge, **LOGIN_HEADERS})
        return problem(401, "no-token", "a valid token or session is needed", headers=challenge)


LOGIN_HEADERS: Final = {"Referrer-Policy": "same-origin"}
"""With no-referrer a browser would send `Origin: null` with the login form."""


def slow_down() -> Response:
    return problem(
        429, "too-many-attempts", "too many wrong tokens from this address; wait a minute", None, {"Retry-After": "60"}
    )


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > _BODY_LIMIT:
            raise HTTPException(413, f"a request holds at most {_BODY_LIMIT} bytes")
        return message

    return counting


def _with_headers(scope: Scope, send: Send) -> Send:
    start = "websocket.http.response.start" if scope["type"] == "websocket" else "http.response.start"

    async def adding(message: Message) -> None:
        if message["type"] == start:
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return adding
