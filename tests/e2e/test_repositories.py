"""Repositories as they are found: each works or is refused in one sentence, and what is the user's stays as it was."""

import hashlib
import os
import shlex
from pathlib import Path

import pytest

from tests.support.command import Desk, Told, one_sentence
from tests.support.ground import make_repository, sh

ONE = """name: one
tasks:
  - {id: one, run: "echo 1 > one.txt; git add -f one.txt; echo 2 >> a.txt; rm b.txt"}
"""
NEW = ONE.replace("; git add -f one.txt; echo 2 >> a.txt; rm b.txt", "")
SHADOW = "refs/tianting/trunk/main"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def picture(top: Path) -> dict[str, str]:
    """Every file of a work tree and what git knows of it: index, stash, HEAD, config."""
    kept = ("index", "HEAD", "config", "refs/stash", "logs/refs/stash", "info/exclude", "COMMIT_EDITMSG", "MERGE_HEAD")
    files = [path for path in top.rglob("*") if ".git" not in path.relative_to(top).parts and not path.is_dir()]
    files += [top / ".git" / name for name in kept]
    return {
        str(path): os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if os.path.lexists(path)
    }


def landed(told: Told) -> None:
    assert told.code == 0, told.out + told.err


# ------------------------------------------------------------------------------------------- what is no ground


def test_a_folder_that_is_no_repository_is_refused_by_every_command(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "folder", tmp_path / "home")
    desk.top.mkdir()
    for args in (("run", desk.plan(ONE)), ("status",), ("land", "x"), ("conflicts", "x", "y"), ("serve",)):
        one_sentence(desk.tianting(*args), 2, f"{desk.top} is not in a git repository")
    one_sentence(desk.tianting("runs", repo=tmp_path / "none"), 2, "is not a folder")
    assert list(desk.top.iterdir()) == []


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "new", tmp_path / "home")
    desk.top.mkdir()
    desk.git("init", "-q", "-b", "main")
    one_sentence(desk.run(ONE), 2, "has no commit yet")
    one_sentence(desk.run(f"trunk: other\n{ONE}"), 2, "has no branch 'other'")
    assert desk.git("for-each-ref") == ""


def test_a_detached_head_needs_a_trunk_and_stays_where_it_is(desk: Desk) -> None:
    desk.git("checkout", "-q", "--detach")
    one_sentence(desk.run(ONE), 2, "detached HEAD", "`trunk:`")
    stands, seen = desk.trunk(), picture(desk.top)
    landed(desk.run(f"trunk: main\n{ONE}"))
    assert desk.git("rev-parse", "HEAD").strip() == stands != desk.trunk()
    assert picture(desk.top) == seen


def test_a_repository_of_another_kind_of_objects_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "new", tmp_path / "home")
    desk.top.mkdir()
    desk.git("init", "-q", "-b", "main", "--object-format=sha256")
    one_sentence(desk.run(ONE), 2, "sha256")


# --------------------------------------------------------------------------------------- the user's own checkout


def dirty(desk: Desk, how: str) -> None:
    """Put something of the user's in the way of the task."""
    match how:
        case "untracked":
            (desk.top / "one.txt").write_text("mine")
        case "ignored":
            (desk.top / ".git" / "info" / "exclude").write_text("one.txt\n")
            (desk.top / "one.txt").write_text("mine")
        case "staged":
            (desk.top / "one.txt").write_text("mine")
            desk.git("add", "one.txt")
        case "changed":
            (desk.top / "a.txt").write_text("mine")
        case "changed and staged":
            (desk.top / "a.txt").write_text("mine")
            desk.git("add", "a.txt")
            (desk.top / "a.txt").write_text("mine again")
        case "changed where it is removed":
            (desk.top / "b.txt").write_text("mine")
        case "removed where it is changed":
            (desk.top / "a.txt").unlink()
        case _:
            (desk.top / "one.txt").mkdir()
            (desk.top / "one.txt" / "inside").write_text("mine")


def clear(desk: Desk) -> None:
    """Take it out of the way again, as the user would."""
    desk.git("reset", "-q")
    if (desk.top / "one.txt").is_dir():
        (desk.top / "one.txt" / "inside").unlink()
        (desk.top / "one.txt").rmdir()
    (desk.top / "one.txt").unlink(missing_ok=True)
    desk.git("checkout", "-q", "a.txt", "b.txt")


def the_command(told: Told) -> list[str]:
    """The one `git merge --ff-only` that was printed last."""
    [line] = [line for line in told.lines if line.startswith("main could not be moved")]
    return shlex.split(line.partition(" is checked out: git ")[2])


