"""`demo`: the whole story on a throw-away repository, with simulated agents and, where no person is at the terminal, a
simulated person.

Never: the user's own repository; a simulated thing that is not called so.
"""

import asyncio
import shlex
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from agents.runtimes.known import runtime_for
from orchestrator.cli import out
from orchestrator.cli.guard import DONE
from orchestrator.cli.lead import Showing, lead_plan
from orchestrator.compose import House, open_house
from orchestrator.demo.second_act import Player, second_plan
from orchestrator.settings import Misuse, Settings
from state import events as ev
from state.git.seed import seed_repository
from state.ids import QuestionId, RunId, Seq
from state.intents import AnswerQuestion
from state.plan import Plan, RuntimeName
from state.plan_text import parse_plan
from state.question import About, Question

PERSON = "scripted person (simulated)"
_PLAYERS = (
    Player(RuntimeName.CLAUDE),
    Player(RuntimeName.AUTOGEN, "anthropic:scripted"),
    Player(RuntimeName.CODEX, "scripted"),
    Player(RuntimeName.ACP, command="claude-agent-acp"),
)
PATIENCE = 6.0
"""Seconds that a person at the terminal has to answer before the simulated one does."""


def run_demo(port: int, dashboard: bool, keep: Path | None, agents: bool = False) -> int:
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise Misuse(f"{keep} is not empty; name a new folder for the demo's repository")
    folder = Path(tempfile.mkdtemp(prefix="tianting-demo-"))
    try:
        top = (keep or folder / "bookshop").absolute()
        _make_repository(top)
        settings = Settings(folder / "home", "")
        out.say(f"A throw-away repository: {top}\nEvery agent in it is simulated: its work is scripted.")
        showing = Showing(port, dashboard, as_json=False, linger=not agents)
        return asyncio.run(_demo(top, settings, showing, agents))
    finally:
        shutil.rmtree(folder / "home", ignore_errors=True)
        out.say(f"The repository stays at {top}: look at it, and delete it when you have seen enough.")


def _make_repository(top: Path) -> None:
    with as_file(files("orchestrator.demo") / "bookshop") as source:
        shutil.copytree(source, top, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (top / "gitignore").rename(top / ".gitignore")
    seed_repository(str(top), "main", "The bookshop as it stands")


def demo_plan() -> Plan:
    """The demo's plan, for this interpreter."""
    text = (files("orchestrator.demo") / "plan.yaml").read_text(encoding="utf-8")
    found = parse_plan(text.replace("{PYTHON}", shlex.quote(sys.executable)), "the demo's plan")
    if not isinstance(found, Plan):
        raise Misuse("\n".join(str(fault) for fault in found))
    return found


async def _demo(top: Path, settings: Settings, showing: Showing, agents: bool) -> int:
    async with open_house(top, settings) as house:
        async with _person(house, sys.stdin.isatty() and sys.stdout.isatty()):
            code = await lead_plan(house, demo_plan(), showing, "demo")
        if code != DONE or not agents:
            return code
        return await _second_act(house, replace(showing, linger=True))


async def _second_act(house: House, showing: Showing) -> int:
    """Real agent programs, those that are here, with a scripted model behind them."""
    players = [player for player in _PLAYERS if await _is_here(player)]
    if not players:
        out.say(
            "\nThe second act is for real agent programs, and none is here: pip install 'tianting[claude]', or "
            "'tianting[autogen]', and play it again."
        )
        return DONE
    from agents.model_server.app import ScriptedModel
    from agents.model_server.serve import serving

    named = ", ".join(player.runtime for player in players)
    out.say(f"\nThe second act. The agent programs are real ({named}); the model behind them is scripted (simulated).")
    async with serving(ScriptedModel({})) as address:
        found = parse_plan(second_plan(players, address), "the demo's second plan")
        if not isinstance(found, Plan):
            raise Misuse("\n".join(str(fault) for fault in found))
        return await lead_plan(house, found, showing, "demo")


async def _is_here(player: Player) -> bool:
    if player.command:
        return shutil.which(player.command) is not None
    return (await runtime_for(player.runtime).probe()).found


@asynccontextmanager
async def _person(house: House, attended: bool) -> AsyncIterator[None]:
    """The simulated person, for as long as the demo goes on."""
    async with asyncio.TaskGroup() as group:
        person = group.create_task(_answer_all(house, PATIENCE if attended else 0.0))
        try:
            yield
        finally:
            person.cancel()


async def _answer_all(house: House, patience: float) -> None:
    run, after = RunId(""), Seq(0)
    waiting: dict[QuestionId, tuple[float, Question]] = {}
    async with house.bus.subscribe(None) as wakeups:
        while True:
            if not run:
                heads = await house.store.runs()
                run = heads[0].run if heads else run
            for recorded in await house.store.read(run, after, 1000):
                after = recorded.seq
                match recorded.event:
                    case ev.QuestionAsked(question=question):
                        waiting[question.id] = (recorded.ts + patience, question)
                    case ev.QuestionAnswered(question=name):
                        waiting.pop(name, None)
                    case _:
                        pass
            now = house.clock.now()
            for name, (due, question) in list(waiting.items()):
                if due <= now:
                    del waiting[name]
                    await house.store.submit(run, AnswerQuestion(question.id, _answer(question)), PERSON, now)
                    house.bus.publish(run)
            await wakeups.wait(max(0.05, min((due - now for due, _ in waiting.values()), default=5.0)))


def _answer(question: Question) -> str:
    match question.about:
        case About.CONFLICT:
            return "ours"
        case About.APPROVAL:
            return "approve"
        case About.AGENT:
            return "euro"
