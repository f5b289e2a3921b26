"""A real PostgreSQL server of the tests' own, on a free port of this machine, gone with all that it held."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.broker import free_port

_DEBIAN = Path("/usr/lib/postgresql")
_PLAIN = ("postgres", "nobody")
OWNER = "shopkeeper"


def _programs() -> Path | None:
    """The folder of `initdb`; Debian keeps the server's programs where no PATH looks, one folder a version."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def _plain_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses to be root's."""
    if os.geteuid():
        return None
    known = {one.pw_name: one for one in pwd.getpwall()}
    return next(known[name] for name in _PLAIN if name in known)


@dataclass(frozen=True, slots=True)
class Postgres:
    programs: Path
    port: int

    @property
    def env(self) -> dict[str, str]:
        """How its own programs find it."""
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": OWNER}

    def databases(self) -> list[str]:
        return self.ask("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").split()

    def ask(self, database: str, question: str) -> str:
        command = [str(self.programs / "psql"), "-X", "-A", "-t", "-d", database, "-c", question]
        done = subprocess.run(command, env={**os.environ, **self.env}, check=True, capture_output=True, timeout=60)
        return done.stdout.decode()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that takes connections; skips the test, with the reason, where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here; `make test` installs it on Debian (package postgresql)")
    user = _plain_user()
    with tempfile.TemporaryDirectory(prefix="tianting-pg-") as name:
        if user is not None:
            os.chown(name, user.pw_uid, user.pw_gid)
        data, port = f"{name}/data", free_port()

        def run(program: str, *args: str) -> None:
            # Its output goes to a file: a server that inherited a pipe would hold it open.
            with open(f"{name}/said.log", "ab") as said:
                subprocess.run(
                    [str(programs / program), "-D", data, *args],
                    check=True,
                    timeout=90,
                    cwd=name,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    user=None if user is None else user.pw_uid,
                    group=None if user is None else user.pw_gid,
                    extra_groups=None if user is None else [],
                )

        run("initdb", "-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale", "C", "--no-sync")
        options = f"-p {port} -k {name} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=20"
        run("pg_ctl", "-w", "-l", f"{name}/server.log", "-o", options, "start")
        try:
            yield Postgres(programs, port)
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