@pytest.mark.parametrize(
    "how",
    [
        "untracked",
        "ignored",
        "staged",
        "changed",
        "changed and staged",
        "changed where it is removed",
        "removed where it is changed",
        "a folder",
    ],
)
def test_what_is_in_the_way_stays_as_it_was_and_one_command_takes_the_work_over(desk: Desk, how: str) -> None:
    (desk.top / "a.txt").write_text("stashed")
    desk.git("stash")
    dirty(desk, how)
    stands, seen = desk.trunk(), picture(desk.top)
    told = desk.run(ONE)
    landed(told)
    assert (desk.trunk(), picture(desk.top)) == (stands, seen)
    assert sorted(desk.files(SHADOW)) == ["a.txt", "one.txt"]
    command = the_command(told)
    assert command[:3] == ["merge", "--ff-only", SHADOW]
    if how != "removed where it is changed":  # which git itself makes nothing of
        desk.git(*command, check=False)
    assert (desk.trunk(), picture(desk.top)) == (stands, seen)
    clear(desk)
    desk.git(*command)
    assert desk.git("status", "--porcelain") == ""
    assert sorted(desk.files()) == ["a.txt", "one.txt"]
    assert "stash@{0}" in desk.git("stash", "list")


def test_a_later_run_goes_on_with_the_work_that_landed_beside_the_branch(desk: Desk) -> None:
    (desk.top / "one.txt").write_text("mine")
    landed(desk.run(NEW))
    told = desk.run(NEW.replace("one", "two"))
    landed(told)
    assert {"one.txt", "two.txt"} <= set(desk.files(SHADOW))
    (desk.top / "one.txt").unlink()
    desk.git(*the_command(told))
    third = desk.run(NEW.replace("one", "three"))
    landed(third)
    assert {"one.txt", "two.txt", "three.txt"} <= set(desk.files("main"))
    assert desk.git("for-each-ref", "refs/tianting/trunk") == ""
    assert desk.git("status", "--porcelain") == ""


def test_commits_beside_work_that_landed_beside_the_branch_must_be_brought_together_first(desk: Desk) -> None:
    (desk.top / "one.txt").write_text("mine")
    landed(desk.run(NEW))
    (desk.top / "one.txt").unlink()
    (desk.top / "c.txt").write_text("c")
    desk.git("add", "c.txt")
    desk.git("commit", "-q", "-m", "mine")
    one_sentence(desk.run(NEW.replace("one", "two")), 2, f"git merge {SHADOW}")
    desk.git("merge", "-q", "--no-edit", SHADOW)
    landed(desk.run(NEW.replace("one", "two")))
    assert {"one.txt", "two.txt", "c.txt"} <= set(desk.files())


def test_changes_that_are_not_in_the_way_stay_while_the_checkout_moves_on(desk: Desk) -> None:
    (desk.top / "a.txt").write_text("changed")
    (desk.top / "b.txt").write_text("staged")
    desk.git("add", "b.txt")
    (desk.top / "c.txt").write_text("untracked")
    landed(desk.run(NEW))
    assert desk.git("status", "--porcelain").splitlines() == [" M a.txt", "M  b.txt", "?? c.txt"]
    assert (desk.top / "one.txt").read_text() == "1\n"
    assert desk.git("rev-parse", "HEAD").strip() == desk.trunk()


def test_a_trunk_that_another_worktree_has_checked_out_moves_there(desk: Desk, tmp_path: Path) -> None:
    desk.git("checkout", "-q", "--detach")
    desk.git("worktree", "add", "-q", str(tmp_path / "linked"), "main")
    seen = picture(desk.top)
    landed(desk.run(f"trunk: main\n{ONE}"))
    assert picture(desk.top) == seen
    assert sh(tmp_path / "linked", "status", "--porcelain") == ""
    assert (tmp_path / "linked" / "one.txt").exists()
    assert desk.tianting("run", desk.plan(NEW.replace("one", "two")), repo=tmp_path / "linked").code == 0
    assert (tmp_path / "linked" / "two.txt").exists()
    assert len(desk.runs()) == 2  # one ledger for all worktrees of a repository


# ------------------------------------------------------------------------------------------------ other kinds


def test_nobody_has_to_be_known_to_git(desk: Desk, tmp_path: Path) -> None:
    nobody = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    landed(desk.tianting("run", desk.plan(ONE), env={**nobody, "TIANTING_HOME": str(tmp_path / "worktrees")}))
    assert desk.git("log", "-1", "--format=%an").strip() == "Tianting"


def test_a_bare_repository_is_ground_enough(desk: Desk, tmp_path: Path) -> None:
    desk.git("clone", "-q", "--bare", str(desk.top), str(tmp_path / "bare.git"))
    bare = Desk(tmp_path / "bare.git", desk.home)
    landed(bare.run(ONE))
    assert sorted(bare.files()) == ["a.txt", "one.txt"]
    assert bare.status() == {"one": "LANDED"}


def test_a_submodule_is_left_as_it_is(desk: Desk, tmp_path: Path) -> None:
    make_repository(tmp_path / "library", {"lib.txt": "1\n"})
    desk.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "library"), "vendor")
    desk.git("commit", "-q", "-m", "library")
    before = desk.git("ls-tree", "main", "vendor")
    landed(desk.run(ONE))
    assert desk.git("ls-tree", "main", "vendor") == before
    assert desk.git("status", "--porcelain") == ""
    assert (desk.top / "vendor" / "lib.txt").exists()
    inside = desk.tianting("run", desk.plan(NEW), repo=desk.top / "vendor")
    landed(inside)
    assert sh(desk.top / "vendor", "status", "--porcelain") == ""
    assert desk.git("status", "--porcelain") == " M vendor\n"


