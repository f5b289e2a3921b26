"""The commands that steer a run from any terminal: each puts an intent into the run's inbox and waits for what the
process that leads the run makes of it.

Never: change a run itself.
"""

import asyncio
import getpass
import sys
from pathlib import Path

from orchestrator.cli.guard import DONE, MISUSE
from orchestrator.cli.house import the_run, with_house
from orchestrator.compose import House
from state import events as ev
from state import intents
from state.ids import IntentId, QuestionId, RunId, Seq, TaskId

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
        made = await house.store.submit(run, intent, user_name(), house.clock.now())
        house.bus.publish(run)
        if await house.lease.holder(f"run:{run}") is None:
            sys.stdout.write(f"noted; nobody leads run {run} now: `tianting resume {run}` carries it out\n")
            return DONE
        return await _outcome(house, run, made, seen)

    return with_house(repo, store, work)


async def _outcome(house: House, run: RunId, made: IntentId, seen: Seq) -> int:
    """Until the log says what became of the intent."""
    try:
        async with asyncio.timeout(ANSWER_WAIT), house.bus.subscribe(run) as wakeups:
            while True:
                for recorded in await house.store.read(run, seen, 1000):
                    seen = recorded.seq
                    match recorded.event:
                        case ev.IntentAccepted(intent_id=intent_id) if intent_id == made:
                            sys.stdout.write("done\n")
                            return DONE
                        case ev.IntentRefused(intent_id=intent_id, why=why) if intent_id == made:
                            sys.stderr.write(f"tianting: refused: {why}\n")
                            return MISUSE
                await wakeups.wait(1.0)
    except TimeoutError:
        sys.stdout.write(f"noted; run {run} has not taken it up within {ANSWER_WAIT:.0f} s, it will when it can\n")
        return DONE
