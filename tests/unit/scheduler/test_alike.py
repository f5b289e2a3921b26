"""What a task will touch, told from tasks like it that have landed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.alike import MOST_PATHS, Likeness, words_of
from state.ids import RoleName, TaskId
from state.past import PastTask
from state.plan import TaskSpec

BACK, FRONT = RoleName("backend"), RoleName("frontend")


def task(title: str, prompt: str = "", *touches: str) -> TaskSpec:
    return TaskSpec(TaskId("new"), title=title, prompt=prompt, touches=touches)


def past(title: str, *paths: str, role: RoleName = BACK, prompt: str = "") -> PastTask:
    return PastTask(role, words_of(task(title, prompt)), paths)


SHOP = [
    past("Redeem a voucher at the checkout", "shop/checkout.py", "shop/voucher.py"),
    past("Refund a voucher at checkout", "shop/checkout.py", "shop/refund.py"),
    past("Void a voucher at the checkout", "shop/checkout.py", "shop/void.py"),
    past("Export the ledger as a spreadsheet", "books/export.py"),
    past("Print the ledger", "books/print.py"),
]


def test_what_most_of_several_like_tasks_changed_is_expected() -> None:
    assert Likeness(SHOP).expected(task("The voucher at the checkout"), BACK) == ("shop/checkout.py",)


def test_one_task_that_is_much_alike_is_enough() -> None:
    assert Likeness(SHOP).expected(task("Export the whole ledger as a spreadsheet"), BACK) == ("books/export.py",)


def test_one_task_that_is_a_little_alike_is_not() -> None:
    assert Likeness(SHOP[3:4]).expected(task("Show a spreadsheet of stock in every shelf"), BACK) == ()


def test_tasks_of_another_role_say_nothing() -> None:
    assert Likeness(SHOP).expected(task("The voucher at the checkout"), FRONT) == ()


def test_words_that_every_task_has_make_none_like_another() -> None:
    names = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
    every = [past(f"shop page {name} {name}s", f"{name}.py") for name in names]
    assert Likeness(every).expected(task("shop page omega rendering pipeline"), BACK) == ()


def test_claimed_paths_count_as_words() -> None:
    known = [past("Shop voucher refund", "a.py"), past("Refund of shop voucher", "a.py"), *SHOP[3:]]
    assert Likeness(known).expected(task("Later", "", "shop/voucher/refund.py"), BACK) == ("a.py",)
    assert Likeness(known).expected(task("Later"), BACK) == ()


def test_a_chinese_title_is_known_by_signs_that_stand_together() -> None:
    known = [past("为订单增加优惠券", "shop/voucher.py"), past("导出账本", "books/export.py")]
    assert Likeness(known).expected(task("为订单增加两种优惠券"), BACK) == ("shop/voucher.py",)


def test_a_sweep_over_the_tree_teaches_nothing() -> None:
    sweep = past("Reformat every module", *(f"m{at}.py" for at in range(MOST_PATHS + 1)))
    assert Likeness([sweep]).expected(task("Reformat every module"), BACK) == ()


def test_nothing_is_expected_without_a_past() -> None:
    assert Likeness([]).expected(task("Add a voucher"), BACK) == ()


WORDS = st.sampled_from(("voucher", "checkout", "ledger", "stock", "refund", "page", "订单", "优惠券"))
TITLES = st.lists(WORDS, max_size=5).map(" ".join)
PATHS = st.lists(st.sampled_from(("a.py", "b.py", "c.py")), max_size=3, unique=True)


@given(st.lists(st.tuples(TITLES, PATHS), max_size=8), TITLES)
def test_only_files_that_tasks_of_the_past_changed_are_expected(rows: list[tuple[str, list[str]]], title: str) -> None:
    known = [past(one, *paths) for one, paths in rows]
    found = Likeness(known).expected(task(title), BACK)
    assert {*found} <= {path for _, paths in rows for path in paths}
    assert found == Likeness(known).expected(task(title), BACK)


@pytest.mark.parametrize("text", ["", "🙂", "ﬁ", "a", "\x00", "x" * 5000])
def test_words_are_read_of_any_text(text: str) -> None:
    assert len(words_of(task(text, text))) <= 40
