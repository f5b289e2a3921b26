"""The law of the walls: the import contracts of pyproject.toml, run as they stand, and shown to bite."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import FLOORS, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def contracts_for(tree: Path) -> str:
    """The contracts as a file for `lint-imports`, without the rooms that the tree does not (yet) have.

    import-linter refuses to start on a module that is not there; a wing that comes later is under its
    contract from its first file on.
    """
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    options = pyproject["tool"]["importlinter"]
    contracts = options.pop("contracts")
    lines = ["[tool.importlinter]", *settings(options, tree)]
    for contract in contracts:
        lines += ["[[tool.importlinter.contracts]]", *settings(contract, tree)]
    return "\n".join(lines) + "\n"


def settings(options: dict[str, bool | str | list[str]], tree: Path) -> list[str]:
    """Lines of TOML, which shares its strings, lists and truth values with JSON."""
    return [
        f"{key} = {json.dumps([kept for entry in value if (kept := standing(entry, tree))])}"
        if isinstance(value, list)
        else f"{key} = {json.dumps(value)}"
        for key, value in options.items()
    ]


def standing(entry: str, tree: Path) -> str:
    """The entry (a module, or a layer of modules) without those of our modules that are not in the tree."""
    names = [name.strip() for name in entry.split("|")]
    return " | ".join(name for name in names if "*" in name or exists(name, tree))


def exists(module: str, tree: Path) -> bool:
    parts = module.split(".")
    if parts[0] not in FLOORS:
        return True
    room = tree.joinpath(*parts)
    return (room / "__init__.py").exists() or room.with_suffix(".py").exists()


def lint(tree: Path, config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    config.write_text(contracts_for(tree), encoding="utf-8")
    command = [str(LINT_IMPORTS), "--no-cache", "--no-logo", "--config", str(config), *arguments]
    return subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True, timeout=60)


def test_the_walls_stand(tmp_path: Path) -> None:
    done = lint(ROOT, tmp_path / "walls.toml")
    assert done.returncode == 0, done.stdout + done.stderr


# A room of every sort, importing what the design allows it.
ROOMS = {
    "orchestrator/loop.py": "import asyncio, agents.window, state.git.commands, state.stores.sqlite",
    "planning/adjust.py": "import state.plan",
    "scheduler/decide.py": "import networkx, state.plan",
    "agents/prompt.py": "import state.plan",
    "agents/window.py": "import asyncio, os, state.plan, agents.prompt",
    "conflict/probe.py": "import asyncio, logging",
    "conflict/train.py": "import state.plan",
    "dashboard/app.py": "import fastapi, dashboard.views",
    "dashboard/views.py": "import state.plan",
    "state/ids.py": "",
    "state/plan.py": "import dataclasses, state.ids",
    "state/git/commands.py": "import git, os, state.ids",
    "state/stores/sqlite.py": "import sqlite3, time, state.plan",
    "state/buses/local.py": "import asyncio, state.plan",
    "state/leases/sqlite.py": "import sqlite3, state.plan",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    tree = tmp_path / "house"
    for name, line in ROOMS.items():
        room = tree / name
        room.parent.mkdir(parents=True, exist_ok=True)
        for package in room.relative_to(tree).parents:
            if package.name:
                (tree / package / "__init__.py").touch()
        room.write_text(line + "\n", encoding="utf-8")
    return tree


def test_what_the_design_allows_passes(house: Path, tmp_path: Path) -> None:
    done = lint(house, tmp_path / "walls.toml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "room", "line"),
    [
        ("floors", "agents/window.py", "import orchestrator.loop"),
        ("floors", "conflict/probe.py", "import agents.window"),
        ("floors", "planning/adjust.py", "import scheduler.decide"),
        ("floors", "state/plan.py", "import scheduler.decide"),
        ("bodies", "dashboard/app.py", "import state.stores.sqlite"),
        ("bodies", "agents/window.py", "from state.git import commands"),
        ("bodies", "state/plan.py", "import state.git.commands"),
        ("bodies", "state/stores/sqlite.py", "import state.leases.sqlite"),
        ("pure", "state/plan.py", "import time"),
        ("pure", "state/plan.py", "from os import environ"),
        ("pure", "scheduler/decide.py", "import asyncio"),
        ("pure", "scheduler/decide.py", "import logging"),
        ("pure", "conflict/train.py", "import random"),
        ("pure", "agents/prompt.py", "import subprocess"),
        ("pure", "state/ids.py", "import dashboard.app"),
        ("networkx", "conflict/train.py", "import networkx"),
        ("doors", "conflict/probe.py", "import git"),
        ("doors", "orchestrator/loop.py", "import sqlite3"),
        ("circles", "state/ids.py", "import state.plan"),
    ],
)
def test_a_broken_wall_is_reported(house: Path, tmp_path: Path, contract: str, room: str, line: str) -> None:
    with (house / room).open("a", encoding="utf-8") as source:
        source.write(line + "\n")
    done = lint(house, tmp_path / "walls.toml", "--contract", contract)
    # The exit code does not tell a broken contract from one that could not run; the count of kept ones does.
    assert (done.returncode, "0 kept, 1 broken" in done.stdout) == (1, True), done.stdout + done.stderr
