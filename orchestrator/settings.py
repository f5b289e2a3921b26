"""Where things live, read from the environment and the command line once, at start.

Never: a setting that a plan should hold, a secret.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from state.plan_fields import seconds_of

DEFAULT_PORT = 7357
LEASE_SECONDS = 15.0
"""How long a process that can not be heard of leads its runs still."""
STORE_HELP = (
    "sqlite:PATH (the default, inside the repository's git folder), redis://HOST:PORT/DB, redis:embedded or memory:"
)


class Misuse(Exception):
    """Bad input or usage: one plain sentence that says what, where and what to do. Exit code 2."""


class SandboxUse(StrEnum):
    """`TIANTING_SANDBOX`: the best that is to be had; nothing starts without one, or without landlock; or none."""

    AUTO = "auto"
    REQUIRED = "required"
    LANDLOCK = "landlock"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Settings:
    """`base` holds one folder for each repository, with its worktrees; `store` is a URL or "" for the default; `lease`
    is the time in seconds after which a leader that is not heard of has lost its runs; `mqtt` is the URL of a broker,
    or "" for none; `readable` are folders of the user's home that the processes of windows may read; `keep` is how many
    seconds after its end a server forgets a run, None for never."""

    base: Path
    store: str
    lease: float = LEASE_SECONDS
    mqtt: str = field(default="", repr=False)
    sandbox: SandboxUse = SandboxUse.AUTO
    readable: tuple[str, ...] = ()
    keep: float | None = None

    def home(self, repository: Path) -> Path:
        """The folder for the worktrees of this repository: `<name>-<hash of its path>`."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", repository.name).strip("-") or "repository"
        digest = hashlib.sha256(os.fsencode(repository)).hexdigest()[:10]
        return self.base / f"{name[:40]}-{digest}"


def read_settings(environ: Mapping[str, str], store: str | None, mqtt: str | None = None) -> Settings:
    """Settings from `TIANTING_HOME`, `XDG_STATE_HOME`, `TIANTING_STORE`, `TIANTING_LEASE`, `TIANTING_MQTT` (or
    `TIANTING_MQTT_FILE`), `TIANTING_SANDBOX`, `TIANTING_SANDBOX_READ` and `TIANTING_KEEP`; what the command line says
    wins."""
    base = environ.get("TIANTING_HOME")
    if not base:
        state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
        base = os.path.join(state, "tianting")
    if not os.path.isabs(base):
        raise Misuse(f"TIANTING_HOME must be an absolute path, not {base!r}")
    lease = _lease(environ.get("TIANTING_LEASE", ""))
    broker = _mqtt(environ) if mqtt is None else mqtt
    kept_at, keep = store or environ.get("TIANTING_STORE", ""), _keep(environ.get("TIANTING_KEEP", ""))
    return Settings(Path(base), kept_at, lease, broker, *_sandbox(environ), keep)


def _keep(text: str) -> float | None:
    age = seconds_of(text)
    if text and age is None:
        raise Misuse(f"TIANTING_KEEP must be a time such as 90d or 12h, not {text!r}")
    return age


def _lease(text: str) -> float:
    if not text:
        return LEASE_SECONDS
    if not re.fullmatch(r"\d{1,4}(\.\d+)?", text) or not 1 <= float(text) <= 3600:
        raise Misuse(f"TIANTING_LEASE must be a number of seconds from 1 to 3600, not {text!r}")
    return float(text)


def _mqtt(environ: Mapping[str, str]) -> str:
    """The URL of a broker: `TIANTING_MQTT`, or the content of the file that `TIANTING_MQTT_FILE` names."""
    file = environ.get("TIANTING_MQTT_FILE")
    if not file:
        return environ.get("TIANTING_MQTT", "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"TIANTING_MQTT_FILE {file} can not be read: {error}") from error


def _sandbox(environ: Mapping[str, str]) -> tuple[SandboxUse, tuple[str, ...]]:
    wanted = environ.get("TIANTING_SANDBOX") or SandboxUse.AUTO
    if wanted not in list(SandboxUse):
        raise Misuse(f"TIANTING_SANDBOX must be one of {', '.join(SandboxUse)}, not {wanted!r}")
    readable = tuple(path for path in environ.get("TIANTING_SANDBOX_READ", "").split(os.pathsep) if path)
    for path in readable:
        if not os.path.isabs(path):
            raise Misuse(f"TIANTING_SANDBOX_READ must name absolute paths, not {path!r}")
    return SandboxUse(wanted), readable


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


@dataclass(frozen=True, slots=True)
class AtBroker:
    """An MQTT broker. `intents`: they are taken in from there. `ca` is a file of certificates, "" the system's."""

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    tls: bool
    ca: str
    intents: bool


def which_broker(url: str) -> AtBroker | None:
    """`mqtt://[USER:PASSWORD@]HOST[:PORT][?intents=on][&ca=FILE]`; with `mqtts://` over TLS. "" is none; `Misuse`,
    which shows no password, for anything else."""
    if not url:
        return None
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = parts.scheme == "mqtts"
    try:
        host, port = parts.hostname, parts.port or (8883 if tls else 1883)
    except ValueError:
        host, port = None, 0
    known = set(options) <= ({"intents", "ca"} if tls else {"intents"}) and options.get("intents", "on") in (
        "on",
        "off",
    )
    if parts.scheme not in ("mqtt", "mqtts") or not host or parts.path not in ("", "/") or parts.fragment or not known:
        raise Misuse(
            "the broker's URL can not be read; it looks like mqtt://[USER:PASSWORD@]HOST[:PORT][?intents=on], or "
            "mqtts://... for TLS, where ca=FILE names certificates to trust"
        )
    username, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    intents = options.get("intents") == "on"
    if intents and not (username and password):
        raise Misuse(
            "intents from a broker need a user and a password in its URL, and an ACL that says who may send them"
        )
    return AtBroker(host, port, username, password, tls, options.get("ca", ""), intents)
