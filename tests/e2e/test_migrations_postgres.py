"""Rows of migrations proven on a real PostgreSQL server: made, compared by `pg_dump`, and taken away again."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Desk
from tests.support.postgres import Postgres, postgres
from tests.support.shop import ALEMBIC, revision

PYTHON = shlex.quote(sys.executable)
VERSIONS = "migrations/versions"
PROVEN = "run from the base along either side and to the merge"
COLUMN = "op.add_column('orders', sa.Column('{}', {}))"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as one:
        yield one


def migrations(server: Postgres) -> dict[str, object]:
    programs = shlex.quote(str(server.programs))
    address = f"postgresql+pg8000://{server.env['PGUSER']}@127.0.0.1:{server.port}/{{scratch}}"
    return {
        "run": f"{PYTHON} -m alembic upgrade head",
        "env": {"DATABASE_URL": "{database}", **server.env},
        "database": address,
        "create": f"{programs}/createdb {{scratch}}",
        "dump": f"{programs}/pg_dump --schema-only {{scratch}}",
        "drop": f"{programs}/dropdb {{scratch}}",
    }


def plan(desk: Desk, server: Postgres, steps: dict[str, str]) -> str:
    """A branch for each revision, all on the same parent, with one step; they land in this order."""
    for name, step in steps.items():
        desk.git("checkout", "-q", "-b", name, "main")
        (desk.top / VERSIONS / f"{name}.py").write_text(revision(name, "a1", step), encoding="utf-8")
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", name)
    desk.git("checkout", "-q", "main")
    tasks = [{"id": name, "adopt": name} for name in steps]
    file = desk.top.parent / "plan.json"
    said = {"tianting": 1, "name": "rows", "tasks": tasks, "migrations": migrations(server)}
    file.write_text(json.dumps(said), encoding="utf-8")
    return str(file)


def facts(desk: Desk, name: str) -> list[dict[str, object]]:
    return [dict(one["data"]) for one in desk.log() if one["type"] == name and isinstance(one["data"], dict)]


def asked(desk: Desk, server: Postgres, steps: dict[str, str]) -> str:
    """The question that a row ends in which does not hold."""
    leader = desk.start("run", plan(desk, server, steps))
    leader.until_said("does not go together")
    leader.signal()
    leader.end()
    assert not facts(desk, "ConflictResolved")
    [question] = [one["question"] for one in facts(desk, "QuestionAsked")]
    assert isinstance(question, dict)
    return str(question["text"])


def test_a_row_with_what_only_postgresql_has_is_proven_there_and_nothing_stays(
    tmp_path: Path, server: Postgres
) -> None:
    desk = Desk.make(tmp_path, ALEMBIC)
    before = server.databases()
    steps = {
        "b1": "op.execute(\"CREATE TYPE order_kind AS ENUM ('gift'); ALTER TABLE orders ADD kind order_kind\")",
        "c1": COLUMN.format("tags", "sa.ARRAY(sa.Text()), sa.CheckConstraint('cardinality(tags) < 9')"),
    }
    told = desk.tianting("run", plan(desk, server, steps))
    assert told.code == 0, told.out + told.err
    [resolved] = facts(desk, "ConflictResolved")
    assert (resolved["rung"], str(resolved["proof"]).startswith(PROVEN)) == ("contract", True), resolved
    assert server.databases() == before, "scratch databases are taken away"


def test_a_row_that_does_not_run_there_is_a_persons_with_the_servers_words(tmp_path: Path, server: Postgres) -> None:
    desk = Desk.make(tmp_path, ALEMBIC)
    before = server.databases()
    same = "op.execute('CREATE TYPE order_kind AS ENUM ()')"
    text = asked(desk, server, {"b1": same, "c1": same})
    assert "in a row they do not hold: the migrations could not be run" in text
    assert "already exists" in text
    assert server.databases() == before


def test_a_row_that_runs_and_makes_something_else_is_a_persons(tmp_path: Path, server: Postgres) -> None:
    """`LIKE` copies the table as it stands when its turn comes: no reader of statements can know."""
    desk = Desk.make(tmp_path, ALEMBIC)
    copy = "op.execute('CREATE TABLE archive (LIKE orders)')"
    text = asked(desk, server, {"b1": COLUMN.format("total", "sa.Integer()"), "c1": copy})
    assert "the merge does not make what both sides make: with `CREATE TABLE public.archive" in text


def test_a_check_that_a_side_takes_away_and_the_row_brings_back_is_seen(tmp_path: Path, server: Postgres) -> None:
    """Of SQLite no `CHECK` is seen; PostgreSQL's dump names it."""
    base = {**ALEMBIC, f"{VERSIONS}/a1_orders.py": revision("a1", "", _ORDERS)}
    desk = Desk.make(tmp_path, base)
    drop = "op.execute('ALTER TABLE orders DROP CONSTRAINT few')"
    again = "op.execute('ALTER TABLE orders DROP CONSTRAINT IF EXISTS few, ADD CONSTRAINT few CHECK (id < 100)')"
    text = asked(desk, server, {"b1": drop, "c1": again})
    assert "the merge does not make what both sides make: with `" in text
    assert "CHECK ((id < 100))" in text


_ORDERS = "op.create_table('orders', sa.Column('id', sa.Integer()), sa.CheckConstraint('id < 100', name='few'))"
