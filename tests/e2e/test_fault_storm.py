"""Two orchestrators, one run, one Redis, and everything that can be done to them: each task lands once, no event is
lost or doubled, no stale holder ever writes."""

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[1] / "support" / "fault_storm.py"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2000])
def test_a_run_comes_through_the_storm(seed: int, tmp_path: Path) -> None:
    _drive(tmp_path, seed, 2, timeout=290)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [10_000, 20_000, 30_000, 40_000])
def test_two_hundred_runs_come_through_the_storm(seed: int, tmp_path: Path) -> None:
    _drive(tmp_path, seed, 50, timeout=3590)


def _drive(folder: Path, seed: int, rounds: int, timeout: float) -> None:
    ran = subprocess.run(
        [sys.executable, "-P", str(DRIVER), str(folder), str(seed), str(rounds)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[:9000] + ran.stderr[-6000:]
