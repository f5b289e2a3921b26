"""What two Python branches do to each other where git sees nothing, or less."""

import pytest

from conflict.rules.calls import misfit, same_type, shifted
from conflict.surface.nouns import Call, Param, ParamKind, Signature
from tests.unit.conflict.meet import clashes, rules, told

ORDERS = '''
"""Orders."""
import json

LIMIT = 10


def place(item, count):
    """Place one."""
    total = price_of(item) * count
    return json.dumps({"item": item, "total": total})


def price_of(item):
    return PRICES.get(item, 0) + len(item)


PRICES = {}


class Order:
    def __init__(self, item, count=1):
        self.item = item
        self.count = count

    def total(self, tax):
        return self.count * tax + len(self.item)
'''
BASE = {"shop/__init__.py": "", "shop/orders.py": ORDERS, "shop/cart.py": "VALUE = 1\n", "shop/README": "x\n"}
CALLER = {"shop/cart.py": "from shop.orders import place\n\n\ndef buy(item):\n    return place(item, 2)\n"}


def with_orders(old: str, new: str) -> dict[str, str | None]:
    assert old in ORDERS
    return {"shop/orders.py": ORDERS.replace(old, new)}


async def test_branches_that_have_nothing_to_do_with_each_other_are_silent() -> None:
    assert await clashes(BASE, with_orders("LIMIT = 10", "LIMIT = 11"), CALLER) == []


async def test_a_new_caller_of_a_changed_signature_is_found_on_either_side() -> None:
    change = with_orders("def place(item, count):", "def place(item, count, buyer):")
    found = [("call-signature", "place", "shop/cart.py")]
    assert await rules(BASE, change, CALLER) == found
    assert await rules(BASE, CALLER, change) == found


async def test_both_places_and_wishes_are_told() -> None:
    [one] = await clashes(BASE, with_orders("def place(item, count):", "def place(item, count, buyer):"), CALLER)
    assert (one.ours.path, one.ours.line) == ("shop/orders.py", 8)
    assert (one.theirs.path, one.theirs.line) == ("shop/cart.py", 5)
    assert (one.ours_wants, one.theirs_wants) == ("changes place", "uses place as it was")
    assert one.detail == "shop/cart.py:5 uses place of shop/orders.py: it needs buyer"
    assert one.turned().turned() == one


async def test_a_caller_that_the_base_has_already_is_the_changers_own_affair() -> None:
    base = {**BASE, **CALLER}
    change = with_orders("def place(item, count):", "def place(item, count, buyer):")
    touched = {"shop/cart.py": CALLER["shop/cart.py"] + "\n\nX = 1\n"}
    assert await rules(base, change, touched) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("def place(item, count):", "def put(item, count):", "symbol-renamed-in-use"),
        ("def place(item, count):", "def place(count, item):", "parameters-reordered"),
        ("def place(item, count):", "async def place(item, count):", "call-awaited"),
        ("def place(item, count):", "def place(item, *, count):", "call-signature"),
        ("def place(item, count):", "def place(item):", "call-signature"),
    ],
)
async def test_each_way_to_break_a_caller_has_its_rule(old: str, new: str, rule: str) -> None:
    assert [one for one, _, _ in await rules(BASE, with_orders(old, new), CALLER)] == [rule]


async def test_a_new_parameter_with_a_default_breaks_nobody() -> None:
    change = with_orders("def place(item, count):", "def place(item, count, buyer=None):")
    assert await rules(BASE, change, CALLER) == []


async def test_a_moved_function_is_told_with_where_it_is_now() -> None:
    start, end = ORDERS.index("def place("), ORDERS.index("def price_of(")
    moved = {
        "shop/orders.py": ORDERS[:start] + ORDERS[end:],
        "shop/placing.py": "import json\nfrom shop.orders import price_of\n\n\n" + ORDERS[start:end],
    }
    [one] = await clashes(BASE, moved, CALLER)
    assert (one.rule, one.ours.path, one.remedy) == ("symbol-moved-in-use", "shop/placing.py", "reimport")


