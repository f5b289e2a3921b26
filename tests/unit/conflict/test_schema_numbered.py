"""Numbered files of two sides: SQL scripts, decision records and the like."""

import pytest

from conflict.schema import row
from conflict.schema.numbered import findings
from conflict.schema.row import settled
from conflict.schema.values import Sides, applied
from state.candidate import ConflictKind


def sides(folder: str, base: str, ours: dict[str, bytes], theirs: dict[str, bytes]) -> Sides:
    def at(files: dict[str, bytes]) -> dict[str, bytes]:
        old = {f"{folder}/{name}": b"SELECT 1;\n" for name in base.split()}
        return old | {f"{folder}/{name}": text for name, text in files.items()}

    return Sides(at({}), at(ours), at(theirs), {"README.md": b"see 0003-queue.md, and x0003-queue\n"})


def names(both: Sides) -> list[str]:
    found = findings(both)
    assert all(one.edits for one in found)
    return sorted(path.rpartition("/")[2] for path in applied(both.merged(), settled(found)))


@pytest.mark.parametrize(
    ("base", "mine", "other", "wanted"),
    [
        ("0001_a.sql 0002_b.sql", "0003_c.sql", "0003_d.sql", "0004_d.sql"),
        ("V1__a.sql V2__b.sql", "V3__c.sql", "V3__d.sql", "V4__d.sql"),
        ("1_a.up.sql 2_b.up.sql", "3_c.up.sql", "3_d.up.sql", "4_d.up.sql"),
        ("001.do.sql 002.do.sql", "003_c.sql", "003_d.sql", "004_d.sql"),
    ],
)
def test_a_script_that_took_the_trunks_number_takes_the_next(base: str, mine: str, other: str, wanted: str) -> None:
    both = sides("db/migrations", base, {mine: b"CREATE TABLE c (id int);"}, {other: b"CREATE TABLE d (id int);"})
    assert names(both) == sorted([*base.split(), mine, wanted])
    [found] = findings(both)
    assert found.kind is ConflictKind.SCHEMA


def test_up_and_down_move_together_and_so_does_what_follows() -> None:
    theirs = {"0003_d.up.sql": b"", "0003_d.down.sql": b"", "0004_e.up.sql": b"", "0004_e.down.sql": b""}
    both = sides("db/migrations", "0001_a.up.sql 0002_b.up.sql", {"0003_c.up.sql": b""}, theirs)
    wanted = ["0001_a.up.sql", "0002_b.up.sql", "0003_c.up.sql"]
    wanted += ["0004_d.down.sql", "0004_d.up.sql", "0005_e.down.sql", "0005_e.up.sql"]
    assert names(both) == wanted


def test_a_record_is_renumbered_in_its_heading_and_where_it_is_spoken_of() -> None:
    theirs = {"0003-queue.md": b"# 3. Use a queue\n\nSee 0001-a.md and 0003-queue.md.\n"}
    both = sides("docs/adr", "0001-a.md 0002-b.md", {"0003-cache.md": b"# 3. Use a cache\n"}, theirs)
    edits = settled(findings(both))
    assert edits["docs/adr/0003-queue.md"] is None
    assert edits["docs/adr/0004-queue.md"] == b"# 4. Use a queue\n\nSee 0001-a.md and 0004-queue.md.\n"
    assert edits["README.md"] == b"see 0004-queue.md, and x0003-queue\n"
    assert findings(both)[0].kind is ConflictKind.RESOURCE


@pytest.mark.parametrize(
    ("base", "mine", "other"),
    [
        ("0001_a.sql 0002_b.sql", "0003_c.sql", "0004_d.sql"),
        ("0001_a.sql 0002_b.sql", "0003_c.sql", "0003_c.sql"),
        ("01-a.txt 01-b.txt 02-c.txt", "03-c.txt", "03-d.txt"),
        ("20240101120000_a.sql 20240102120000_b.sql", "20240103120000_c.sql", "20240103120000_d.sql"),
        ("2024-01-01.md 2024-01-02.md", "2024-01-03.md", "2024-01-04.md"),
    ],
)
def test_no_row_or_no_number_twice_is_no_clash(base: str, mine: str, other: str) -> None:
    assert not findings(sides("db/migrations", base, {mine: b"x"}, {other: b"x"}))


def test_scripts_that_do_not_go_together_are_asked_with_both_statements() -> None:
    mine = {"0003_c.sql": b"-- first\nALTER TABLE orders ADD COLUMN total int, ADD note text;"}
    other = {"0003_d.sql": b'ALTER TABLE public."orders" ADD total numeric(10, 2);'}
    [found] = findings(sides("db/migrations", "0001_a.sql 0002_b.sql", mine, other))
    assert not found.edits
    assert "both make orders.total" in found.detail
    assert "ADD total numeric(10, 2)" in found.detail
    assert "ADD COLUMN total int" in found.detail


def test_only_folders_where_both_took_the_same_number_are_looked_into() -> None:
    mine = ["out/task-1.txt", "docs/0003-one.md", "sql/0004_a.sql"]
    assert row.folders(mine, ["out/task-2.txt", "docs/0004-two.md", "sql/0005_b.sql"]) == ()
    assert row.folders(mine, ["out/task-1.md", "docs/0003-two.md", "sql/0004_b.sql"]) == ("docs", "sql")
