"""`tianting conflicts` on histories and trees that are out of the ordinary: it decides or declines, and changes
nothing. What git's own merge says in conflict is told, and what it calls clean is not called text."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import Desk
from tests.support.ground import sh

KINDS = {"text", "structure", "api", "schema", "resource"}
FIELDS = {"kind", "rule", "between", "path", "symbol", "detail", "resolves", "rung"}
RUNGS = {"trivial", "remembered", "structural", "contract", "resolver", "person"}
CODE = "def f(a):\n    first = a\n    second = 2\n    return first + second\n\n\ndef g():\n    return f(1)\n"
Make = Callable[[Path], None]


def write(path: str, text: str | bytes) -> Make:
    def make(top: Path) -> None:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(text.encode() if isinstance(text, str) else text)

    return make


def delete(path: str) -> Make:
    return lambda top: (top / path).unlink()


def move(old: str, new: str) -> Make:
    def make(top: Path) -> None:
        (top / new).parent.mkdir(parents=True, exist_ok=True)
        (top / old).rename(top / new)

    return make


def mode(path: str) -> Make:
    return lambda top: (top / path).chmod(0o755)


def link(path: str, to: str) -> Make:
    def make(top: Path) -> None:
        if os.path.lexists(top / path):
            (top / path).unlink()
        (top / path).symlink_to(to)

    return make


def both(*steps: Make) -> Make:
    def make(top: Path) -> None:
        for step in steps:
            step(top)

    return make


def folder_for(path: str) -> Make:
    return both(delete(path), write(f"{path}/inner.py", CODE))


def submodule(at: str) -> Make:
    """A link to a commit of another repository, without that repository."""

    def make(top: Path) -> None:
        sh(top, "update-index", "--add", "--cacheinfo", f"160000,{at * 40},lib")

    return make


def commit(desk: Desk, branch: str, start: str, make: Make) -> None:
    desk.git("checkout", "-q", "-f", "-b", branch, start)
    make(desk.top)
    desk.git("add", "-A", "--", ":!lib")
    desk.git("commit", "-q", "--allow-empty", "-m", branch)
    desk.git("checkout", "-q", "-f", "main")


def conflicts(desk: Desk, *refs: str) -> tuple[list[dict[str, object]], int]:
    """What is told, after its form was looked at, and that nothing was changed by asking."""
    before = desk.git("for-each-ref"), desk.git("status", "--porcelain")
    told = desk.tianting("conflicts", *refs, "--json")
    assert told.code in (0, 1), told.err + told.out
    said = json.loads(told.out)
    assert said["refs"] == list(refs)
    rows: list[dict[str, object]] = said["conflicts"]
    assert (told.code == 1) == bool(rows)
    for row in rows:
        assert set(row) == FIELDS
        assert (row["kind"] in KINDS, row["rung"] in RUNGS, row["between"]) == (True, True, list(refs))
    assert (desk.git("for-each-ref"), desk.git("status", "--porcelain")) == before
    return rows, told.code


def git_says(desk: Desk, ours: str, theirs: str) -> bool:
    """Whether git's own merge is clean."""
    command = ["git", "merge-tree", "--write-tree", ours, theirs]
    return subprocess.run(command, cwd=desk.top, check=False, capture_output=True, timeout=60).returncode == 0


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    files = {"m.py": CODE, "a.txt": "a\nb\nc\n", "run.sh": "echo 1\n", "data.json": '{"a": 1}\n', "lib.txt": "x\n"}
    return Desk.make(tmp_path, files)


EDIT = CODE.replace("first = a", "first = a + 1")
OTHER = CODE.replace("first = a", "first = a * 7 - 1")
FAR = CODE.replace("return f(1)", "return f(2)")

