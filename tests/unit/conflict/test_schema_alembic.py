"""Alembic revisions of two sides, put in a row."""

import pytest

from conflict.schema.alembic import findings, repointed
from conflict.schema.graph import graph_of, heads
from conflict.schema.row import settled
from conflict.schema.values import Sides, applied
from conflict.surface.nouns import Framework

HERE = "shop/migrations/versions/"
ADD_TOTAL = "op.add_column('orders', sa.Column('total', sa.Integer()))"
ADD_NOTE = "op.add_column('orders', sa.Column('note', sa.Text()))"


def revision(name: str, parent: str, *steps: str) -> bytes:
    said = "None" if not parent else f'"{parent}"'
    body = "".join(f"    {step}\n" for step in steps) or "    pass\n"
    return f'''"""{name}

Revision ID: {name}
Revises: {parent}
"""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {said}  # keep me


def upgrade():
{body}

def downgrade():
    pass
'''.encode()


BASE = {HERE + "a1.py": revision("a1", "")}


def sides(ours: dict[str, bytes], theirs: dict[str, bytes], base: dict[str, bytes] = BASE) -> Sides:
    def at(files: dict[str, bytes]) -> dict[str, bytes]:
        return {**base, **{HERE + name: text for name, text in files.items()}}

    return Sides(base, at(ours), at(theirs))


def after(both: Sides) -> dict[str, tuple[str, ...]]:
    graph = graph_of(applied(both.merged(), settled(findings(both))), Framework.ALEMBIC)
    assert len(heads(graph)) == 1
    return {name: node.parents for name, node in graph.items()}


def test_the_candidates_revision_goes_behind_the_trunks() -> None:
    both = sides({"b1.py": revision("b1", "a1", ADD_TOTAL)}, {"c1.py": revision("c1", "a1", ADD_NOTE)})
    assert after(both) == {"a1": (), "b1": ("a1",), "c1": ("b1",)}
    [found] = findings(both)
    assert (found.rule, found.symbol, found.how) == ("alembic-heads", "c1", "c1 re-pointed from a1 to b1")


def test_only_the_parent_and_the_line_that_repeats_it_change() -> None:
    both = sides({"b1.py": revision("b1", "a1")}, {"c1.py": revision("c1", "a1", ADD_NOTE)})
    edits = settled(findings(both))
    assert edits == {
        HERE + "c1.py": revision("c1", "a1", ADD_NOTE)
        .replace(b'down_revision = "a1"', b'down_revision = "b1"')
        .replace(b"Revises: a1", b"Revises: b1")
    }


def test_whole_rows_on_both_sides_become_one() -> None:
    both = sides(
        {"b1.py": revision("b1", "a1"), "b2.py": revision("b2", "b1")},
        {"c1.py": revision("c1", "a1"), "c2.py": revision("c2", "c1")},
    )
    assert after(both) == {"a1": (), "b1": ("a1",), "b2": ("b1",), "c1": ("b2",), "c2": ("c1",)}


def test_published_files_are_never_edited() -> None:
    both = sides({"b1.py": revision("b1", "a1")}, {"c1.py": revision("c1", "a1"), "c2.py": revision("c2", "a1")})
    assert set(settled(findings(both))) <= set(both.theirs) - set(both.base)


def test_two_first_revisions_become_first_and_second() -> None:
    both = sides({"b1.py": revision("b1", "")}, {"c1.py": revision("c1", "")}, base={})
    assert after(both) == {"b1": (), "c1": ("b1",)}


def test_a_merge_revision_of_the_candidate_follows_the_trunk() -> None:
    merging = revision("m1", "a1").replace(b'down_revision = "a1"', b'down_revision = ("a1", "z1")')
    base = {**BASE, HERE + "z1.py": revision("z1", "")}
    both = sides({"b1.py": revision("b1", "a1")}, {"m1.py": merging}, base)
    assert after(both)["m1"] == ("b1", "z1")


def test_a_branch_that_was_meant_is_no_clash() -> None:
    base = {**BASE, HERE + "z1.py": revision("z1", "")}
    assert not findings(sides({"b1.py": revision("b1", "a1")}, {"y1.py": revision("y1", "z1")}, base))


def test_one_side_alone_is_no_clash() -> None:
    assert not findings(sides({}, {"c1.py": revision("c1", "a1")}))
    assert not findings(sides({"b1.py": revision("b1", "a1")}, {}))


@pytest.mark.parametrize(
    ("mine", "other", "why"),
    [
        (ADD_TOTAL, ADD_TOTAL, "both make orders.total"),
        ("op.drop_column('orders', 'total')", ADD_TOTAL, "one side drops orders.total"),
        (ADD_TOTAL, "op.drop_table('orders')", "one side drops orders,"),
        ("op.rename_table('orders', 'sales')", ADD_TOTAL, "one side renames orders,"),
        (
            "op.alter_column('orders', 'total', nullable=False)",
            "op.alter_column('orders', 'total', nullable=True)",
            "both change orders.total",
        ),
        ("op.create_table('x', sa.Column('id', sa.Integer()))", "op.create_table('x')", "both make x"),
    ],
)
def test_what_does_not_go_together_is_asked_with_both_statements(mine: str, other: str, why: str) -> None:
    [found] = findings(sides({"b1.py": revision("b1", "a1", mine)}, {"c1.py": revision("c1", "a1", other)}))
    assert why in found.detail
    assert mine.split("(", maxsplit=1)[0] in found.detail
    assert other.split("(", maxsplit=1)[0] in found.detail
    assert not found.edits


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ("op.alter_column('orders', 'total', nullable=False)", "op.alter_column('orders', 'total', type_=sa.Text())"),
        ("op.create_table('x')\n    op.create_index('ix', 'x', ['a'])", "op.create_table('y')"),
        ("op.execute('UPDATE orders SET total = 1')", ADD_NOTE),
    ],
)
def test_what_goes_together_is_put_in_a_row(mine: str, other: str) -> None:
    assert after(sides({"b1.py": revision("b1", "a1", mine)}, {"c1.py": revision("c1", "a1", other)}))


def test_bytes_that_are_not_the_parents_stay() -> None:
    text = b"\xef\xbb\xbf" + revision("c1", "a1").replace(b"\n", b"\r\n").replace(b"keep me", "behälter".encode())
    new = repointed(text, {"a1": "b1"})
    assert new == text.replace(b'= "a1"', b'= "b1"').replace(b"Revises: a1", b"Revises: b1")


def test_a_computed_parent_is_left_to_a_person() -> None:
    odd = revision("c1", "a1").replace(b'down_revision = "a1"', b'down_revision = str("a1")')
    assert repointed(odd, {"a1": "b1"}) is None
