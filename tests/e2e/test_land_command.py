"""`tianting land` and `tianting conflicts`: branches that somebody else made."""

import json
import shlex
from pathlib import Path

import pytest

from tests.support.command import Desk, one_sentence
from tests.support.ground import sh

LEFT = {"left": ("a.txt", "left\n"), "right": ("a.txt", "right\n")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk.make(tmp_path)
    for name, (path, text) in {"x": ("x.txt", "x"), "y": ("y.txt", "y"), **LEFT}.items():
        desk.git("checkout", "-q", "-b", name, "main")
        (desk.top / path).write_text(text)
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", name)
    desk.git("checkout", "-q", "main")
    return desk


def refs(desk: Desk) -> list[str]:
    return desk.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags").splitlines()


def test_clean_branches_land_in_their_order_whatever_names_them(desk: Desk) -> None:
    desk.git("tag", "-a", "-m", "a tag", "v1", "x")
    desk.git("update-ref", "refs/remotes/origin/feature", "y")
    sha = desk.git("rev-parse", "--short", "left").strip()
    before = [ref for ref in refs(desk) if "heads/main" not in ref]
    told = desk.tianting("land", "v1", "origin/feature", sha)
    assert told.code == 0, told.out
    assert desk.git("log", "--first-parent", "--format=%s", "main").splitlines() == [
        f"Land {sha}",
        "Land origin-feature: origin/feature",
        "Land v1",
        "start",
    ]
    assert {"x.txt", "y.txt"} <= set(desk.files())
    assert [ref for ref in refs(desk) if "heads/main" not in ref] == before
    assert desk.git("status", "--porcelain") == ""
    trunk = desk.trunk()
    assert desk.tianting("land", "x", "x", "main").code == 0  # all of it is there
    assert desk.trunk() == trunk


def test_the_trunk_may_be_another_branch(desk: Desk) -> None:
    stands = desk.trunk()
    told = desk.tianting("land", "x", "--trunk", "y")
    assert told.code == 0, told.out
    assert {"x.txt", "y.txt"} <= set(desk.files("y"))
    assert desk.trunk() == stands


def test_a_conflict_is_reported_when_the_ladder_is_off(desk: Desk) -> None:
    told = desk.tianting("land", "left", "right", "x", "--ladder", "off")
    assert told.code == 1
    assert "Not landed right (FAILED): conflicts in a.txt" in told.out
    assert (desk.git("show", "main:a.txt"), "x.txt" in desk.files()) == ("left\n", True)
    again = desk.tianting("land", "right", "--ladder", "off", "--json")
    assert again.code == 1
    found = [json.loads(line) for line in again.lines]
    [conflict] = next(one["data"]["conflicts"] for one in found if one["type"] == "ConflictFound")
    assert (conflict["path"], conflict["rule"]) == ("a.txt", "CONFLICT (contents)")
    assert found[-1]["type"] == "RunFinished"


def test_a_conflict_that_only_a_person_can_settle_is_left_with_the_commands_that_go_on(desk: Desk) -> None:
    told = desk.tianting("land", "left", "right", "x")
    assert told.code == 1
    assert "x.txt" in desk.files()  # those behind it land
    answer = next(line for line in told.lines if line.startswith("  tianting answer "))
    go_on = next(line for line in told.lines if line.startswith("Then go on: tianting resume "))
    words = shlex.split(answer.partition("   (")[0])[1:]
    assert answer.endswith("   (ours, theirs, both, drop or a commit)")
    one_sentence(desk.tianting(*("sideways" if word == "ANSWER" else word for word in words)), 2, "'sideways'")
    noted = desk.tianting(*("both" if word == "ANSWER" else word for word in words))
    assert (noted.code, "noted" in noted.out) == (0, True)
    ended = desk.tianting(*shlex.split(go_on)[4:])
    assert ended.code == 0, ended.out
    assert desk.git("show", "main:a.txt") == "left\nright\n"
    assert "Resolved right in a.txt" in ended.out


def test_resume_leaves_again_where_a_person_is_still_missing(desk: Desk) -> None:
    assert desk.tianting("land", "left", "right").code == 1
    again = desk.tianting("resume")
    assert again.code == 1
    assert "Waiting for you" in again.out
    assert desk.status()["right"] == "CONFLICTED"


def test_a_commit_of_a_person_settles_a_conflict(desk: Desk) -> None:
    assert desk.tianting("land", "left", "right").code == 1
    desk.git("checkout", "-q", "-b", "settled", "right")
    desk.git("merge", "-q", "-X", "ours", "--no-edit", "main")
    desk.git("checkout", "-q", "main")
    question = next(line.split()[2] for line in desk.tianting("status").lines if "tianting answer" in line)
    assert desk.tianting("answer", question, "settled").code == 0
    told = desk.tianting("resume")
    assert told.code == 0, told.out
    assert desk.git("show", "main:a.txt") == "right\n"


def test_a_failing_gate_keeps_a_branch_out_and_lets_the_others_in(desk: Desk) -> None:
    told = desk.tianting("land", "x", "y", "--gate", "true", "--gate", "echo no y; test ! -e y.txt")
    assert told.code == 1
    assert "Not landed y (FAILED)" in told.out
    assert ("x.txt" in desk.files(), "y.txt" in desk.files()) == (True, False)
    assert "no y" in desk.tianting("show", "y").out
    assert desk.worktrees_left() == []


def test_what_can_not_be_landed_is_refused_all_at_once(desk: Desk) -> None:
    desk.git("checkout", "-q", "--orphan", "stranger")
    desk.git("commit", "-q", "-m", "stranger")
    desk.git("checkout", "-q", "main")
    stands = desk.trunk()
    told = desk.tianting("land", "x", "stranger", "nowhere")
    assert told.code == 2
    assert ["'stranger'" in told.err, "'nowhere'" in told.err, "'x'" in told.err] == [True, True, False]
    assert desk.trunk() == stands
    assert desk.runs() == []


def test_conflicts_between_branches_are_listed_without_a_run(desk: Desk) -> None:
    before = desk.git("for-each-ref")
    told = desk.tianting("conflicts", "left", "right", "x")
    assert (told.code, told.lines[-1]) == (1, "1 conflict between 3 refs")
    assert "left and right: a.txt" in told.out
    listed = json.loads(desk.tianting("conflicts", "left", "right", "x", "--json").out)
    assert list(listed) == ["refs", "conflicts"]
    assert listed["refs"] == ["left", "right", "x"]
    [conflict] = listed["conflicts"]
    assert list(conflict) == ["kind", "rule", "between", "path", "symbol", "detail", "resolves", "rung"]
    assert (conflict["kind"], conflict["between"], conflict["path"]) == ("text", ["left", "right"], "a.txt")
    clean = desk.tianting("conflicts", "left", "x", "--json")
    assert (clean.code, json.loads(clean.out)["conflicts"]) == (0, [])
    one_sentence(desk.tianting("conflicts", "left"), 2, "at least two")
    one_sentence(desk.tianting("conflicts", "left", "nowhere", "elsewhere"), 2, "'nowhere'", "'elsewhere'")
    assert desk.git("for-each-ref") == before
    assert not (desk.top / ".git" / "tianting" / "ledger.sqlite").exists()


def test_a_bare_repository_is_enough_to_land_branches(desk: Desk, tmp_path: Path) -> None:
    desk.git("clone", "-q", "--bare", str(desk.top), str(tmp_path / "bare.git"))
    assert desk.tianting("land", "x", "y", repo=tmp_path / "bare.git").code == 0
    assert sh(tmp_path / "bare.git", "ls-tree", "--name-only", "main").split() == ["a.txt", "b.txt", "x.txt", "y.txt"]
