"""Django migrations of two sides, put in a row."""

from conflict.schema.django import findings
from conflict.schema.graph import graph_of, heads
from conflict.schema.row import folders, settled
from conflict.schema.values import Sides, applied
from conflict.surface.nouns import Framework

SHOP = "shop/migrations/"


def migration(parents: str, *operations: str) -> bytes:
    steps = "".join(f"        {one},\n" for one in operations)
    return f"""from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{parents}]

    operations = [
{steps}    ]
""".encode()


def add(field: str) -> str:
    return f'migrations.AddField("order", "{field}", models.TextField())'


BASE = {SHOP + "0001_initial.py": migration("")}
FIRST = '("shop", "0001_initial")'


def sides(ours: dict[str, bytes], theirs: dict[str, bytes], mentions: dict[str, bytes] | None = None) -> Sides:
    return Sides(BASE, {**BASE, **ours}, {**BASE, **theirs}, mentions or {})


def after(both: Sides) -> dict[str, tuple[str, ...]]:
    found = findings(both)
    assert all(one.edits for one in found), found
    graph = graph_of(applied(both.merged(), settled(found)), Framework.DJANGO)
    assert len(heads(graph)) == len({node.group for node in graph.values()})
    return {name: node.parents for name, node in graph.items()}


def test_the_candidates_migration_is_renumbered_and_follows_the_trunks() -> None:
    both = sides(
        {SHOP + "0002_total.py": migration(FIRST, add("total"))}, {SHOP + "0002_note.py": migration(FIRST, add("note"))}
    )
    assert after(both) == {
        "shop.0001_initial": (),
        "shop.0002_total": ("shop.0001_initial",),
        "shop.0003_note": ("shop.0002_total",),
    }
    edits = settled(findings(both))
    assert edits[SHOP + "0002_note.py"] is None
    assert edits[SHOP + "0003_note.py"] == migration('("shop", "0002_total")', add("note"))


def test_rows_and_those_of_other_apps_that_point_into_them_follow() -> None:
    blog = "blog/migrations/0001_initial.py"
    both = sides(
        {SHOP + "0002_a.py": migration(FIRST), SHOP + "0003_b.py": migration('("shop", "0002_a")')},
        {
            SHOP + "0002_c.py": migration(FIRST),
            SHOP + "0003_d.py": migration("('shop', '0002_c')"),
            blog: migration('("shop", "0003_d"), ("auth", "0001_initial")'),
        },
    )
    found = after(both)
    assert found["shop.0004_c"] == ("shop.0003_b",)
    assert found["shop.0005_d"] == ("shop.0004_c",)
    assert settled(findings(both))[blog] == migration('("shop", "0005_d"), ("auth", "0001_initial")')


def test_the_file_that_names_the_newest_and_tests_that_name_one_follow() -> None:
    newest = SHOP + "max_migration.txt"
    both = sides(
        {SHOP + "0002_a.py": migration(FIRST), newest: b"0002_a\n"},
        {SHOP + "0002_b.py": migration(FIRST), newest: b"0002_b\n"},
        {"tests/test_b.py": b'migrate_to("0002_b")\nx = "0002_bc"\n'},
    )
    edits = settled(findings(both))
    assert edits[newest] == b"0003_b\n"
    assert edits["tests/test_b.py"] == b'migrate_to("0003_b")\nx = "0002_bc"\n'


def test_two_apps_that_each_grew_on_one_side_are_no_clash() -> None:
    both = sides({SHOP + "0002_a.py": migration(FIRST)}, {"blog/migrations/0001_initial.py": migration("")})
    assert not findings(both)


def test_the_same_column_twice_is_asked() -> None:
    both = sides(
        {SHOP + "0002_a.py": migration(FIRST, add("total"))}, {SHOP + "0002_b.py": migration(FIRST, add("total"))}
    )
    [found] = findings(both)
    assert not found.edits
    assert "both make shop_order.total" in found.detail
    assert found.detail.count("migrations.AddField") == 2


def test_a_squash_of_the_candidate_is_asked() -> None:
    squash = migration(FIRST).replace(b"    operations", b'    replaces = [("shop", "0001_initial")]\n    operations')
    [found] = findings(sides({SHOP + "0002_a.py": migration(FIRST)}, {SHOP + "0002_b.py": squash}))
    assert not found.edits


def test_only_folders_that_both_sides_changed_are_looked_at_and_all_other_apps_of_django() -> None:
    ours = ["shop/migrations/0002_a.py", "docs/adr/0003-a.md", "web/app.js"]
    theirs = ["shop/migrations/0002_b.py", "blog/migrations/0001_b.py", "docs/adr/0003-b.md", "web/app.js"]
    assert folders(ours, theirs) == ("blog/migrations", "docs/adr", "shop/migrations")
    assert folders(ours, ["blog/migrations/0001_b.py"]) == ()
