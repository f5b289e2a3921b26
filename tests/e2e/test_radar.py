"""Live windows are seen getting in each other's way while they work, and not again once they do not."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import Desk, Leader

SHOP = "def place(item, count):\n    total = count\n    return total\n\n\ndef other():\n    return 1\n"
WAIT = "until [ -e go ]; do sleep 0.05; done; rm go"
PLAN = """name: radar
limits: {{windows: 2}}
tasks:
  - {{id: one, timeout: 90s, run: {one}}}
  - {{id: two, timeout: 90s, run: {two}}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path, {"shop.py": SHOP, "page.py": "X = 1\n"})


def begin(desk: Desk, one: str, two: str) -> Leader:
    plan = PLAN.format(one=json.dumps(f"{one}; {WAIT}"), two=json.dumps(f"{two}; {WAIT}"))
    return desk.start("run", desk.plan(plan), "--json")


def event(name: str, **data: object) -> Callable[[str], bool]:
    def is_it(line: str) -> bool:
        told = json.loads(line)
        return told["type"] == name and all(told["data"].get(key) == value for key, value in data.items())

    return is_it


def let_go(desk: Desk) -> None:
    for row in desk.git("worktree", "list", "--porcelain").splitlines():
        path = row.removeprefix("worktree ")
        if path != row and os.path.realpath(path) != os.path.realpath(desk.top):
            Path(path, "go").touch()


def seen(desk: Desk, name: str) -> list[dict[str, object]]:
    return [dict(one) for one in desk.log() if one["type"] == name]


def test_two_windows_that_write_the_same_function_are_seen_while_they_run(desk: Desk) -> None:
    leader = begin(desk, "sed -i s/count$/count+1/ shop.py", "sed -i s/count$/count+2/ shop.py")
    leader.until(event("OverlapSeen"))
    assert desk.status() == {"one": "RUNNING", "two": "RUNNING"}
    let_go(desk)
    leader.until(event("CandidateProbed"))
    [first] = seen(desk, "OverlapSeen")[:1]
    data = first["data"]
    assert isinstance(data, dict)
    assert {data["task"], data["other"]} == {"one", "two"}
    rules = {(row["kind"], row["rule"], row["symbol"]) for row in data["overlaps"]}
    assert {("text", "CONFLICT (contents)", ""), ("structure", "symbol-edited-twice", "place")} <= rules
    leader.signal()
    leader.end()


def test_a_call_of_what_the_other_window_changes_is_seen_though_no_file_is_shared(desk: Desk) -> None:
    call = "printf 'from shop import place\\n\\nplace(1, 2)\\n' > page.py"
    leader = begin(desk, "sed -i 's/item, count/item, count, buyer/' shop.py", call)
    leader.until(event("OverlapSeen"))
    let_go(desk)
    leader.until(event("QuestionAsked"))  # the rules ask the same again before it lands
    leader.signal()
    leader.end()
    [told] = [
        row for one in seen(desk, "OverlapSeen") if isinstance(one["data"], dict) for row in one["data"]["overlaps"]
    ][:1]
    assert (told["rule"], told["symbol"], told["path"]) == ("call-signature", "place", "page.py")
    assert {"one", "two"} == {path for one in seen(desk, "FootprintSeen") if (path := one["task"])}


def test_an_overlap_that_is_taken_back_is_gone(desk: Desk) -> None:
    back = f"sed -i s/count$/count+1/ shop.py; {WAIT}; git checkout -q shop.py; touch mine"
    leader = begin(desk, back, f"sed -i s/count$/count+2/ shop.py; {WAIT}; touch own")
    leader.until(event("OverlapSeen"))
    let_go(desk)
    leader.until(event("OverlapGone", why="they do not meet any more"))
    let_go(desk)
    told = leader.end()
    assert told.code == 0, told.out + told.err


def test_what_a_task_changes_as_soon_as_it_starts_is_seen(desk: Desk) -> None:
    plan = PLAN.format(one=json.dumps(f"touch one; {WAIT}"), two=json.dumps(f"touch two; {WAIT}"))
    leader = desk.start("run", desk.plan(plan), "--json")
    leader.until(event("FootprintSeen", task="one"), event("FootprintSeen", task="two"))
    let_go(desk)
    assert leader.end().code == 0
