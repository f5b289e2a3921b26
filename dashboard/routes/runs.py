"""Runs: launch one, list them, look at one as a snapshot, a page of its events, its train, its conflicts.

Never: a change beside an intent in the inbox.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from typing_extensions import TypedDict

from dashboard.detail import ConflictsView, conflicts_view
from dashboard.door import BY
from dashboard.envelope import Envelope
from dashboard.follow import WORTH_PACKING, RunSummary
from dashboard.foresight import ForecastView
from dashboard.plain import to_json
from dashboard.problems import Problem
from dashboard.room import Room, TheRoom
from dashboard.routes.work import diff_of
from dashboard.snapshot import CandidateView, RunView, train_view
from dashboard.timeline import TimelineView, timeline_view
from dashboard.views import Trunk, trunk_view
from state.ids import RunId, Seq
from state.intents import LaunchRun
from state.plan import Plan
from state.plan_fault import PlanFault
from state.plan_known import known_plan
from state.plan_text import parse_plan
from state.plan_writer import plan_to_text

router = APIRouter(prefix="/api/v1", tags=["runs"])

_RUNS = 200
_EVENTS = 1000
_EVENTS_CHARS = 4_000_000
_DIFFS = 50
_DIFF_LIMIT = 100_000


class Launch(BaseModel):
    """A plan as text (YAML or JSON), or the path of a plan file in the repository's work tree."""

    model_config = ConfigDict(extra="forbid")

    plan: str | None = Field(default=None, min_length=1)
    path: str | None = Field(default=None, min_length=1, max_length=4096)

    @model_validator(mode="after")
    def _one_of_both(self) -> "Launch":
        if (self.plan is None) == (self.path is None):
            raise ValueError("give either plan or path")
        return self


class Launched(TypedDict):
    """`intent` is the launch's number in the inbox."""

    run: str
    intent: int


class Runs(TypedDict):
    runs: list[RunSummary]
    total: int


class Events(TypedDict):
    """`next` is the `after` of the next page; `last` the last seq of the log."""

    run: str
    events: list[Envelope]
    next: int
    last: int


class PlanOfRun(TypedDict):
    """`text` is the plan as it was written, comments included, where the run was launched with it; else it says the
    same in other words."""

    run: str
    name: str
    text: str


class Train(TypedDict):
    run: str
    seq: int
    trunk: Trunk
    paused: bool
    train: list[CandidateView]


