"""A conflict settled by hand: what a person wrote for each path in conflict becomes a commit, which enters the train
like every other and must pass the gate there.

Never: a result that leaves a path of the conflict, or a conflict marker, as it was.
"""

import re
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from dashboard.door import BY
from dashboard.problems import Problem
from dashboard.room import TheRoom
from dashboard.routes.intents import Submitted
from state.candidate import Conflict
from state.ids import CandidateId, RunId
from state.intents import ResolveConflict

router = APIRouter(prefix="/api/v1", tags=["intents"])

_TEXT_LIMIT = 4_000_000
_MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
# Other conflicts of git's put files under made-up names or move folders; a text for one path does not settle those.
_BY_HAND = frozenset({"CONFLICT (contents)", "CONFLICT (modify/delete)"})


class File(BaseModel):
    """`text` None: the file is to be gone."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    text: Annotated[str, Field(max_length=_TEXT_LIMIT)] | None


class Result(BaseModel):
    """One file for every path in conflict."""

    model_config = ConfigDict(extra="forbid")

    files: Annotated[list[File], Field(min_length=1, max_length=1000)]


@router.post("/runs/{run}/conflicts/{candidate}/result", status_code=202, response_model=Submitted)
async def settle(run: str, candidate: str, body: Result, request: Request, room: TheRoom) -> Submitted:
    """Settle the open conflict of a candidate with files written by hand. They become a commit of the candidate and
    what it is to land on; the gate runs at its merge before it lands."""
    name = RunId(run)
    state = (await room.followed(name)).state
    found = state.candidates.get(CandidateId(candidate))
    if found is None:
        raise Problem(404, "unknown-candidate", f"the train of run {run} has no candidate {candidate!r}")
    if not found.conflicts or found.onto is None:
        raise Problem(409, "no-conflict", f"candidate {candidate} has no conflict that is open")
    if room.ports.desk is None:
        raise Problem(409, "no-repository", "this dashboard has no repository to write a commit to")
    _check(found.conflicts, body)
    files = {one.path: None if one.text is None else (_mode(found.conflicts, one.path), one.text) for one in body.files}
    commit = await room.ports.desk.settle(found.onto, found.value.head, files, room.ports.clock.now())
    intent = ResolveConflict(found.value.id, "commit", commit)
    number = await room.ports.inbox.submit(name, intent, request.scope[BY], room.ports.clock.now())
    room.ports.bus.publish(name)
    return {"run": run, "intent": number, "led": await room.is_led(name)}


def _check(conflicts: tuple[Conflict, ...], body: Result) -> None:
    """Raise a problem for a result that would not settle them."""
    given, wanted = {one.path for one in body.files}, {one.path for one in conflicts}
    if strange := sorted(given - wanted):
        raise Problem(422, "result", f"not in conflict, and so not to be changed here: {', '.join(strange[:5])}")
    if missing := sorted(wanted - given):
        raise Problem(422, "result", f"still in conflict, since nothing was given for them: {', '.join(missing[:5])}")
    by_git = [one for one in conflicts if one.rule.startswith("CONFLICT")]
    if twisted := sorted({one.path for one in by_git if one.rule not in _BY_HAND}):
        paths = ", ".join(twisted[:5])
        raise Problem(422, "result", f"a text alone does not settle {paths}; make a commit and name it")
    if marked := sorted(one.path for one in body.files if one.text is not None and _MARKER.search(one.text)):
        raise Problem(422, "result", f"conflict markers are left in {', '.join(marked[:5])}")


def _mode(conflicts: tuple[Conflict, ...], path: str) -> str:
    """The mode that the file has on either side, this task's first."""
    sides = [side for one in conflicts if one.path == path for side in (one.theirs, one.ours) if side is not None]
    return sides[0].mode if sides else "100644"
