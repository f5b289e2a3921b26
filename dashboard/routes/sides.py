"""The three sides of a conflict as text, for whoever settles it.

Never: an object that no conflict of the run names; a marked-up merge of our own.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from typing_extensions import TypedDict

from dashboard.problems import Problem
from dashboard.room import Room, TheRoom
from dashboard.routes.runs import json_response
from state.candidate import Conflict, Side
from state.ids import RunId
from state.ports import RepositoryFault

router = APIRouter(prefix="/api/v1", tags=["runs"])

_FILES = frozenset({"100644", "100755", "120000"})


class SideText(TypedDict):
    """`text` is None where the side is no text (a binary file, a submodule), or git does not have it any more."""

    blob: str
    mode: str
    text: str | None
    cut: bool


class Sides(TypedDict):
    """A side that has no such path is None. `settled` as in the list of conflicts."""

    run: str
    candidate: str
    task: str | None
    onto: str
    settled: str
    path: str
    rule: str
    base: SideText | None
    ours: SideText | None
    theirs: SideText | None


@router.get("/runs/{run}/conflicts/{candidate}/sides", response_model=Sides)
async def sides(
    run: str,
    candidate: str,
    room: TheRoom,
    path: str,
    limit: Annotated[int, Query(ge=1, le=2_000_000, description="characters of each side")] = 200_000,
) -> Response:
    """What the trunk (ours), the candidate (theirs) and their common ancestor (base) have at a path in conflict; of the
    newest conflict of that candidate there."""
    followed = await room.followed(RunId(run))
    for case in reversed(followed.history.conflicts):
        found = _at(case.conflicts, path) if case.candidate == candidate else None
        if found is not None:
            texts = {name: await _text(room, side, limit) for name, side in _named(found)}
            told = {"run": run, "candidate": candidate, "task": case.task, "onto": case.onto, "settled": case.settled}
            return json_response({**told, "path": path, "rule": found.rule, **texts})
    raise Problem(404, "unknown-conflict", f"no candidate {candidate!r} of run {run} has met a conflict in {path!r}")


def _named(found: Conflict) -> tuple[tuple[str, Side | None], ...]:
    return ("base", found.base), ("ours", found.ours), ("theirs", found.theirs)


def _at(conflicts: tuple[Conflict, ...], path: str) -> Conflict | None:
    here = [one for one in conflicts if one.path == path]
    with_sides = [one for one in here if one.base or one.ours or one.theirs]
    return next(iter(with_sides or here), None)


async def _text(room: Room, side: Side | None, limit: int) -> SideText | None:
    if side is None:
        return None
    text = None
    if side.mode in _FILES and room.ports.objects is not None:
        try:
            text = (await room.ports.objects.read_blob(side.blob)).decode()
        except (RepositoryFault, UnicodeDecodeError):
            text = None
    if text is None or "\0" in text:
        return {"blob": side.blob, "mode": side.mode, "text": None, "cut": False}
    return {"blob": side.blob, "mode": side.mode, "text": text[:limit], "cut": len(text) > limit}
