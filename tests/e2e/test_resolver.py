"""The resolver's rung, from the outside: an agent is given what no rule settles, and what it leaves is judged."""

from pathlib import Path

import pytest

from tests.support.command import Desk

CALM, WIND, SEA = "calm\n", "the north wind blows\n", "a south sea rises\n"
TASKS = """
tasks:
  - id: wind
    role: backend
    title: Let the wind blow
    prompt: The wind blows from the north.
    run: echo the north wind blows > a.txt
  - id: sea
    role: backend
    title: Let the sea rise
    prompt: The sea rises in the south.
    run: echo a south sea rises > a.txt
"""


def resolver(*steps: str, attempts: int = 1) -> str:
    listed = "".join(f"    - {step}\n" for step in steps)
    return f"resolver:\n  attempts: {attempts}\n  script:\n{listed}"


BOTH = '{write: a.txt, text: "the north wind blows\\na south sea rises\\n"}'
HALF = '{write: a.txt, text: "the north wind blows\\n"}'


def data_of(desk: Desk, kind: str) -> list[dict[str, object]]:
    return [dict(one["data"]) for one in desk.log() if one["type"] == kind and isinstance(one["data"], dict)]


def until_asked(desk: Desk, plan: str) -> None:
    """A run up to the moment at which nothing goes on without a person."""
    leader = desk.start("run", desk.plan(plan))
    leader.until_said("waiting for you")
    leader.signal()
    assert leader.end().code == 130


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path, {"a.txt": CALM, "b.txt": "b\n"})


def test_an_agent_settles_what_no_rule_does_and_it_lands_with_nobody_asked(desk: Desk) -> None:
    told = desk.run(resolver(BOTH) + TASKS)
    assert told.code == 0, told.out + told.err
    assert sorted(desk.git("show", "main:a.txt").splitlines()) == sorted((WIND + SEA).splitlines())
    assert not data_of(desk, "QuestionAsked")
    [found] = data_of(desk, "ConflictResolved")
    assert (found["rung"], found["by"], found["simulated"]) == ("resolver", "the resolver", True)
    assert "nothing that one took out is back" in str(found["proof"])
    [called] = data_of(desk, "ResolverCalled")
    [dispatched] = [one for one in data_of(desk, "AttemptDispatched") if one["candidate"]]
    assert (dispatched["candidate"], dispatched["base"], dispatched["window"]) == (
        called["candidate"],
        called["base"],
        "resolver-1",
    )
    assert "<<<<<<< " in desk.git("show", f"{called['base']}:a.txt")
    assert "rung resolver, by the resolver" in told.out
    assert "(simulated)" in next(line for line in told.lines if "resolver-1 is given" in line)
    assert not desk.worktrees_left()


def test_a_result_that_lacks_what_a_side_added_is_tried_again_and_told_why(desk: Desk) -> None:
    steps = (HALF.replace("{", "{attempt: 1, ", 1), BOTH.replace("{", "{attempt: 2, ", 1))
    told = desk.run(resolver(*steps, attempts=2) + TASKS)
    assert told.code == 0, told.out + told.err
    assert sorted(desk.git("show", "main:a.txt").splitlines()) == sorted((WIND + SEA).splitlines())
    refused = [one for one in data_of(desk, "ConflictFound") if one["note"]]
    assert any("lacks something that a side added" in str(one["note"]) for one in refused)


@pytest.mark.parametrize("left", [HALF, '{say: "I do not know."}', '{fail: "no idea"}', '{append: b.txt, text: "x"}'])
def test_what_keeps_not_all_or_leaves_markers_goes_to_a_person(desk: Desk, left: str) -> None:
    until_asked(desk, resolver(left) + TASKS)
    [asked] = data_of(desk, "QuestionAsked")
    assert "the resolver" in str(asked["question"])
    assert len(desk.git("show", "main:a.txt").splitlines()) == 1
    assert not data_of(desk, "ConflictResolved")


def again(desk: Desk, resolver: str) -> str:
    """The plan once more, on a trunk where nothing of it has landed."""
    desk.git("branch", "other", desk.git("rev-list", "--max-parents=0", "main").strip())
    return "trunk: other\n" + resolver + TASKS


