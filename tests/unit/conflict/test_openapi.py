"""OpenAPI documents of two sides, merged by path and schema."""

import json

import pytest
from ruamel.yaml import YAML

from conflict.harmony.openapi import broken, is_document, merge
from conflict.harmony.openapi_faults import faults
from tests.unit.conflict.merged import seen

BASE = """openapi: 3.1.0
info:
  title: Shop # the shop
  version: 1.0.0
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
      responses:
        '200':
          description: All of them.
components:
  schemas:
    Order:
      type: object
      required: [id]
      properties:
        id: {type: integer}
        note: {type: string} # free text
"""
CARTS = """  /carts:
    get:
      operationId: listCarts
      responses:
        '200':
          description: Carts.
"""
USERS = CARTS.replace("cart", "user").replace("Cart", "User")
AFTER = "          description: All of them.\n"


def merged(ours: str, theirs: str, base: str = BASE) -> str:
    found = merge("api.yaml", base.encode(), ours.encode(), theirs.encode())
    assert found is not None
    assert found.text is not None, found.clashes
    assert faults(YAML(typ="safe", pure=True).load(found.text)) == set()
    return found.text.decode()


def clashes(ours: str, theirs: str) -> tuple[str, ...]:
    found = merge("api.yaml", BASE.encode(), ours.encode(), theirs.encode())
    assert found is not None
    assert found.text is None
    return found.clashes


def test_paths_that_both_add_in_one_place_are_both_there_and_all_else_keeps_its_form() -> None:
    text = merged(BASE.replace(AFTER, AFTER + CARTS), BASE.replace(AFTER, AFTER + USERS))
    assert text == BASE.replace(AFTER, AFTER + CARTS + USERS)


def test_parameters_required_fields_and_versions_are_united() -> None:
    left = BASE.replace("        - {name: limit", "        - {name: page, in: query}\n        - {name: limit")
    left = left.replace("[id]", "[id, note]").replace("1.0.0", "1.9.0")
    right = BASE.replace("      responses", "        - {name: sort, in: query}\n      responses").replace(
        "1.0.0", "1.10.0"
    )
    right = right.replace("id: {type: integer}", "id: {type: integer}\n        total: {type: number}").replace(
        "[id]", "[id, total]"
    )
    root = YAML(typ="safe", pure=True).load(merged(left, right))
    names = [one["name"] for one in root["paths"]["/orders"]["get"]["parameters"]]
    assert names == ["page", "limit", "sort"]
    assert root["components"]["schemas"]["Order"]["required"] == ["id", "note", "total"]
    assert list(root["components"]["schemas"]["Order"]["properties"]) == ["id", "total", "note"]
    assert root["info"]["version"] == "1.10.0"


def test_what_one_side_takes_away_and_the_other_leaves_is_gone() -> None:
    text = merged(BASE.replace("        note: {type: string} # free text\n", ""), BASE.replace("1.0.0", "2.0.0"))
    assert "note" not in text
    assert "2.0.0" in text


@pytest.mark.parametrize(
    ("left", "right", "at"),
    [
        (("type: integer}}", "type: string}}"), ("type: integer}}", "type: number}}"), "limit/schema/type"),
        (("All of them", "Each"), ("All of them", "Every"), "~1orders/get/responses/200/description"),
        (("        note: {type: string} # free text\n", ""), ("note: {type: string}", "note: {type: array}"), "note"),
    ],
)
def test_what_both_want_otherwise_is_a_question_that_names_the_place(
    left: tuple[str, str], right: tuple[str, str], at: str
) -> None:
    [told] = clashes(BASE.replace(*left), BASE.replace(*right))
    assert at in told
    assert "the trunk has" in told


def test_a_result_that_tools_would_refuse_is_a_question() -> None:
    gone = BASE.replace("        note: {type: string} # free text\n", "")
    [told] = clashes(gone, BASE.replace("[id]", "[id, note]"))
    assert "requires note, which it does not have" in told
    twice = (
        BASE.replace(AFTER, AFTER + CARTS.replace("listCarts", "all")),
        BASE.replace(AFTER, AFTER + USERS.replace("listUsers", "all")),
    )
    assert "operationId all stands twice" in clashes(*twice)[0]


def test_a_merge_by_text_that_breaks_the_document_is_seen() -> None:
    twice = BASE.replace(AFTER, AFTER + CARTS).replace("components:", CARTS + "components:")
    assert broken("a.yaml", BASE.encode(), BASE.encode(), twice.encode()) == "merged as text it can not be read"
    assert broken("a.yaml", BASE.encode(), BASE.encode(), BASE.encode()) == ""


def test_json_keeps_its_indent_and_its_last_line() -> None:
    base = json.dumps({"openapi": "3.0.3", "info": {}, "paths": {"/a": {}}}, indent=4) + "\n"
    left = base.replace('"/a": {}', '"/a": {},\n        "/b": {}')
    right = base.replace('"/a": {}', '"/a": {},\n        "/c": {}')
    found = merge("api.json", base.encode(), left.encode(), right.encode())
    assert found is not None
    assert found.text == base.replace('"/a": {}', '"/a": {},\n        "/b": {},\n        "/c": {}').encode()


@pytest.mark.parametrize(
    "text", ["paths: {}\n", "a: [\n", "{}", "openapi: &a 3\npaths: *b\n", "openapi: 3\npaths: {}\nx: 1\nx: 2\n"]
)
def test_what_is_no_document_is_left_alone(text: str) -> None:
    assert not is_document(text.encode()) or merge("a.yaml", b"", text.encode(), BASE.encode()) is None


async def test_a_document_whose_text_clashes_is_merged_by_the_rule() -> None:
    found, files = await seen(
        {"api.yaml": BASE},
        {"api.yaml": BASE.replace(AFTER, AFTER + CARTS)},
        {"api.yaml": BASE.replace(AFTER, AFTER + USERS)},
    )
    assert found.is_settled
    assert files["api.yaml"] == BASE.replace(AFTER, AFTER + CARTS + USERS)
