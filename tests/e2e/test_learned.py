"""What tasks changed when they landed keeps tasks like them apart in the next run, though no plan says a path."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.command import Desk

FILES = {"shop/checkout.py": "X = 1\n", "books/export.py": "Y = 1\n", "other.txt": "o\n"}
FIRST = [
    ("voucher", "Add a voucher to the checkout", "echo A = 1 >> shop/checkout.py"),
    ("refund", "Refund a voucher at the checkout", "echo B = 1 >> shop/checkout.py"),
    ("export", "Export the ledger", "echo C = 1 >> books/export.py"),
]


def plan(tasks: Sequence[Mapping[str, object]], overlaps: str = "reorder") -> str:
    said = [{"role": "backend", **task} for task in tasks]
    head = f"name: shop\noverlaps: {overlaps}\nwindows: {{backend: {{runtime: command, count: 2}}}}\n"
    return f"{head}tasks: {json.dumps(said)}\n"


def kinds(desk: Desk) -> list[tuple[str, str]]:
    """Who was dispatched and who landed, in order."""
    told = [(str(one["type"]), one["data"]) for one in desk.log()]
    wanted = ("AttemptDispatched", "Landed")
    return [(kind, str(data["task"])) for kind, data in told if kind in wanted and isinstance(data, dict)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk.make(tmp_path, FILES)
    for name, title, run in FIRST:
        told = desk.run(plan([{"id": name, "title": title, "run": run}]))
        assert told.code == 0, told.out + told.err
    return desk


@pytest.mark.parametrize(
    "second",
    [
        {"id": "again", "title": "Check a voucher at the checkout"},
        {"id": "again", "title": "Refund a voucher at the checkout"},
        {"id": "refund", "title": "Something else altogether"},
    ],
    ids=["alike", "same title", "same id"],
)
def test_a_task_waits_for_who_claims_what_tasks_like_it_have_changed(desk: Desk, second: dict[str, object]) -> None:
    first = {"id": "first", "touches": ["shop/checkout.py"], "run": "echo D = 1 >> shop/checkout.py"}
    told = desk.run(plan([first, {**second, "run": "echo E = 1 > shop/later.py"}], overlaps="hold"))
    assert told.code == 0, told.out + told.err
    assert kinds(desk).index(("Landed", "first")) < kinds(desk).index(("AttemptDispatched", str(second["id"])))


def test_a_task_that_is_like_none_of_them_waits_for_nobody(desk: Desk) -> None:
    go = desk.home / "go"
    first = {"id": "first", "touches": ["shop/checkout.py"], "run": f"until [ -e {go} ]; do sleep 0.05; done"}
    second = {"id": "second", "title": "Translate the manual", "run": f"touch {go}"}
    told = desk.run(plan([first, second], overlaps="hold"))
    assert told.code == 0, told.out + told.err
