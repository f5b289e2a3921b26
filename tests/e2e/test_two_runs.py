"""Several at work in one repository at once: two runs, a run and its user, a run and somebody who lands branches."""

import asyncio
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from orchestrator.compose import open_house
from orchestrator.settings import Settings
from state.ids import Sha
from tests.support.command import Desk, Leader

PLAN = """name: {NAME}
gate: [{{name: green, run: "test -e a.txt"}}]
tasks:
  - {{id: {X}1, run: "echo 1 > {X}1.txt"}}
  - {{id: {X}2, run: "echo 2 > {X}2.txt"}}
  - {{id: {X}3, run: "echo 3 > {X}3.txt", needs: [{X}1]}}
  - {{id: {X}4, run: "echo 4 > {X}4.txt", needs: [{X}2, {X}3]}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def begin(desk: Desk, letter: str) -> Leader:
    return desk.start("run", desk.plan(PLAN.format(NAME=letter, X=letter), f"{letter}.yaml"))


def subjects(desk: Desk) -> Counter[str]:
    """What the trunk is made of, merges and work alike."""
    return Counter(desk.git("log", "--format=%s", "main").splitlines())


def test_two_runs_at_once_land_all_of_both(desk: Desk) -> None:
    leaders = [begin(desk, letter) for letter in "xy"]
    for leader in leaders:
        told = leader.end()
        assert told.code == 0, told.out + told.err
    landed = {f"{letter}{number}" for letter in "xy" for number in range(1, 5)}
    assert set(desk.files()) == {"a.txt", "b.txt"} | {f"{name}.txt" for name in landed}
    assert {name: subjects(desk)[f"Land {name}"] for name in landed} == dict.fromkeys(landed, 1)
    assert desk.git("status", "--porcelain") == ""
    assert desk.worktrees_left() == []
    assert len(desk.runs()) == 2


def test_the_same_plan_twice_at_once_lands_in_both_and_is_there_once(desk: Desk) -> None:
    leaders = [begin(desk, "x") for _ in range(2)]
    for leader in leaders:
        told = leader.end()
        assert told.code == 0, told.out + told.err
    assert set(desk.files()) == {"a.txt", "b.txt", "x1.txt", "x2.txt", "x3.txt", "x4.txt"}
    for run in desk.runs():
        assert set(desk.status(run).values()) == {"LANDED"}
    assert desk.git("status", "--porcelain") == ""
    assert desk.worktrees_left() == []


async def test_what_a_run_left_whose_leader_was_killed_at_its_end_is_cleared_away_by_the_next(desk: Desk) -> None:
    assert (await asyncio.to_thread(begin(desk, "x").end)).code == 0
    [first] = desk.runs()
    before = desk.log(first)
    async with open_house(desk.top, Settings(desk.home / "tianting", "")) as house:
        await house.worktrees.prepare(str(house.home / first / "backend-1"), Sha(desk.trunk()))
        (house.home / "sessions" / first).mkdir(parents=True)
    assert desk.worktrees_left()
    assert (await asyncio.to_thread(begin(desk, "y").end)).code == 0
    assert desk.worktrees_left() == []
    assert not (house.home / "sessions" / first).exists()
    assert desk.log(first) == before


def test_what_can_not_be_cleared_away_stops_no_other_run(desk: Desk) -> None:
    assert begin(desk, "x").end().code == 0
    [first] = desk.runs()
    [home] = (path for path in (desk.home / "tianting").iterdir() if path.is_dir())
    desk.git("worktree", "add", "-q", "--detach", str(home / first / "backend-1"))
    told = begin(desk, "y").end()
    assert told.code == 0, told.err
    assert f"what run {first} left here could not be cleared away" in told.err
    assert (home / first / "backend-1" / "a.txt").exists()


def test_what_the_user_commits_in_between_stays_on_the_trunk(desk: Desk) -> None:
    leader = begin(desk, "x")
    mine = []
    for number in range(1, 5):
        leader.until_said(f"x{number}: starts")
        (desk.top / f"mine{number}.txt").write_text("mine")
        while f"mine{number}.txt" not in desk.files("HEAD"):  # a landing may hold a lock: a person tries again
            desk.git("add", f"mine{number}.txt", check=False)
            desk.git("commit", "-q", "-m", f"mine {number}", check=False)
        mine.append(desk.git("rev-parse", "HEAD").strip())
    told = leader.end()
    assert told.code == 0, told.out + told.err
    assert len([name for name in desk.files() if name.startswith(("x", "mine"))]) == 8
    for commit in mine:
        desk.git("merge-base", "--is-ancestor", commit, "main")
    assert desk.git("status", "--porcelain") == ""


def test_branches_are_landed_while_a_run_is_at_work(desk: Desk) -> None:
    for name in ("p", "q"):
        desk.git("checkout", "-q", "-b", name, "main")
        (desk.top / f"{name}.txt").write_text(name)
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", name)
    desk.git("checkout", "-q", "main")
    leader = begin(desk, "x")
    leader.until_said("x1: starts")
    assert desk.tianting("land", "p", "q").code == 0
    told = leader.end()
    assert told.code == 0, told.out + told.err
    assert {"p.txt", "q.txt", "x1.txt", "x2.txt", "x3.txt", "x4.txt"} <= set(desk.files())
    assert desk.git("status", "--porcelain") == ""


def test_a_run_beside_the_branch_takes_in_what_the_user_commits_there(desk: Desk, tmp_path: Path) -> None:
    go = tmp_path / "go"
    (desk.top / "one.txt").write_text("in the way")
    leader = desk.start(
        "run",
        desk.plan(f"""tasks:
  - {{id: one, run: "echo 1 > one.txt"}}
  - {{id: two, needs: [one], run: "until test -e {go}; do sleep 0.1; done; echo 2 > two.txt"}}
