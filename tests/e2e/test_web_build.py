"""The web interface builds again, byte for byte, to what the package carries; where node is there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

SOURCES = ROOT / "dashboard" / "ui"
BUILT = ROOT / "dashboard" / "static" / "app"
PATIENCE = 600


def node_is_new_enough() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    said = subprocess.run([node, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
    return tuple(int(part) for part in said.strip().removeprefix("v").split(".")[:2]) >= (20, 19)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.skipif(not node_is_new_enough(), reason="no node 20.19 or newer here")
def test_the_build_is_what_these_sources_give(tmp_path: Path) -> None:
    ui = tmp_path / "dashboard" / "ui"
    ignored = shutil.ignore_patterns("node_modules", "generated")
    shutil.copytree(SOURCES, ui, ignore=ignored)
    npm = [shutil.which("npm") or "npm"]
    installed = subprocess.run(
        [*npm, "ci", "--prefer-offline", "--ignore-scripts"],
        cwd=ui, check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    if installed.returncode:
        pytest.skip("the packages of the build can not be had here")
    subprocess.run([*npm, "run", "build"], cwd=ui, check=True, capture_output=True, timeout=PATIENCE)
    again = tmp_path / "dashboard" / "static" / "app"
    assert contents(again) == contents(BUILT)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
