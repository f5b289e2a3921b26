"""The second act of the demo: what real agent programs are asked to build, and the script of the model behind them.

Never: a simulated agent; here the programs are real, and only their model is scripted.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from state.plan import RuntimeName

Step = Mapping[str, object]

_STOCK = '''"""How many of each book are there."""

_COUNTS: dict[str, int] = {}


def put(isbn: str, count: int) -> None:
    """Put so many of a book on the shelf."""
    _COUNTS[isbn] = left(isbn) + count


def left(isbn: str) -> int:
    return _COUNTS.get(isbn, 0)
'''
_PAGE = "<!doctype html>\n<title>Stock</title>\n<h1>What is on the shelf</h1>\n<ul id=stock></ul>\n"
_TEST = """import unittest
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


class Docs(unittest.TestCase):
    def test_every_page_has_a_title(self) -> None:
        for page in DOCS.glob("*.md"):
            self.assertTrue(page.read_text().startswith("# "), page)
"""
_MANUAL = "# Stock\n\n`shop.stock.put` puts books on the shelf, `shop.stock.left` says how many there are.\n"


@dataclass(frozen=True, slots=True)
class Player:
    """An agent program that is here; `command` is its own, where the runtime knows none."""

    runtime: RuntimeName
    model: str = ""
    command: str = ""


def second_plan(players: Sequence[Player], address: str) -> str:
    """The plan as text. `address` is the scripted model's; the roles are shared out among the players."""
    roles = ("backend", "frontend", "testing", "docs")
    windows = {role: _window(players[at % len(players)]) for at, role in enumerate(roles)}
    env = {
        "ANTHROPIC_BASE_URL": address,
        "ANTHROPIC_API_KEY": "any-key",
        "OPENAI_BASE_URL": f"{address}/v1",
        "OPENAI_API_KEY": "any-key",
    }
    python = quote(sys.executable)
    tests = f"{python} -m unittest discover -q -s tests -t ."
    plan = {
        "name": "bookshop, second act",
        "trunk": "main",
        "defaults": {"timeout": "3m", "env": env},
        "windows": windows,
        "gate": [{"name": "tests", "run": tests, "timeout": "1m"}],
        "tasks": [
            _task("stock", "backend", "Count what is on the shelf", {"write": "shop/stock.py", "text": _STOCK}),
            _task("page", "frontend", "A page for the stock", {"write": "web/stock.html", "text": _PAGE}),
            _task(
                "manual",
                "docs",
                "Tell of the stock",
                {"read": "docs/index.md"},
                {"write": "docs/stock.md", "text": _MANUAL},
            ),
            _task(
                "check",
                "testing",
                "Test the pages",
                {"read": "docs/index.md"},
                {"write": "tests/test_docs.py", "text": _TEST},
                {"run": f"{python} -m unittest -q tests.test_docs"},
            ),
        ],
    }
    return json.dumps(plan)


def _window(player: Player) -> dict[str, object]:
    window: dict[str, object] = {"runtime": player.runtime.value, "count": 1}
    window |= {"model": player.model} if player.model else {}
    return window | {"command": [player.command]} if player.command else window


def _task(name: str, role: str, title: str, *steps: Step) -> dict[str, object]:
    script = json.dumps([*({"say": title, **one} for one in steps), {"say": f"{title}: done."}])
    return {"id": name, "role": role, "title": title, "prompt": f"{title}. [[script:{script}]]"}
