"""`kill -9` at every git call and at every append of a three-task run, and what `resume` makes of it."""

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[1] / "support" / "enumerate_kills.py"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("kind", ["git", "before-append", "after-append"])
def test_a_run_killed_at_every_step_lands_each_task_once_and_leaves_nothing(
    kind: str, part: int, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-P", str(DRIVER), kind, str(tmp_path), str(part), "2"],
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-6000:]
