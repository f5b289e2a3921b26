"""MCP servers in the windows: Tianting's own and those of the plan, reached by real agents with real clients."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.mcp.promptx import Bridge, BridgeFault
from tests.support.command import Desk, Leader, one_sentence
from tests.support.models import PROGRAMS, Program, pointed_at, scripted

BOARD = Path(__file__).parents[1] / "support" / "board_server.py"
PROMPTX = BOARD.with_name("promptx_server.py")
Step = dict[str, object]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path, {"app.py": "def value(of: int) -> int:\n    return of\n"})


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    server: Leader = desk.start("model-server", "--json")
    yield json.loads(server.stdout.readline())["address"]
    server.signal()
    assert server.end().code == 0


SPEAKS = [name for name in ("claude", "autogen", "acp, Claude", "codex") if name in PROGRAMS]


@pytest.fixture(params=SPEAKS)
def program(request: pytest.FixtureRequest) -> Program:
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


def plan(address: str, program: Program, servers: object, tasks: Mapping[str, tuple[Step, ...]], more: str = "") -> str:
    windows: dict[str, object] = {"runtime": program.runtime.value, "env": dict(program.env)}
    windows |= {"command": list(program.command)} if program.command else {}
    windows |= {"model": program.model} if program.model else {}
    listed = [
        {"id": name, "role": "backend", "prompt": scripted(*steps), "touches": [f"{name}.py"]}
        for name, steps in tasks.items()
    ]
    text = {
        "defaults": {"env": dict(pointed_at(address))},
        "windows": {"backend": {**windows, "count": 2}},
        "mcp": servers,
        "tasks": listed,
    }
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in text.items()) + more


def use(server: str, tool: str, **given: object) -> Step:
    return {"tool": f"mcp__{server}__{tool}", "input": given}


def keep(name: str) -> Step:
    """What the tool before gave back, into a file."""
    return {"write": name, "text": "{result}"}


def test_an_agent_reads_the_plan_reports_and_remembers(desk: Desk, address: str, program: Program) -> None:
    steps: tuple[Step, ...] = (
        use("tianting", "plan"),
        keep("plan.txt"),
        use("tianting", "report", text="half of it is done"),
        use("tianting", "promptx_remember", content="Prices are in cents.", tags=["money"]),
        use("tianting", "recall", query="cents"),
        keep("recalled.txt"),
        use("tianting", "promptx_action", role="testing"),
        keep("role.txt"),
        {"say": "Done."},
    )
    told = desk.run(plan(address, program, {"tianting": {}}, {"one": steps}))
    assert told.code == 0, told.out + told.err
    assert "- one (yours)" in desk.git("show", "main:plan.txt")
    assert "Prices are in cents. [money] (from one)" in desk.git("show", "main:recalled.txt")
    assert "testing" in desk.git("show", "main:role.txt").casefold()
    assert "half of it is done" in desk.tianting("show", "one").out


def test_the_servers_of_the_plan_get_what_the_plan_gives_and_nothing_else(
    desk: Desk, address: str, program: Program
) -> None:
    board = {"command": [sys.executable, "-P", str(BOARD)], "env": {"BOARD": "{task}"}, "inherit": ["HANDED_ON"]}
    steps: tuple[Step, ...] = (use("board", "note", text="hello"), keep("seen.txt"), {"say": "{result}"})
    text = plan(address, program, {"board": board}, {"one": steps})
    told = desk.tianting("run", desk.plan(text), env=desk.env(HANDED_ON="a-secret-value", TIANTING_CANARY="sings"))
    assert told.code == 0, told.out + told.err
    seen = desk.git("show", "main:seen.txt")
    assert "'BOARD': 'one'" in seen
    assert "'HANDED_ON': 'a-secret-value'" in seen
    for kept_from_it in ("TIANTING_CANARY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        assert f"'{kept_from_it}': ''" in seen
    assert "a-secret-value" not in desk.tianting("show", "one").out + told.out
    missing = desk.tianting("run", desk.plan(text))
    one_sentence(missing, 2, "hands HANDED_ON on to an MCP server")


FAST = PROGRAMS["autogen"]


@pytest.mark.parametrize("name", ["claude", "autogen", "codex"])
def test_a_server_that_does_not_start_fails_the_attempt_and_says_so(desk: Desk, address: str, name: str) -> None:
    program = PROGRAMS[name]
    if program.missing:
        pytest.skip(program.missing)
    servers = {"gone": {"command": ["no-such-program-here"]}}
    text = plan(address, program, servers, {"one": ({"write": "a.txt", "text": "a"}, {"say": "ok"})})
    told = desk.run(text.replace('"defaults": {', "").replace("defaults: {", "defaults: {retries: 0, "))
    assert told.code == 1, told.out
    assert "one: failed" in told.out
    [failed] = [one for one in desk.log() if one["type"] == "AttemptFailed"]
    assert "gone" in json.dumps(failed["data"]["failure"])  # type: ignore[index]  # Codex says it on its standard error


@pytest.mark.parametrize("name", ["claude", "autogen"])
def test_a_server_that_is_reached_by_its_address_is_shown_the_token(
    desk: Desk, address: str, name: str, tmp_path: Path
) -> None:
    with far_board(tmp_path) as far:
        servers = {"board": {"url": f"http://127.0.0.1:{far}/mcp", "bearer": "BOARD_TOKEN"}}
        steps: tuple[Step, ...] = (use("board", "note", text="hello"), keep("seen.txt"), {"say": "ok"})
        text = plan(address, PROGRAMS[name], servers, {"one": steps})
        told = desk.tianting("run", desk.plan(text), env=desk.env(BOARD_TOKEN="a-token-of-mine"))
        assert told.code == 0, told.out + told.err
    assert "hello, Bearer a-token-of-mine:" in desk.git("show", "main:seen.txt")


@contextmanager
def far_board(folder: Path) -> Iterator[int]:
    """The board as a server of its own; it says its port when it answers."""
    os.mkfifo(folder / "ready")
    child = subprocess.Popen(
        [sys.executable, "-P", str(BOARD), str(folder / "ready")], env={"PATH": os.environ["PATH"]}
    )
    try:
        yield int((folder / "ready").read_text())
    finally:
        child.kill()
        child.wait()


def test_a_question_by_way_of_the_server_waits_for_a_person(desk: Desk, address: str) -> None:
    steps: tuple[Step, ...] = (
        use("tianting", "ask", question="Which colour?", choices=["red", "blue"]),
        keep("colour.txt"),
        {"say": "ok"},
    )
    leader = desk.start("run", desk.plan(plan(address, FAST, {"tianting": {}}, {"one": steps})))
    leader.until_said("Which colour?")
    asked = [one for one in desk.log() if one["type"] == "QuestionAsked"]
    question = asked[0]["data"]["question"]["id"]  # type: ignore[index]
    assert desk.tianting("answer", question, "blue").code == 0
    told = leader.end()
    assert told.code == 0, told.out
    assert desk.git("show", "main:colour.txt") == "blue"


def test_a_question_that_nobody_answers_lapses(desk: Desk, address: str) -> None:
    steps: tuple[Step, ...] = (use("tianting", "ask", question="Which?"), keep("told.txt"), {"say": "ok"})
    text = plan(address, FAST, {"tianting": {}}, {"one": steps}).replace("defaults: {", "defaults: {answer: 1, ")
    told = desk.run(text)
    assert told.code == 0, told.out
    assert "Nobody has answered" in desk.git("show", "main:told.txt")


def test_an_agent_sees_what_its_neighbour_claims_and_offers(desk: Desk, address: str) -> None:
    done = desk.top.parent / "done"
    os.mkfifo(done)
    steps: tuple[Step, ...] = (
        {"run": f"cat {shlex.quote(str(done))}"},
        use("tianting", "interface", task="one"),
        keep("offer.txt"),
        use("tianting", "claims"),
        keep("claims.txt"),
        use("tianting", "interface", task="nobody"),
        keep("unknown.txt"),
        {"say": "ok"},
    )
    offer = "def price(of: str, *, tax: float = 0.2) -> int:\n    return 1\n\n\ndef _hidden() -> None:\n    pass\n"
    first: tuple[Step, ...] = ({"write": "one.py", "text": offer}, {"say": "ok"})
    text = plan(address, FAST, {"tianting": {}}, {"one": first, "two": steps})
    leader = desk.start("run", desk.plan(text.replace('"id": "one",', '"id": "one", "approve": true,')))
    leader.until_said("asks to land on main")
    done.write_text("go")
    leader.until_said("two: landed")
    assert desk.tianting("approve", "one").code == 0
    assert leader.end().code == 0
    shown = desk.git("show", "main:offer.txt")
    assert "one: it is done and asks to land" in shown
    assert "function price(of: str, *, tax: float = 0.2) -> int" in shown
    assert "function _hidden" not in shown
    assert "Nobody else is at work." in desk.git("show", "main:claims.txt")
    assert "there is no task 'nobody'; there is one, two" in desk.git("show", "main:unknown.txt")


@pytest.mark.parametrize("dialect", ["old", "new"])
async def test_a_promptx_is_spoken_to_in_its_own_dialect(dialect: str, tmp_path: Path) -> None:
    bridge = Bridge((sys.executable, "-P", str(PROMPTX), dialect), str(tmp_path), "backend")
    assert await bridge.action("testing") == f"{dialect}: testing"
    told = json.loads(await bridge.remember("Prices are in cents.", ["money", "units"]))
    if dialect == "old":
        assert told == {"content": "Prices are in cents.", "tags": "money units", "home": str(tmp_path)}
    else:
        [engram] = told["engrams"]
        assert (told["role"], engram["content"], engram["schema"]) == (
            "backend",
            "Prices are in cents.",
            "money\nunits",
        )


async def test_a_promptx_that_speaks_neither_is_told_of(tmp_path: Path) -> None:
    bridge = Bridge((sys.executable, "-P", str(BOARD)), str(tmp_path), "backend")
    with pytest.raises(BridgeFault, match="neither promptx_action nor action"):
        await bridge.action("testing")


def test_roles_are_asked_of_the_promptx_that_the_plan_names(desk: Desk, address: str) -> None:
    steps: tuple[Step, ...] = (use("tianting", "promptx_action", role="testing"), keep("role.txt"), {"say": "ok"})
    servers = {"tianting": {"promptx": [sys.executable, "-P", str(PROMPTX), "old"]}}
    told = desk.run(plan(address, FAST, servers, {"one": steps}))
    assert told.code == 0, told.out
    assert desk.git("show", "main:role.txt") == "old: testing"
