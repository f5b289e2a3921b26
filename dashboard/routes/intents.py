"""Intents: what a person wants of a run goes into its inbox; whoever leads the run accepts or refuses it, as an event.

Never: an effect. What can be seen to be nonsense now is refused at once.
"""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import JsonValue
from starlette.requests import Request
from typing_extensions import TypedDict

from dashboard.door import BY
from dashboard.problems import Problem
from dashboard.room import TheRoom
from state import intents
from state.codec import Json, intent_from
from state.ids import CandidateId, QuestionId, RunId, TaskId
from state.run import RunState

router = APIRouter(prefix="/api/v1", tags=["intents"])

_TEXT_LIMIT = 100_000
_EXAMPLES = {
    "pause": {"value": {"kind": "PauseRun"}},
    "answer": {"value": {"kind": "AnswerQuestion", "question": "q1", "text": "ours"}},
    "retry": {"value": {"kind": "RetryTask", "task": "schema"}},
}


class Submitted(TypedDict):
    """`intent` is its number in the inbox: `IntentAccepted` or `IntentRefused` in the feed names it. `led` false: no
    process leads the run now, and the intent waits until one does."""

    run: str
    intent: int
    led: bool


@router.post("/runs/{run}/intents", status_code=202, response_model=Submitted)
async def submit(
    run: str,
    body: Annotated[dict[str, JsonValue], Body(openapi_examples=_EXAMPLES)],
    request: Request,
    room: TheRoom,
) -> Submitted:
    """Submit an intent: an object with `kind` and the fields of that kind."""
    name = RunId(run)
    state = (await room.followed(name)).state
    intent = _read(body)
    _check(state, run, intent)
    number = await room.ports.inbox.submit(name, intent, request.scope[BY], room.ports.clock.now())
    room.ports.bus.publish(name)
    return {"run": run, "intent": number, "led": await room.is_led(name)}


def _read(body: dict[str, JsonValue]) -> intents.Intent:
    raw: dict[str, Json] = dict(body)
    try:
        intent = intent_from(raw)
    except ValueError as error:
        raise Problem(422, "intent", str(error)) from error
    if isinstance(intent, intents.LaunchRun):
        raise Problem(422, "intent", "a run is launched with POST /api/v1/runs")
    return intent


def _check(state: RunState, run: str, intent: intents.Intent) -> None:
    """Raise a problem for what the run does not have."""
    match intent:
        case intents.AnswerQuestion(question=question, text=text):
            _known_question(state, run, question)
            if len(text) > _TEXT_LIMIT:
                raise Problem(422, "intent", f"an answer has at most {_TEXT_LIMIT} characters")
        case intents.SteerTask(task=task, text=text):
            _known_task(state, run, task)
            if not text.strip() or len(text) > _TEXT_LIMIT:
                raise Problem(422, "intent", f"give a text of at most {_TEXT_LIMIT} characters")
        case intents.CancelTask(task=task) | intents.RetryTask(task=task) | intents.ApproveTask(task=task):
            _known_task(state, run, task)
        case intents.ResolveConflict(candidate=candidate) | intents.DropCandidate(candidate=candidate):
            _known_candidate(state, run, candidate)
        case intents.ReorderTrain(order=order):
            for candidate in order:
                _known_candidate(state, run, candidate)
        case _:
            pass


def _known_task(state: RunState, run: str, task: TaskId) -> None:
    if task not in state.tasks:
        raise Problem(404, "unknown-task", f"run {run} has no task {task!r}")


def _known_question(state: RunState, run: str, question: QuestionId) -> None:
    if question not in state.questions:
        raise Problem(404, "unknown-question", f"run {run} has no open question {question!r}")


def _known_candidate(state: RunState, run: str, candidate: CandidateId) -> None:
    if candidate not in state.candidates:
        raise Problem(404, "unknown-candidate", f"the train of run {run} has no candidate {candidate!r}")
