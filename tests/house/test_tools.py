"""What the linters and the type checker say, as one more house rule: one summary speaks for everything."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        "ruff check --quiet --output-format concise .",
        "ruff format --quiet --check .",
        "mypy --no-error-summary",
    ],
)
def test_nothing_is_found_by(command: str) -> None:
    program, *arguments = command.split()
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=ROOT, check=False, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, "\n" + done.stdout + done.stderr
