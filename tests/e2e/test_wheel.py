"""The wheel holds the product and nothing else, and works far away from the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import DEMO, FLOORS, ROOT, product_modules, project_files, shown

UV = Path(sys.executable).with_name("uv")
WHERE = f"""
import importlib.util
for name in {FLOORS}:
    if found := importlib.util.find_spec(name):
        print(found.origin)
"""


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints, started with nothing of this environment but what any user has."""
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    isolated = ("--offline", "--no-build-isolation", "--python", sys.executable)
    run(UV, "build", "--wheel", "--quiet", *isolated, "--out-dir", out, ROOT, cwd=out)
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel, and borrows its dependencies from ours."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, symlinks=True)
    programs = place / "bin"
    run(
        UV,
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--python",
        programs / "python",
        wheel,
        cwd=place,
    )
    [packages] = place.glob("lib/python*/site-packages")
    # A line of a .pth adds a folder without reading the .pth files in it: the editable checkout stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return programs


def test_the_wheel_holds_the_product_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/")}
    assert {shown(path) for path in product_modules()} <= held
    assert {name for path in project_files() if (name := shown(path)).startswith(DEMO)} <= held
    tops = {name.split("/")[0] for name in held}
    assert tops - {*FLOORS} == {next(top for top in tops if top.endswith(".dist-info"))}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_every_package_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    origins = [Path(line) for line in run(installed / "python", "-P", "-c", WHERE, cwd=tmp_path).splitlines()]
    assert {origin.parent.name for origin in origins} == {shown(path.parent) for path in ROOT.glob("*/__init__.py")}
    assert all(origin.is_relative_to(installed.parent) for origin in origins)


def test_the_installed_command_answers_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    assert "demo" in run(installed / "tianting", "--help", cwd=tmp_path)
