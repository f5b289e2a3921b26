"""Attempts from order to event, with real git and real processes that behave well, badly and worse."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.prompt import Brief
from state.events import (
    AttemptFailed,
    AttemptProgressed,
    AttemptStarted,
    AttemptSucceeded,
    QuestionAsked,
    SnapshotTaken,
)
from state.failure import Failure, FailureKind
from state.ids import AttemptId, RoleName, TaskId, WindowId, attempt_id
from state.plan import Defaults, Plan, RuntimeName, ScriptStep, StepKind, TaskSpec
from state.ports import StoreError
from state.question import About, Question
from state.transcript import EntryKind
from tests.e2e.ground import BACKEND, Ground, command, commit, ground

EDIT = "echo VALUE = 2 > app.py; echo new > new.txt; mkdir -p ignored; echo i > ignored/i"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Ground]:
    async with ground(tmp_path) as made:
        yield made


# ------------------------------------------------------------------------------------------ work that is done


async def test_what_a_program_changed_is_the_candidate(here: Ground) -> None:
    ended = await here.succeeds(command(EDIT))
    assert ended.paths == ("app.py", "new.txt")
    assert ended.base == here.base
    assert ended.branch == f"tianting-{here.site.run}/t"
    assert here.git("rev-parse", ended.branch) == ended.head
    assert here.git("rev-parse", f"{ended.head}^") == here.base
    assert here.show(ended.head, "app.py") == "VALUE = 2"
    assert here.salvage() == {}


async def test_the_start_is_told_with_its_process_and_its_place(here: Ground) -> None:
    await here.succeeds(command("ps -o pgid= -p $$; pwd"))
    [started] = here.seen(AttemptStarted)
    assert started == AttemptStarted(
        TaskId("t"),
        attempt_id(TaskId("t"), 1),
        WindowId("backend-1"),
        started.pid,
        str(here.worktree()),
        RuntimeName.COMMAND,
    )
    told = [entry.text.strip() for entry in await here.said() if entry.kind is EntryKind.OUTPUT]
    assert told == [str(started.pid), str(here.worktree())]


async def test_an_attempt_that_changes_nothing_succeeds_where_it_began(here: Ground) -> None:
    ended = await here.succeeds(command("cat app.py"))
    assert (ended.head, ended.paths) == (here.base, ())
    assert ended.summary == "VALUE = 1"


async def test_the_next_attempt_of_a_window_is_warm_and_clean(here: Ground) -> None:
    await here.succeeds(command(EDIT))
    before = (here.worktree() / ".git").stat().st_ino
    (here.worktree() / ".git").touch()
    here.base = commit(here.top, {"more.txt": "more\n"})
    ended = await here.succeeds(command("cat app.py more.txt && test ! -e new.txt && cat ignored/i"), 2)
    assert ended.paths == ()
    assert (here.worktree() / ".git").stat().st_ino == before
    assert [entry.text for entry in await here.said(number=2)][1:] == ["VALUE = 1", "more", "i"]


async def test_commits_of_the_agent_are_in_the_candidate_with_the_rest_on_top(here: Ground) -> None:
    script = "echo a > a && git add a && git commit -q -m mine && echo b > b"
    ended = await here.succeeds(command(script))
    assert ended.paths == ("a", "b")
    log = here.git("log", "--format=%an|%s", f"{here.base}..{ended.head}").splitlines()
    assert log[1] == "Tianting backend window|mine"
    assert log[0].endswith("|Do it")
    assert here.salvage() == {}


async def test_commits_on_another_base_are_kept_and_the_work_is_one_commit(here: Ground) -> None:
    script = "git checkout -q --orphan own && echo a > a && git add -A && git commit -q -m strange && echo b > b"
    ended = await here.succeeds(command(script))
    assert ended.paths == ("a", "b")
    assert here.git("rev-parse", f"{ended.head}^") == here.base
    [snapshot] = here.seen(SnapshotTaken)
    assert here.salvage() == {"t.1-head": snapshot.commit}
    assert here.git("log", "-1", "--format=%s", snapshot.commit) == "strange"


async def test_commits_that_change_no_file_are_kept_and_not_landed(here: Ground) -> None:
    ended = await here.succeeds(command("git commit -q --allow-empty -m empty"))
    assert (ended.head, ended.paths) == (here.base, ())
    assert here.git("log", "-1", "--format=%s", here.salvage()["t.1"]) == "empty"


async def test_a_branch_that_stood_before_goes_to_salvage(here: Ground) -> None:
    first = await here.succeeds(command("echo 1 > one"))
    second = await here.succeeds(command("echo 2 > two"), 2)
    assert here.git("rev-parse", second.branch) == second.head
    assert here.salvage() == {"t.2-before": first.head}


async def test_odd_names_are_work_like_any_other(here: Ground) -> None:
    ended = await here.succeeds(command("touch 'a b' \"quote'd\" '天庭' \"$(printf 'new\\nline')\""))
    assert ended.paths == ("a b", "new\nline", "quote'd", "天庭")


async def test_ignored_files_are_work_where_the_plan_says_so(tmp_path: Path) -> None:
    async with ground(tmp_path, Plan("test", (), keep=("ignored/**",))) as here:
        assert (await here.succeeds(command(EDIT))).paths == ("app.py", "ignored/i", "new.txt")


# ------------------------------------------------------------------------------------------ surroundings


async def test_the_environment_is_built_and_not_inherited(here: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_USER", "leaked")
    monkeypatch.setenv("GIT_DIR", "/somewhere/else")
    monkeypatch.setenv("LANG", "de_AT.UTF-8")
    task = command("env -0 > env.txt; ls -ld $HOME $TMPDIR", env=(("WHERE", "sqlite:///{worktree}/dev.db"), ("EMPTY", "")))
    ended = await here.succeeds(task)
    pairs = here.show(ended.head, "env.txt").rstrip("\0").split("\0")
    got = dict(pair.split("=", 1) for pair in pairs)
    folder = here.site.folder
    assert {name: got[name] for name in ("HOME", "TMPDIR", "LANG", "GIT_CEILING_DIRECTORIES", "WHERE", "EMPTY")} == {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp" / "backend-1"),
        "LANG": "de_AT.UTF-8",
        "GIT_CEILING_DIRECTORIES": str(folder),
        "WHERE": f"sqlite:///{here.worktree()}/dev.db",
        "EMPTY": "",
    }
    assert got["TIANTING_ATTEMPT"] == f"{here.site.run}/t.1"
    known = {"PATH", "TZ", "PWD", "OLDPWD", "SHLVL", "_", "GIT_TERMINAL_PROMPT", "TIANTING_ATTEMPT", "TIANTING_PROMPT"}
    known |= {f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    assert set(got) <= known | {"HOME", "TMPDIR", "LANG", "GIT_CEILING_DIRECTORIES", "WHERE", "EMPTY"}
    assert [entry.text[:10] for entry in await here.said()][1:] == ["drwx------"] * 2
    assert not (folder / "tmp" / "backend-1").exists()


async def test_the_marker_can_not_be_taken_away_by_the_plan(here: Ground) -> None:
    await here.succeeds(command("echo $TIANTING_ATTEMPT", env=(("TIANTING_ATTEMPT", "mine"),)))
    assert (await here.said())[-1].text == f"{here.site.run}/t.1"


async def test_a_program_that_wants_the_prompt_finds_it(here: Ground) -> None:
    failure = Failure(FailureKind.EXIT, "it broke")
    brief = Brief(BACKEND, last_failure=failure, steers=("use integers",))
    await here.run(command('cat "$TIANTING_PROMPT"', prompt="Build it."), 2, brief=brief)
    told = "\n".join(entry.text for entry in await here.said(number=2))
    assert "# Task t: Do it" in told
    assert "it broke" in told
    assert "use integers" in told


async def test_words_are_filled_in_and_a_named_port_is_free_and_leased(here: Ground) -> None:
    serve = (
        f"{sys.executable} -I -c 'import socket, sys; s = socket.create_server((\"127.0.0.1\", int(sys.argv[1]))); "
        "print(*sys.argv[1:])' {port.web} {port.db} $DB {run} {task} ${{task}}"
    ).replace("${{task}}", "${task}")
    await here.succeeds(command(serve, env=(("DB", "{port.db}"), ("task", "shell's"))))
    [started] = here.seen(AttemptStarted)
    ports = dict(started.ports)
    assert sorted(ports) == ["db", "web"]
    assert ports["db"] != ports["web"]
    assert (await here.said())[-1].text == f"{ports['web']} {ports['db']} {ports['db']} {here.site.run} t shell's"
    assert await here.lease.held_by("port:") == []


async def test_two_windows_never_share_a_port(here: Ground) -> None:
    tasks = [command("echo {port.web}", id=TaskId(f"t{n}")) if False else TaskSpec(TaskId(f"t{n}"), run="echo {port.web}") for n in range(6)]
    async with asyncio.TaskGroup() as group:
        for number, task in enumerate(tasks):
            group.create_task(here.run_beside(task, f"backend-{number}"))
    leased = [dict(started.ports)["web"] for started in here.seen(AttemptStarted)]
    assert len(set(leased)) == len(tasks)
