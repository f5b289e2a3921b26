"""`kill -9` at every git call and at every append of a three-task run, and what `resume` makes of it."""

import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1] / "support"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("kind", ["git", "before-append", "after-append"])
def test_a_run_killed_at_every_step_lands_each_task_once_and_leaves_nothing(
    kind: str, part: int, tmp_path: Path
) -> None:
    _drive("enumerate_kills.py", kind, str(tmp_path), str(part), "2", timeout=590)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1000, 2000])
def test_a_run_killed_at_random_instants_lands_each_task_once_and_leaves_nothing(seed: int, tmp_path: Path) -> None:
    _drive("random_kills.py", str(tmp_path), str(seed), "2", timeout=290)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [10_000, 20_000])
def test_a_hundred_runs_killed_at_random_instants(seed: int, tmp_path: Path) -> None:
    _drive("random_kills.py", str(tmp_path), str(seed), "50", timeout=3590)


def _drive(driver: str, *args: str, timeout: float) -> None:
    ran = subprocess.run(
        [sys.executable, "-P", str(SUPPORT / driver), *args],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-6000:]
