"""A leader that is paused beyond its lease, at any moment, is overtaken; when it wakes up it changes nothing more."""

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[1] / "support" / "enumerate_pauses.py"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "first", "step"), [("git", 5, 19), ("before-append", 3, 6), ("after-append", 2, 6)])
def test_a_paused_leader_that_wakes_up_is_refused(kind: str, first: int, step: int, tmp_path: Path) -> None:
    _drive(kind, tmp_path, first, step, timeout=290)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["git", "before-append", "after-append"])
def test_a_leader_paused_at_every_step_is_refused(kind: str, tmp_path: Path) -> None:
    _drive(kind, tmp_path, 1, 1, timeout=3590)


def _drive(kind: str, folder: Path, first: int, step: int, timeout: float) -> None:
    ran = subprocess.run(
        [sys.executable, "-P", str(DRIVER), kind, str(folder), str(first), str(step)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[:6000] + ran.stderr[-6000:]
