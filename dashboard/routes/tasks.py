"""One task: its attempts, its diff, what its agent said, what its gates print.

Never: a change.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard.detail import GateOutput, TaskDetail, Transcript, task_detail
from dashboard.follow import Followed
from dashboard.problems import Problem
from dashboard.room import TheRoom
from dashboard.routes.runs import json_response
from dashboard.routes.work import diff_of, last_lines, lines_after
from state.ids import AttemptId, RunId, Sha, TaskId, gate_id

router = APIRouter(prefix="/api/v1", tags=["tasks"])


def _task(followed: Followed, run: str, task: str) -> TaskId:
    if TaskId(task) not in followed.state.tasks:
        raise Problem(404, "unknown-task", f"run {run} has no task {task!r}")
    return TaskId(task)


@router.get("/runs/{run}/tasks/{task}", response_model=TaskDetail)
async def task(
    run: str,
    task: str,
    room: TheRoom,
    diff: Annotated[int, Query(ge=0, le=2_000_000, description="characters of the diff, 0 for none")] = 200_000,
    lines: Annotated[int, Query(ge=0, le=1000, description="last lines of the transcript")] = 100,
) -> Response:
    """A task with its past. The diff is of its candidate, or of what has landed; the transcript is that of its last
    attempt."""
    followed = await room.followed(RunId(run))
    name = _task(followed, run, task)
    led, now = await room.is_led(RunId(run)), room.ports.clock.now()
    detail = task_detail(followed.state, followed.history, name, room.ports.forecast, now, led=led)
    past = followed.history.of(name)
    work, attempt = past.work, past.attempts[-1].id if past.attempts else None
    if work is not None and diff:
        detail["diff"] = await diff_of(room, work.base, work.head, diff)
    if attempt is not None:
        said = await last_lines(room.ports.transcripts, RunId(run), attempt, lines) if lines else []
        detail["transcript"] = {"attempt": attempt, "lines": said}
    return json_response(detail)


@router.get("/runs/{run}/tasks/{task}/transcript", response_model=Transcript)
async def transcript(
    run: str,
    task: str,
    room: TheRoom,
    attempt: Annotated[int | None, Query(ge=1, description="number of the attempt; the last when left out")] = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Lines of one attempt with numbers above `after`, in order."""
    followed = await room.followed(RunId(run))
    attempts = followed.history.of(_task(followed, run, task)).attempts
    known = {one.number: one.id for one in attempts}
    if not known:
        return json_response({"attempt": None, "lines": []})
    number = max(known) if attempt is None else attempt
    if number not in known:
        raise Problem(404, "unknown-attempt", f"task {task} has no attempt {number}")
    name: AttemptId = known[number]
    said = await lines_after(room.ports.transcripts, RunId(run), name, after, limit)
    return json_response({"attempt": name, "lines": said})


@router.get("/runs/{run}/gates/{commit}/output", response_model=GateOutput)
async def gate_output(
    run: str,
    commit: str,
    room: TheRoom,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """What the checks at a speculative commit print, while they run and after: lines with numbers above `after`."""
    history = (await room.followed(RunId(run))).history
    gate = history.gate_of(Sha(commit))
    if gate is None:
        raise Problem(404, "unknown-gate", f"run {run} had no gate at {commit!r}")
    said = await lines_after(room.ports.transcripts, RunId(run), gate_id(gate.commit), after, limit)
    return json_response({"commit": gate.commit, "running": gate.passed is None and not gate.stopped, "lines": said})
