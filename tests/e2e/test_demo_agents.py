"""The second act of the demo: real agent programs, with a scripted model behind them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from orchestrator.cli import demo
from orchestrator.cli.lead import Showing
from orchestrator.compose import House
from tests.support.ground import clean_env, sh
from tests.support.models import FOUND, PROGRAMS

MAIN = "from orchestrator.cli.main import main; main()"
ROOT = Path(__file__).parents[2]
PATIENCE = 280
PATH = os.pathsep.join([str(FOUND), os.environ["PATH"]])
PLAYERS = {"claude": "claude", "autogen": "autogen", "codex": "codex", "acp, Claude": "acp"}
"""The programs of the second act, in its order, and their runtimes."""


def play(folder: Path) -> tuple[str, Path]:
    """What the demo printed, and the repository that it left."""
    home, top = folder / "home", folder / "bookshop"
    home.mkdir()
    ran = subprocess.run(
        [sys.executable, "-P", "-c", MAIN, "demo", "--agents", "--no-dashboard", "--keep", str(top)],
        env={**clean_env(home), "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "PATH": PATH},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout, top


@pytest.mark.timeout(PATIENCE + 20)
def test_real_agents_play_the_second_act_on_what_the_first_has_left(tmp_path: Path) -> None:
    said, top = play(tmp_path)
    first, _, second = said.partition("The second act.")
    assert "Every agent in it is simulated" in first
    there = [PLAYERS[name] for name in PLAYERS if not PROGRAMS[name].missing]
    assert f"The agent programs are real ({', '.join(there)})" in second
    assert "the model behind them is scripted (simulated)" in second
    assert "Landed 4 of 4 tasks" in second
    for path in ("shop/stock.py", "web/stock.html", "docs/stock.md", "tests/test_docs.py"):
        assert sh(top, "cat-file", "-t", f"main:{path}").strip() == "blob"
    for runtime in there:
        assert f"Spent by {runtime}" in second
    before, _, _ = second.partition(": landed as ")
    assert before.count(": starts in ") == 4, "all four at once"
    assert "Simulated agents took part" not in second
    assert list(tmp_path.glob("tianting-demo-*/home")) == []


async def test_where_no_agent_program_is_the_second_act_is_left_out_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_PLAYERS", ())
    nobody_asks = cast(House, None)
    assert await demo._second_act(nobody_asks, Showing(0, dashboard=False, as_json=False)) == 0
    said = capsys.readouterr().out
    assert "none is here: pip install 'tianting[claude]'" in said
    assert "The agent programs are real" not in said
