"""The locks say what is installed, down to the byte, and say it for everything that the project asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

LOCKS = ROOT / "deploy" / "requirements"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? \\$")


def pins(lock: str) -> dict[str, set[str]]:
    """Name to its pinned versions: more than one where Python versions need different ones."""
    found: dict[str, set[str]] = {}
    for line in (LOCKS / lock).read_text(encoding="utf-8").splitlines():
        if match := PINNED.match(line):
            found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def asked_for(lock: str) -> list[Requirement]:
    """What pyproject.toml wants of this lock."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    core = pyproject["project"]["dependencies"]
    groups = pyproject["dependency-groups"]
    build = groups["build"]
    dev = [entry for entry in groups["dev"] if isinstance(entry, str)]
    extras = pyproject["project"]["optional-dependencies"]
    container = [*core, *extras["redis"], *extras["mqtt"]]
    wanted = {"core.txt": core, "container.txt": container, "build.txt": build, "dev.txt": [*core, *build, *dev]}
    return [Requirement(text) for text in wanted[lock]]


@pytest.mark.parametrize("lock", ["core.txt", "container.txt", "build.txt", "dev.txt"])
def test_a_lock_answers_all_that_the_project_asks_for(lock: str) -> None:
    pinned = pins(lock)
    unmet = [
        str(wanted)
        for wanted in asked_for(lock)
        if not (versions := pinned.get(canonicalize_name(wanted.name)))
        or not all(wanted.specifier.contains(version, prereleases=True) for version in versions)
    ]
    assert not unmet, "run `make lock`"


@pytest.mark.parametrize("lock", ["core.txt", "container.txt", "build.txt"])
def test_the_dev_lock_holds_every_other_lock(lock: str) -> None:
    dev = pins("dev.txt")
    assert not {name: versions for name, versions in pins(lock).items() if not versions <= dev.get(name, set())}


@pytest.mark.parametrize("lock", ["core.txt", "container.txt", "build.txt", "dev.txt"])
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (LOCKS / lock).read_text(encoding="utf-8")
    entries = [entry.splitlines() for entry in re.split(r"\n(?=[A-Za-z0-9])", "\n" + text)[1:]]
    assert entries
    assert not [entry[0] for entry in entries if not PINNED.match(entry[0]) or "--hash=sha256:" not in "".join(entry)]
