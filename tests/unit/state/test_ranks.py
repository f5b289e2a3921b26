"""The ordered set of ranks, beside Python's own set."""

from hypothesis import given
from hypothesis import strategies as st

from state.ranks import Ranks

STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=200)


@given(STEPS, st.integers(-1, 61))
def test_ranks_are_a_sorted_set(steps: list[tuple[bool, int]], asked: int) -> None:
    ranks, model = Ranks(), set[int]()
    for put_in, rank in steps:
        if put_in and rank not in model:
            ranks.add(rank)
            model.add(rank)
        elif not put_in and rank in model:
            ranks.remove(rank)
            model.remove(rank)
    assert list(ranks) == sorted(model)
    assert bool(ranks) == bool(model)
    assert ranks.first() == min(model, default=None)
    assert ranks.after(asked) == min((rank for rank in model if rank > asked), default=None)


def test_order_is_kept_over_thousands_of_ranks_put_in_and_taken_out_crosswise() -> None:
    ranks = Ranks()
    scattered = [(number * 7919) % 10_007 for number in range(10_007)]
    for rank in scattered:
        ranks.add(rank)
    assert list(ranks) == list(range(10_007))
    for rank in scattered:
        if rank % 3:
            ranks.remove(rank)
    assert list(ranks) == list(range(0, 10_007, 3))
    assert ranks.after(3) == 6
    assert ranks.after(10_005) is None
