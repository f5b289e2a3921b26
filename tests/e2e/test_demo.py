"""The demo, as somebody without a terminal or a key runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.demo import demo_plan
from tests.support.ground import assert_all_is_well, clean_env, sh

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
        timeout=100,
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
    assert "search: failed (verify)" in said
    assert "search: starts in" in said
    assert "try 2" in said
    assert "waiting for you (guide.1.q1): Which currency" in said
    assert "approve or drop?" in said
    assert "dashboard: http://127.0.0.1:" in said


def test_all_that_is_simulated_is_called_so(played: tuple[str, Path, Path]) -> None:
    said, top, _ = played
    assert "Every agent in it is simulated" in said
    assert "Simulated agents took part in this run" in said
    answers = [line for line in said.splitlines() if " answered " in line and "waiting" not in line]
    assert answers
    assert all("simulated" in line or "answered:" in line for line in answers)
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
    assert "discount" in sh(top, "show", "main:shop/prices.py")
    assert "119 // 100" in sh(top, "show", "main:shop/prices.py")
