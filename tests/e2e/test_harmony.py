"""Two windows of which one changes what the other begins to call: both land, and the caller follows."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.command import Desk

CHECK = f"{shlex.quote(sys.executable)} -B -c 'import cart; assert cart.check() == 6'"
PRICES = "def price(item, count=1):\n    return len(item) * count\n"
CART = "from prices import price\n\n\ndef check():\n    return price('abc', count=2)\n"
CHANGES = {
    "a function is renamed": {"old": "def price(", "text": "def cost("},
    "a parameter is renamed": {
        "old": "item, count=1):\n    return len(item) * count",
        "text": "item, number=1):\n    return len(item) * number",
    },
}


def plan_of(change: dict[str, str], gate: str) -> str:
    tasks = [
        {"id": "change", "script": [{"replace": "prices.py", **change}]},
        {"id": "call", "script": [{"write": "cart.py", "text": CART}]},
    ]
    return json.dumps({"tianting": 1, "name": "api", "gate": [{"name": "check", "run": gate}], "tasks": tasks})


def begin(place: Path, change: dict[str, str], gate: str) -> tuple[Desk, Path]:
    desk = Desk.make(place, {"prices.py": PRICES, "cart.py": "def check():\n    return 6\n"})
    file = place / "plan.json"
    file.write_text(plan_of(change, gate), encoding="utf-8")
    return desk, file


def facts(desk: Desk, name: str) -> list[dict[str, object]]:
    found = [one["data"] for one in desk.log() if one["type"] == name]
    return [one for one in found if isinstance(one, dict)]


@pytest.mark.parametrize("name", CHANGES)
def test_the_caller_follows_and_both_land(tmp_path: Path, name: str) -> None:
    desk, file = begin(tmp_path, CHANGES[name], CHECK)
    told = desk.tianting("run", str(file))
    assert told.code == 0, told.out
    [resolved] = facts(desk, "ConflictResolved")
    assert (resolved["rung"], resolved["paths"]) == ("contract", ["cart.py"])
    assert set(desk.status().values()) == {"LANDED"}


def test_what_can_not_be_carried_is_asked_about_before_the_gate_fails(tmp_path: Path) -> None:
    change = {"old": "item, count=1", "text": "item, buyer, count=1"}
    desk, file = begin(tmp_path, change, CHECK)
    leader = desk.start("run", str(file))
    leader.until_said("it needs buyer")
    [asked] = facts(desk, "QuestionAsked")
    question = asked["question"]
    assert isinstance(question, dict)
    assert "cart.py:5 uses price of prices.py: it needs buyer" in question["text"]
    assert desk.tianting("answer", str(question["id"]), "drop").code == 0
    assert leader.end().code == 1
    assert "LANDED" in desk.status().values()


def test_a_call_follows_also_where_a_person_settles_text_beside_it(tmp_path: Path) -> None:
    """Once the candidate contains the trunk nobody would ask about the call again."""
    desk = Desk.make(tmp_path, {"prices.py": PRICES, "cart.py": "def check():\n    return 6\n"})
    notes = {"change": "prices are called costs from now on\n", "call": "the cart asks for its prices itself\n"}
    steps = {
        "change": [{"replace": "prices.py", **CHANGES["a function is renamed"]}],
        "call": [{"write": "cart.py", "text": CART}],
    }
    tasks = [
        {"id": name, "script": [*steps[name], {"write": "notes.txt", "text": text}]} for name, text in notes.items()
    ]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"gate": [{"name": "check", "run": CHECK}], "tasks": tasks}), encoding="utf-8")
    leader = desk.start("run", str(file))
    leader.until_said("waiting for you")
    [asked] = facts(desk, "QuestionAsked")
    question = asked["question"]
    assert isinstance(question, dict)
    assert desk.tianting("answer", str(question["id"]), "both").code == 0
    told = leader.end()
    assert told.code == 0, told.out
    [resolved] = facts(desk, "ConflictResolved")
    assert resolved["rung"] == "person"
    assert "cart.py follows" in str(resolved["how"])
    assert sorted(desk.git("show", "main:notes.txt").splitlines()) == sorted(text.strip() for text in notes.values())