def json_response(value: object, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")


@router.post("/runs", status_code=202, response_model=Launched)
async def launch(body: Launch, request: Request, response: Response, room: TheRoom) -> Launched:
    """Launch a plan. The run is led by a process that takes launches; its log begins when that process takes it up."""
    if not room.options.can_launch:
        raise Problem(
            409, "no-launcher", "no process takes launches here; start one: tianting serve, or tianting run PLAN"
        )
    text, source = (body.plan, "plan") if body.plan is not None else await plan_file(room, body.path or "")
    parsed = await known_plan(room.ports.cache, text, source, _parsed)
    if not isinstance(parsed, Plan):
        errors = [
            {"source": one.source, "line": one.line, "column": one.column, "message": one.message} for one in parsed
        ]
        raise Problem(422, "plan", f"the plan has {len(errors)} fault(s); the first: {parsed[0]}", errors)
    run = room.ports.new_run(parsed.name)
    intent = LaunchRun(run, text, source)
    number = await room.ports.inbox.submit(run, intent, request.scope[BY], room.ports.clock.now())
    room.ports.bus.publish(run)
    response.headers["Location"] = f"/api/v1/runs/{run}"
    return {"run": run, "intent": number}


async def _parsed(text: str, source: str) -> Plan | tuple[PlanFault, ...]:
    return await asyncio.to_thread(parse_plan, text, source)


async def plan_file(room: Room, path: str) -> tuple[str, str]:
    """The text of a plan in the repository's work tree, and its name."""
    files = room.ports.plan_files
    found = None if files is None else await files.read(path)
    if found is None:
        raise Problem(404, "unknown-plan", f"the repository has no plan file {path!r}")
    try:
        return found.decode(), path
    except UnicodeDecodeError as error:
        raise Problem(422, "plan", f"{path} is not UTF-8 text") from error


@router.get("/runs", response_model=Runs)
async def runs(room: TheRoom, limit: Annotated[int, Query(ge=1, le=_RUNS)] = 50) -> Response:
    """The runs, newest first."""
    heads = await room.ports.store.runs()
    shown = [await room.follows.summary(head) for head in heads[:limit]]
    return json_response({"runs": shown, "total": len(heads)})


@router.get("/runs/{run}", response_model=RunView)
async def snapshot(run: str, request: Request, room: TheRoom) -> Response:
    """A run as it stands at `seq`; go on from there with the feed."""
    name = RunId(run)
    led = await room.is_led(name)
    followed = await room.followed(name)
    if not followed.state.id:  # launching, or refused before its plan was accepted
        followed.state.id = name
    text = await followed.snapshot(room.ports.forecast, room.ports.clock.now(), led=led)
    if len(text.plain) < WORTH_PACKING or "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(text.plain, media_type="application/json", headers={"Vary": "Accept-Encoding"})
    packing = {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    return Response(await text.packed(), media_type="application/json", headers=packing)


@router.get("/runs/{run}/forecast", response_model=ForecastView)
async def forecast(run: str, room: TheRoom) -> Response:
    """What was foreseen of the run's plan: waves, critical path, overlaps. It never changes while the run goes on."""
    followed = await room.followed(RunId(run))
    return Response(await followed.foreseen(room.ports.forecast), media_type="application/json")


@router.get("/runs/{run}/plan", response_model=PlanOfRun)
async def plan(run: str, room: TheRoom) -> Response:
    """The plan that the run was launched with, to look at or to begin from."""
    followed = await room.followed(RunId(run))
    own = followed.state.plan
    return json_response({"run": run, "name": own.name, "text": followed.history.written or plan_to_text(own)})


@router.get("/runs/{run}/timeline", response_model=TimelineView)
async def timeline(run: str, room: TheRoom) -> Response:
    """What took how long: attempts, gates and conflicts over time."""
    followed = await room.followed(RunId(run))
    return json_response(timeline_view(followed.state, followed.history))


@router.get("/runs/{run}/events", response_model=Events)
async def events(
    run: str,
    room: TheRoom,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_EVENTS)] = 500,
) -> Response:
    """A page of the log: events with seq above `after`. A page may be shorter than `limit`; ask on from `next`."""
    name, place = RunId(run), Seq(after)
    await room.check_known(name)
    last = await room.pages.last(name)
    known = Seq(min(last, after + limit))
    lines: list[str] = []
    room_left = _EVENTS_CHARS
    while place < known and room_left > 0:
        stretch = await room.pages.stretch(name, place, known, room_left)
        lines.extend(stretch.lines)
        room_left -= sum(map(len, stretch.lines))
        place = stretch.last
    text = f'{{"run":{to_json(name)},"events":[{",".join(lines)}],"next":{place},"last":{last}}}'
    return Response(text, media_type="application/json")


@router.get("/runs/{run}/train", response_model=Train)
async def train(run: str, room: TheRoom) -> Response:
    """The candidates in the order in which they would land."""
    state = (await room.followed(RunId(run))).state
    return json_response(
        {
            "run": run,
            "seq": state.seq,
            "trunk": trunk_view(state),
            "paused": state.paused,
            "train": list(train_view(state)),
        }
    )


@router.get("/runs/{run}/conflicts", response_model=ConflictsView)
async def conflicts(run: str, room: TheRoom, diffs: bool = False) -> Response:
    """Conflicts, open and settled. With `diffs`, the newest resolutions carry theirs, for review."""
    followed = await room.followed(RunId(run))
    view = conflicts_view(followed.state, followed.history)
    if diffs:
        for case in view["settled"][-_DIFFS:]:
            if case["resolution"] is not None:
                resolution = case["resolution"]
                case["diff"] = await diff_of(room, resolution["previous"], resolution["head"], _DIFF_LIMIT)
    return json_response(view)
