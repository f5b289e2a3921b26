"""Changes of a definition planted against callers on the other branch, drawn at random by seed. Those that can be
carried are, and the result runs and answers what the caller's author saw; those that can not are a question; those
that break nothing are silent."""

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.unit.conflict.merged import answer, seen

NAMES = ("count", "tax", "rebate", "size")


@dataclass(frozen=True)
class Planted:
    """`wanted`: carried, asked or silent."""

    base: dict[str, str]
    change: dict[str, str | None]
    caller: dict[str, str | None]
    wanted: str
    what: str


def function(name: str, params: list[str], body: str) -> str:
    return f"def {name}({', '.join(params)}):\n    {body}\n"


def drawn(seed: int) -> Planted:
    draw = random.Random(seed)
    names = ["item", *draw.sample(NAMES, draw.randint(2, 3))]
    body = f"return ('plain', {', '.join(names)})"
    module = draw.choice(["shop.orders", "shop.deep.orders"])
    path = module.replace(".", "/") + ".py"
    filler = "".join(function(f"other_{at}", ["x"], f"return x * {at}") + "\n\n" for at in range(draw.randint(0, 3)))
    before = function("place", names, body)
    what = draw.choice(["rename", "move", "argument", "order", "required", "optional", "body", "delete"])
    after, wanted = changed(what, names, body, draw)
    home = f'"""Orders."""\n\n\n{filler}{before}'
    files = {
        "shop/__init__.py": "",
        "shop/deep/__init__.py": "",
        path: home,
        "shop/cart.py": "def check():\n    return 0\n",
    }
    change: dict[str, str | None] = {path: home.replace(before, after)}
    if what == "move":
        change = {path: home.replace(before, "LEFT = 1\n"), "shop/moved.py": f'"""Moved."""\n\n\n{before}'}
    return Planted(files, change, {"shop/cart.py": caller(module, names, what, draw)}, wanted, what)


def changed(what: str, names: list[str], body: str, draw: random.Random) -> tuple[str, str]:
    match what:
        case "rename":
            return function("put", names, body), "carried"
        case "argument":
            return function("place", [*names[:-1], "amount"], body.replace(names[-1], "amount")), "carried"
        case "order":
            return function("place", [names[0], *reversed(names[1:])], body), "carried"
        case "required":
            return function("place", [*names, "buyer"], body), "asked"
        case "optional":
            return function("place", [*names, "buyer=None"], body), "silent"
        case "delete":
            return "LEFT = 1\n", "asked"
        case "move":
            return "", "carried"
        case _:
            return function("place", names, "pass\n    " + body), "silent"


def caller(module: str, names: list[str], what: str, draw: random.Random) -> str:
    package, _, last = module.rpartition(".")
    way = draw.choice(["from", "as", "module", "package", "whole"])
    imports, call = {
        "from": (f"from {module} import place", "place"),
        "as": (f"from {module} import place as p", "p"),
        "module": (f"import {module} as o", "o.place"),
        "package": (f"from {package} import {last}", f"{last}.place"),
        "whole": (f"import {module}", f"{module}.place"),
    }[way]
    values = [str(at) for at in range(len(names))]
    placed = len(names) if what == "order" else draw.randint(1, len(names) - 1)
    given = [*values[:placed], *(f"{name}={value}" for name, value in list(zip(names, values, strict=True))[placed:])]
    gap = draw.choice([", ", ",\n        ", " , "])
    return f'"""Cart."""\n\n{imports}\n\n\ndef check():\n    return {call}({gap.join(given)})\n'


async def verdict(one: Planted, turned: bool) -> tuple[str, object]:
    ours, theirs = (one.caller, one.change) if turned else (one.change, one.caller)
    found, files = await seen(one.base, ours, theirs)
    if not found.found:
        return "silent", answer(files)
    return ("carried", answer(files)) if found.is_settled else ("asked", None)


async def planted(seeds: range) -> Counter[str]:
    """How many came out as wanted, by what was changed; every other is a failure with its seed."""
    told: Counter[str] = Counter()
    for seed in seeds:
        one = drawn(seed)
        wanted = answer({**one.base, **{path: text for path, text in one.caller.items() if text is not None}})
        got, value = await verdict(one, turned=bool(seed % 2))
        assert got == one.wanted, (seed, one.what, got, one.change, one.caller)
        assert got == "asked" or value == wanted, (seed, one.what, value, wanted)
        told[one.what] += 1
    return told


async def test_every_planted_change_is_carried_asked_or_silent_as_it_should_be() -> None:
    told = await planted(range(400))
    assert len(told) == 8


@pytest.mark.soak
async def test_a_thousand_and_more_planted_changes() -> None:
    assert (await planted(range(1000, 2400))).total() == 1400
