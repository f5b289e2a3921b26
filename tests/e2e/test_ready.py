"""How a worktree is made ready: what the plan's `setup` and `copy` do, and how often."""

from pathlib import Path

from state.failure import FailureKind
from state.plan import Plan
from tests.support.workplace import command, commit, gates, ground

COUNT = "mkdir -p ignored && echo run >> ignored/count"
SHOW = "cat ignored/count"
FILES = {"app.py": "VALUE = 1\n", ".gitignore": "ignored/\n.env\n", "package.json": "{}\n"}


async def test_setup_is_run_once_for_a_worktree_that_stays(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), setup=(COUNT,)), FILES) as here:
        for number in (1, 2, 3):
            assert (await here.succeeds(command(f"{SHOW} > seen.txt"), number)).paths == ("seen.txt",)
        assert (here.worktree() / "ignored/count").read_text() == "run\n"


async def test_setup_is_run_again_when_what_the_project_needs_has_changed(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), setup=(COUNT,)), FILES) as here:
        await here.succeeds(command("true"))
        here.base = commit(here.top, {"app.py": "VALUE = 2\n"})
        await here.succeeds(command("true"), 2)
        assert (here.worktree() / "ignored/count").read_text() == "run\n"
        here.base = commit(here.top, {"web/package.json": '{"a": 1}\n'})
        await here.succeeds(command("true"), 3)
        assert (here.worktree() / "ignored/count").read_text() == "run\nrun\n"


async def test_setup_is_run_again_when_a_file_that_it_names_has_changed(tmp_path: Path) -> None:
    files = FILES | {"tools/prepare.sh": COUNT}
    async with ground(tmp_path, Plan("test", (), setup=("sh tools/prepare.sh",)), files) as here:
        await here.succeeds(command("true"))
        here.base = commit(here.top, {"tools/prepare.sh": f"{COUNT}; {COUNT}"})
        await here.succeeds(command("true"), 2)
        assert (here.worktree() / "ignored/count").read_text() == "run\nrun\nrun\n"


async def test_setup_is_run_again_after_an_attempt_that_failed(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), setup=(COUNT,)), FILES) as here:
        await here.fails(command("rm ignored/count; exit 1"))
        await here.succeeds(command(SHOW), 2)


async def test_setup_has_the_environment_of_the_attempt_and_no_more(tmp_path: Path) -> None:
    plan = Plan("test", (), setup=("mkdir -p ignored; echo {worktree} $COLOUR $TIANTING_ATTEMPT > ignored/setup",))
    async with ground(tmp_path, plan, FILES) as here:
        await here.succeeds(command("true", env=(("COLOUR", "blue"),)))
        text = (here.worktree() / "ignored/setup").read_text()
        assert text == f"{here.worktree()} blue {here.site.run}/t.1\n"


async def test_a_setup_that_fails_fails_the_attempt_before_it_starts(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), setup=("echo no network; exit 4", "touch never"))) as here:
        ended = await here.fails(command("true"))
        assert ended.failure.kind is FailureKind.ENVIRONMENT
        assert ended.failure.detail == "setup: `echo no network; exit 4` ended with exit code 4"
        assert ended.failure.output == "no network"
        assert not (here.worktree() / "never").exists()


async def test_a_setup_whose_products_would_count_as_work_is_refused(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), setup=("touch product",))) as here:
        ended = await here.fails(command("true"))
        assert ended.failure.kind is FailureKind.ENVIRONMENT
        assert "product" in ended.failure.detail


async def test_a_copied_file_is_there_and_is_no_work(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), copy=(".env", "local/**/*.ini")), FILES) as here:
        (here.top / ".env").write_text("KEY=1\n")
        (here.top / "local/deep").mkdir(parents=True)
        (here.top / "local/deep/a.ini").write_text("not ignored\n")
        for number in (1, 2):
            ended = await here.succeeds(command("cat .env local/deep/a.ini && echo x > new.txt"), number)
            assert ended.paths == ("new.txt",)
        (here.top / ".env").write_text("KEY=22\n")
        assert (await here.succeeds(command("cat .env"), 3)).summary == "KEY=22"
        (here.top / "local/deep/a.ini").unlink()
        (here.top / "local/deep").rmdir()
        (here.top / "local").rmdir()


async def test_a_copied_file_that_the_agent_changed_is_work_where_git_does_not_ignore_it(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), copy=("extra.ini", ".env")), FILES) as here:
        (here.top / ".env").write_text("KEY=1\n")
        (here.top / "extra.ini").write_text("a\n")
        ended = await here.succeeds(command("echo b >> extra.ini; echo KEY=2 > .env"))
        assert ended.paths == ("extra.ini",)
        (here.top / "extra.ini").unlink()


async def test_a_file_of_the_commit_is_never_copied_over(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), copy=("app.py",))) as here:
        (here.top / "app.py").write_text("VALUE = 'of the user, not committed'\n")
        assert (await here.succeeds(command("cat app.py"))).summary == "VALUE = 1"
        here.git("checkout", "-q", "app.py")


async def test_a_copy_that_is_not_there_is_a_clear_failure(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), copy=("missing.env",))) as here:
        ended = await here.fails(command("true"))
        assert ended.failure.kind is FailureKind.ENVIRONMENT
        assert "missing.env" in ended.failure.detail


async def test_a_copy_never_leaves_the_worktree_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    async with ground(tmp_path, Plan("test", (), copy=("link/x.env",))) as here:
        (here.top / "link").symlink_to(outside)
        here.git("add", "-A")
        here.git("commit", "-qm", "a link that leads out")
        here.base = here.head()
        (here.top / "link").unlink()
        (here.top / "link").mkdir()
        (here.top / "link/x.env").write_text("KEY=1\n")
        ended = await here.fails(command("true"))
        assert ended.failure.kind is FailureKind.ENVIRONMENT
        assert not list(outside.iterdir())
        (here.top / "link/x.env").unlink()
        (here.top / "link").rmdir()
        here.git("checkout", "-q", "link")


async def test_a_gate_has_its_setup_and_copies_too(tmp_path: Path) -> None:
    plan = Plan("test", (), setup=(COUNT,), copy=(".env",), gate=gates(f"{SHOW} && grep -q KEY .env"))
    async with ground(tmp_path, plan, FILES) as here:
        (here.top / ".env").write_text("KEY=1\n")
        await here.passes()
        await here.passes()
        assert (here.worktree("gate-1") / "ignored/count").read_text() == "run\n"
