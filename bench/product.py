"""The product as a program: how it is called, and what its log says afterwards.

Never: an import of its rooms; what is measured here is a process.
"""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

GIT_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.invalid",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.invalid",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


def tianting(*arguments: str) -> list[str]:
    """The command as a person calls it: the installed script beside this Python, else what that script holds."""
    script = Path(sys.executable).with_name("tianting")
    call = "from orchestrator.cli.main import main; main()"
    return [*([str(script)] if script.exists() else [sys.executable, "-P", "-c", call]), *arguments]


def inherited() -> dict[str, str]:
    """Our environment, with byte code kept as on a person's machine: else every start compiles every module anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def environment(home: Path) -> dict[str, str]:
    """Ours, with the product's worktrees and everybody's settings inside `home`."""
    return {
        **inherited(),
        **GIT_ENVIRONMENT,
        "HOME": str(home),
        "TIANTING_HOME": str(home / "tianting"),
        "TIANTING_SANDBOX": "off",
    }


def git(repository: Path, *arguments: str, check: bool = True, text: str | None = None) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=check,
        timeout=600,
        env={**os.environ, **GIT_ENVIRONMENT},
    )
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Logged:
    ts: float
    name: str
    data: dict[str, object]


def log_of(repository: Path) -> list[Logged]:
    """The events of the newest run in a repository's ledger."""
    ledger = repository / ".git" / "tianting" / "ledger.sqlite"
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT ts, name, data FROM events WHERE run_no = (SELECT max(no) FROM runs) ORDER BY seq"
        ).fetchall()
    return [Logged(ts, name, json.loads(data)) for ts, name, data in rows]
