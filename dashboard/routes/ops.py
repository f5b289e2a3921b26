"""For those who run the server: is it alive, can it work, how is it doing.

Never: anything about a single run.
"""

import asyncio

from fastapi import APIRouter, Response
from typing_extensions import TypedDict

from dashboard.metrics import CONTENT_TYPE
from dashboard.problems import Problem
from dashboard.room import TheRoom
from state.ports import StoreAway

router = APIRouter(tags=["operations"])

_PATIENCE = 2.0


class Health(TypedDict):
    status: str


@router.get("/healthz", response_model=Health)
async def health() -> Health:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Health)
async def ready(room: TheRoom) -> Health:
    """The store can be read."""
    if room.ports.reach.why:
        raise Problem(503, "store-away", room.ports.reach.why)
    try:
        async with asyncio.timeout(_PATIENCE):
            await room.ports.store.runs()
    except TimeoutError as error:
        raise Problem(503, "store", "the store does not answer") from error
    return {"status": "ready"}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(room: TheRoom) -> Response:
    """Prometheus text of this process. It counts what the logs say since the process began, whole runs included that
    were under way then. While the store is away they stand still."""
    try:
        await room.follows.count_all()
        leases = len(await room.ports.lease.held_by("run:"))
    except StoreAway:
        leases = None
    room.metrics.slowed(room.pace.refused)
    text = room.metrics.text(room.feeds.clients, leases, room.ports.cache.asked())
    return Response(text, headers={"Content-Type": CONTENT_TYPE})
