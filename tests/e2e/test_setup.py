"""Setting up a checkout: once, sparing what is a developer's own, and with a plain word when it cannot."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from deploy.bootstrap import SetupError, bootstrap
from tests.house.tree import ROOT

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "little"
version = "1"
scripts = { little = "little:main" }

[tool.hatch.build]
dev-mode-dirs = ["."]
targets.wheel.include = ["/little.py"]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A little project whose locks ask for nothing, beside an environment without pip, as uv makes them."""
    root = tmp_path / "a checkout"
    locks = root / "deploy" / "requirements"
    locks.mkdir(parents=True)
    for name in ("core.txt", "build.txt", "dev.txt"):
        (locks / name).write_text("# nothing\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "little.py").write_text("def main(): print('little')\n", encoding="utf-8")
    venv.create(root / ".venv", symlinks=True)
    # The build backend is borrowed, so that nothing is fetched.
    borrowed = site_packages(root) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return root


def site_packages(root: Path) -> Path:
    [found] = (root / ".venv").glob("lib/python*/site-packages")
    return found


def contents(root: Path) -> dict[str, int]:
    """Every file of the environment with the instant it was last written."""
    files = (path for path in (root / ".venv").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.stat().st_mtime_ns for path in files}


def test_the_project_is_installed_into_the_environment_that_is_there(checkout: Path) -> None:
    bootstrap(checkout, "run")
    said = subprocess.run([checkout / ".venv/bin/little"], check=True, capture_output=True, timeout=30)
    assert said.stdout == b"little\n"
    assert (site_packages(checkout) / "borrowed.pth").exists()


def test_a_second_setup_writes_nothing(checkout: Path) -> None:
    bootstrap(checkout, "dev")
    before = contents(checkout)
    bootstrap(checkout, "dev")
    bootstrap(checkout, "run")
    assert contents(checkout) == before


def test_a_changed_lock_is_installed_again(checkout: Path) -> None:
    bootstrap(checkout, "dev")
    # No such package: the setup can only fail if it looked at the lock again.
    (checkout / "deploy/requirements/dev.txt").write_text("./no-such-folder\n", encoding="utf-8")
    with pytest.raises(SetupError):
        bootstrap(checkout, "dev")
    with pytest.raises(SetupError):
        bootstrap(checkout, "dev")


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    precious = tmp_path / ".venv" / "precious"
    precious.parent.mkdir()
    precious.write_text("mine", encoding="utf-8")
    with pytest.raises(SetupError, match="no virtual environment"):
        bootstrap(tmp_path, "run")
    assert precious.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("python", ["no-such-python", "old-python"])
def test_a_missing_or_old_python_is_one_sentence(tmp_path: Path, python: str) -> None:
    old = tmp_path / "old-python"
    # Runs the given program under this Python, but with the version of an older one.
    old.write_text(
        f"#!{sys.executable}\nimport sys\nsys.version_info = (3, 10, 2)\nexec(sys.argv[2])\n",
        encoding="utf-8",
    )
    old.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": python}
    done = subprocess.run(
        [ROOT / "deploy/setup.sh", "run"], env=env, check=False, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "Python 3.11" in sentence
    assert python in sentence
