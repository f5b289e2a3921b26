"""Attempts from order to event, with real git and real processes that behave well, badly and worse."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.prompt import Brief
from agents.walls import Kind
from agents.window import Windows
from state.events import (
    AttemptFailed,
    AttemptProgressed,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    QuestionAsked,
    SnapshotTaken,
)
from state.failure import Failure, FailureKind
from state.ids import AttemptId, TaskId, WindowId, attempt_id
from state.plan import Defaults, Plan, RuntimeName, ScriptStep, StepKind, TaskSpec
from state.ports import StoreError
from state.question import About, Question
from state.transcript import Entry, EntryKind
from tests.support.workplace import BACKEND, Ground, command, commit, ground

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
        confined=Kind.NONE,
    )
    told = [entry.text.strip() for entry in await here.said() if entry.kind is EntryKind.OUTPUT]
    assert told == [str(started.pid), str(here.worktree())]


async def test_an_attempt_that_changes_nothing_succeeds_where_it_began(here: Ground) -> None:
    ended = await here.succeeds(command("cat app.py"))
    assert (ended.head, ended.paths) == (here.base, ())
    assert ended.summary == "VALUE = 1"


async def test_the_next_attempt_of_a_window_is_warm_and_clean(here: Ground) -> None:
    await here.succeeds(command(EDIT))
    here.base = commit(here.top, {"more.txt": "more\n"})
    ended = await here.succeeds(command("cat app.py more.txt && test ! -e new.txt && cat ignored/i"), 2)
    assert ended.paths == ()
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


async def test_windows_that_begin_at_once_all_get_their_worktree(here: Ground) -> None:
    for turn in range(4):
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(here.run(TaskSpec(TaskId(f"t{turn}-{n}"), run="cat app.py"), window=f"w{turn}-{n}"))
                for n in range(6)
            ]
        assert [ended for task in running if not isinstance(ended := task.result(), AttemptSucceeded)] == []


# ------------------------------------------------------------------------------------------ surroundings


async def test_the_environment_is_built_and_not_inherited(here: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_USER", "leaked")
    monkeypatch.setenv("GIT_DIR", "/somewhere/else")
    monkeypatch.setenv("LANG", "de_AT.UTF-8")
    task = command(
        'env -0 > env.txt; ls -ld "$HOME" "$TMPDIR"', env=(("WHERE", "sqlite:///{worktree}/dev.db"), ("EMPTY", ""))
    )
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


SERVE = (
    "import socket, sys\nprint(*sys.argv[1:], socket.create_server(('127.0.0.1', int(sys.argv[1]))).getsockname()[1])"
)


async def test_words_are_filled_in_and_a_named_port_can_be_listened_on(here: Ground) -> None:
    line = f'{sys.executable} -I -c "$SERVE" {{port.web}} {{port.db}} $DB {{run}} {{task}} ${{shell}}'
    env = (("SERVE", SERVE), ("DB", "{port.db}"), ("shell", "mine"))
    await here.succeeds(command(line, env=env))
    [started] = here.seen(AttemptStarted)
    ports = dict(started.ports)
    assert sorted(ports) == ["db", "web"]
    assert ports["db"] != ports["web"]
    said = (await here.said())[-1].text
    assert said == f"{ports['web']} {ports['db']} {ports['db']} {here.site.run} t mine {ports['web']}"
    assert await here.lease.held_by("port:") == []


async def test_windows_that_live_at_once_never_share_a_port(here: Ground, tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            task = TaskSpec(TaskId(f"t{number}"), run="echo {port.web}; exec sleep 1000")
            group.create_task(here.run(task, window=f"backend-{number}"))
        started = await here.until(AttemptStarted, 4)
        ports = {dict(event.ports)["web"] for event in started}
        assert {held.name for held in await here.lease.held_by("port:")} == {f"port:{port}" for port in ports}
        for event in started:
            await here.windows.interrupt(event.attempt, "seen")
    assert len(ports) == 4


async def test_a_port_that_somebody_listens_on_is_not_given(here: Ground) -> None:
    await here.succeeds(command("echo {port.web}"))
    [first] = here.seen(AttemptStarted)
    with socket.create_server(("127.0.0.1", dict(first.ports)["web"])):
        await here.succeeds(command("echo {port.web}"))
    assert here.seen(AttemptStarted)[1].ports != first.ports


# ------------------------------------------------------------------------------------------ failure, in its classes


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        ("exit 3", FailureKind.EXIT),
        ("kill -9 $$", FailureKind.EXIT),
        ("no-such-program-anywhere", FailureKind.STARTUP),
        ("./app.py", FailureKind.STARTUP),
        ("nul \0 character", FailureKind.STARTUP),
    ],
)
async def test_a_program_that_fails_or_can_not_be_run(here: Ground, run: str, kind: FailureKind) -> None:
    ended = await here.fails(command(run))
    assert ended.failure.kind is kind
    assert here.salvage() == {}


async def test_what_a_failed_attempt_left_is_in_salvage_and_the_next_one_begins_clean(here: Ground) -> None:
    ended = await here.fails(command(f"{EDIT}; echo broken >&2; exit 1"))
    assert ended.failure.output == "broken"
    [snapshot] = here.seen(SnapshotTaken)
    assert here.salvage() == {"t.1": snapshot.commit}
    assert snapshot.ref == f"refs/tianting/salvage/{here.site.run}/t.1"
    assert here.show(snapshot.commit, "new.txt") == "new"
    assert (await here.succeeds(command("test ! -e new.txt"), 2)).paths == ()
    assert not here.git("branch", "--list", "tianting-*/t").count("t.1")


async def test_a_task_without_a_command_is_a_clear_failure(here: Ground) -> None:
    ended = await here.fails(TaskSpec(TaskId("t"), runtime=RuntimeName.COMMAND))
    assert ended.failure.kind is FailureKind.STARTUP
    assert (await here.fails(TaskSpec(TaskId("t")), 2)).failure.kind is FailureKind.ENVIRONMENT


async def test_a_worktree_that_can_not_be_made_is_a_clear_failure(here: Ground) -> None:
    here.worktree().mkdir(parents=True)
    (here.worktree() / "mine.txt").write_text("a person's file")
    ended = await here.fails(command("true"))
    assert ended.failure.kind is FailureKind.ENVIRONMENT
    assert (here.worktree() / "mine.txt").read_text() == "a person's file"


def clocks(**times: float) -> Plan:
    return Plan("test", (), defaults=Defaults(**{"startup": 60.0, "idle": 60.0, "timeout": 60.0} | times))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("times", "run", "kind"),
    [
        ({"timeout": 0.5}, "while :; do echo tick; sleep 0.05; done", FailureKind.TIMEOUT),
        ({"idle": 0.3}, "echo begun; sleep 1000", FailureKind.IDLE),
    ],
)
async def test_a_program_that_never_ends_is_stopped_by_a_clock(
    tmp_path: Path, times: dict[str, float], run: str, kind: FailureKind
) -> None:
    async with ground(tmp_path, clocks(**times)) as here:
        ended = await here.fails(command(f"{EDIT}; {run}"))
        assert ended.failure.kind is kind
        assert "tick" in ended.failure.output or "begun" in ended.failure.output
        assert list(here.salvage()) == ["t.1"]


async def test_output_without_a_line_end_is_a_sign_of_life(tmp_path: Path) -> None:
    async with ground(tmp_path, clocks(idle=0.5)) as here:
        await here.succeeds(command("for i in 1 2 3 4 5 6 7 8; do printf .; sleep 0.1; done"))


async def test_a_program_that_ignores_every_polite_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.process.LADDER", ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.1), (signal.SIGKILL, 5.0)))
    async with ground(tmp_path, clocks(idle=0.3)) as here:
        ended = await here.fails(command("trap '' INT TERM HUP; while :; do sleep 1000; done"))
        assert ended.failure.kind is FailureKind.IDLE


async def test_a_daemon_does_not_outlive_its_attempt(here: Ground) -> None:
    await here.succeeds(command("setsid sh -c 'sleep 1000' </dev/null >/dev/null 2>&1 & exit 0"))
    assert here.processes() == []


async def test_a_flood_is_cut_and_does_no_harm(here: Ground) -> None:
    ended = await here.succeeds(command("yes 0123456789 | head -c 50000000; echo; echo the last word"))
    assert ended.summary == "the last word"
    said = await here.said()
    assert sum(len(entry.text) for entry in said) < 4_000_000
    assert [entry.kind for entry in said].count(EntryKind.ERROR) == 1


async def test_garbage_is_shown_as_text_that_does_no_harm(here: Ground) -> None:
    await here.succeeds(command("printf '\\377\\376\\000\\033[31mred\\n'; head -c 100000 /dev/zero; exit 0"))
    said = await here.said()
    assert said[1].text == "\ufffd\ufffd\ufffdred"
    assert not any(char < " " for entry in said for char in entry.text)


async def test_a_worktree_without_its_git_file_is_work_all_the_same(here: Ground) -> None:
    ended = await here.succeeds(command(f"{EDIT}; rm .git; git status; test $? = 128"))
    assert ended.paths == ("app.py", "new.txt")
    assert (await here.succeeds(command("git rev-parse HEAD"), 2)).summary == here.base


async def test_a_repository_made_in_the_place_of_ours_is_not_taken_for_it(here: Ground) -> None:
    ended = await here.succeeds(command(f"{EDIT}; rm .git; git init -q; git add -A; git commit -qm own"))
    assert ended.paths == ("app.py", "new.txt")
    assert here.git("rev-parse", f"{ended.head}^") == here.base


async def test_a_worktree_that_was_deleted_is_a_failure_and_not_a_removal_of_all(here: Ground) -> None:
    ended = await here.fails(command('cd ..; rm -rf "$OLDPWD"; exit 0'))
    assert ended.failure.kind is FailureKind.ENVIRONMENT
    assert (await here.succeeds(command("cat app.py"), 2)).paths == ()


async def test_a_merge_left_half_done_is_no_candidate_and_is_kept(here: Ground) -> None:
    script = (
        "git checkout -q -b other && echo VALUE = 3 > app.py && git commit -qam other && "
        "git checkout -q --detach HEAD~ && echo VALUE = 4 > app.py && git commit -qam mine && "
        "git merge -q other; exit 0"
    )
    ended = await here.fails(command(script))
    assert ended.failure.kind is FailureKind.PROTOCOL
    assert ended.failure.detail == "the agent left a merge half done"
    assert "<<<<<<<" in here.show(here.salvage()["t.1"], "app.py")
    assert (await here.succeeds(command("cat app.py && git status --porcelain"), 2)).summary == "VALUE = 1"


async def test_work_that_no_snapshot_can_hold_is_moved_aside_and_kept(here: Ground) -> None:
    gitdir = here.top / ".git"
    hidden = here.top.parent / "hidden"
    ended = await here.fails(command(f"{EDIT}; mv '{gitdir}/objects' '{hidden}'"))
    hidden.rename(gitdir / "objects")
    assert ended.failure.kind is FailureKind.ENVIRONMENT
    [kept] = (here.site.home / "kept").iterdir()
    assert str(kept) in ended.failure.detail
    assert (kept / "new.txt").read_text() == "new\n"
    assert (await here.succeeds(command("cat app.py"), 2)).paths == ()


# ------------------------------------------------------------------------------------------ verify


async def test_the_checks_of_the_task_are_run_on_its_work_and_are_no_work_themselves(here: Ground) -> None:
    task = command("echo 1 > one", verify=("test -e one", "echo report > report.txt", "test {task} = t"))
    assert (await here.succeeds(task)).paths == ("one",)
    checked = [entry.text for entry in await here.said() if entry.kind is EntryKind.CHECK]
    assert checked[0] == "verify: test -e one: passed"
    assert len(checked) == 3
    (here.worktree() / "ignored").mkdir()
    assert (await here.succeeds(command("test ! -e report.txt && test -d ignored"), 2)).paths == ()


async def test_work_that_its_own_checks_refuse_is_a_failure_with_their_output(here: Ground) -> None:
    ended = await here.fails(command("echo 1 > one", verify=("true", "echo one is wrong; exit 1", "touch never")))
    assert ended.failure == Failure(
        FailureKind.VERIFY, "verify: `echo one is wrong; exit 1` ended with exit code 1", "one is wrong"
    )
    assert here.show(here.salvage()["t.1"], "one") == "1"
    assert not (here.worktree() / "never").exists()


async def test_checks_are_on_the_wall_clock_of_the_attempt(tmp_path: Path) -> None:
    async with ground(tmp_path, clocks(timeout=0.5)) as here:
        ended = await here.fails(command("echo 1 > one", verify=("sleep 1000",)))
        assert ended.failure.kind is FailureKind.TIMEOUT
        assert list(here.salvage()) == ["t.1"]


async def test_a_failing_program_is_not_checked(here: Ground) -> None:
    ended = await here.fails(command("exit 1", verify=("touch checked",)))
    assert ended.failure.kind is FailureKind.EXIT
    assert not (here.worktree() / "checked").exists()


# ------------------------------------------------------------------------------------------ stopping


async def test_an_interrupted_attempt_fails_as_cancelled_with_its_work_kept(here: Ground) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(here.run(command(f"{EDIT}; echo ready; exec sleep 1000")))
        await here.until(AttemptProgressed)
        await here.windows.interrupt(AttemptId("t.1"), "the task was cancelled")
    ended = running.result()
    assert isinstance(ended, AttemptFailed)
    assert ended.failure.kind is FailureKind.CANCELLED
    assert ended.failure.detail == "the task was cancelled"
    assert here.show(here.salvage()["t.1"], "new.txt") == "new"


async def test_an_attempt_is_interrupted_in_the_middle_of_setup_too(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    async with (
        ground(tmp_path, Plan("test", (), setup=(f"echo > '{told}'; exec sleep 1000",))) as here,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(here.run(command("true")))
        await asyncio.to_thread(told.read_text)
        await here.windows.interrupt(AttemptId("t.1"), "enough")
    ended = running.result()
    assert isinstance(ended, AttemptFailed)
    assert ended.failure.kind is FailureKind.CANCELLED


async def test_to_interrupt_what_is_not_live_does_nothing(here: Ground) -> None:
    await here.windows.interrupt(AttemptId("t.9"), "nobody is there")
    assert not await here.windows.steer(AttemptId("t.9"), "hello?", None)


async def test_when_the_loop_is_cancelled_no_process_is_left_and_the_work_is_kept(here: Ground) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(here.run(command(f"{EDIT}; echo ready; sleep 1000 & sleep 1000")))
        await here.until(AttemptProgressed)
        running.cancel()
    assert running.cancelled()
    assert here.processes() == []
    [snapshot] = here.seen(SnapshotTaken)
    assert here.show(snapshot.commit, "new.txt") == "new"
    assert list(here.salvage()) == ["t.1"]


async def test_a_fault_of_ours_in_the_middle_loses_nothing(here: Ground) -> None:
    def emit(event: Event) -> None:
        here.emit(event)
        if isinstance(event, AttemptProgressed):
            raise ZeroDivisionError("a fault of ours")

    order = here.order(command(f"{EDIT}; echo ready; exec sleep 1000"))
    with pytest.raises(ZeroDivisionError):
        await here.windows.run(order, Brief(BACKEND), emit)
    assert here.processes() == []
    assert here.show(here.salvage()["t.1"], "new.txt") == "new"
    assert await here.lease.held_by("port:") == []


async def test_what_was_said_before_the_end_is_in_the_transcript(here: Ground) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(here.run(command("echo ready; exec sleep 1000")))
        await here.until(AttemptProgressed)
        running.cancel()
    assert "ready" in [entry.text for entry in await here.said()]


async def test_a_transcript_grows_while_the_program_is_silent(here: Ground) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(here.run(command("echo first; exec sleep 1000")))
        async with asyncio.timeout(30):
            await here.transcripts.grew.wait()
        assert [entry.text for entry in await here.said()][1:] == ["first"]
        await here.windows.interrupt(AttemptId("t.1"), "seen")


# ------------------------------------------------------------------------------------------ the simulated agent

K = StepKind


def scripted(*steps: ScriptStep) -> TaskSpec:
    return TaskSpec(TaskId("t"), title="Act", script=steps)


async def test_a_simulated_agent_is_called_simulated_everywhere(here: Ground) -> None:
    ended = await here.succeeds(scripted(ScriptStep(K.SAY, "hi"), ScriptStep(K.WRITE, "a", text="a")))
    assert ended.paths == ("a",)
    assert ended.summary == "hi"
    assert [started.simulated for started in here.seen(AttemptStarted)] == [True]
    said = await here.said()
    assert len(said) > 2
    assert all(entry.simulated for entry in said)
    assert "Tianting-Simulated: true" in here.git("log", "-1", "--format=%B", ended.head)
    assert not any(entry.simulated for entry in await here.said(number=2))


async def test_a_real_program_is_not_called_simulated(here: Ground) -> None:
    ended = await here.succeeds(command(EDIT))
    assert not any(entry.simulated for entry in await here.said())
    assert "Simulated" not in here.git("log", "-1", "--format=%B", ended.head)


async def test_a_step_of_one_attempt_is_not_taken_in_another(here: Ground) -> None:
    script = scripted(ScriptStep(K.FAIL, "a bad day", attempt=1), ScriptStep(K.WRITE, "a", text="a"))
    ended = await here.fails(script, 1)
    assert ended.failure.detail == "the simulated agent gave up: a bad day"
    assert (await here.succeeds(script, 2)).paths == ("a",)


async def test_commits_and_commands_of_a_script_are_the_windows_own(here: Ground) -> None:
    ended = await here.succeeds(
        scripted(
            ScriptStep(K.RUN, "echo {task} {worktree} > run.txt"),
            ScriptStep(K.COMMIT, "half way"),
            ScriptStep(K.WRITE, "rest.txt", text="{task}"),
        )
    )
    assert here.git("log", "--format=%an|%ae|%s", f"{here.base}..{ended.head}").splitlines()[1] == (
        "Tianting backend window|backend-1@tianting.invalid|half way"
    )
    assert here.show(ended.head, "run.txt") == f"t {here.worktree()}"
    assert here.show(ended.head, "rest.txt") == "{task}"


async def test_a_question_is_asked_and_its_answer_reaches_the_agent(tmp_path: Path) -> None:
    async with ground(tmp_path, clocks(idle=0.3, timeout=0.6)) as here, asyncio.TaskGroup() as group:
        script = scripted(ScriptStep(K.ASK, "red?"), ScriptStep(K.ASK, "blue?"), ScriptStep(K.WRITE, "a", text="a"))
        running = group.create_task(here.run(script))
        [first] = await here.until(QuestionAsked)
        assert first == QuestionAsked(
            Question(first.question.id, About.AGENT, "red?", (), TaskId("t"), AttemptId("t.1")), TaskId("t")
        )
        assert not await here.windows.steer(AttemptId("t.1"), "?", first.question.id + "0")  # type: ignore[arg-type]
        with pytest.raises(TimeoutError):  # longer than both clocks: they stand still while a person is asked
            async with asyncio.timeout(0.8):
                await asyncio.shield(running)
        assert await here.windows.steer(AttemptId("t.1"), "use both", None)
        assert await here.windows.steer(AttemptId("t.1"), "no", first.question.id)
        [_, second] = await here.until(QuestionAsked, 2)
        assert second.question.id != first.question.id
        assert not await here.windows.steer(AttemptId("t.1"), "again", first.question.id)
        assert await here.windows.steer(AttemptId("t.1"), "yes", second.question.id)
        ended = await running
        assert isinstance(ended, AttemptSucceeded)
        kinds = [(entry.kind, entry.text) for entry in await here.said() if entry.kind is not EntryKind.FILE]
        assert kinds[1:] == [
            (EntryKind.QUESTION, "red?"),
            (EntryKind.STEER, "use both"),
            (EntryKind.ANSWER, "no"),
            (EntryKind.MESSAGE, "heard: use both"),
            (EntryKind.MESSAGE, "answered: no"),
            (EntryKind.QUESTION, "blue?"),
            (EntryKind.ANSWER, "yes"),
            (EntryKind.MESSAGE, "answered: yes"),
        ]


async def test_a_simulated_agent_that_waits_for_a_person_can_be_cancelled(here: Ground) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(here.run(scripted(ScriptStep(K.WRITE, "a", text="a"), ScriptStep(K.ASK, "?"))))
        await here.until(QuestionAsked)
        await here.windows.interrupt(AttemptId("t.1"), "never mind")
    ended = running.result()
    assert isinstance(ended, AttemptFailed)
    assert ended.failure.kind is FailureKind.CANCELLED
    assert here.show(here.salvage()["t.1"], "a") == "a"


# ------------------------------------------------------------------------------------------ transcript


async def test_a_secret_of_the_task_is_never_stored(here: Ground) -> None:
    task = command("env; echo $API_KEY >&2; exit 1", env=(("API_KEY", "sk-very-secret"), ("COLOUR", "blue-green")))
    ended = await here.fails(task)
    assert "sk-very-secret" not in repr((await here.said(), here.events, ended))
    assert "API_KEY=•••" in ended.failure.output
    assert "COLOUR=blue-green" in ended.failure.output


async def test_a_store_that_is_lost_does_not_fail_an_attempt(tmp_path: Path) -> None:
    class Broken:
        async def add(self, *_: object) -> None:
            raise StoreError("the disk is full")

        async def entries(self, *_: object) -> list[tuple[int, Entry]]:
            return []

    async with ground(tmp_path) as here:
        windows = Windows(replace(here.site, transcripts=Broken()))
        ended = await windows.run(here.order(command(EDIT)), Brief(BACKEND), here.emit)
        assert isinstance(ended, AttemptSucceeded)
