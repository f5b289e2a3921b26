"""Migrations are read from their syntax tree, and the graph they form says where two branches met."""

from conflict.surface.history import graphs_of
from conflict.surface.migrations import migration_of, number_of, sql_migration_of
from conflict.surface.nouns import Framework, Migration, OperationKind
from conflict.surface.syntax import parse

K = OperationKind

ALEMBIC = '''
"""Add orders."""
import sqlalchemy as sa
from alembic import op

revision: str = "b1"
down_revision: str | None = {down}
branch_labels = None
depends_on = None

def upgrade():
    bind = op.get_bind()
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True),
                    sa.Column("name", sa.String(length=40), nullable=False))
    op.add_column("users", sa.Column("age", sa.Integer(), server_default="0"))
    op.alter_column("users", "mail", new_column_name="email")
    op.alter_column("users", "age", type_=sa.BigInteger(), nullable=False)
    with op.batch_alter_table("lines") as batch:
        batch.drop_column("price")
        batch.create_index(batch.f("ix_lines_a"), ["a"])
    op.execute("UPDATE users SET age = 1")
    for name in NAMES:
        touch(name)

def downgrade():
    op.drop_table("orders")
'''

DJANGO = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0002_b"),
        ("auth", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(name="Order", fields=[
            ("id", models.AutoField(primary_key=True)),
            ("buyer", models.ForeignKey("shop.User", on_delete=models.CASCADE)),
            ("tags", models.ManyToManyField("Tag")),
            ("note", models.CharField(max_length=40, null=True)),
        ]),
        migrations.AddField("line", "price", models.IntegerField(default=0)),
        migrations.RenameField(model_name="line", old_name="n", new_name="count"),
        migrations.RemoveField("line", "old"),
        migrations.RunPython(forwards),
    ]
"""


def alembic(down: str = '"a1"', path: str = "m/versions/b1_orders.py") -> Migration:
    tree = parse(ALEMBIC.replace("{down}", down).encode())
    assert not isinstance(tree, str)
    found = migration_of(path, tree)
    assert found is not None
    return found


def plain(revision: str, *parents: str, path: str = "") -> Migration:
    return Migration(Framework.ALEMBIC, revision, "m", path or f"m/{revision}.py", parents)


def test_alembic_steps_are_told_in_order() -> None:
    found = alembic()
    assert (found.framework, found.id, found.parents, found.group) == (Framework.ALEMBIC, "b1", ("a1",), "m/versions")
    assert [(step.kind, step.table, step.column or step.index) for step in found.operations] == [
        (K.CREATE_TABLE, "orders", ""),
        (K.ADD_COLUMN, "users", "age"),
        (K.RENAME_COLUMN, "users", "mail"),
        (K.ALTER_COLUMN, "users", "age"),
        (K.DROP_COLUMN, "lines", "price"),
        (K.CREATE_INDEX, "lines", "ix_lines_a"),
        (K.RUN, "", ""),
        (K.RUN, "", ""),
    ]
    assert found.opaque
    assert [(one.name, one.type, one.nullable) for one in found.operations[0].columns] == [
        ("id", "Integer", False),
        ("name", "String(40)", False),
    ]
    assert found.operations[2].becomes == "email"


def test_a_merge_revision_has_all_its_parents() -> None:
    assert alembic('("a1", "a2")').parents == ("a1", "a2")
    assert alembic("None").parents == ()


def test_django_steps_name_the_tables_they_touch() -> None:
    tree = parse(DJANGO.encode())
    assert not isinstance(tree, str)
    found = migration_of("apps/shop/migrations/0003_c.py", tree)
    assert found is not None
    assert (found.id, found.group, found.number) == ("shop.0003_c", "shop", "0003")
    assert (found.parents, found.depends) == (("shop.0002_b",), ("auth.0001_initial",))
    assert [(step.kind, step.table, step.column) for step in found.operations] == [
        (K.CREATE_TABLE, "shop_order", ""),
        (K.ADD_COLUMN, "shop_line", "price"),
        (K.RENAME_COLUMN, "shop_line", "n"),
        (K.DROP_COLUMN, "shop_line", "old"),
        (K.RUN, "", ""),
    ]
    [_, buyer, note] = found.operations[0].columns
    assert (buyer.name, buyer.references) == ("buyer", "shop_user")
    assert (note.type, note.nullable) == ("CharField(max_length=40)", True)


def test_an_ordinary_file_is_no_migration() -> None:
    tree = parse(b"revision = 3\n")
    assert not isinstance(tree, str)
    assert migration_of("shop/migrations/x.py", tree) is None


def test_two_children_of_one_parent_are_two_heads() -> None:
    [graph] = graphs_of([plain("a"), plain("b", "a"), plain("c", "a")]).values()
    assert graph.heads == ("b", "c")
    [merged] = graphs_of([plain("a"), plain("b", "a"), plain("c", "a"), plain("d", "b", "c")]).values()
    assert merged.heads == ("d",)
    assert merged.ancestors("d") == {"a", "b", "c"}


def test_a_missing_parent_and_an_id_given_twice_are_told() -> None:
    [graph] = graphs_of([plain("a"), plain("b", "gone"), plain("a", path="m/other.py")]).values()
    assert graph.dangling == (("b", "gone"),)
    assert [one.path for one in graph.twice] == ["m/other.py"]


def test_an_abbreviated_parent_is_the_one_it_begins() -> None:
    [graph] = graphs_of([plain("abcdef123"), plain("b", "abcd")]).values()
    assert graph.heads == ("b",)
    assert graph.dangling == ()


def test_folders_that_point_into_each_other_are_one_graph() -> None:
    far = Migration(Framework.ALEMBIC, "x", "far", "far/x.py", ("a",))
    [graph] = graphs_of([plain("a"), far]).values()
    assert graph.heads == ("x",)


def test_a_squash_ends_no_head_of_its_own() -> None:
    old = [
        Migration(Framework.DJANGO, f"s.{n}", "s", f"s/migrations/{n}.py", p) for n, p in (("1", ()), ("2", ("s.1",)))
    ]
    squash = Migration(Framework.DJANGO, "s.3", "s", "s/migrations/3.py", (), replaces=("s.1", "s.2"))
    [graph] = graphs_of([*old, squash]).values()
    assert graph.heads == ("s.3",)


def test_numbered_sql_files_are_one_row() -> None:
    one, two = sql_migration_of("db/migrations/0007_a.sql"), sql_migration_of("db/migrations/0007_b.sql")
    assert one is not None
    assert two is not None
    assert (one.number, two.number, one.group) == ("0007", "0007", "db/migrations")
    assert sql_migration_of("db/migrations/0007_a.down.sql") is None
    assert sql_migration_of("notes/7_a.sql") is None


def test_a_point_in_time_is_no_running_number() -> None:
    assert number_of("20240501123000_orders.py") == ""
    assert number_of("V3__orders.sql") == "3"
