"""Rows of any shape on both sides: one end is left, nothing published is edited, nothing is lost, and asking again
finds nothing."""

from hypothesis import given
from hypothesis import strategies as st

from conflict.schema import alembic, numbered
from conflict.schema.graph import graph_of, heads
from conflict.schema.row import findings, settled
from conflict.schema.values import Sides, applied
from conflict.surface.nouns import Framework

HERE = "db/versions/"


def revision(name: str, parents: tuple[str, ...]) -> bytes:
    said = repr(parents[0]) if len(parents) == 1 else repr(parents or None)
    return f"revision = {name!r}\ndown_revision = {said}\n\n\ndef upgrade():\n    pass\n".encode()


@st.composite
def grown(draw: st.DrawFn, letter: str, tips: list[str]) -> dict[str, bytes]:
    """Revisions of one side on a row that has one end: a row, with forks that it joins again itself."""
    ends, found = list(tips), dict[str, bytes]()
    for number in range(draw(st.integers(1, 5))):
        name = f"{letter}{number}"
        parents = tuple(ends) if draw(st.booleans()) else (draw(st.sampled_from(ends)),)
        found[f"{HERE}{name}.py"] = revision(name, parents)
        ends = [end for end in ends if end not in parents] + [name]
    if len(ends) > 1:
        found[f"{HERE}{letter}_join.py"] = revision(f"{letter}_join", tuple(ends))
    return found


@st.composite
def both(draw: st.DrawFn) -> Sides:
    length = draw(st.integers(0, 3))
    base = {f"{HERE}x{at}.py": revision(f"x{at}", (f"x{at - 1}",) if at else ()) for at in range(length + 1)}
    tip = [f"x{length}"]
    return Sides(base, base | draw(grown("a", tip)), base | draw(grown("b", tip)))


@given(both())
def test_two_rows_of_any_shape_become_one(sides: Sides) -> None:
    found = findings(sides)
    assert found
    assert all(one.edits for one in found), [one.detail for one in found]
    edits = settled(found)
    assert not set(edits) & set(sides.ours)
    after = applied(sides.merged(), edits)
    graph = graph_of(after, Framework.ALEMBIC)
    assert len(heads(graph)) == 1
    assert set(graph) == {*graph_of(sides.ours, Framework.ALEMBIC), *graph_of(sides.theirs, Framework.ALEMBIC)}
    theirs = applied(sides.theirs, edits)
    assert not alembic.findings(Sides(sides.base, sides.ours, theirs))


names = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True)


@given(st.integers(2, 4), names, names, st.integers(1, 5))
def test_numbers_are_given_once_whatever_both_sides_add(
    length: int, mine: list[str], other: list[str], width: int
) -> None:
    def row(first: int, letters: list[str], mark: str) -> dict[str, bytes]:
        return {f"sql/{first + at:0{width}}_{mark}{name}.sql": b"SELECT 1;" for at, name in enumerate(letters)}

    base = row(1, list("abcd"[:length]), "base_")
    sides = Sides(base, base | row(length + 1, mine, "mine_"), base | row(length + 1, other, "other_"))
    found = numbered.findings(sides)
    assert [bool(one.edits) for one in found] == [True]
    after = applied(sides.merged(), settled(found))
    numbers = [int(path[4:].partition("_")[0]) for path in after]
    assert len(set(numbers)) == len(numbers) == length + len(mine) + len(other)
    order = [path.rpartition("other_")[2] for path in sorted(after, key=lambda path: int(path[4:].partition("_")[0]))]
    assert [name.removesuffix(".sql") for name in order if len(name) == 5] == other
    assert set(sides.ours) <= set(after)
