"""What agents, checks and commands can reach of the network, and see of our environment, where the plan limits it."""

import json
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.sandbox import find_sandbox
from agents.walls import Kind
from tests.support.command import ROOT, Desk, Leader, one_sentence
from tests.support.models import PROGRAMS, Program, Step, pointed_at, scripted

WALLS = find_sandbox(())
needs_walls = pytest.mark.skipif(WALLS.kind is Kind.NONE, reason=f"no sandbox on this machine: {WALLS.why}")
CANARY = "a-canary-that-must-not-sing"
FAR = ("192.0.2.1", 80)
"""An address that belongs to nobody."""

LOOK = """
import glob, os, socket, sys
for place in sys.argv[1:]:
    host, port = place.rsplit(':', 1)
    try:
        socket.create_connection((host, int(port)), timeout=20).close()
        print(place, 'reached')
    except OSError:
        print(place, 'closed')
for file in glob.glob('/proc/[0-9]*/environ'):
    try:
        print(open(file, errors='replace').read())
    except OSError:
        pass
print(os.environ)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path, {"app.py": "VALUE = 1\n", "look.py": LOOK})


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    server: Leader = desk.start("model-server", "--json")
    yield json.loads(server.stdout.readline())["address"]
    server.signal()
    assert server.end().code == 0


@contextmanager
def listener() -> Iterator[str]:
    """An address of this machine that answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def look(*places: str) -> str:
    return f"{shlex.join([sys.executable, '-I', 'look.py', *places])} > seen.txt"


def env(desk: Desk) -> dict[str, str]:
    more = {"TIANTING_SANDBOX_READ": str(ROOT / "tests")}  # the small agent may lie where nothing is seen
    return desk.env(TIANTING_SANDBOX="required", TIANTING_CANARY=CANARY, AWS_SECRET_ACCESS_KEY=CANARY, **more)


@needs_walls
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_no_agent_nor_its_tools_reach_more_than_their_model_or_see_our_environment(
    desk: Desk, address: str, name: str
) -> None:
    program: Program = PROGRAMS[name]
    if program.missing:
        pytest.skip(program.missing)
    far = f"{FAR[0]}:{FAR[1]}"
    with listener() as near:
        model = address.removeprefix("http://")
        steps: tuple[Step, ...] = (
            {"run": look(near, far, model)},
            {"write": "done.txt", "text": "done"},
            {"say": "ok"},
        )
        windows = {"runtime": program.runtime.value, "env": dict(program.env), "command": list(program.command)}
        windows = {key: value for key, value in windows.items() if value}
        windows |= {"model": program.model} if program.model else {}
        text = {
            "network": "model",
            "defaults": {"env": dict(pointed_at(address))},
            "windows": {"backend": windows},
            "tasks": [{"id": "one", "role": "backend", "prompt": scripted(*steps), "retries": 0}],
        }
        lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in text.items())
        told = desk.tianting("run", desk.plan(lines), env=env(desk))
    assert told.code == 0, told.out + told.err + desk.tianting("show", "one").out
    seen = desk.git("show", "main:seen.txt")
    assert f"{near} closed" in seen
    assert f"{far} closed" in seen
    assert f"{model} reached" in seen
    assert CANARY not in seen
    assert "TIANTING_ATTEMPT" in seen
    assert desk.git("show", "main:done.txt") == "done"


@needs_walls
@pytest.mark.parametrize("network", ["off", "model", "open"])
def test_commands_checks_and_the_gate_have_no_network_where_the_plan_says_so(desk: Desk, network: str) -> None:
    with listener() as near:
        reached = f"{sys.executable} -I look.py {near} | grep -q '{near} reached'"
        wanted = reached if network == "open" else f"! ({reached})"
        task = {
            "id": "one",
            "role": "backend",
            "run": f"{wanted} && echo 1 > one.txt",
            "verify": [wanted],
            "retries": 0,
        }
        text = f"network: '{network}'\nsetup: {json.dumps([reached])}\ntasks: {json.dumps([task])}\n"
        text += f"gate: {json.dumps([{'name': 'closed', 'run': wanted}])}\n"
        told = desk.tianting("run", desk.plan(text), env=env(desk))
    assert told.code == 0, told.out + told.err + desk.tianting("show", "one").out
    assert desk.git("show", "main:one.txt") == "1\n"


def test_a_limit_that_nothing_can_keep_starts_nothing(desk: Desk) -> None:
    plan = desk.plan("network: 'off'\ntasks: [{id: one, role: backend, run: 'true'}]\n")
    one_sentence(desk.tianting("run", plan, env=desk.env(TIANTING_SANDBOX="off")), 2, "needs a sandbox")
    assert desk.runs() == []


@needs_walls
@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("network: 'off'\ndefaults: {runtime: claude}\n", "which has no model without a network"),
        ("network: model\nwindows: {backend: {runtime: acp, command: [x]}}\n", "nothing says where its model is"),
    ],
)
def test_an_agent_that_would_have_no_model_is_not_started(desk: Desk, plan: str, words: str) -> None:
    text = f"{plan}tasks: [{{id: one, role: backend, prompt: x}}]\n"
    one_sentence(desk.tianting("run", desk.plan(text), env=env(desk)), 2, words)
    assert desk.runs() == []


ASK = """
import os, socket, sys
host, _, port = os.environ['HTTPS_PROXY'].removeprefix('http://').partition(':')
for line in sys.argv[1:]:
    with socket.create_connection((host, int(port)), timeout=60) as asked:
        asked.sendall(f'{line} HTTP/1.1\\r\\n\\r\\n'.encode())
        print(line, asked.recv(100).split()[1].decode())
"""


@needs_walls
def test_a_model_elsewhere_is_reached_by_the_proxy_of_the_window_and_nothing_else(desk: Desk, address: str) -> None:
    program = PROGRAMS["autogen"]
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        lines = (f"CONNECT 127.0.0.2:{port}", f"CONNECT 127.0.0.3:{port}", f"GET http://127.0.0.2:{port}/")
        asking = f"{shlex.join([sys.executable, '-I', '-c', ASK, *lines])} > seen.txt"
        text = {
            "network": "model",
            "defaults": {"env": dict([*pointed_at(address), ("OTHER_BASE_URL", f"https://127.0.0.2:{port}/v1")])},
            "windows": {"backend": {"runtime": "autogen", "model": program.model}},
            "tasks": [{"id": "one", "role": "backend", "prompt": scripted({"run": asking}, {"say": "ok"})}],
        }
        plan = "".join(f"{key}: {json.dumps(value)}\n" for key, value in text.items())
        told = desk.tianting("run", desk.plan(plan), env=env(desk))
    assert told.code == 0, told.out + told.err
    seen = desk.git("show", "main:seen.txt").splitlines()
    assert [line.rpartition(" ")[2] for line in seen] == ["200", "403", "403"]