def test_what_an_agent_settled_is_remembered_once_it_has_landed_and_told_so(desk: Desk) -> None:
    assert desk.run(resolver(BOTH) + TASKS).code == 0
    told = desk.run(again(desk, resolver('{fail: "it was asked again"}')))
    assert told.code == 0, told.out + told.err
    assert sorted(desk.git("show", "other:a.txt").splitlines()) == sorted((WIND + SEA).splitlines())
    [found] = data_of(desk, "ConflictResolved")
    assert (found["rung"], found["by"]) == ("remembered", "Tianting")
    assert "by an agent" in str(found["how"])
    assert not data_of(desk, "ResolverCalled")


def test_what_the_gate_refused_of_an_agent_is_not_remembered(desk: Desk) -> None:
    gate = 'gate: [{name: short, run: "test $(wc -l < a.txt) -lt 2"}]\n'
    until_asked(desk, gate + resolver(BOTH) + TASKS)
    assert desk.tianting("cancel").code == 0
    desk.tianting("resume")
    told = desk.run(again(desk, resolver(BOTH)))
    assert told.code == 0, told.out + told.err
    [found] = data_of(desk, "ConflictResolved")
    assert found["rung"] == "resolver"


def test_what_the_gate_refuses_of_it_is_taken_back(desk: Desk) -> None:
    until_asked(desk, 'gate: [{name: short, run: "test $(wc -l < a.txt) -lt 2"}]\n' + resolver(BOTH) + TASKS)
    [asked] = data_of(desk, "QuestionAsked")
    assert "did not pass the gate" in str(asked["question"])
    kept = desk.git("for-each-ref", "--format=%(refname)", "refs/tianting/salvage").split()
    [made] = [ref for ref in kept if ref.endswith("-taken-back")]
    assert sorted(desk.git("show", f"{made}:a.txt").splitlines()) == sorted((WIND + SEA).splitlines())


def test_it_is_told_both_intents_the_three_sides_and_what_rules_would_make_of_it(desk: Desk) -> None:
    work = "run: 'cp \"$TIANTING_PROMPT\" told.md; { echo the north wind blows; echo a south sea rises; } > a.txt'"
    told = desk.run(f"resolver:\n  {work}\n{TASKS}")
    assert told.code == 0, told.out + told.err
    prompt = desk.git("show", "main:told.md")
    assert "The wind blows from the north." in prompt
    assert "The sea rises in the south." in prompt
    shown = {line.partition("git cat-file blob ")[2][:40] for line in prompt.replace("`, ", "`\n").splitlines()}
    texts = [desk.git("cat-file", "blob", one) for one in shown if one]
    assert {CALM, WIND, SEA} <= {*texts}
    assert any(sorted(text.splitlines()) == sorted((WIND + SEA).splitlines()) for text in texts)


def test_a_run_that_is_cancelled_stops_it(desk: Desk) -> None:
    leader = desk.start("run", desk.plan(resolver('{say: "Let me think."}', "{listen: 600}") + TASKS))
    leader.until_said("Let me think.")
    desk.tianting("cancel")
    assert leader.end().code == 1
    ended = data_of(desk, "AttemptFailed")
    assert [dict(one["failure"])["kind"] for one in ended if isinstance(one["failure"], dict)] == ["cancelled"]
    assert not desk.worktrees_left()


def test_a_run_that_was_stopped_while_it_worked_is_gone_on_with(desk: Desk) -> None:
    leader = desk.start("run", desk.plan(resolver('{say: "Let me think."}', "{listen: 600}", BOTH) + TASKS))
    leader.until_said("Let me think.")
    leader.signal()
    assert leader.end().code == 130
    again = desk.start("resume")
    again.until_said("Let me think.")
    [called] = data_of(desk, "ResolverCalled")
    assert desk.tianting("steer", str(called["task"]), "take your time").code == 0
    assert again.end().code == 0
    assert sorted(desk.git("show", "main:a.txt").splitlines()) == sorted((WIND + SEA).splitlines())


def test_without_the_key_no_agent_is_asked(desk: Desk) -> None:
    until_asked(desk, "windows: {resolver: {runtime: claude}}\n" + TASKS)
    assert not data_of(desk, "ResolverCalled")


def test_a_resolver_that_could_not_work_is_refused_before_anything_starts(desk: Desk) -> None:
    told = desk.run("resolver: {}\n" + TASKS)
    assert told.code == 2
    assert "the resolver" in told.err
