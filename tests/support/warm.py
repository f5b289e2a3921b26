"""A process that has the product loaded and forks a command line for each one who asks over its socket, so that what
a test waits for is the product and not the imports of Python.

Run as a program, with the socket's path. A request is one message of JSON (`args`, `cwd`, `env`) with three descriptors
(standard input, output and error); the answers are the pid, when it runs, and then how it ended, a line each.
It ends when its standard input does. Never: a thread; anything that a command leaves behind in the process that forks.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback

MODULES = (
    *(
        f"orchestrator.cli.{name}"
        for name in ("main", "lead", "look", "land", "steer", "conflicts", "plan", "doctor", "model_server")
    ),
    "orchestrator.cli.demo",
    "orchestrator.launcher",
    "orchestrator.serving",
    "rich.live",
)
MOST = 1 << 20
PATIENCE = 20.0


def serve(path: str) -> None:
    for name in MODULES:
        importlib.import_module(name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(path)
        door.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while door in select.select([door, sys.stdin], [], [])[0]:  # the other end of standard input is our owner's
            asked, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _answer(asked)
            asked.close()


def _answer(asked: socket.socket) -> None:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        message, descriptors, _, _ = socket.recv_fds(asked, MOST, 3)
        while not message.endswith(b"\n"):
            message += asked.recv(MOST)
        request = json.loads(message)
        pid = os.fork()
        if pid == 0:
            asked.close()
            _become(request["args"], request["cwd"], request["env"], descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        asked.sendall(b"%d\n" % pid)
        _see_to_its_end(pid, asked)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        asked.sendall(b"%d\n" % code)
    finally:
        os._exit(0)


def _see_to_its_end(pid: int, asked: socket.socket) -> None:
    """Until the command has ended, or is made to because nobody waits for it any more: its test has failed."""
    ended = os.pidfd_open(pid)
    if ended in select.select([ended, asked.fileno()], [], [])[0]:
        return
    os.kill(pid, signal.SIGTERM)
    if not select.select([ended], [], [], PATIENCE)[0]:
        os.kill(pid, signal.SIGKILL)


def _become(args: list[str], cwd: str, env: dict[str, str], descriptors: list[int]) -> None:
    code = 70
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests are run by nohup
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        code = _main(args)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _main(args: list[str]) -> int:
    from orchestrator.cli.main import main

    sys.argv = ["tianting", *args]
    try:
        main()
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