def test_work_in_a_submodule_lands_when_its_remote_has_it_and_is_kept_when_not(desk: Desk, tmp_path: Path) -> None:
    make_repository(tmp_path / "library", {"lib.txt": "1\n"})
    sh(tmp_path / "library", "config", "receive.denyCurrentBranch", "ignore")
    desk.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "library"), "vendor")
    desk.git("commit", "-q", "-m", "library")
    fill = "git -c protocol.file.allow=always submodule update --init -q && cd vendor && git checkout -q main"
    commit = "git -c user.name=A -c user.email=a@localhost commit -q -a -m more"
    lost = f"{fill} && echo 2 >> lib.txt && {commit} && echo 3 > new"
    kept = f"{fill} && echo 4 >> lib.txt && {commit} && git push -q"
    plan = desk.plan(f"""windows: {{backend: {{count: 1}}}}
tasks:
  - {{id: lost, role: backend, retries: 0, run: "{lost}"}}
  - {{id: idle, role: backend, run: "echo idle > idle.txt"}}
  - {{id: kept, role: backend, run: "{kept}"}}
""")
    told = desk.tianting("run", plan)
    assert "work in the submodule vendor is on none of its remotes" in told.out
    assert desk.status() == {"lost": "FAILED", "idle": "LANDED", "kept": "LANDED"}
    changed = desk.git("diff", "--name-only", "main~1", "main")
    tip = sh(tmp_path / "library", "rev-parse", "main").strip()
    assert (changed, tip in desk.git("ls-tree", "main", "vendor")) == ("vendor\n", True)
    assert desk.git("ls-tree", "main~1", "vendor") == desk.git("ls-tree", "main~2", "vendor")
    [ref] = desk.git("for-each-ref", "--format=%(refname)", "refs/tianting/salvage/*/lost.1-head").split()
    bundle = tmp_path / "vendor.bundle"
    bundle.write_bytes(os.fsencode(desk.git("show", f"{ref}:tianting-submodules/vendor.bundle")))
    sh(tmp_path / "library", "fetch", "-q", str(bundle), "+refs/*:refs/saved/*")
    assert sh(tmp_path / "library", "show", "refs/saved/heads/main:lib.txt") == "1\n2\n"
    assert sh(tmp_path / "library", "show", "refs/saved/tianting/left:new") == "3\n"


def test_a_name_that_git_can_not_give_to_the_branch_of_a_task_loses_no_work(desk: Desk) -> None:
    told = desk.run('tasks:\n  - {id: one, run: "git branch tianting-{run}; echo 1 > one.txt", retries: 0}\n')
    assert told.code == 1
    assert "can not be made, because" in told.out
    [kept] = (desk.home / "tianting").glob("*/kept/*")
    assert (kept / "one.txt").read_text() == "1\n"


def test_a_trunk_below_the_name_of_a_branch_that_is_gone_can_be_landed_on(desk: Desk) -> None:
    desk.git("checkout", "-q", "-b", "topic")
    landed(desk.run(ONE))
    desk.git("checkout", "-q", "-b", "other")
    desk.git("branch", "-D", "topic")
    desk.git("checkout", "-q", "-b", "topic/one")
    landed(desk.run(NEW.replace("one", "two")))
    assert "two.txt" in desk.files("topic/one")


def test_a_tag_with_the_name_of_the_trunk_is_not_the_trunk(desk: Desk) -> None:
    desk.git("tag", "main")
    desk.git("commit", "-q", "--allow-empty", "-m", "later")
    landed(desk.run(ONE))
    assert "one.txt" in desk.files("refs/heads/main")
    assert "later" in desk.git("log", "--format=%s", "refs/heads/main")


@pytest.mark.parametrize("name", ["a b", 'it\'s "so"', "line\nbreak", "ünï 漢字", "-dash", "$HOME;true", "bad\udcff"])
def test_paths_may_have_any_name(tmp_path: Path, name: str) -> None:
    desk = Desk.make(tmp_path, name=name)
    (desk.top.parent / "make.py").write_text(
        "import os, sys\nfor name in (b'a b', b'q\\'\"', b'new\\nline', 'ü漢'.encode(), b'bad\\xff', b'-x'):\n"
        "    os.makedirs(b'in ' + name)\n    open(b'in ' + name + b'/' + name, 'w').write('x')\n"
    )
    plan = desk.plan(
        "gate: [{name: g, run: ls}]\ntasks:\n"
        f"  - {{id: one, title: 'Tïtle \"quoted\"', run: \"python3 '{desk.top.parent}/make.py'\"}}\n"
        '  - {id: two, needs: [one], run: "mv in* .. ; true; mkdir sub; mv ../in* sub"}\n'
    )
    landed(desk.tianting("run", plan))
    assert len(desk.files()) == 2 + 6
    assert desk.git("status", "--porcelain") == ""
    for args in (("status",), ("show", "one"), ("show", "one", "--json"), ("log", "--json"), ("runs",)):
        assert desk.tianting(*args).code == 0
    assert desk.worktrees_left() == []
