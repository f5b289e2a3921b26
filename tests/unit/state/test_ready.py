"""The ready index gives what a look at every ready task would give, whatever was decided before."""

from hypothesis import given
from hypothesis import strategies as st

from state.footprint import first_meeting
from state.ids import TaskId
from state.ready import GroupKey, ReadyIndex

GLOBS = ("a/x", "a/y", "a/*", "b/**", "lock")
KEYS = st.tuples(
    st.sampled_from(["front", "back"]),
    st.lists(st.sampled_from(GLOBS), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(["t/1", "t/2"]), max_size=1).map(tuple),
)
CLAIMS = st.lists(st.sampled_from(GLOBS), max_size=2, unique=True)
STEP = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 30), KEYS),
    st.tuples(st.just("remove"), st.integers(0, 30), st.none()),
    st.tuples(st.just("look"), st.integers(0, 3), CLAIMS),
)


def heads(index: ReadyIndex, pool: str, claims: list[str]) -> list[tuple[int, GroupKey]]:
    def blocker(exclusive: tuple[str, ...]) -> str | None:
        met = first_meeting(exclusive, claims)
        return None if met is None else met[1]

    return list(index.heads(pool, set(claims), blocker))


def expected(model: dict[int, GroupKey], pool: str, claims: list[str]) -> list[tuple[int, GroupKey]]:
    found: dict[GroupKey, int] = {}
    for rank, key in sorted(model.items()):
        if key[0] == pool and first_meeting(key[1], claims) is None:
            found.setdefault(key, rank)
    return sorted((rank, key) for key, rank in found.items())


@given(st.lists(STEP, max_size=60), CLAIMS)
def test_heads_are_the_first_of_each_group_that_no_claim_blocks(
    steps: list[tuple[str, int, GroupKey | list[str] | None]], claims: list[str]
) -> None:
    index, model = ReadyIndex(), dict[int, GroupKey]()
    for what, number, more in steps:
        if what == "add" and isinstance(more, tuple) and number not in model:
            index.add(number, TaskId(f"t{number}"), more)
            model[number] = more
        elif what == "remove":
            index.remove(number)
            model.pop(number, None)
        elif isinstance(more, list):  # rows come to wait at other claims, which must never show
            heads(index, "back" if number % 2 else "front", more)
    assert len(index) == len(model)
    assert sorted(index.pools()) == sorted({key[0] for key in model.values()})
    assert all((rank in index) == (rank in model) for rank in range(31))
    for pool in ("front", "back"):
        assert heads(index, pool, claims) == expected(model, pool, claims)


def test_two_indexes_of_the_same_tasks_are_equal_whatever_was_looked_at() -> None:
    one, other = ReadyIndex(), ReadyIndex()
    key: GroupKey = ("back", ("a/*",), ())
    for index in (one, other):
        index.add(1, TaskId("t"), key)
    assert heads(one, "back", ["a/x"]) == []
    assert one == other
    other.remove(1)
    assert one != other


def test_a_claim_taken_while_heads_are_walked_hides_the_rest_that_it_blocks() -> None:
    index, held = ReadyIndex(), set[str]()
    for rank, touched in enumerate(("1", "2", "3")):
        index.add(rank, TaskId(f"t{rank}"), ("back", ("lock",), (touched,)))
    index.add(9, TaskId("free"), ("back", (), ()))
    walk = index.heads("back", held, lambda exclusive: next((glob for glob in exclusive if glob in held), None))
    assert next(walk)[0] == 0
    held.add("lock")
    assert [rank for rank, _ in walk] == [9]
    assert [rank for rank, _ in heads(index, "back", [])] == [0, 1, 2, 9]


def test_the_next_of_a_group_is_found_behind_any_of_it() -> None:
    index, key = ReadyIndex(), ("back", (), ("t/1",))
    for rank in (5, 3, 8):
        index.add(rank, TaskId(f"t{rank}"), key)
    assert [index.after(key, rank) for rank in (3, 5, 8)] == [5, 8, None]
    assert index.task(8) == "t8"
