"""Two windows that both add to a row (migrations, numbered files): both land, one behind the other, and it runs."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.command import Desk
from tests.support.shop import ALEMBIC, DJANGO, django_migration, revision

PYTHON = shlex.quote(sys.executable)
VERSIONS = "migrations/versions"


def desk_with(place: Path, files: dict[str, str]) -> Desk:
    return Desk.make(place, files)


def plan_of(gate: str, tasks: dict[str, dict[str, str]], **more: object) -> str:
    """A plan in which each task writes its files, from templates beside the repository."""
    said: list[dict[str, object]] = []
    for name, files in tasks.items():
        steps = [{"write": path, "text": text} for path, text in files.items()]
        said.append({"id": name, "script": steps})
    return json.dumps({"tianting": 1, "name": "rows", "gate": [{"name": "gate", "run": gate}], "tasks": said, **more})


def run(desk: Desk, gate: str, tasks: dict[str, dict[str, str]], *args: str, **more: object) -> tuple[int, str]:
    file = desk.top.parent / "plan.json"
    file.write_text(plan_of(gate, tasks, **more), encoding="utf-8")
    told = desk.tianting("run", str(file), *args)
    return told.code, told.out + told.err


def facts(desk: Desk, name: str) -> list[dict[str, object]]:
    found = [one["data"] for one in desk.log() if one["type"] == name]
    return [one for one in found if isinstance(one, dict)]


UPGRADE = f'DATABASE_URL="sqlite:///$TMPDIR/gate.db" {PYTHON} -m alembic upgrade head && rm "$TMPDIR/gate.db"'


def test_two_alembic_revisions_land_one_behind_the_other(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, ALEMBIC)
    both = {
        "total": {
            f"{VERSIONS}/b1_total.py": revision("b1", "a1", "op.add_column('orders', sa.Column('total', sa.Integer()))")
        },
        "note": {
            f"{VERSIONS}/c1_note.py": revision("c1", "a1", "op.add_column('orders', sa.Column('note', sa.Text()))")
        },
    }
    code, said = run(desk, UPGRADE, both)
    assert code == 0, said
    [resolved] = facts(desk, "ConflictResolved")
    assert (resolved["rung"], resolved["by"]) == ("contract", "Tianting")
    texts = {name: desk.git("show", f"main:{VERSIONS}/{name}.py") for name in ("b1_total", "c1_note")}
    parents = sorted(line for text in texts.values() for line in text.splitlines() if line.startswith("down_revision"))
    assert parents in (
        ['down_revision = "a1"', 'down_revision = "b1"'],
        ['down_revision = "a1"', 'down_revision = "c1"'],
    )
    # The one that landed first is as its window wrote it.
    first = facts(desk, "Landed")[0]["task"]
    assert [texts["b1_total"], texts["c1_note"]][first == "note"] == next(iter(both[str(first)].values()))


def test_revisions_that_do_not_go_together_are_asked_about_with_both_statements(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, ALEMBIC)
    both = {
        "one": {f"{VERSIONS}/b1.py": revision("b1", "a1", "op.add_column('orders', sa.Column('total', sa.Integer()))")},
        "two": {f"{VERSIONS}/c1.py": revision("c1", "a1", "op.add_column('orders', sa.Column('total', sa.Numeric()))")},
    }
    file = desk.top.parent / "plan.json"
    file.write_text(plan_of("true", both), encoding="utf-8")
    leader = desk.start("run", str(file))
    leader.until_said("does not go together")
    [asked] = facts(desk, "QuestionAsked")
    question = asked["question"]
    assert isinstance(question, dict)
    assert question["choices"] == ["both", "retry", "drop"]
    for word in ("both make orders.total", "sa.Integer()", "sa.Numeric()"):
        assert word in question["text"]
    # What a person lets land as it is lands so, and is not asked about again.
    assert desk.tianting("answer", str(question["id"]), "both").code == 0
    told = leader.end()
    assert told.code == 0, told.out
    assert len(facts(desk, "QuestionAsked")) == 1
    assert set(desk.status().values()) == {"LANDED"}


def test_a_row_is_settled_before_text_that_clashes_beside_it(tmp_path: Path) -> None:
    """Once its text is merged the candidate contains the trunk, and nobody would ask about the row any more."""
    desk = desk_with(tmp_path, ALEMBIC)
    both = {
        name: {f"{VERSIONS}/{name}.py": revision(name, "a1", "pass"), "notes.txt": f"{name} {words}\n"}
        for name, words in {"b1": "first of all", "c1": "something else"}.items()
    }
    file = desk.top.parent / "plan.json"
    file.write_text(plan_of(UPGRADE, both), encoding="utf-8")
    leader = desk.start("run", str(file))
    leader.until_said("conflicts with main in notes.txt")
    [resolved] = facts(desk, "ConflictResolved")
    assert resolved["rung"] == "contract"
    [asked] = facts(desk, "QuestionAsked")
    question = asked["question"]
    assert isinstance(question, dict)
    assert desk.tianting("answer", str(question["id"]), "both").code == 0
    told = leader.end()
    assert told.code == 0, told.out
    parents = [desk.git("show", f"main:{VERSIONS}/{name}.py") for name in both]
    assert sum('down_revision = "a1"' in text for text in parents) == 1


def test_two_django_migrations_are_renumbered_and_run(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, DJANGO)
    both = {
        "total": {"shop/migrations/0002_total.py": django_migration("0001_initial", "total")},
        "note": {"shop/migrations/0002_note.py": django_migration("0001_initial", "note")},
    }
    code, said = run(desk, f"{PYTHON} manage.py migrate --verbosity 0", both)
    assert code == 0, said
    names = sorted(Path(path).name for path in desk.files() if path.startswith("shop/migrations/0"))
    assert names in (
        ["0001_initial.py", "0002_total.py", "0003_note.py"],
        ["0001_initial.py", "0002_note.py", "0003_total.py"],
    )


def test_three_scripts_of_one_number_get_a_number_each(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, {"db/0001_a.sql": "CREATE TABLE a (id int);\n", "db/0002_b.sql": "SELECT 1;\n"})
    three = {name: {f"db/0003_{name}.sql": f"CREATE TABLE {name} (id int);\n"} for name in ("x", "y", "z")}
    code, said = run(desk, 'test "$(ls db | cut -c1-4 | sort | uniq -d)" = ""', three)
    assert code == 0, said
    assert sorted(path[3:7] for path in desk.files() if path.startswith("db/")) == [
        "0001",
        "0002",
        "0003",
        "0004",
        "0005",
    ]


@pytest.mark.parametrize("ladder", ["on", "off"])
def test_adopted_branches_with_one_number_land_in_a_row_unless_the_ladder_is_off(tmp_path: Path, ladder: str) -> None:
    desk = desk_with(tmp_path, {"docs/adr/0001-a.md": "# 1. A\n", "docs/adr/0002-b.md": "# 2. B\n"})
    for name in ("queue", "cache"):
        desk.git("checkout", "-q", "-b", name, "main")
        (desk.top / f"docs/adr/0003-{name}.md").write_text(f"# 3. Use a {name}\n")
        desk.git("add", "-A")
        desk.git("commit", "-q", "-m", name)
    desk.git("checkout", "-q", "main")
    told = desk.tianting("land", "queue", "cache", "--ladder", ladder)
    assert told.code == 0, told.out
    records = [path for path in desk.files() if path.startswith(("docs/adr/0003", "docs/adr/0004"))]
    if ladder == "off":
        assert records == ["docs/adr/0003-cache.md", "docs/adr/0003-queue.md"]
        return
    assert records == ["docs/adr/0003-queue.md", "docs/adr/0004-cache.md"]
    assert desk.git("show", "main:docs/adr/0004-cache.md") == "# 4. Use a cache\n"
    assert desk.git("show", "cache:docs/adr/0003-cache.md") == "# 3. Use a cache\n"  # a person's branch stays


# --------------------------------------------------------------------------------------------------- proven by running

RUN = {"run": f"{PYTHON} -m alembic upgrade head", "env": {"DATABASE_URL": "{database}"}}


def test_a_row_is_proven_by_running_it_along_either_side(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, ALEMBIC)
    both = {
        "total": {
            f"{VERSIONS}/b1.py": revision("b1", "a1", "op.add_column('orders', sa.Column('total', sa.Integer()))")
        },
        "index": {f"{VERSIONS}/c1.py": revision("c1", "a1", "op.create_index('ix_id', 'orders', ['id'])")},
    }
    code, said = run(desk, "true", both, migrations=RUN)
    assert code == 0, said
    [resolved] = facts(desk, "ConflictResolved")
    assert str(resolved["proof"]).startswith("run from the base along either side and to the merge")


def test_a_row_that_does_not_run_is_a_persons(tmp_path: Path) -> None:
    """Raw SQL says nothing to a reader; running it does."""
    desk = desk_with(tmp_path, ALEMBIC)
    same = "op.execute('ALTER TABLE orders ADD COLUMN total INTEGER')"
    both = {name: {f"{VERSIONS}/{name}.py": revision(name, "a1", same)} for name in ("b1", "c1")}
    file = desk.top.parent / "plan.json"
    file.write_text(plan_of("true", both, migrations=RUN), encoding="utf-8")
    leader = desk.start("run", str(file))
    leader.until_said("does not go together")
    [asked] = facts(desk, "QuestionAsked")
    question = asked["question"]
    assert isinstance(question, dict)
    assert "in a row they do not hold: the migrations could not be run" in question["text"]
    assert "duplicate column name: total" in question["text"]
    leader.signal()
    leader.end()
    assert not facts(desk, "ConflictResolved")


# --------------------------------------------------------------------------------------------------- generated files


@pytest.mark.parametrize("fails", [False, True])
def test_a_generated_file_is_made_anew_and_not_merged(tmp_path: Path, fails: bool) -> None:
    desk = desk_with(tmp_path, {"parts/m.txt": "m\n", "all.lock": "1 m\n", "make.sh": "cat -n parts/* > all.lock\n"})
    both = {name: {f"parts/{name}.txt": f"{name}\n", "all.lock": f"1 {name}\n2 m\n"} for name in ("a", "z")}
    command = "sh make.sh && echo x > other.txt" + ("; false" if fails else "")
    file = desk.top.parent / "plan.json"
    file.write_text(plan_of("true", both, regenerate={"*.lock": command}), encoding="utf-8")
    leader = desk.start("run", str(file))
    if fails:
        leader.until_said("generated files could not be made anew")
        leader.signal()
        leader.end()
        return
    told = leader.end()
    assert told.code == 0, told.out
    assert desk.git("show", "main:all.lock").split() == ["1", "a", "2", "m", "3", "z"]
    assert "other.txt" not in desk.files()
    [resolved] = facts(desk, "ConflictResolved")
    assert (resolved["rung"], resolved["paths"]) == ("contract", ["all.lock"])
