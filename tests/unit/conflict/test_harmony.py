"""What one branch changed in what the other calls, carried into the caller: it compiles, runs, and keeps its form."""

import asyncio

import pytest

from state.candidate import ConflictKind
from tests.unit.conflict.merged import answer, seen

ORDERS = '''"""Orders."""


def price(item, count=1, tax=0):
    """What it costs."""
    amount = len(item) * count
    return amount + tax


def label(item):
    return f"<{item}>"


class Order:
    def __init__(self, item, count):
        self.item = item
        self.count = count

    def total(self, tax, rebate):
        """With tax, less the rebate."""
        whole = len(self.item) * self.count
        return whole + tax - rebate
'''
BASE = {
    "shop/__init__.py": "",
    "shop/orders.py": ORDERS,
    "shop/cart.py": '"""Cart."""\n\n\ndef check():\n    return 0\n',
}


def cart(imports: str, body: str) -> dict[str, str | None]:
    return {"shop/cart.py": f'"""Cart."""\n{imports}\n\n\ndef check():\n{body}\n'}


def orders(old: str, new: str) -> dict[str, str | None]:
    assert old in ORDERS
    return {"shop/orders.py": ORDERS.replace(old, new)}


RENAMED = orders("def price(", "def cost(")
CASES = {
    "a renamed function": (RENAMED, "from shop.orders import price", "    return price('abc', 2)", 6),
    "one imported under another name": (RENAMED, "from shop.orders import label, price as p", "    return p('ab')", 2),
    "one reached through its module": (RENAMED, "import shop.orders as o", "    return o.price('abc', tax=1)", 4),
    "one reached through its package": (RENAMED, "from shop import orders", "    return orders.price('abc')", 3),
    "one reached by its whole name": (RENAMED, "import shop.orders", "    return shop.orders.price('abc')", 3),
    "one whose name stands for something else too": (
        RENAMED,
        "from shop.orders import price",
        "    def inner(price):\n        return price\n    return price('abc') + inner(1)",
        4,
    ),
    "one imported in brackets": (
        RENAMED,
        "from shop.orders import (\n    label,  # the first\n    price,\n)",
        "    return len(label('a')) + price('a')",
        4,
    ),
    "a renamed method": (
        orders("def total(", "def sum_up("),
        "from shop.orders import Order",
        "    order = Order('ab', 3)\n    return order.total(1, 2)",
        5,
    ),
    "a renamed parameter": (
        orders("item, count=1, tax=0", "item, number=1, tax=0").copy()
        | {
            "shop/orders.py": ORDERS.replace("item, count=1, tax=0", "item, number=1, tax=0").replace(
                "* count\n    return amount", "* number\n    return amount"
            )
        },
        "from shop.orders import price",
        "    return price('abc', count=2)",
        6,
    ),
    "parameters in another order": (
        orders("self, tax, rebate", "self, rebate, tax"),
        "from shop.orders import Order",
        "    order = Order('ab', 3)\n    return order.total(1, (2))",
        5,
    ),
    "a function that must be awaited now": (
        orders("def label(item):", "async def label(item):"),
        "import asyncio\nfrom shop.orders import label",
        "    async def inner():\n        return label('a').upper()\n    return asyncio.run(inner())",
        "<A>",
    ),
}


@pytest.mark.parametrize("turned", [False, True], ids=["called by the candidate", "called by the trunk"])
@pytest.mark.parametrize("name", CASES)
async def test_a_change_is_carried_into_the_caller(name: str, turned: bool) -> None:
    change, imports, body, wanted = CASES[name]
    caller = cart(imports, body)
    ours, theirs = (caller, change) if turned else (change, caller)
    found, files = await seen(BASE, ours, theirs)
    assert found.is_settled, found.found
    assert await asyncio.to_thread(answer, files) == wanted


MOVED = {"shop/money.py": ORDERS, "shop/orders.py": None}
PARTED = {
    "shop/money.py": ORDERS[ORDERS.index("def price") : ORDERS.index("def label")],
    "shop/orders.py": ORDERS[: ORDERS.index("def price")] + ORDERS[ORDERS.index("def label") :],
}


@pytest.mark.parametrize(
    ("imports", "body"),
    [
        ("from shop.orders import price", "    return price('abc')"),
        ("from .orders import price", "    return price('abc')"),
        ("from shop.orders import Order, price  # both", "    return price(Order('abc', 1).item)"),
        ("from shop.orders import price as p, label", "    return p('abc') + 0 * len(label('a'))"),
        ("import shop.orders", "    return shop.orders.price('abc')"),
    ],
)
@pytest.mark.parametrize("moved", [MOVED, PARTED], ids=["the module", "the function"])
async def test_an_import_follows_what_moved(imports: str, body: str, moved: dict[str, str | None]) -> None:
    found, files = await seen(BASE, moved, cart(imports, body))
    assert found.is_settled, found.found
    assert answer(files) == 3


async def test_a_request_follows_a_route_that_moved() -> None:
    api = """from flask import Flask

app = Flask(__name__)


@app.route("/orders/<int:number>/lines", methods=["GET"])
def lines(number):
    return []
"""
    caller = 'def fetch(client, number):\n    return client.get(f"/orders/{number}/lines?all=1")\n'
    moved = api.replace('"/orders/<int:number>/lines"', '"/v2/orders/<int:number>/rows"')
    found, files = await seen({"api.py": api, "client.py": "\n"}, {"api.py": moved}, {"client.py": caller})
    assert found.is_settled, found.found
    assert files["client.py"] == caller.replace("/orders/{number}/lines", "/v2/orders/{number}/rows")


async def test_every_byte_but_the_name_stays() -> None:
    imports = "from shop.orders import ( price ,label )  # odd"
    body = "    x = price( 'abc' ,\n               2 )   # so\n    return x"
    found, files = await seen(BASE, RENAMED, cart(imports, body))
    assert found.is_settled
    was = cart(imports, body)["shop/cart.py"]
    assert was is not None
    assert files["shop/cart.py"] == was.replace("price", "cost")


@pytest.mark.parametrize(
    ("change", "imports", "body"),
    [
        (
            orders("item, count=1, tax=0", "item, buyer, count=1, tax=0"),
            "from shop.orders import price",
            "    return price('a')",
        ),
        (
            orders("def label(item):", "async def label(item):"),
            "from shop.orders import label",
            "    return label('a')",
        ),
        (
            orders("self, tax, rebate", "self, rebate, tax"),
            "from shop.orders import Order",
            "    o = Order('a', 1)\n    x = (1, 2)\n    return o.total(3, *x[:1])",
        ),
    ],
    ids=["a parameter that must be given", "a wait where none can be", "arguments behind a star"],
)
async def test_what_is_not_sure_is_a_question_with_both_wishes(
    change: dict[str, str | None], imports: str, body: str
) -> None:
    found, _ = await seen(BASE, change, cart(imports, body))
    if not found.found:
        return  # behind a star nothing is known, and nothing is said
    assert not found.is_settled
    assert not found.edits
    [one] = found.conflicts
    assert one.kind is ConflictKind.API
    assert "the trunk changes" in one.detail