@pytest.mark.parametrize(("names", "found"), [("place", []), ("*", ["symbol-moved-in-use"])])
async def test_a_moved_function_that_its_old_module_imports_by_name_breaks_nobody(names: str, found: list[str]) -> None:
    start, end = ORDERS.index("def place("), ORDERS.index("def price_of(")
    moved = {
        "shop/orders.py": ORDERS[:start].replace("import json", f"from shop.placing import {names}") + ORDERS[end:],
        "shop/placing.py": "import json\n\n\n" + ORDERS[start:end],
    }
    assert [one for one, _, _ in await rules(BASE, moved, CALLER)] == found


async def test_a_module_that_is_deleted_while_the_other_side_imports_it_is_found() -> None:
    found = await rules(BASE, {"shop/orders.py": None}, CALLER)
    assert found == [("symbol-deleted-in-use", "place", "shop/cart.py")]


async def test_a_use_through_the_module_or_a_re_export_is_followed() -> None:
    base = {**BASE, "shop/__init__.py": "from shop.orders import Order, place\n"}
    change = with_orders("def place(item, count):", "def place(item):")
    for text in ("import shop\n\nshop.place('a', 2)\n", "from shop import orders as o\n\no.place('a', 2)\n"):
        assert await rules(base, change, {"shop/cart.py": text}) == [("call-signature", "place", "shop/cart.py")]


async def test_a_method_is_found_through_what_says_the_class_of_its_receiver() -> None:
    change = with_orders("def total(self, tax):", "def total(self, tax, discount):")
    head = "from shop.orders import Order\n\n\n"
    for text in (
        "def sum_up(order: Order):\n    return order.total(2)\n",
        "def sum_up():\n    order = Order('a')\n    return order.total(2)\n",
        "def sum_up():\n    return Order('a').total(2)\n",
        "class C:\n    def __init__(self, o: Order):\n        self.o = o\n    def f(self):\n        self.o.total(2)\n",
        "class Big(Order):\n    def sum_up(self):\n        return self.total(2)\n",
    ):
        found = await rules(BASE, change, {"shop/cart.py": head + text})
        assert [(rule, symbol) for rule, symbol, _ in found] == [("call-signature", "Order.total")], text


async def test_a_local_name_is_not_the_imported_one() -> None:
    change = with_orders("def place(item, count):", "def place(item):")
    text = "from shop.orders import place\n\n\ndef buy(place):\n    return place('a', 2)\n"
    assert await rules(BASE, change, {"shop/cart.py": text}) == []


async def test_an_import_that_may_fail_is_no_promise() -> None:
    change = with_orders("def place(item, count):", "def put(item, count):")
    text = "try:\n    from shop.orders import place\nexcept ImportError:\n    place = None\n"
    assert await rules(BASE, change, {"shop/cart.py": text}) == []


async def test_a_name_that_a_clean_merge_leaves_undefined_is_found() -> None:
    base = {"a.py": "import json\nimport os\n\n\ndef f():\n    return json.dumps(1)\n\n\ndef g():\n    return 2\n"}
    ours = {"a.py": base["a.py"].replace("import json\n", "").replace("json.dumps(1)", "str(1)")}
    theirs = {"a.py": base["a.py"].replace("    return 2\n", "    return json.dumps(2)\n")}
    assert await rules(base, ours, theirs) == [("name-undefined", "json", "a.py")]


async def test_an_annotation_counts_where_annotations_are_postponed() -> None:
    head = "from __future__ import annotations\nfrom b import Jar\n\nA = 1\nB = 2\nC = Jar\n\n\n"
    base = {"a.py": head + "def g():\n    return 2\n", "b.py": "class Jar:\n    pass\n"}
    ours = {"a.py": base["a.py"].replace("from b import Jar\n", "").replace("C = Jar", "C = 3")}
    theirs = {"a.py": base["a.py"] + "\n\ndef h(jar: Jar):\n    return jar\n"}
    assert await rules(base, ours, theirs) == [("name-undefined", "Jar", "a.py")]


