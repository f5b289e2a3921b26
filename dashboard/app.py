"""The application: the door, the routes, and what they share.

Never: a body of a port, a rule; those are handed in, and stand elsewhere.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from dashboard.assets import read_assets
from dashboard.auth import Access
from dashboard.door import Door
from dashboard.follow import Follows
from dashboard.live import Feeds
from dashboard.metrics import Metrics
from dashboard.pace import Pace
from dashboard.pages import Pages
from dashboard.ports import Options, Ports
from dashboard.problems import MEDIA_TYPE, ProblemDetails, answer_with_problems
from dashboard.room import Room
from dashboard.routes import feed, intents, ops, plans, results, runs, sides, site, tasks

_DESCRIPTION = """The API of Tianting. Programs send `Authorization: Bearer TOKEN`. Every error is a problem detail
(RFC 9457) with a stable `code`."""
_SHAPE: dict[str, object] = {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}}
_PROBLEM: dict[int | str, dict[str, object]] = {
    "4XX": {"description": "A problem.", "content": _SHAPE},
    503: {"description": "The ledger or git can not be used now; try again.", "content": _SHAPE},
}


def create_app(ports: Ports, options: Options) -> FastAPI:
    """The dashboard as an ASGI application; it works from its lifespan's begin to its end."""
    room = _room(ports, options)
    assets = read_assets()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with room.feeds.watching():
            yield

    app = _routed(lifespan)
    app.state.room, app.state.assets = room, assets
    answer_with_problems(app)
    app.add_exception_handler(404, site.nowhere)
    login_page = assets["login.html"].content.decode()
    app.add_middleware(Door, access=room.access, options=options, pace=room.pace, login_page=login_page)
    return app


def describe() -> dict[str, object]:
    """The OpenAPI document of the application."""
    return dict(_routed(None).openapi())


def _routed(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None) -> FastAPI:
    app = FastAPI(
        title="Tianting",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEM,
    )
    for part in (runs, sides, tasks, plans, intents, results, feed, ops, site):
        app.include_router(part.router)
    return app


def login_path(app: FastAPI) -> str:
    """A path with a fresh one-time secret that logs a person in; print it behind the server's address."""
    room: Room = app.state.room
    return f"/login?once={room.access.new_login()}"


def _room(ports: Ports, options: Options) -> Room:
    metrics = Metrics()
    pages = Pages(ports.store)
    return Room(
        ports=ports,
        options=options,
        access=Access(options.tokens, ports.clock, options.login_seconds, options.session_seconds),
        pace=Pace(options.rates),
        metrics=metrics,
        follows=Follows(ports.store, ports.clock, metrics),
        pages=pages,
        feeds=Feeds(pages, ports.bus),
    )
