"""Kill a 20-task run at random instants, resume it, kill it again, resume it to its end; look at the world.

`python -P random_kills.py FOLDER SEED ROUNDS`. A process of its own, since it forks. A failing seed is printed.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import orchestrator.cli.lead  # noqa: E402, F401  # before any fork
from tests.support.enumerate_kills import has_log  # noqa: E402
from tests.support.ground import assert_all_is_well, clean_env, make_repository, sh  # noqa: E402
from tests.support.killing import start, wait  # noqa: E402

TASKS = [f"t{number:02}" for number in range(20)]
KILLS = 4
LONGEST = 1.5
"""Seconds after which a process is killed at the latest; an undisturbed run takes about twice as long."""


def plan_of(dice: random.Random) -> dict[str, object]:
    tasks: list[dict[str, object]] = []
    for at, name in enumerate(TASKS):
        needs = dice.sample(TASKS[:at], min(at, dice.randint(0, 2)))
        nap = dice.choice(["true", "sleep 0.05", "sleep 0.2"])
        change = f"{nap}; mkdir -p d && echo {name} > d/{name}.txt; echo scratch > {name}.tmp"
        if dice.random() < 0.3:
            change += f"; git add -A && git commit -qm {name}; echo more >> d/{name}.txt"
        tasks.append({"id": name, "role": dice.choice(["backend", "docs"]), "needs": needs, "run": change})
    return {"tianting": 1, "name": "storm", "tasks": tasks, "gate": [{"name": "all", "run": "sleep 0.05"}]}


def one_round(folder: Path, seed: int) -> int:
    """How many times it was killed."""
    dice = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    top, home, plan = folder / "repository", folder / "home", folder / "plan.json"
    home.mkdir(parents=True)
    files = {f"src/{number}.txt": "x\n" * 50 for number in range(200)}
    make_repository(top, {"README.md": "here\n", ".gitignore": "*.tmp\n", **files})
    plan.write_text(json.dumps(plan_of(dice)))
    env = clean_env(home)
    killed = 0
    for turn in range(KILLS + 1):
        launched = has_log(top / ".git" / "tianting" / "ledger.sqlite")
        args = ["resume", "--no-dashboard"] if launched else ["run", str(plan), "--no-dashboard"]
        output = folder / f"said-{turn}.txt"
        pid = start(args, top, env, output)
        delay = dice.uniform(0.05, LONGEST) if turn < KILLS else 0.0
        code = _kill_after(pid, delay) if delay else wait(pid)
        if code == 0:
            break
        assert code == -signal.SIGKILL, f"ended with {code}:\n{output.read_text()}"
        killed += 1
    assert_all_is_well(top, home, TASKS)
    for name in TASKS:
        assert sh(top, "show", f"main:d/{name}.txt").startswith(f"{name}\n")
    return killed


def _kill_after(pid: int, delay: float) -> int:
    timer = threading.Timer(delay, _kill, (pid,))
    timer.start()
    try:
        return wait(pid)
    finally:
        timer.cancel()
        timer.join()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def main() -> int:
    folder, seed, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    killed = 0
    for number in range(seed, seed + rounds):
        try:
            killed += one_round(folder / "ground", number)
        except AssertionError as broken:
            print(f"seed {number}: {broken}")
            return 1
    print(f"killed {killed} times in {rounds} rounds")
    return 0 if killed else 1


if __name__ == "__main__":
    sys.exit(main())
