"""What is drawn from the code is as the code is today."""

from pathlib import Path

import pytest

from tests.house.generated import API, BLOCK, PARTS, WORDS, api_description, pages, redrawn, shared_words
from tests.house.tree import ROOT, shown

DRAWN = [page for page in pages() if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", DRAWN, ids=shown)
def test_the_page_is_as_the_code_is(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert redrawn(text) == text, "run `make docs`"


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_redrawn_from_the_code(part: str) -> None:
    asked = f"before\n<!-- generated: {part} -->\nstale\n<!-- /generated -->\nafter\n"
    drawn = redrawn(asked)
    assert "stale" not in drawn
    assert drawn.startswith("before\n")
    assert drawn.endswith("<!-- /generated -->\nafter\n")
    assert redrawn(drawn) == drawn


def test_the_closed_lists_are_documented() -> None:
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    assert {block["name"] for block in BLOCK.finditer(page)} >= {"events", "commands", "intents"}


def test_the_web_interface_knows_the_api_as_it_is() -> None:
    assert API.read_text(encoding="utf-8") == api_description(), "run `make docs`, then `npm run build` in dashboard/ui"


def test_the_terminal_screen_says_what_the_pages_say() -> None:
    assert WORDS.read_text(encoding="utf-8") == shared_words(), "run `make docs`"
