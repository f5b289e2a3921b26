"""Make the checkout's `.venv` hold what the locks name, and do nothing at all when it already does.

Never: install anything without a hash, name or override a package index, touch the system's Python, remove
what a developer put into the environment. Only the standard library: nothing else is there yet.
"""

import contextlib
import fcntl
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
LOCKS = {"run": ("core.txt", "build.txt"), "dev": ("dev.txt",)}
# The dev lock holds everything that the run locks hold, at the same versions (kept by tests/house).
SATISFIES = {"run": ("run",), "dev": ("dev", "run")}
# -P: the checkout is the working directory, and its packages must not shadow what pip imports.
PIP = ("-P", "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "--quiet")


class SetupError(Exception):
    """What went wrong and what to do about it, in one sentence for a person."""


def bootstrap(root: Path, want: str) -> None:
    """Bring `root/.venv` to the state that `want` ("run" or "dev") names."""
    venv = root / ".venv"
    with only_one_at_a_time(root):
        python = ensure_venv(venv)
        locks = [root / "deploy" / "requirements" / name for name in LOCKS[want]]
        if read_stamp(venv, want) != locks_digest(root, venv, want):
            tell(f"installing {' and '.join(lock.name for lock in locks)} into .venv")
            ensure_pip(python)
            requirements = [part for lock in locks for part in ("-r", str(lock))]
            # The locks name everything, so nothing is resolved: older pips ask the index for what a lock pins without
            # the extra that another package wants of it, and refuse the newer version that they find there.
            pip(python, "install", "--require-hashes", "--no-deps", *requirements)
            for name in SATISFIES[want]:
                write_stamp(venv, name, locks_digest(root, venv, name))
        project = project_digest(root, venv)
        if read_stamp(venv, "project") != project:
            ensure_pip(python)
            pip(python, "install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", str(root))
            write_stamp(venv, "project", project)


@contextlib.contextmanager
def only_one_at_a_time(root: Path) -> Iterator[None]:
    """Two `make` in one checkout take turns; the kernel gives the lock back when its holder dies."""
    with (root / "pyproject.toml").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def ensure_venv(venv: Path) -> Path:
    """The interpreter of the environment, which is made when it is not there and kept as it is when it is."""
    python = venv / "bin" / "python"
    if venv.exists() and not (venv / "pyvenv.cfg").exists():
        raise SetupError(f"{venv} is there but is no virtual environment; move it away and run this again")
    if not python.exists():
        # Nothing runs in an environment whose interpreter is gone, so --clear takes nothing that worked.
        tell("making .venv")
        run(sys.executable, "-P", "-m", "venv", "--clear", str(venv))
    version = interpreter_version(python)
    if version < OLDEST:
        found = ".".join(map(str, version))
        raise SetupError(f"{venv} holds Python {found}, older than 3.11; move it away and run this again")
    return python


def interpreter_version(python: Path) -> tuple[int, ...]:
    """`(3, 11)` for any Python 3.11."""
    asked = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    answer = subprocess.run(asked, check=False, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetupError(f"{python} does not run; move .venv away and run this again")
    return tuple(int(part) for part in answer.stdout.split())


def ensure_pip(python: Path) -> None:
    """An environment that uv made has no pip; Python brings its own."""
    asked = subprocess.run([str(python), *PIP, "--version"], check=False, capture_output=True)
    if asked.returncode != 0:
        run(str(python), "-P", "-m", "ensurepip", "--default-pip")


def locks_digest(root: Path, venv: Path, want: str) -> str:
    """Changes with the locks and with the interpreter that the environment was made for."""
    digest = hashlib.sha256((venv / "pyvenv.cfg").read_bytes())
    for name in LOCKS[want]:
        digest.update((root / "deploy" / "requirements" / name).read_bytes())
    return digest.hexdigest()


def project_digest(root: Path, venv: Path) -> str:
    """Changes with what an installed package is made from, not with every line of pyproject.toml."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [pyproject["build-system"], pyproject["project"], pyproject["tool"]["hatch"], str(root)]
    digest = hashlib.sha256((venv / "pyvenv.cfg").read_bytes())
    digest.update(json.dumps(parts, sort_keys=True).encode())
    return digest.hexdigest()


def read_stamp(venv: Path, name: str) -> str:
    """The digest that was reached last, or nothing."""
    stamp = venv / f".tianting-{name}"
    return stamp.read_text(encoding="ascii") if stamp.exists() else ""


def write_stamp(venv: Path, name: str, digest: str) -> None:
    """Written only after the work that it vouches for."""
    (venv / f".tianting-{name}").write_text(digest, encoding="ascii")


def pip(python: Path, *arguments: str) -> None:
    """Run the environment's own pip; its index settings are the machine's business."""
    run(str(python), *PIP, *arguments)


def run(*command: str) -> None:
    """Run a command whose own output tells what went wrong, and stop when it fails."""
    done = subprocess.run(command, check=False, stdout=sys.stderr)
    if done.returncode != 0:
        raise SetupError(f"`{' '.join(command)}` failed (exit {done.returncode}); its words are above")


def tell(sentence: str) -> None:
    """One line for the person who waits."""
    print(f"tianting: {sentence}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """`bootstrap.py run` or `bootstrap.py dev`."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        tell(f"usage: bootstrap.py {'|'.join(LOCKS)}")
        return 2
    try:
        bootstrap(ROOT, arguments[0])
    except SetupError as error:
        tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
