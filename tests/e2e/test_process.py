"""Programs that behave badly, as real processes: each is bounded, stopped, and gone with all that it started."""

import asyncio
import os
import signal
import sys
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from agents.process import BACKLOG, Launch, LaunchFault, Program
from agents.shell import run_shell
from agents.sweep import MARKER, all_gone, marked, sweep

PATH = os.environ["PATH"]

DAEMON = """
import os, signal, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        with open(sys.argv[1], "w") as pipe:
            pipe.write(str(os.getpid()))
        signal.pause()
    os._exit(0)
os.wait()
"""


@pytest.fixture
def run() -> str:
    """A run's id that no other test has."""
    return f"test-{uuid4().hex}"


def variables(run: str, owner: str = "a.1") -> Mapping[str, str]:
    return {"PATH": PATH, MARKER: f"{run}/{owner}"}


@asynccontextmanager
async def started(run: str, *command: str, talks: bool = False) -> AsyncIterator[Program]:
    program = Program(Launch(command, "/", variables(run), talks))
    try:
        yield program
    finally:
        await program.stop()


async def line(program: Program) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        chunk = await program.read()
        assert chunk, data
        data += chunk
    return data


async def everything(program: Program) -> bytes:
    data = b""
    while chunk := await program.read():
        data += chunk
    return data