CASES: dict[str, tuple[Make, Make]] = {
    "renamed and edited": (move("m.py", "deep/n.py"), write("m.py", FAR)),
    "renamed to two names": (move("m.py", "n.py"), move("m.py", "o.py")),
    "two renamed to one name": (move("m.py", "n.py"), move("a.txt", "n.py")),
    "folder renamed under a new file": (move("m.py", "deep/m.py"), write("deep", "a file\n")),
    "deleted and edited": (delete("m.py"), write("m.py", EDIT)),
    "deleted by both": (delete("m.py"), delete("m.py")),
    "renamed and deleted": (move("m.py", "n.py"), delete("m.py")),
    "a folder where the other has a file": (folder_for("a.txt"), write("a.txt", "a\nB\nc\n")),
    "modes against text": (mode("run.sh"), write("run.sh", "echo 2\n")),
    "modes of both": (mode("run.sh"), both(mode("run.sh"), write("run.sh", "echo 2\n"))),
    "a symlink against text": (link("a.txt", "m.py"), write("a.txt", "a\nB\nc\n")),
    "two symlinks": (link("a.txt", "m.py"), link("a.txt", "run.sh")),
    "a symlink in a circle": (link("loop.py", "loop.py"), write("m.py", EDIT)),
    "two submodules": (submodule("1"), submodule("2")),
    "a submodule against a file": (submodule("1"), write("lib", "a file\n")),
    "added by both": (write("new.py", CODE), write("new.py", EDIT)),
    "binary": (write("a.txt", b"\x00\x01"), write("a.txt", b"\x00\x02")),
    "utf-16": (write("a.txt", "a\nB\nc\n".encode("utf-16")), write("a.txt", "a\nC\nc\n".encode("utf-16"))),
    "a bom and carriage returns": (write("m.py", "\ufeff" + EDIT), write("m.py", OTHER.replace("\n", "\r\n"))),
    "latin-1": (write("m.py", EDIT.encode() + b"# \xe9\n"), write("m.py", OTHER.encode() + b"# \xe8\n")),
    "broken syntax": (write("m.py", "def f(:\n" + EDIT), write("m.py", OTHER + "}}}\n")),
    "python 2": (write("m.py", EDIT + "print 'a'\n"), write("m.py", OTHER + "exec 'b'\n")),
    "deep nesting": (write("m.py", "x = " + "(" * 900 + ")" * 900 + "\n"), write("m.py", OTHER)),
    "deep json": (write("data.json", "[" * 20_000 + "]" * 20_000), write("data.json", '{"a": 2}\n')),
    "names of all kinds": (write("ü \n'\"\\.py", CODE), write("ü \n'\"\\.py", EDIT)),
    "no change on one side": (lambda top: None, write("m.py", EDIT)),
}


@pytest.mark.parametrize("case", list(CASES))
def test_odd_trees_are_decided_or_declined_and_nothing_is_changed(desk: Desk, case: str) -> None:
    ours, theirs = CASES[case]
    commit(desk, "ours", "main", ours)
    commit(desk, "theirs", "main", theirs)
    rows, _ = conflicts(desk, "ours", "theirs")
    assert any(row["kind"] == "text" for row in rows) == (not git_says(desk, "ours", "theirs")), rows
    mirrored, _ = conflicts(desk, "theirs", "ours")
    assert bool(mirrored) == bool(rows)


def test_a_criss_cross_history_is_decided(desk: Desk) -> None:
    """Two best common ancestors: git merges those first."""
    commit(desk, "ours", "main", write("m.py", EDIT))
    commit(desk, "theirs", "main", write("m.py", FAR))
    for name, other in (("ours", "theirs"), ("theirs", "ours")):
        desk.git("checkout", "-q", "-b", f"{name}-more", name)
        desk.git("merge", "-q", "--no-edit", other)
        desk.git("checkout", "-q", "main")
    assert len(desk.git("merge-base", "--all", "ours-more", "theirs-more").split()) == 2
    assert conflicts(desk, "ours-more", "theirs-more") == ([], 0)
    commit(desk, "left", "ours-more", write("a.txt", "a\nleft\nc\n"))
    commit(desk, "right", "theirs-more", write("a.txt", "a\nright\nc\n"))
    rows, code = conflicts(desk, "left", "right")
    assert (code, [(row["kind"], row["path"]) for row in rows]) == (1, [("text", "a.txt")])


def test_histories_that_share_nothing_are_told_as_that(desk: Desk) -> None:
    desk.git("checkout", "-q", "--orphan", "alone")
    desk.git("commit", "-q", "-m", "alone")
    desk.git("checkout", "-q", "-f", "main")
    [row], _ = conflicts(desk, "main", "alone")
    assert row["rule"] == "unrelated histories"


def test_three_refs_are_held_against_each_other_by_pairs(desk: Desk) -> None:
    for name, text in (("one", EDIT), ("two", OTHER), ("three", FAR)):
        commit(desk, name, "main", write("m.py", text))
    told = desk.tianting("conflicts", "one", "two", "three", "--json")
    assert told.code == 1
    pairs = {tuple(row["between"]) for row in json.loads(told.out)["conflicts"] if row["kind"] == "text"}
    assert pairs == {("one", "two")}


def test_what_is_no_commit_is_bad_input(desk: Desk) -> None:
    assert desk.tianting("conflicts", "main", "nowhere", "--json").code == 2
    assert desk.tianting("conflicts", "main", "--json").code == 2