async def test_the_same_definition_in_two_places_of_a_file_is_found() -> None:
    lines = [f"def f{n}():\n    return {n}\n\n\n" for n in range(6)]
    base = {"a.py": "".join(lines)}
    new = "def extra():\n    return 'x'\n\n\n"
    ours = {"a.py": "".join([lines[0], new, *lines[1:]])}
    theirs = {"a.py": "".join([*lines, new])}
    assert await rules(base, ours, theirs) == [("symbol-added-twice", "extra", "a.py")]


async def test_a_property_and_its_setter_are_no_second_definition() -> None:
    base = {"a.py": "class A:\n    x = 1\n\n    y = 2\n\n    z = 3\n"}
    pair = "    @property\n    def p(self):\n        return 1\n\n    @p.setter\n    def p(self, v):\n        pass\n\n"
    ours = {"a.py": base["a.py"].replace("    y = 2\n", pair + "    y = 2\n")}
    theirs = {"a.py": base["a.py"].replace("z = 3", "z = 4")}
    assert await rules(base, ours, theirs) == []


async def test_both_editing_one_function_is_told_and_certain_only_where_git_can_not_merge() -> None:
    body = "def f():\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    return a + b + c + d\n"
    [far] = await clashes(
        {"a.py": body}, {"a.py": body.replace("a = 1", "a = 9")}, {"a.py": body.replace("d = 4", "d = 9")}
    )
    assert (far.rule, far.symbol, far.certain) == ("symbol-edited-twice", "f", False)
    [near] = await clashes(
        {"a.py": body}, {"a.py": body.replace("a = 1", "a = 9")}, {"a.py": body.replace("a = 1", "a = 7")}
    )
    assert (near.rule, near.certain) == ("symbol-edited-twice", True)


async def test_a_subclass_that_misses_a_new_abstract_method_is_found() -> None:
    base = {
        "b.py": "from abc import ABC\n\n\nclass Base(ABC):\n    def run(self):\n        return 1\n",
        "c.py": "X = 1\n",
    }
    ours = {
        "b.py": base["b.py"].replace("import ABC", "import ABC, abstractmethod")
        + "\n    @abstractmethod\n    def stop(self): ...\n"
    }
    theirs = {"c.py": "from b import Base\n\n\nclass Mine(Base):\n    pass\n"}
    assert await rules(base, ours, theirs) == [("abstract-added", "Base.stop", "c.py")]


async def test_an_override_of_a_changed_method_is_found() -> None:
    base = {"b.py": "class Base:\n    def run(self, a):\n        return a\n", "c.py": "X = 1\n"}
    ours = {"b.py": base["b.py"].replace("run(self, a)", "run(self, a, b)")}
    theirs = {"c.py": "from b import Base\n\n\nclass Mine(Base):\n    def run(self, a):\n        return 2\n"}
    assert await rules(base, ours, theirs) == [("override-signature", "Base.run", "c.py")]


async def test_a_field_taken_from_a_dataclass_is_missed_by_who_gives_it() -> None:
    data = "from dataclasses import dataclass\n\n\n@dataclass\nclass Point:\n    x: int\n    y: int\n    z: int = 0\n"
    base = {"p.py": data, "c.py": "X = 1\n"}
    use = {"c.py": "from p import Point\n\nP = Point(1, 2, z=3)\n"}
    assert await rules(base, {"p.py": data.replace("    z: int = 0\n", "")}, use) == [
        ("call-signature", "Point", "c.py")
    ]


async def test_what_is_no_python_is_compared_as_text() -> None:
    base = {"a.py": "print 'python two'\n\n\n\n\nx = 1\n"}
    assert await clashes(base, {"a.py": base["a.py"] + "y = 2\n"}, {"a.py": "import os\n" + base["a.py"]}) == []


def test_calls_are_held_against_signatures() -> None:
    both = Signature((Param("a"), Param("b", default="1"), Param("c", ParamKind.KEYWORD)))
    assert misfit(both, Call(1, ("c",))) == ""
    assert misfit(both, Call(1)) == "it needs c"
    assert misfit(both, Call(3, ("c",))) == "it takes 2 arguments by place, and 3 are given"
    assert misfit(both, Call(1, ("a", "c"))) == "a is given twice"
    assert misfit(both, Call(1, ("d", "c"))) == "it takes no d"
    assert misfit(both, Call(0, (), starred=True)) == ""
    assert misfit(both, Call(0, ("c",), double_starred=True)) == ""
    assert misfit(Signature((Param("x", ParamKind.REST), Param("y", ParamKind.NAMED_REST))), Call(9, ("q",))) == ""


