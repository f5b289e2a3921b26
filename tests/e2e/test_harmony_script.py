"""Changes of what a JavaScript module offers, planted against new callers on the other branch, drawn by seed: each
result runs in node and answers what the caller's author saw."""

import asyncio
import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.conflict.merged import seen

NODE = shutil.which("node")
SEEDS = range(120)
RUN = """
const { pathToFileURL } = require("node:url");
(async () => {
  const found = {};
  for (const [key, place] of JSON.parse(require("node:fs").readFileSync(0))) {
    try { found[key] = (await import(pathToFileURL(place))).check(); } catch (fault) { found[key] = String(fault); }
  }
  console.log(JSON.stringify(found));
})();
"""
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed here")


def home(name: str, *params: str, modern: bool) -> str:
    body = f"function {name}({', '.join(params)}) {{\n  return ['plain', {', '.join(params)}];\n}}\n"
    return f"export {body}" if modern else f"exports.{name} = {body}"


def caller(way: str, module: str) -> str:
    ways = {
        "named": (f'import {{ place }} from "{module}";', "place"),
        "alias": (f"import {{ other, place as p }} from '{module}'", "other(0) && p"),
        "whole": (f'import * as m from "{module}";', "m.place"),
        "required": (f'const {{ place }} = require("{module}");', "place"),
        "required alias": (f"const {{ place: p, other }} = require('{module}')", "other(0) && p"),
        "required whole": (f'const m = require("{module}");', "m.place"),
    }
    head, call = ways[way]
    exported = "exports.check = function check()" if "required" in way else "export function check()"
    return f"{head}\n\n{exported} {{\n  return {call}(1, 2);\n}}\n"


def drawn(seed: int) -> tuple[dict[str, str], dict[str, str | None], dict[str, str | None], str]:
    """(base, the change, the caller, the caller's file)."""
    draw = random.Random(seed)
    modern = draw.random() < 0.6
    end = "mjs" if modern else "cjs"
    ways: tuple[str, ...] = ("named", "alias", "whole") if modern else ("required", "required alias", "required whole")
    params = draw.sample(["item", "count", "tax", "rebate"], 2)
    other = home("other", "x", modern=modern)
    place, put = (home(name, *params, modern=modern) for name in ("place", "put"))
    was = f"src/orders.{end}"
    base = {was: f"{other}\n{place}", f"src/cart.{end}": "// nothing yet\n", "package.json": "{}\n"}
    what = draw.choice(["rename", "move", "module"])
    if what == "rename":
        change: dict[str, str | None] = {was: f"{other}\n{put}"}
    elif what == "move":
        change = {was: other, f"src/deep/moved.{end}": place}
        ways = ways[:1]
    else:
        change = {was: None, f"src/deep/orders.{end}": base[was]}
        ways = (ways[0], ways[2])
    cart = f"src/cart.{end}"
    return base, change, {cart: caller(draw.choice(ways), f"./orders.{end}")}, cart


def write(place: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")


def answered(places: list[tuple[str, str]]) -> dict[str, object]:
    """What `check()` of each file answers in node, by its key."""
    assert NODE is not None
    given = json.dumps(places).encode()
    told = subprocess.run([NODE, "-e", RUN], input=given, capture_output=True, check=True, timeout=90)
    return dict(json.loads(told.stdout))


async def test_each_planted_change_is_carried_and_the_result_answers_as_its_author_saw(tmp_path: Path) -> None:
    places: list[tuple[str, str]] = []
    for seed in SEEDS:
        base, change, mine, cart = drawn(seed)
        sides = (mine, change) if seed % 2 else (change, mine)
        found, files = await seen(base, *sides)
        assert found.is_settled, (seed, [one.detail for one in found.found], mine)
        wanted = {**base, **{path: text for path, text in mine.items() if text is not None}}
        for kind, tree in (("wanted", wanted), ("merged", files)):
            write(tmp_path / kind / str(seed), tree)
            places.append((f"{kind} {seed}", str(tmp_path / kind / str(seed) / cart)))
    answers = await asyncio.to_thread(answered, places)
    assert [answers[f"merged {seed}"] for seed in SEEDS] == [["plain", 1, 2]] * len(SEEDS)
    assert [answers[f"wanted {seed}"] for seed in SEEDS] == [["plain", 1, 2]] * len(SEEDS)
