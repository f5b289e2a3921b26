"""Where things live, read from the environment and the command line once, at start.

Never: a setting that a plan should hold, a secret.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

DEFAULT_PORT = 7357
STORE_HELP = (
    "sqlite:PATH (the default, inside the repository's git folder), redis://HOST:PORT/DB, redis:embedded or memory:"
)


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


@dataclass(frozen=True, slots=True)
class InMemory:
    """Gone with the process."""


@dataclass(frozen=True, slots=True)
class InFile:
    """An SQLite ledger."""

    path: str


@dataclass(frozen=True, slots=True)
class InRedis:
    """A server of somebody's. `durable`: one without an append-only file is refused."""

    url: str = field(repr=False)
    durable: bool


@dataclass(frozen=True, slots=True)
class InEmbeddedRedis:
    """A server of the repository's own, with its files in `folder`."""

    folder: str


Kept = InMemory | InFile | InRedis | InEmbeddedRedis


def where_kept(store: str, common_dir: Path) -> Kept:
    """Where a store URL says that the ledger is; `Misuse` when it is not one we can open."""
    if not store:
        return InFile(str(common_dir / "tianting" / "ledger.sqlite"))
    kind, colon, rest = store.partition(":")
    if kind == "memory" and colon and not rest:
        return InMemory()
    if kind == "sqlite" and rest:
        return InFile(os.path.abspath(rest))
    if store == "redis:embedded":
        return InEmbeddedRedis(str(common_dir / "tianting" / "redis"))
    if kind in ("redis", "rediss") and rest.startswith("//"):
        return _in_redis(store)
    raise Misuse(f"store {store!r} is not known; use {STORE_HELP}")


def _in_redis(store: str) -> InRedis:
    """`redis://[USER:PASSWORD@]HOST[:PORT][/DB][?aof=off]`; with `rediss://` over TLS. A refusal shows no password."""
    parts = urlsplit(store)
    try:
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    options = parse_qsl(parts.query, keep_blank_values=True)
    if not named or not re.fullmatch(r"/?\d*", parts.path) or options not in ([], [("aof", "off")]) or parts.fragment:
        raise Misuse(
            "the store's URL can not be read; it looks like redis://[USER:PASSWORD@]HOST[:PORT][/DB][?aof=off] "
            f"(among {STORE_HELP})"
        )
    return InRedis(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), durable=not options)
