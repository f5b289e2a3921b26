"""The commands that steer a run from any terminal: each puts an intent into the run's inbox and waits for what the
process that leads the run makes of it.

Never: change a run itself.
"""

import asyncio
import getpass
from collections.abc import Sequence
from pathlib import Path

from orchestrator.accept import accept
from orchestrator.cli import out
from orchestrator.cli.guard import DONE, MISUSE
from orchestrator.cli.house import the_run, the_state, with_house
from orchestrator.compose import House
from orchestrator.settings import Misuse
from state import events as ev
from state import intents
from state.fold import apply
from state.ids import IntentId, QuestionId, RunId, Seq, TaskId
from state.question import About
from state.run import RunState

ANSWER_WAIT = 10.0


def user_name() -> str:
    """Who steers, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user id in a container
        return "somebody"


def pause_run(run: str | None, repo: Path, store: str | None) -> int:
    return _submit(intents.PauseRun(), run, repo, store)


def cancel_run(run: str | None, task: str | None, repo: Path, store: str | None) -> int:
    intent = intents.CancelRun() if task is None else intents.CancelTask(TaskId(task))
    return _submit(intent, run, repo, store)


def retry_task(task: str, run: str | None, repo: Path, store: str | None) -> int:
    return _submit(intents.RetryTask(TaskId(task)), run, repo, store)


def steer_task(task: str, text: str, run: str | None, repo: Path, store: str | None) -> int:
    return _submit(intents.SteerTask(TaskId(task), text), run, repo, store)


def approve_task(task: str, run: str | None, repo: Path, store: str | None) -> int:
    return _submit(intents.ApproveTask(TaskId(task)), run, repo, store)


def answer_question(question: str, text: str, run: str | None, repo: Path, store: str | None) -> int:
    return _submit(intents.AnswerQuestion(QuestionId(question), text), run, repo, store)


def _submit(intent: intents.Intent, name: str | None, repo: Path, store: str | None) -> int:
    async def work(house: House) -> int:
        run = await the_run(house, name)
        seen = await house.store.last_seq(run)
        if isinstance(intent, intents.AnswerQuestion):
            await _check_answer(house, await the_state(house, run), intent)
        if await house.lease.holder(f"run:{run}") is None:
            return await _note(house, run, intent)
        made = await house.store.submit(run, intent, user_name(), house.clock.now())
        house.bus.publish(run)
        return await _outcome(house, run, made, seen)

    return with_house(repo, store, work, only_look=True)


async def _note(house: House, name: RunId, intent: intents.Intent) -> int:
    """Nobody leads the run: whether the intent makes sense is asked here, after all that was noted before it."""
    run = await the_state(house, name)
    for submitted in await house.store.pending(run.id, run.intent):
        _apply(run, accept(run, submitted)[0])
    now = house.clock.now()
    events, _ = accept(run, intents.Submitted(IntentId(0), now, user_name(), intent))
    if isinstance(events[0], ev.IntentRefused):
        return _refused(events[0].why)
    if isinstance(intent, intents.AnswerQuestion) and run.questions[intent.question].about is About.AGENT:
        return _refused("the agent that asked ended with the process that led the run; resume it, and it may ask again")
    if run.finished and isinstance(intent, intents.PauseRun | intents.CancelRun):
        return _refused("the run has ended")
    await house.store.submit(run.id, intent, user_name(), now)
    out.say(f"noted; nobody leads run {run.id} now: `tianting resume {run.id}` carries it out")
    return DONE


def _apply(run: RunState, events: Sequence[ev.Event]) -> None:
    for event in events:
        apply(run, ev.Recorded(Seq(run.seq + 1), run.last, event))


async def _check_answer(house: House, run: RunState, intent: intents.AnswerQuestion) -> None:
    """A conflict is settled by a choice or by a commit; a slip of the pen is neither."""
    question, text = run.questions.get(intent.question), intent.text.strip()
    if question is None or question.about is not About.CONFLICT or not text or text in question.choices:
        return
    if await house.repository.resolve(text) is None:
        raise Misuse(f"{text!r} is none of {', '.join(question.choices)}, and no commit of {house.path}")


def _refused(why: str) -> int:
    out.complain(f"tianting: refused: {why}")
    return MISUSE


async def _outcome(house: House, run: RunId, made: IntentId, seen: Seq) -> int:
    """Until the log says what became of the intent."""
    try:
        async with asyncio.timeout(ANSWER_WAIT), house.bus.subscribe(run) as wakeups:
            while True:
                for recorded in await house.store.read(run, seen, 1000):
                    seen = recorded.seq
                    match recorded.event:
                        case ev.IntentAccepted(intent_id=intent_id) if intent_id == made:
                            out.say("done")
                            return DONE
                        case ev.IntentRefused(intent_id=intent_id, why=why) if intent_id == made:
                            return _refused(why)
                await wakeups.wait(1.0)
    except TimeoutError:
        out.say(f"noted; run {run} has not taken it up within {ANSWER_WAIT:.0f} s, it will when it can")
        return DONE
