"""The schema describes every key, and lets nothing pass by its keys and types that the parser does not know."""

import copy
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from state.plan import Plan
from state.plan_text import json_schema, parse_plan

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

EXAMPLE: dict[str, object] = {
    "tianting": 1,
    "name": "bookshop",
    "trunk": "main",
    "defaults": {
        "runtime": "command",
        "timeout": "30m",
        "retries": 2,
        "idle": 60,
        "startup": "1m30s",
        "model": "m",
        "answer": "1h",
    },
    "windows": {
        "frontend": {"runtime": "command", "count": 1},
        "backend": {"count": 3},
        "docs": None,
        "ops": {"env": {"A": 1}, "inherit": ["KEY"], "command": ["claude"], "budget": {"usd": 1}},
    },
    "gate": [{"name": "tests", "run": "pytest -q", "timeout": "10m"}],
    "gate_carry": True,
    "limits": {"windows": 5, "gates": 1, "wall": "4h", "usd": 2.5, "tokens": 9},
    "permissions": {"deny": "web", "ask": ["run(git push*)"], "allow": ["*"], "usual": "deny"},
    "network": "model",
    "mcp": {
        "tianting": {"roles": ["backend"], "promptx": ["promptx", "mcp-server"]},
        "board": {"command": ["board", "--stdio"], "env": {"DEPTH": 1}, "inherit": "BOARD_KEY", "roles": "docs"},
        "far": {"url": "https://mcp.example.org/mcp", "bearer": "FAR_TOKEN"},
    },
    "setup": "make venv",
    "copy": [".env"],
    "keep": ["data/**"],
    "regenerate": {"*.lock": "make lock"},
    "migrations": {
        "run": "alembic upgrade head",
        "env": {"DATABASE_URL": "{database}", "DEPTH": 1},
        "database": "postgresql:///{scratch}",
        "create": "createdb {scratch}",
        "dump": "pg_dump --schema-only {scratch}",
        "drop": "dropdb {scratch}",
        "timeout": "2m",
    },
    "tasks": [
        {
            "id": "schema",
            "role": "backend",
            "title": "Create the order tables",
            "prompt": "Add the tables.\n",
            "needs": [],
            "touches": ["shop/models/**"],
            "exclusive": "migrations/**",
            "verify": ["pytest -q tests/models"],
            "priority": 0,
            "estimate": "20m",
            "approve": False,
            "env": {"DATABASE_URL": "sqlite:///{worktree}/dev.db", "PORT": 8080},
            "run": "python make.py",
            "timeout": 1.5,
            "retries": 0,
        },
        {"id": "search", "window": "ops-1", "adopt": "feature/search"},
        {
            "id": "seed",
            "needs": "schema",
            "runtime": "scripted",
            "script": [
                {"say": "hello"},
                {"write": "a.py", "text": "x = 1\n"},
                {"append": "a.py", "text": "y = 2\n", "attempt": 2},
                {"replace": "a.py", "old": "1", "text": ""},
                {"delete": "b.py"},
                {"run": "make"},
                {"wait": 0.5},
                {"wait": "2s"},
                {"ask": "May I?"},
                {"commit": "Add it"},
                {"fail": "no luck"},
            ],
        },
    ],
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_plan_with_every_key_is_read_and_passes_the_schema() -> None:
    assert isinstance(parse_plan(json.dumps(EXAMPLE), "plan.json"), Plan)
    VALIDATOR.validate(EXAMPLE)


def objects(shape: object) -> Iterator[dict[str, object]]:
    """Every schema with properties, at any depth."""
    if isinstance(shape, dict):
        if "properties" in shape:
            yield shape
        for inner in shape.values():
            yield from objects(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from objects(inner)


def test_every_key_is_described_and_every_mapping_closed() -> None:
    found = list(objects(SCHEMA))
    assert len(found) >= 7
    for shape in found:
        assert shape["additionalProperties"] is False
        properties = shape["properties"]
        assert isinstance(properties, dict)
        assert [key for key, inner in properties.items() if "description" not in inner] == []


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*path, key))


PATHS = [path for path in paths(EXAMPLE) if path]
ODD: list[object] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2.5,
    "",
    "x",
    "30m",
    "-",
    "true",
    [],
    ["a"],
    [1],
    [[]],
    {},
    {"x": 1},
    {"id": "a"},
]


def changed(path: tuple[str | int, ...], change: object, remove: bool) -> object:
    """The example with one value replaced, or taken out."""
    whole = copy.deepcopy(EXAMPLE)
    place: object = whole
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    if remove:
        del place[path[-1]]  # type: ignore[attr-defined]
    else:
        place[path[-1]] = change  # type: ignore[index]
    return whole


@given(st.sampled_from(PATHS), st.sampled_from(ODD), st.booleans())
def test_what_the_parser_takes_the_schema_takes(path: tuple[str | int, ...], odd: object, remove: bool) -> None:
    whole = changed(path, odd, remove)
    if isinstance(parse_plan(json.dumps(whole), "plan.json"), Plan):
        VALIDATOR.validate(whole)


FIXED = [path for path in PATHS if isinstance(path[-1], str) and path[:-1] != ("regenerate",)]


@pytest.mark.parametrize("path", FIXED)
def test_a_key_with_another_name_is_refused_by_both(path: tuple[str | int, ...]) -> None:
    whole = changed((*path[:-1], f"{path[-1]} "), "x", remove=False)
    assert not isinstance(parse_plan(json.dumps(whole), "plan.json"), Plan)
    assert not VALIDATOR.is_valid(whole)