"""),
    )
    leader.until_said("two: starts")
    (desk.top / "mine.txt").write_text("mine")
    desk.git("add", "mine.txt")
    desk.git("commit", "-q", "-m", "mine")
    go.touch()
    told = leader.end()
    assert told.code == 0, told.out + told.err
    assert {"one.txt", "two.txt", "mine.txt"} <= set(desk.files("refs/tianting/trunk/main"))
    (desk.top / "one.txt").unlink()
    desk.git("merge", "-q", "--ff-only", "refs/tianting/trunk/main")
    assert desk.git("status", "--porcelain") == ""


CLAIMING = """name: {NAME}
tasks:
  - {{id: {NAME}, exclusive: ["db/**"], run: "{WAIT}ls db > seen-{NAME}.txt; echo {NAME} > db/{NAME}.sql"}}
"""


def test_what_one_run_claims_another_leaves_alone_until_it_has_landed(desk: Desk, tmp_path: Path) -> None:
    (desk.top / "db").mkdir()
    (desk.top / "db/base.sql").write_text("base")
    desk.git("add", "db")
    desk.git("commit", "-q", "-m", "base")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    first = desk.start("run", desk.plan(CLAIMING.format(NAME="first", WAIT=f"cat {gate}; "), "first.yaml"))
    first.until_said("first: starts")
    [run] = desk.runs()
    after = desk.start("run", desk.plan(CLAIMING.format(NAME="after", WAIT=""), "after.yaml"))
    after.until_said(f"claimed by other runs of this repository: db/** (run {run})")
    [other] = [name for name in desk.runs() if name != run]
    assert desk.status(other) == {"after": "WAITING"}
    shown = desk.tianting("status", other).out
    assert f"claims db/**, which run {run} holds until it has landed" in shown
    assert re.search(rf"claim:db/\*\* +run {run}, process \d+ on \S+ +until", shown), shown
    gate.write_text("")
    for leader in (first, after):
        told = leader.end()
        assert told.code == 0, told.out + told.err
    assert desk.git("show", "main:seen-after.txt").split() == ["base.sql", "first.sql"]
    assert "locks:" not in desk.tianting("status", other).out
