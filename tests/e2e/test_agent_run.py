"""A whole run with real agent programs, from the command line, with the scripted model in the place of a provider."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import ROOT, Desk, Leader, one_sentence
from tests.support.models import KEY, PROGRAMS, Program, pointed_at, scripted
from tests.support.walls import no_landlock


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path, {"app.py": "VALUE = 1\n", "README.md": "# App\n"})


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    server: Leader = desk.start("model-server", "--json")
    yield json.loads(server.stdout.readline())["address"]
    server.signal()
    assert server.end().code == 0


def plan(address: str, tasks: str, more: str = "") -> str:
    env = ", ".join(f"{name}: '{value}'" for name, value in pointed_at(address))
    return f"defaults: {{runtime: claude, env: {{{env}}}}}\n{more}tasks:\n{tasks}"


def task(name: str, *steps: dict[str, object], more: str = "") -> str:
    return f"  - {{id: {name}, role: backend, prompt: {json.dumps(scripted(*steps))}{more}}}\n"


def test_agents_build_a_small_plan_and_it_lands(desk: Desk, address: str) -> None:
    tasks = task("value", {"replace": "app.py", "old": "1", "text": "2"}, {"say": "It is 2."})
    tasks += task("notes", {"write": "NOTES.md", "text": "Notes.\n"}, {"say": "Noted."})
    tasks += task("after", {"run": "cat app.py NOTES.md > all.txt"}, {"say": "All."}, more=", needs: [value, notes]")
    told = desk.run(plan(address, tasks, "gate: [{name: sound, run: python3 app.py}]\n"))
    assert told.code == 0, told.out + told.err
    assert desk.git("show", "main:all.txt") == "VALUE = 2\nNotes.\n"
    assert desk.status() == {"value": "LANDED", "notes": "LANDED", "after": "LANDED"}
    spent = [one["data"]["cost"] for one in desk.log() if one["type"] == "RunFinished"]  # type: ignore[index]
    assert spent[0]["tokens"] > 0
    assert spent[0]["usd"] > 0
    assert KEY not in "\n".join(desk.tianting("show", "value").lines)
    report = desk.tianting("show", desk.runs()[0], "--report").out
    assert re.search(r"Spent by claude \S+: [\d,]+ tokens, [\d,]+ of them read from a cache, \$\d+\.\d\d", report)
    assert desk.worktrees_left() == []


def windows(programs: list[Program]) -> str:
    """A role for each program, as flow mappings of YAML, which JSON is."""
    said = []
    for at, one in enumerate(programs):
        keys: dict[str, object] = {"runtime": one.runtime.value, "env": dict(one.env)}
        keys |= {"command": list(one.command)} if one.command else {}
        keys |= {"model": one.model} if one.model else {}
        said.append(f"  w{at}: {json.dumps(keys)}\n")
    return f"limits: {{windows: {len(programs)}}}\nwindows:\n{''.join(said)}"


def test_different_agent_programs_build_one_plan_at_once(desk: Desk, address: str) -> None:
    programs = [one for one in PROGRAMS.values() if not one.missing]
    assert {"claude", "acp", "autogen", "autogen, OpenAI"} <= {one.name for one in programs}
    tasks = "".join(
        f"  - {{id: t{at}, title: File {at}, role: w{at}, prompt: {json.dumps(scripted(*steps(one.name)))}}}\n"
        for at, one in enumerate(programs)
    )
    text = plan(address, tasks, windows(programs)).replace("runtime: claude, ", "")
    told = desk.run(text)
    assert told.code == 0, told.out + told.err
    made = {name for name in desk.files() if name.startswith("by ")}
    assert made == {f"by {one.name}.txt" for one in programs}
    runtimes = {one["data"]["runtime"] for one in desk.log() if one["type"] == "AttemptStarted"}  # type: ignore[index]
    assert runtimes == {one.runtime.value for one in programs}


def steps(name: str) -> list[dict[str, object]]:
    return [{"say": "I begin.", "write": f"by {name}.txt", "text": f"{name}\n"}, {"say": f"{name} is done."}]


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        ("runtime: acp", "name no `command:`"),
        ("runtime: autogen", "has no `model:`"),
        ("runtime: claude, inherit: [NOT_SET_ANYWHERE]", "NOT_SET_ANYWHERE"),
    ],
)
def test_a_plan_whose_agents_can_not_work_is_refused_before_anything_starts(
    desk: Desk, defaults: str, words: str
) -> None:
    told = desk.run(f"defaults: {{{defaults}}}\ntasks: [{{id: a, role: backend, prompt: x}}]\n")
    one_sentence(told, 2, words)
    assert desk.runs() == []


@pytest.mark.parametrize("rules", ["deny: [run]", "ask: [run]", "usual: ask"])
def test_rules_for_an_agent_that_does_not_ask_are_refused_and_not_ignored(desk: Desk, rules: str) -> None:
    text = "defaults: {runtime: codex, env: {OPENAI_API_KEY: x}}\ntasks: [{id: a, role: backend, prompt: x}]\n"
    one_sentence(desk.run(f"permissions: {{{rules}}}\n{text}"), 2, "does not ask before it uses a tool")
    assert desk.runs() == []


def test_a_key_that_is_not_known_fails_the_task_at_once_and_says_what_to_do(desk: Desk) -> None:
    server = desk.start("model-server", "--json", "--key", "the-right-one")
    address = json.loads(server.stdout.readline())["address"]
    told = desk.run(plan(address, task("value", {"say": "never"})))
    assert told.code == 1
    assert "value: failed (auth)" in told.out
    assert desk.status() == {"value": "FAILED"}
    server.signal()
    server.end()


def test_a_budget_ends_the_attempt_that_uses_it_up_and_is_kept_over_a_resume(desk: Desk, address: str) -> None:
    steps: list[dict[str, object]] = [{"write": f"{at}.txt", "text": "x", "pace": 0.02} for at in range(50)]
    text = plan(address, task("value", *steps), "limits: {usd: 0.2}\n")
    told = desk.run(text)
    assert told.code == 1
    assert "value: failed (budget): the run has used up its 0.2 US dollars" in told.out
    assert "0.txt" not in desk.files()
    assert desk.git("for-each-ref", "refs/tianting/salvage") != ""
    assert desk.tianting("retry", "value").code == 0
    again = desk.tianting("resume")
    assert again.code == 1
    assert [one["type"] for one in desk.log()].count("AttemptDispatched") == 1


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_an_orchestrator_that_was_killed_goes_on_with_the_work_of_its_agent(
    desk: Desk, address: str, name: str
) -> None:
    program = PROGRAMS[name]
    if program.missing:
        pytest.skip(program.missing)
    begun = desk.top.parent / "begun"
    slow = f"test -e '{begun}' || {{ touch '{begun}'; sleep 100 & wait; }}"
    then: dict[str, object] = {"write": "b.txt", "text": "b\n"}
    steps: list[dict[str, object]] = [{"write": "a.txt", "text": "a\n"}, {"run": slow}, then, {"say": "On."}]
    tasks = task("value", *steps).replace("role: backend", "role: w0")
    leader = desk.start("run", desk.plan(plan(address, tasks, windows([program])).replace("runtime: claude, ", "")))
    leader.until_said("value: starts")
    wait_for(begun)
    leader.signal(signal.SIGKILL)
    leader.end()
    told = desk.tianting("resume")
    assert told.code == 0, told.out + told.err
    assert {"a.txt", "b.txt"} <= set(desk.files()), "what it had written before the kill, and what came then"
    assert [one["type"] for one in desk.log()].count("AttemptDispatched") == 2
    sessions = {one["data"]["session"] for one in desk.log() if one["type"] == "AttemptProgressed"} - {""}  # type: ignore[index]
    assert (len(sessions) == 1) is (name != "acp"), "the small agent remembers nothing"
    assert desk.worktrees_left() == []


def wait_for(file: Path) -> None:
    """Until an agent has made it; a test that waits for ever is ended by its own clock."""
    while not file.exists():
        os.sched_yield()


def test_a_variable_is_handed_on_when_the_plan_says_so_and_is_shown_nowhere(desk: Desk, address: str) -> None:
    text = plan(address, task("value", {"run": "echo $HANDED_ON > got.txt; echo $HANDED_ON"}, {"say": "{result}"}))
    text = text.replace("runtime: claude", "runtime: claude, inherit: [HANDED_ON]")
    told = desk.tianting("run", desk.plan(text), env=desk.env(HANDED_ON="a-secret-value"))
    assert told.code == 0, told.out
    assert desk.git("show", "main:got.txt") == "a-secret-value\n"
    shown = desk.tianting("show", "value").out
    assert "a-secret-value" not in shown + told.out
    missing = desk.tianting("run", desk.plan(text))
    assert missing.code == 2
    assert "HANDED_ON" in missing.err


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_agent_program_works_behind_landlock_and_sees_nothing_that_is_not_its_own(
    desk: Desk, address: str, name: str
) -> None:
    program = PROGRAMS[name]
    if missing := program.missing or no_landlock():
        pytest.skip(missing)
    (desk.home / ".ssh").mkdir(parents=True)
    (desk.home / ".ssh" / "id").write_text("the secret of the user")
    common = desk.top / ".git"
    look = f"cat '{desk.home}/.ssh/id' /proc/[0-9]*/environ > seen.txt 2>/dev/null; env >> seen.txt"
    evil = f"for at in '{desk.top}' '{common}' '{common}/hooks' '{desk.home}'; do echo x > $at/evil; done; true"
    tasks = task("value", {"write": "a.txt", "text": "a"}, {"run": look}, {"run": evil}, {"say": "ok"})
    text = plan(address, tasks.replace("role: backend", "role: w0"), windows([program])).replace(
        "runtime: claude, ", ""
    )
    more = {"TIANTING_SANDBOX_READ": str(ROOT / "tests")}  # the small agent may lie where nothing is seen
    env = desk.env(TIANTING_SANDBOX="landlock", TIANTING_CANARY="a-canary-that-must-not-sing", **more)
    told = desk.tianting("run", desk.plan(text), env=env)
    assert told.code == 0, told.out + told.err + desk.tianting("show", "value").out
    seen = desk.git("show", "main:seen.txt")
    assert "TIANTING_ATTEMPT" in seen
    assert "a-canary-that-must-not-sing" not in seen
    assert "the secret of the user" not in seen
    assert [str(path) for path in desk.top.parent.rglob("evil")] == []
    [started] = [one["data"] for one in desk.log() if one["type"] == "AttemptStarted"]
    assert started["confined"] == "landlock"  # type: ignore[index]


@pytest.mark.parametrize(
    ("scripts", "words"),
    [("scripts: {a: [{shout: x}]}", "there is no shout"), ("\0", "is no YAML"), (None, "can not be read")],
)
def test_a_model_server_with_bad_scripts_does_not_start(desk: Desk, scripts: str | None, words: str) -> None:
    file = desk.top.parent / "scripts.yaml"
    if scripts is not None:
        file.write_text(scripts)
    one_sentence(desk.tianting("model-server", "--scripts", str(file)), 2, words)
