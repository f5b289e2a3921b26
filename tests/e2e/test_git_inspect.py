"""Opening a repository: what it is, or one sentence why it can not be used; nothing is changed by looking."""

import os
from pathlib import Path

import pytest

from state.git.door import Door
from state.git.inspect import Place, Unusable, inspect
from state.git.repository import GitRepository
from state.ids import Sha
from state.ports import RepositoryFault
from tests.support.plain_git import git, make


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.mark.parametrize("name", ["plain", "with space", "quo'te\"", "new\nline", "中文", "ba\udcffd"])
def test_a_work_tree_is_opened_from_any_folder_in_it(tmp_path: Path, name: str) -> None:
    top = tmp_path / name
    head = make(top, {"lib/a": "a\n"})
    expected = Place(str(top / ".git"), str(top), False, "refs/heads/main", Sha(head))
    assert inspect(str(top)) == expected
    assert inspect(str(top / "lib")) == expected


def test_no_commit_yet_and_a_detached_head_are_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "fresh", "repo")
    top = tmp_path / "repo"
    assert inspect(str(top)) == Place(str(top / ".git"), str(top), False, "refs/heads/fresh", None)
    head = make(top, {"a": "a\n"})
    git(top, "checkout", "-q", "--detach")
    assert inspect(str(top)) == Place(str(top / ".git"), str(top), False, None, Sha(head))


def test_a_linked_worktree_has_the_common_directory_and_its_own_branch(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    head = make(top, {"a": "a\n"})
    linked = tmp_path / "linked"
    git(top, "worktree", "add", "-q", "-b", "side", str(linked))
    assert inspect(str(linked)) == Place(str(top / ".git"), str(linked), False, "refs/heads/side", Sha(head))


def test_a_bare_repository_has_no_work_tree(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "bare.git")
    bare = tmp_path / "bare.git"
    assert inspect(str(bare)) == Place(str(bare), "", True, "refs/heads/main", None)


async def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path) -> None:
    inner, top = tmp_path / "inner", tmp_path / "top"
    head = make(inner, {"i": "i\n"})
    make(top, {"a": "a\n"})
    git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    found = inspect(str(top / "sub"))
    common = str(top / ".git/modules/sub")
    assert found == Place(common, str(top / "sub"), False, "refs/heads/main", Sha(head))
    repository = GitRepository(str(top / "sub"))
    assert await repository.checkout_of("refs/heads/main") == str(top / "sub")
    await repository.close()


def test_what_is_no_repository_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "is not in a git repository."), (tmp_path / "none", "is not a folder.")):
        found = inspect(str(path))
        assert isinstance(found, Unusable)
        assert found.why == f"{path} {why}"
        with pytest.raises(RepositoryFault, match=why):
            GitRepository(str(path))


def test_a_repository_of_another_kind_of_object_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "repo")
    found = inspect(str(tmp_path / "repo"))
    assert isinstance(found, Unusable)
    assert "sha256" in found.why


def test_a_repository_git_will_not_open_is_refused_with_gits_own_words(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    make(top, {"a": "a\n"})
    (top / ".git/config").write_text("[core]\n\trepositoryformatversion = 9\n")
    found = inspect(str(top))
    assert isinstance(found, Unusable)
    assert found.why.startswith(f"git does not open the repository at {top}: ")


def test_a_machine_without_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = inspect(str(tmp_path))
    assert found == Unusable("git is not installed, or not on the PATH.")


def test_a_git_that_is_too_old_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.34.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = inspect(str(tmp_path))
    assert found == Unusable("git 2.34.1 is too old: 2.39 or newer is needed.")


async def test_a_common_directory_that_can_not_be_written_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "repo"
    head = Sha(make(top, {"a": "a\n"}))
    (top / ".git/tianting").write_text("in the way")
    repository = GitRepository(str(top))
    assert await repository.read(head, "a") == b"a\n"
    await repository.close()


async def test_after_the_close_a_call_says_so(tmp_path: Path) -> None:
    head = Sha(make(tmp_path / "repo", {"a": "a\n"}))
    repository = GitRepository(str(tmp_path / "repo"))
    await repository.close()
    with pytest.raises(RepositoryFault, match="closed"):
        await repository.read(head, "a")


async def test_what_a_dead_process_left_in_the_scratch_is_swept(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    make(top, {"a": "a\n"})
    scratch = top / ".git/tianting/scratch"
    (scratch / "4194999-x").mkdir(parents=True)
    (scratch / f"{os.getpid()}-living").mkdir()
    repository = GitRepository(str(top))
    assert not (scratch / "4194999-x").exists()
    assert (scratch / f"{os.getpid()}-living").exists()
    await repository.close()


async def test_commits_bear_the_persons_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "repo"
    head = Sha(make(top, {"a": "a\n"}))
    git(top, "config", "user.name", "A <Person>")
    git(top, "config", "user.email", "p@x")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    repository = GitRepository(str(top))
    made = await repository.commit(await repository.tree_of(head), [head], "größe\n\nmore\n\n\n", 1234567890.9)
    await repository.close()
    assert git(top, "show", "-s", "--format=%an <%ae> %at %cn <%ce> %ct|%B", made) == (
        "A Person <p@x> 1234567890 A Person <p@x> 1234567890|größe\n\nmore\n"
    )
    assert git(top, "fsck", "--strict", "--no-dangling") == ""


def test_a_git_that_does_not_end_is_ended_with_what_it_started(tmp_path: Path) -> None:
    make(tmp_path / "repo", {"a": "a\n"})
    door = Door(str(tmp_path / "repo/.git"))
    waiting = f"alias.wait=!echo $$ > '{tmp_path}/pid'; sleep 60 & wait"
    with pytest.raises(RepositoryFault, match="did not end within"):
        door.run(["-c", waiting, "wait"], timeout=0.3)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_much_is_fed_and_taken_at_once(tmp_path: Path) -> None:
    make(tmp_path / "repo", {"a": "a\n"})
    door = Door(str(tmp_path / "repo/.git"))
    feed = b"".join(b"name-%d\n" % number for number in range(200_000))
    assert door.run(["cat-file", "--batch-check"], feed=feed).out.count(b" missing\n") == 200_000


def test_a_program_that_reads_nothing_is_no_fault_of_ours(tmp_path: Path) -> None:
    make(tmp_path / "repo", {"a": "a\n"})
    door = Door(str(tmp_path / "repo/.git"))
    assert door.run(["rev-parse", "--is-bare-repository"], feed=b"x" * 1_000_000).out == b"false\n"
