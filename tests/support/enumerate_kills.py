"""Kill a three-task run at the n-th git call or append, for every n of a part; resume it; look at the world.

`python -P enumerate_kills.py KIND FOLDER PART PARTS`, KIND one of git, before-append, after-append. A process of its
own, since it forks.
"""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import orchestrator.cli.lead  # noqa: E402, F401  # before any fork
from tests.support.ground import assert_all_is_well, clean_env, make_repository, sh  # noqa: E402
from tests.support.killing import Arm, at_append, at_git_call, tianting  # noqa: E402

PLAN = {
    "tianting": 1,
    "name": "three",
    "gate": [{"name": "all", "run": "true"}],
    "tasks": [
        {"id": "a", "role": "backend", "run": "echo a > a.txt"},
        {"id": "b", "role": "backend", "needs": ["a"], "run": "echo b > b.txt && git add b.txt"},
        {"id": "c", "role": "docs", "run": "echo c > c.txt"},
    ],
}
TASKS = ["a", "b", "c"]
LIMIT = 1000


def arming(kind: str, number: int, tally: Path) -> Arm:
    if kind == "git":
        return at_git_call(number, tally)
    return at_append(number, tally, after=kind == "after-append")


def ground(folder: Path) -> tuple[Path, Path, Path]:
    shutil.rmtree(folder, ignore_errors=True)
    top, home, plan = folder / "repository", folder / "home", folder / "plan.json"
    home.mkdir(parents=True)
    make_repository(top, {"README.md": "here\n", ".gitignore": "*.tmp\n"})
    plan.write_text(json.dumps(PLAN))
    return top, home, plan


def attempt(kind: str, number: int, folder: Path) -> bool:
    """One run killed at `number`, then resumed; whether it was killed at all."""
    top, home, plan = ground(folder)
    env = clean_env(home)
    said, again = folder / "first.txt", folder / "second.txt"
    code = tianting(["run", str(plan), "--no-dashboard"], top, env, said, arming(kind, number, folder / "tally"))
    if code == 0:
        assert_all_is_well(top, home, TASKS)
        return False
    assert code == -9, f"ended with {code} instead of being killed:\n{said.read_text()}"
    ledger = top / ".git" / "tianting" / "ledger.sqlite"
    if not has_log(ledger):
        code = tianting(["run", str(plan), "--no-dashboard"], top, env, again)
    else:
        code = tianting(["resume", "--no-dashboard"], top, env, again)
    assert code == 0, f"resume ended with {code}:\n{said.read_text()}\n---\n{again.read_text()}"
    assert_all_is_well(top, home, TASKS)
    for name in TASKS:
        assert sh(top, "show", f"main:{name}.txt") == f"{name}\n"
    return True


def has_log(ledger: Path) -> bool:
    """Whether the run was launched at all before it was killed: its first event is stored."""
    import sqlite3

    if not ledger.exists():
        return False
    with sqlite3.connect(ledger) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        return "events" in tables and bool(db.execute("SELECT 1 FROM events LIMIT 1").fetchone())


def main() -> int:
    kind, folder, part, parts = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    number = part + 1
    killed = 0
    while number < LIMIT:
        try:
            if not attempt(kind, number, folder / "ground"):
                break
        except AssertionError as broken:
            print(f"killed at {kind} {number}: {broken}")
            return 1
        killed += 1
        number += parts
    print(f"killed {killed} times, up to {number}")
    return 0 if killed else 1


if __name__ == "__main__":
    sys.exit(main())
