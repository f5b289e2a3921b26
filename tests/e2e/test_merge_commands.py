"""`tianting merge-file` and `merge-driver` on their own: in a pipe, and in the hands of git."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, Desk, one_sentence

PLAIN = "def f():\n    first = 1\n    second = 2\n    return first + second\n"
LEFT = PLAIN.replace("first = 1", "first = 10")
RIGHT = PLAIN.replace("second = 2", "second = 20")
BOTH = LEFT.replace("second = 2", "second = 20")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path, {"m.py": PLAIN, "a.txt": "calm\n"})


def sides(desk: Desk, *contents: bytes) -> list[str]:
    paths = [desk.top.parent / name for name in ("base", "ours", "theirs")]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


def test_a_file_is_merged_to_standard_output(desk: Desk) -> None:
    told = desk.tianting("merge-file", *sides(desk, PLAIN.encode(), LEFT.encode(), RIGHT.encode()), "--path", "m.py")
    assert (told.code, told.out) == (0, BOTH)


def test_what_is_left_has_markers_and_exit_code_1(desk: Desk) -> None:
    three = sides(desk, b"calm\n", b"the north wind blows\n", b"a south sea rises\n")
    told = desk.tianting("merge-file", *three, "--path", "a.txt", "--lane", "land")
    assert told.code == 1
    assert told.lines[0].startswith("<<<<<<< ")
    assert "||||||| " in told.out


def test_what_can_not_be_merged_is_one_sentence(desk: Desk) -> None:
    one_sentence(desk.tianting("merge-file", *sides(desk, b"\0a", b"\0b", b"\0c")), 2, "binary")
    one_sentence(desk.tianting("merge-file", "nowhere", "nowhere", "nowhere"), 2, "nowhere")
    one_sentence(desk.tianting("merge-file", "one"), 2, "BASE OURS THEIRS")
    one_sentence(desk.tianting("merge-file", "--batch", feed="{\n"), 2, "line 1")
    one_sentence(desk.tianting("merge-file", "--batch", feed='{"base": "", "ours": ""}\n'), 2, '"theirs"')
    one_sentence(desk.tianting("merge-file", "--batch", "--lane", "fast"), 2, "'fast'")


def test_json_lines_are_answered_one_for_one_with_what_else_they_hold(desk: Desk) -> None:
    asked = [
        {"id": 7, "base": PLAIN, "ours": LEFT, "theirs": RIGHT, "path": "m.py", "mine": [1]},
        {"id": 8, "base": "calm\n", "ours": "the north wind blows\n", "theirs": "a south sea rises\n", "path": "a.txt"},
        {"id": 9, "base": "a\n", "ours": "a\n", "theirs": "\ud800\n", "path": "x"},
    ]
    told = desk.tianting(
        "merge-file", "--batch", "--lane", "land", feed="".join(f"{json.dumps(one)}\n" for one in asked)
    )
    assert told.code == 0
    answers = [json.loads(line) for line in told.lines]
    assert [one["id"] for one in answers] == [7, 8, 9]
    assert (answers[0]["merged"], answers[0]["clean"], answers[0]["mine"]) == (BOTH, True, [1])
    assert (answers[0]["rung"], answers[0]["lane"]) == ("structural", "land")
    assert (answers[1]["clean"], "<<<<<<<" in answers[1]["merged"]) == (False, True)
    assert (answers[2]["merged"], answers[2]["rung"]) == ("\ud800\n", "trivial")
    assert all(0 <= one["confidence"] <= 1 for one in answers)


def test_git_merges_with_the_driver_of_the_page(desk: Desk) -> None:
    program = f"{sys.executable} -P -c 'from orchestrator.cli.main import main; main()'"
    page = (ROOT / "docs" / "merging.md").read_text(encoding="utf-8")
    said = re.findall(r'^git config --global (merge\.tianting\.\w+) "(.+)"$', page, re.MULTILINE)
    for key, value in said:
        desk.git("config", key, re.sub(r"^tianting", lambda _: program, value))
    [attributes] = re.findall(r"^echo '(.+)' >> \.gitattributes$", page, re.MULTILINE)
    (desk.top / ".gitattributes").write_text(f"{attributes}\n")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "attributes")
    for name, code, text in (("right", RIGHT, "a south sea rises\n"), ("left", LEFT, "the north wind blows\n")):
        desk.git("checkout", "-q", "-b", name, "main")
        (desk.top / "m.py").write_text(code)
        (desk.top / "a.txt").write_text(text)
        desk.git("commit", "-q", "-am", name)
    desk.git("merge", "--no-edit", "right", check=False)
    assert (desk.top / "m.py").read_text() == BOTH
    assert desk.git("diff", "--name-only", "--diff-filter=U").split() == ["a.txt"]
    assert (desk.top / "a.txt").read_text().startswith("<<<<<<< ours\nthe north wind blows\n||||||| base\ncalm\n")