def test_a_parameter_renamed_where_it_stands_shifts_no_argument() -> None:
    before = Signature((Param("a"), Param("b")))
    assert shifted(before, Signature((Param("a"), Param("c"))), Call(2)) == ""
    assert shifted(before, Signature((Param("b"), Param("a"))), Call(2)) == "argument 1 was a and would be b"
    assert shifted(before, Signature((Param("b"), Param("a"))), Call(0, ("a", "b"))) == ""


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("int", "str", False),
        ("Optional[int]", "int | None", True),
        ("List[int]", "list[int]", True),
        ("int", "int | str", True),
        ("int | str", "int", False),
        ("", "str", True),
        ("int", "Any", True),
        ("list[int]", "Sequence[int]", True),
    ],
)
def test_types_are_compared_by_what_they_say(left: str, right: str, same: bool) -> None:
    assert same_type(left, right) is same


CONF = "class Settings:\n    def get(self, name):\n        return name\n\n\nsettings = Settings()\n"
USES = "from conf import settings\n\n\ndef page():\n    return settings.get({})\n"


async def test_a_module_in_the_place_of_a_package_may_mean_something_else() -> None:
    base = {"conf/__init__.py": CONF, "conf/more.py": "X = 1\n", "page.py": USES.format(1)}
    away = {"conf/__init__.py": None, "conf/more.py": None, "conf.py": CONF}
    assert await rules(base, {"page.py": USES.format(2)}, away) == [
        ("module-replaced-in-use", "conf/__init__.py", "page.py")
    ]


async def test_a_package_in_the_place_of_a_module_can_be_all_that_it_was() -> None:
    base = {"conf.py": CONF, "page.py": USES.format(1)}
    away = {"conf.py": None, "conf/__init__.py": CONF, "conf/more.py": "X = 1\n"}
    assert await rules(base, {"page.py": USES.format(2)}, away) == []


STREAM = """from net.wire import open_wire


class Stream:
    def start(self):
        return open_wire(1)

    def stop(self):
        return 0
"""
WIRE = "def open_wire(number):\n    return number\n"
NET = {"net/__init__.py": "", "net/stream.py": STREAM, "net/wire.py": WIRE}
MORE = STREAM.replace("return 0", "return self.lost(open_wire(2))\n\n    def lost(self, why):\n        return why")


def carried(text: str) -> str:
    return text.replace("net.", "_net.")


def test_an_edit_that_git_carried_into_a_moved_file_breaks_nothing() -> None:
    ours = {**NET, "net/stream.py": MORE}
    theirs = {f"_{path}": carried(text) for path, text in NET.items()}
    both = {**theirs, "_net/stream.py": carried(MORE)}
    assert told(NET, ours, theirs, both) == []
    assert told(NET, theirs, ours, both) == []


def test_an_edit_that_git_carried_into_a_moved_file_is_looked_at_there() -> None:
    ours = {**NET, "net/stream.py": MORE}
    wire = "def open_wire(number, speed):\n    return number\n"
    stream = STREAM.replace("open_wire(1)", "open_wire(1, 2)")
    theirs = {"net/__init__.py": "", "net/wire.py": wire, "net/flow.py": stream}
    both = {**theirs, "net/flow.py": MORE.replace("open_wire(1)", "open_wire(1, 2)")}
    assert told(NET, ours, theirs, both) == [("call-signature", "open_wire", "net/stream.py")]


def test_a_definition_that_one_side_renames_and_git_gives_the_others_edit_is_no_clash() -> None:
    base = {"shop/orders.py": ORDERS}
    edited = ORDERS.replace("* count", "* count * 2")
    renamed = ORDERS.replace("def place(", "def put(")
    assert edited != ORDERS != renamed
    both = edited.replace("def place(", "def put(")
    assert told(base, {"shop/orders.py": edited}, {"shop/orders.py": renamed}, {"shop/orders.py": both}) == []
