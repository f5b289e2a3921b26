"""The demo, as somebody without a terminal or a key runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.demo import demo_plan
from tests.support.ground import assert_all_is_well, clean_env, sh

pytestmark = pytest.mark.timeout(300)

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    """What the demo printed, the repository it left, and the home it ran in."""
    folder = tmp_path_factory.mktemp("demo")
    home, top = folder / "home", folder / "bookshop"
    home.mkdir()
    env = {**clean_env(home), "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", MAIN, "demo", "--keep", str(top), "--port", "0"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout, top, home


def test_every_task_lands_and_nothing_is_left_behind(played: tuple[str, Path, Path]) -> None:
    said, top, home = played
    tasks = [task.id for task in demo_plan().tasks]
    assert len(tasks) >= 10
    assert_all_is_well(top, home, [str(task) for task in tasks])
    assert f"Landed {len(tasks)} of {len(tasks)} tasks" in said


def test_it_tells_of_a_conflict_a_retry_a_question_and_an_approval(played: tuple[str, Path, Path]) -> None:
    said, _, _ = played
    assert "conflicts in shop/prices.py" in said
    assert re.search(r"Resolved \S+ in shop/prices.py: .*review: git diff", said)
    assert "conflicts in shop/settings.py" in said
    assert re.search(r"Resolved \S+ in shop/settings.py: .*rung structural, by Tianting", said)
    assert "search: failed (verify)" in said
    assert "search: starts in" in said
    assert "try 2" in said
    assert "waiting for you (guide.1.q1): Which currency" in said
    assert "approve or drop?" in said
    assert "dashboard: http://127.0.0.1:" in said


KINDS = {"text", "structure", "api", "schema", "resource"}


def kinds_in(rows: object) -> set[str]:
    assert isinstance(rows, list)
    return {str(row["kind"]) for row in rows}


def test_a_conflict_of_each_kind_is_foreseen_settled_without_a_person_and_landed(
    played: tuple[str, Path, Path],
) -> None:
    _, top, home = played
    log = log_of(top, home)
    foreseen = [kinds_in(data["overlaps"]) for kind, data in log if kind == "OverlapSeen"]
    resolved = [data for kind, data in log if kind == "ConflictResolved"]
    by_rule = [kinds_in(data["conflicts"]) for data in resolved if data["rung"] != "person"]
    assert set().union(*foreseen) == KINDS
    assert set().union(*by_rule) == KINDS
    landed = {str(data["task"]) for kind, data in log if kind == "Landed"}
    assert {str(data["task"]) for data in resolved} <= landed


def test_a_person_is_asked_about_the_one_that_is_a_contradiction_and_about_no_other(
    played: tuple[str, Path, Path],
) -> None:
    _, top, home = played
    asked = [data["question"] for kind, data in log_of(top, home) if kind == "QuestionAsked"]
    about = [str(one["text"]) for one in asked if isinstance(one, dict) and one["about"] == "conflict"]
    assert len(about) == 1
    assert "shop/prices.py" in about[0]


def log_of(top: Path, home: Path) -> list[tuple[str, dict[str, object]]]:
    ran = subprocess.run(
        [sys.executable, "-P", "-c", MAIN, "log", "--json", "--repo", str(top)],
        env={**clean_env(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    return [(str(one["type"]), dict(one["data"])) for one in told]


def test_all_that_is_simulated_is_called_so(played: tuple[str, Path, Path]) -> None:
    said, top, _ = played
    assert "Every agent in it is simulated" in said
    assert "Simulated agents took part in this run" in said
    answers = [line for line in said.splitlines() if " answered " in line and "waiting" not in line]
    assert answers
    assert all("simulated" in line or "answered:" in line for line in answers)
    assert all("(simulated)" in line for line in said.splitlines() if ": starts in " in line)
    assert (top / ".git" / "tianting" / "ledger.sqlite").exists()


def test_the_application_that_it_built_passes_its_tests(played: tuple[str, Path, Path]) -> None:
    _, top, _ = played
    ran = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "-q", "-s", "tests", "-t", "."],
        cwd=top,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert re.search("^PERCENT_OFF = 1[05]$", sh(top, "show", "main:shop/prices.py"), re.MULTILINE)
    assert "SHIPPING_CENTS = 390\nFREE_FROM_CENTS = 4000" in sh(top, "show", "main:shop/settings.py")
