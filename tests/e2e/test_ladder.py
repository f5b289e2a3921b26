"""The rungs between git and the person, from the outside: what lands with nobody asked, and what is taken back."""

from pathlib import Path

import pytest

from tests.support.command import Desk, one_sentence

PLAIN = "def f():\n    first = 1\n    second = 2\n    return first + second\n"
LEFT = PLAIN.replace("first = 1", "first = 10")
RIGHT = PLAIN.replace("second = 2", "second = 20")
BOTH = LEFT.replace("second = 2", "second = 20")
WIND, SEA = "the north wind blows\n", "a south sea rises\n"


def branch(desk: Desk, name: str, start: str = "main", **files: str) -> None:
    desk.git("checkout", "-q", "-b", name, start)
    for stem, text in files.items():
        (desk.top / stem.replace("__", ".")).write_text(text)
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", name)
    desk.git("checkout", "-q", "main")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk.make(tmp_path, {"m.py": PLAIN, "a.txt": "calm\n", "README.md": "# start\n"})
    branch(desk, "left", m__py=LEFT)
    branch(desk, "right", m__py=RIGHT)
    branch(desk, "wind", a__txt=WIND)
    branch(desk, "sea", a__txt=SEA)
    return desk


def test_edits_of_neighbouring_lines_land_with_nobody_asked_and_are_listed_for_review(desk: Desk) -> None:
    told = desk.tianting("land", "left", "right", "--gate", "python3 -c 'import m; assert m.f() == 30 or m.f() == 12'")
    assert told.code == 0, told.out
    assert desk.git("show", "main:m.py") == BOTH
    line = next(line for line in told.lines if line.startswith("Resolved right in m.py"))
    assert "rung structural, by Tianting" in line
    review = line.partition("review: git ")[2].split()
    assert "second = 20" in desk.git(*review)
    found = next(one for one in desk.log() if one["type"] == "ConflictResolved")
    data = found["data"]
    assert isinstance(data, dict)
    [conflict] = data["conflicts"]
    sides = [desk.git("cat-file", "blob", conflict[side]["blob"]) for side in ("base", "ours", "theirs")]
    assert sides == [PLAIN, LEFT, RIGHT]
    assert (data["rung"], "parses" in str(data["proof"])) == ("structural", True)


def test_without_the_ladder_they_are_left_out(desk: Desk) -> None:
    told = desk.tianting("land", "left", "right", "--ladder", "off")
    assert (told.code, desk.git("show", "main:m.py")) == (1, LEFT)


def test_what_does_not_pass_the_gate_is_taken_back_and_a_person_is_asked(desk: Desk) -> None:
    gate = "python3 -c 'import m; assert m.f() != 30'"
    told = desk.tianting("land", "left", "right", "--gate", gate)
    assert told.code == 1
    assert desk.git("show", "main:m.py") == LEFT
    assert "did not pass the gate" in told.out
    assert desk.status()["right"] == "CONFLICTED"
    kept = desk.git("for-each-ref", "--format=%(refname)", "refs/tianting/salvage").split()
    [made] = [ref for ref in kept if ref.endswith("right.1-taken-back")]
    assert desk.git("show", f"{made}:m.py") == BOTH


def test_a_clash_that_a_person_settled_is_not_asked_about_again(desk: Desk) -> None:
    assert desk.tianting("land", "wind", "sea").code == 1
    question = next(line.split()[2] for line in desk.tianting("status").lines if "tianting answer" in line)
    assert desk.tianting("answer", question, "both").code == 0
    assert desk.tianting("resume").code == 0
    assert desk.git("show", "main:a.txt") == WIND + SEA
    # The same clash again, on another trunk and with the sides the other way.
    start = desk.git("rev-list", "--max-parents=0", "main").strip()
    desk.git("branch", "other", start)
    branch(desk, "sea2", start, a__txt=SEA, new__txt="new\n")
    branch(desk, "wind2", start, a__txt=WIND)
    told = desk.tianting("land", "sea2", "wind2", "--trunk", "other")
    assert told.code == 0, told.out
    assert "rung remembered" in told.out
    assert desk.git("show", "other:a.txt") == WIND + SEA


def test_a_run_without_the_ladder_does_again_what_conflicts(desk: Desk) -> None:
    first, second = "sed -i 's/first = 1/first = 10/' m.py", "sed -i 's/second = 2/second = 20/' m.py"
    tasks = f'tasks:\n  - {{id: left, run: "{first}"}}\n  - {{id: right, run: "{second}"}}\n'
    assert desk.run(tasks, "--ladder", "off").code == 0
    kinds = [str(one["type"]) for one in desk.log()]
    assert desk.git("show", "main:m.py") == BOTH
    assert "ConflictResolved" not in kinds


def test_the_ladder_is_on_or_off(desk: Desk) -> None:
    one_sentence(desk.run("tasks: [{id: a, run: 'true'}]\n", "--ladder", "of"), 2, "on or off")
