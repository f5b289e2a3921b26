"""Where things live, read from the environment and the command line once, at start.

Never: a setting that a plan should hold, a secret.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 7357
STORE_HELP = "sqlite:PATH (the default, inside the repository's git folder) or memory:"


class Misuse(Exception):
    """Bad input or usage: one plain sentence that says what, where and what to do. Exit code 2."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`base` holds one folder for each repository, with its worktrees; `store` is a URL or "" for the default."""

    base: Path
    store: str

    def home(self, repository: Path) -> Path:
        """The folder for the worktrees of this repository: `<name>-<hash of its path>`."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", repository.name).strip("-") or "repository"
        digest = hashlib.sha256(os.fsencode(repository)).hexdigest()[:10]
        return self.base / f"{name[:40]}-{digest}"


def read_settings(environ: Mapping[str, str], store: str | None) -> Settings:
    """Settings from `TIANTING_HOME`, `XDG_STATE_HOME` and `TIANTING_STORE`; `store` from the command line wins."""
    base = environ.get("TIANTING_HOME")
    if not base:
        state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        base = os.path.join(state, "tianting")
    if not os.path.isabs(base):
        raise Misuse(f"TIANTING_HOME must be an absolute path, not {base!r}")
    return Settings(Path(base), store or environ.get("TIANTING_STORE", ""))


def ledger_path(store: str, common_dir: Path) -> str | None:
    """The ledger's file for a store URL, None for `memory:`; `Misuse` when the URL is not one we can open."""
    if not store:
        return str(common_dir / "tianting" / "ledger.sqlite")
    kind, colon, rest = store.partition(":")
    if kind == "memory" and colon and not rest:
        return None
    if kind == "sqlite" and rest:
        return os.path.abspath(rest)
    if kind == "redis":
        raise Misuse(f"store {store!r}: Redis is not built in this version; use {STORE_HELP}")
    raise Misuse(f"store {store!r} is not known; use {STORE_HELP}")
