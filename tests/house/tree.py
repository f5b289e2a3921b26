"""The files of this repository, as the house rules see them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The throw-away repository of the demo: carried by the wheel as data, never imported.
DEMO = "orchestrator/demo/bookshop/"
FLOORS = ("orchestrator", "planning", "scheduler", "agents", "conflict", "dashboard", "state")


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=30,
    )
    names = {name for name in listed.stdout.decode().split("\0") if name}
    return tuple(sorted(path for name in names if (path := ROOT / name).is_file() and not path.is_symlink()))


def shown(path: Path) -> str:
    """The path as a person would name it."""
    return path.relative_to(ROOT).as_posix()


def floor_of(path: Path) -> str:
    """The top folder that a file lies in; empty for a file of the root."""
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else ""


def product_modules() -> tuple[Path, ...]:
    """The Python modules of the product."""
    return tuple(
        path
        for path in project_files()
        if path.suffix == ".py" and floor_of(path) in FLOORS and not shown(path).startswith(DEMO)
    )
