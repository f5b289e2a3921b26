"""Gates as real processes in real worktrees of a speculative merge commit."""

import asyncio
import os
from pathlib import Path

from state.commands import RunChecks
from state.events import ChecksPassed
from state.failure import Failure, FailureKind
from state.ids import CandidateId, Sha, TaskId, gate_id
from state.plan import Plan
from state.transcript import EntryKind
from tests.support.workplace import commit, gates, ground

PATIENCE = 60.0


def plan(*commands: str, timeout: float = 60.0) -> Plan:
    return Plan("test", (), gate=gates(*commands, timeout=timeout))


async def test_a_gate_sees_the_commit_it_was_asked_about(tmp_path: Path) -> None:
    async with ground(tmp_path, plan("grep -q 'VALUE = 2' app.py", 'test "{worktree}" = "$PWD"')) as here:
        newer = commit(here.top, {"app.py": "VALUE = 2\n"})
        assert (await here.fails_check(here.base)).failure.kind is FailureKind.GATE
        passed = await here.passes(newer)
        assert passed == ChecksPassed(CandidateId("c1"), TaskId("t"), newer, passed.seconds)
        assert passed.seconds >= 0


async def test_the_first_red_check_is_named_with_its_output_and_ends_the_row(tmp_path: Path) -> None:
    async with ground(tmp_path, plan("true", "echo 2 failed; exit 1", "touch never")) as here:
        failed = await here.fails_check()
        assert failed.gate == "gate 2"
        assert failed.failure == Failure(FailureKind.GATE, "`echo 2 failed; exit 1` ended with exit code 1", "2 failed")
        assert not (here.worktree("gate-1") / "never").exists()


async def test_what_a_gate_prints_can_be_read_while_it_runs(tmp_path: Path) -> None:
    go = tmp_path / "go"
    waits = f"echo begun; until test -e {go}; do sleep 0.02; done; printf 'half a line'; exit 1"
    async with ground(tmp_path, plan("true", waits)) as here:

        async def said() -> list[tuple[EntryKind, str]]:
            told = await here.transcripts.entries(here.site.run, gate_id(here.base), 0, 100)
            return [(one.kind, one.text) for _, one in told]

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            running = group.create_task(here.fails_check())
            while (EntryKind.OUTPUT, "begun") not in await said():
                here.transcripts.grew.clear()
                await here.transcripts.grew.wait()
            assert not running.done()
            go.touch()
        assert running.result().failure.output == "begun\nhalf a line"
        assert await said() == [
            (EntryKind.CHECK, "gate 1: true"),
            (EntryKind.CHECK, "ended with exit code 0"),
            (EntryKind.CHECK, f"gate 2: {waits}"),
            (EntryKind.OUTPUT, "begun"),
            (EntryKind.OUTPUT, "half a line"),
            (EntryKind.ERROR, "ended with exit code 1"),
        ]


async def test_a_gate_that_takes_too_long_is_red_and_gone(tmp_path: Path) -> None:
    async with ground(tmp_path, plan("echo begun; sleep 1000 & sleep 1000", timeout=0.3)) as here:
        failed = await here.fails_check()
        assert failed.failure.detail.endswith("took longer than 0.3 s")
        assert failed.failure.output == "begun"


async def test_a_gate_whose_program_is_missing_is_red(tmp_path: Path) -> None:
    async with ground(tmp_path, plan("no-such-program-anywhere")) as here:
        assert (await here.fails_check()).failure.kind is FailureKind.GATE


async def test_a_gate_that_could_not_be_run_at_all_is_red(tmp_path: Path) -> None:
    async with ground(tmp_path, plan("true")) as here:
        failed = await here.fails_check(Sha("1" * 40))
        assert failed.gate == "gate 1"
        assert failed.failure.kind is FailureKind.ENVIRONMENT


async def test_without_a_gate_nothing_is_run_and_no_worktree_is_made(tmp_path: Path) -> None:
    async with ground(tmp_path) as here:
        await here.passes()
        assert not here.site.folder.exists()


async def test_what_a_gate_leaves_is_gone_for_the_next_one_and_the_worktree_stays_warm(tmp_path: Path) -> None:
    line = 'test ! -e report.txt && test -z "$(git status --porcelain)" && echo x > report.txt && echo y >> app.py'
    async with ground(tmp_path, plan(line)) as here:
        await here.passes()
        newer = commit(here.top, {"more.txt": "more\n"})
        (here.worktree("gate-1") / "ignored").mkdir()
        await here.passes(newer)
        await here.passes()
        assert (here.worktree("gate-1") / "ignored").is_dir()


async def test_gates_at_once_have_a_worktree_and_a_port_each(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    line = f"pwd > ignored; echo {{worktree}} {{port.web}} >> '{told}'; exec sleep 1000"
    async with ground(tmp_path, plan(line)) as here:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(asyncio.to_thread(read_lines, told, 3))
            running = [group.create_task(here.check()) for _ in range(3)]
            lines = await reading
            for task in running:
                task.cancel()
        assert len({line.rpartition(" ")[0] for line in lines}) == 3
        assert len({line.rpartition(" ")[2] for line in lines}) == 3
        assert here.processes() == []
        assert await here.lease.held_by("port:") == []


def read_lines(pipe: Path, count: int) -> list[str]:
    """Lines that several writers put into a pipe; it is kept open, so that its first writer's end is not the end."""
    with open(os.open(pipe, os.O_RDWR), encoding="utf-8") as lines:
        return [lines.readline().rstrip("\n") for _ in range(count)]


async def test_a_cancelled_gate_gives_its_worktree_back(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    async with ground(tmp_path, plan(f"test -e '{tmp_path}/go' || {{ echo > '{told}'; exec sleep 1000; }}")) as here:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(here.check())
            await asyncio.to_thread(told.read_text)
            running.cancel()
        assert here.processes() == []
        (tmp_path / "go").touch()
        await here.passes()
        assert [path.name for path in here.site.folder.iterdir() if path.name.startswith("gate")] == ["gate-1"]


async def test_a_gate_gets_a_built_environment_and_its_own_marker(tmp_path: Path) -> None:
    line = 'test "$TIANTING_ATTEMPT" = {run}/gate-1 && test {task} = t && test -z "$USER" && test -d "$TMPDIR"'
    async with ground(tmp_path, plan(line)) as here:
        await here.passes()
        order = RunChecks(CandidateId("c2"), None, here.base)
        assert not isinstance(await here.checks.run(order, here.emit), ChecksPassed)
