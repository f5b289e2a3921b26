"""Plans before they run: is it sound, what is foreseen of it, and where it is kept. Nothing is started.

Never: a run; that is launched with `POST /runs`.
"""

import asyncio
import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from dashboard.foresight import ForecastView, forecast_view
from dashboard.problems import Problem
from dashboard.room import TheRoom
from dashboard.routes.runs import Launch, json_response, plan_file
from state.plan import Plan
from state.plan_text import parse_plan
from state.ports import Forecast

_ENDINGS: Final = (".yaml", ".yml", ".json")
_TEXT_LIMIT: Final = 4_000_000

router = APIRouter(prefix="/api/v1", tags=["plans"])


class Fault(TypedDict):
    """`line` and `column` count from 1; None where the fault is of the whole plan."""

    source: str
    line: int | None
    column: int | None
    message: str


class Checked(TypedDict):
    """`forecast` is None for a plan that has faults. `text` is the plan as it was read; `version` names what the file
    held, and is null for a plan that came as text."""

    sound: bool
    source: str
    text: str
    version: str | None
    faults: list[Fault]
    forecast: ForecastView | None
    can_launch: bool


@router.post("/plans/check", response_model=Checked)
async def check(body: Launch, room: TheRoom) -> Response:
    """A dry run: the faults of a plan, all at once, or what is foreseen of it: waves, critical path, overlaps."""
    text, source = (body.plan, "plan") if body.plan is not None else await plan_file(room, body.path or "")
    checked = await asyncio.to_thread(_checked, text, source, room.ports.forecast, room.options.can_launch)
    return json_response({**checked, "version": None if body.path is None else version_of(text.encode())})


class Store(BaseModel):
    """A plan to put into the repository's work tree. `version` is what the file held when it was read or written last;
    null is for a file that is not there yet."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    plan: Annotated[str, Field(min_length=1, max_length=_TEXT_LIMIT)]
    version: Annotated[str, Field(max_length=64)] | None = None


class Stored(TypedDict):
    path: str
    version: str


@router.put("/plans", response_model=Stored)
async def store(body: Store, room: TheRoom) -> Response:
    """Write a plan file, with its faults if it has some. Nothing is committed, and what somebody else wrote meanwhile
    stays."""
    files = room.ports.plan_files
    if files is None:
        raise Problem(503, "repository", "this dashboard has no repository to write a plan to")
    if not body.path.endswith(_ENDINGS):
        raise Problem(422, "plan-path", f"{body.path!r} is no name for a plan; it ends with {', '.join(_ENDINGS)}")
    before, data = await files.read(body.path), body.plan.encode()
    held = None if before is None else version_of(before)
    if held != body.version:
        told = "is there already" if body.version is None else "has been changed since it was read"
        raise Problem(409, "plan-changed", f"{body.path} {told}; read it first, or choose another name")
    if before != data and not await files.write(body.path, data, before):
        raise Problem(422, "plan-path", f"nothing can be written to {body.path!r} in the repository's work tree")
    return json_response({"path": body.path, "version": version_of(data)})


def version_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checked(text: str, source: str, forecast: Forecast, can_launch: bool) -> Checked:
    parsed = parse_plan(text, source)
    faults: list[Fault] = []
    foreseen: ForecastView | None = None
    if isinstance(parsed, Plan):
        foreseen = forecast_view(parsed, forecast.plan(parsed))
    else:
        faults = [
            {"source": one.source, "line": one.line, "column": one.column, "message": one.message} for one in parsed
        ]
    return {
        "sound": not faults,
        "source": source,
        "text": text,
        "version": None,
        "faults": faults,
        "forecast": foreseen,
        "can_launch": can_launch,
    }