async def test_a_program_gets_exactly_the_variables_it_is_given(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_USER", "leaked")
    async with started(run, "env") as program:
        got = await everything(program)
        assert await program.wait() == 0
    assert sorted(got.decode().splitlines()) == sorted(f"{k}={v}" for k, v in variables(run).items())


async def test_a_program_leads_its_own_session_and_has_no_input(run: str) -> None:
    code = "import os, sys; print(os.getsid(0) == os.getpid() == os.getpgid(0), sys.stdin.read() == '')"
    async with started(run, sys.executable, "-I", "-c", code) as program:
        assert await everything(program) == b"True True\n"


async def test_output_and_errors_come_in_the_order_they_were_written(run: str) -> None:
    async with started(run, "/bin/sh", "-c", "echo 1; echo 2 >&2; echo 3; exit 7") as program:
        assert await everything(program) == b"1\n2\n3\n"
        assert await program.wait() == 7


async def test_a_program_that_is_killed_says_so_by_its_exit_code(run: str) -> None:
    async with started(run, "/bin/sh", "-c", "kill -9 $$") as program:
        assert await everything(program) == b""
        assert await program.wait() == -signal.SIGKILL


@pytest.mark.parametrize("command", ["/nowhere/to/be/found", "/etc/passwd", "nul\0"])
async def test_a_program_that_can_not_be_started_is_one_sentence(run: str, command: str) -> None:
    with pytest.raises(LaunchFault, match="could not be started"):
        Program(Launch((command,), "/", variables(run)))


async def test_a_folder_that_is_gone_is_one_sentence(run: str, tmp_path: Path) -> None:
    with pytest.raises(LaunchFault):
        Program(Launch(("true",), str(tmp_path / "gone"), variables(run)))


async def test_a_flood_takes_no_memory(run: str) -> None:
    seen = 0
    tracemalloc.start()
    try:
        async with started(run, "/bin/sh", "-c", "yes | head -c 100000000") as program:
            while chunk := await program.read():
                seen += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 100_000_000
    assert peak < 4_000_000


async def test_reading_can_be_cancelled_and_loses_nothing(run: str) -> None:
    async with started(run, "cat", talks=True) as program:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await program.read()
        assert program.write(b"hello\n")
        assert await line(program) == b"hello\n"


async def test_more_than_a_pipe_holds_can_be_written_at_once(run: str) -> None:
    text = b"x" * 1_000_000 + b"\n"
    async with started(run, "cat", talks=True) as program:
        assert program.write(text)
        assert await line(program) == text


async def test_what_nobody_reads_is_refused_before_it_piles_up(run: str) -> None:
    async with started(run, "sleep", "1000", talks=True) as program:
        taken = 0
        while program.write(b"x" * 65536):
            taken += 65536
        assert taken <= BACKLOG + 1_048_576


async def test_writing_to_a_program_that_has_ended_is_refused(run: str) -> None:
    async with started(run, "true", talks=True) as program:
        await program.wait()
        assert not program.write(b"anybody there?")


async def test_a_polite_program_ends_at_the_first_signal(run: str) -> None:
    async with started(run, "/bin/sh", "-c", "trap 'echo bye; exit 3' INT; echo up; sleep 1000 & wait") as program:
        assert await line(program) == b"up\n"
        await program.stop()
    assert marked(run) == []


async def test_a_program_that_ignores_all_but_sigkill_is_killed(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.process.LADDER", ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.1), (signal.SIGKILL, 5.0)))
    async with started(run, "/bin/sh", "-c", "trap '' INT TERM; echo up; while :; do sleep 1000; done") as program:
        assert await line(program) == b"up\n"
        pid = program.pid
    assert marked(run) == []
    assert not alive(pid)


async def test_a_stopped_program_is_stopped_all_the_same(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.process.LADDER", ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.1), (signal.SIGKILL, 5.0)))
    async with started(run, "sleep", "1000") as program:
        os.kill(program.pid, signal.SIGSTOP)
    assert marked(run) == []


async def test_a_child_in_the_background_does_not_outlive_a_program_that_ended_well(run: str) -> None:
    async with started(run, "/bin/sh", "-c", "sleep 1000 & echo done") as program:
        assert await everything(program) == b"done\n"
        assert await program.wait() == 0
    assert marked(run) == []


async def test_a_child_without_our_marker_dies_with_the_group(run: str) -> None:
    script = "env -i sleep 1000 & echo $!; wait"
    async with started(run, "/bin/sh", "-c", script) as program:
        pid = int(await line(program))
    assert await ends(pid)


async def test_a_daemon_that_ignores_sigterm_is_found_and_killed(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.process.GRACE", 0.1)
    told = tmp_path / "pid"
    os.mkfifo(told)
    async with started(run, sys.executable, "-I", "-c", DAEMON, str(told)) as program:
        pid = int(await asyncio.to_thread(told.read_text))
        assert await program.wait() == 0
        assert marked(run) == [pid]
        assert os.getsid(pid) != program.pid
    assert marked(run) == []
    assert not alive(pid)


async def test_a_child_that_is_just_becoming_another_program_is_found(run: str) -> None:
    for _ in range(40):
        async with started(
            run, "/bin/sh", "-c", "setsid sh -c 'sleep 1000' </dev/null >/dev/null 2>&1 & exit 0"
        ) as program:
            await program.wait()
        assert marked(run) == []


async def test_a_daemon_that_holds_the_pipe_open_does_not_hold_the_reader(run: str) -> None:
    async with started(run, "/bin/sh", "-c", "echo first; setsid sleep 1000 & exit 0") as program:
        assert await everything(program) == b"first\n"


async def test_cancelled_in_the_middle_of_stopping_the_group_is_dead_all_the_same(run: str) -> None:
    async with started(run, "/bin/sh", "-c", "trap '' INT TERM; echo up; sleep 1000") as program:
        await line(program)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await program.stop()
    assert all([await ends(pid) for pid in marked(run)])


async def test_a_sweep_takes_one_attempt_and_leaves_its_neighbours(run: str) -> None:
    owners = ("a.1", "a.10", "b.1")
    programs = [Program(Launch(("sleep", "1000"), "/", variables(run, owner))) for owner in owners]
    try:
        assert await sweep(f"{run}/a.1") == 1
        assert sorted(marked(run)) == sorted(program.pid for program in programs[1:])
        assert await sweep(run) == 2
        assert marked(run) == []
    finally:
        for program in programs:
            await program.stop()


async def test_a_sweep_never_signals_what_does_not_carry_the_marker(run: str) -> None:
    child = await asyncio.create_subprocess_exec("sleep", "1000", env={"PATH": PATH, "OTHER": f"{MARKER}={run}/a.1"})
    try:
        assert await sweep(run) == 0
        assert alive(child.pid)
    finally:
        child.kill()
        await child.wait()


async def test_a_command_ends_with_its_tail_and_its_code(run: str) -> None:
    end = await run_shell("seq 100000; exit 3", "/", variables(run), 60.0)
    assert end.fault == "ended with exit code 3"
    assert end.output.endswith("99999\n100000")
    assert len(end.output) < 10_000


async def test_a_command_that_takes_too_long_is_ended(run: str) -> None:
    end = await run_shell("echo begun; sleep 1000", "/", variables(run), 0.2)
    assert end.fault == "took longer than 0.2 s"
    assert end.output == "begun"
    assert marked(run) == []


async def test_a_cancelled_command_leaves_nothing(run: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await run_shell("sleep 1000 & sleep 1000", "/", variables(run), 60.0)
    assert marked(run) == []


async def test_no_descriptor_is_left_open(run: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        await run_shell("true", "/", variables(run), 60.0)
    assert len(os.listdir("/proc/self/fd")) == before


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that its parent has not fetched does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


async def ends(pid: int) -> bool:
    """Whether the process has ended, or does within half a minute."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return await all_gone([fd], 30.0)
    finally:
        os.close(fd)
