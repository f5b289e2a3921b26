"""The simulated agent: a program of its own that takes the steps of a script, one after the other, in its worktree.

Run as `python -I -P FILE`, so it uses the standard library alone. It speaks JSON lines: out `started said asked
finished failed`, in `work answer steer interrupt`. Never: a model, a network, a write outside its folder, any
pretence of being more than a script.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Message = Mapping[str, object]


class Stop(Exception):
    """Ends the work; the sentence says why."""


def tell(message: str, **fields: object) -> None:
    sys.stdout.buffer.write(json.dumps({"type": message, **fields}).encode() + b"\n")
    sys.stdout.buffer.flush()


def said(kind: str, text: str) -> None:
    tell("said", kind=kind, text=text)


def place(path: str) -> Path:
    """The file of that name in the worktree; a name that leads out of it ends the work."""
    here = Path.cwd().resolve()
    file = here / path
    if not file.parent.resolve().is_relative_to(here) or file.resolve() == here:
        raise Stop(f"{path} is outside the worktree")
    return file


class Agent:
    def __init__(self) -> None:
        self.heard: queue.Queue[Message | None] = queue.Queue()
        self.child: subprocess.Popen[bytes] | None = None
        self.stopping = ""
        self.questions = 0
        self.answer = ""
        self.last = ""
        self.told = 0

    def listen(self) -> None:
        """In a thread of its own: hear the person while a step is taken. The end of input, even in the middle of a
        line, is an interrupt too: whoever led this agent is gone."""
        for line in sys.stdin.buffer:
            if not line.endswith(b"\n"):
                break
            message = json.loads(line)
            if message["type"] == "interrupt":
                break
            self.heard.put(message)
        self.stopping = "interrupted"
        self.heard.put(None)
        self.end_child()

    def end_child(self) -> None:
        """The command of the step that is under way, and all that it started, which may hold its output open."""
        if self.stopping and (child := self.child) is not None and child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)

    def hear(self, seconds: float | None) -> Message | None:
        """The next message; None when none came in time."""
        try:
            message = self.heard.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            raise Stop(self.stopping)
        if message["type"] == "steer":
            self.told += 1
            said("message", f"heard: {message['text']}")
        return message

    def idle(self, seconds: float) -> None:
        """Let that much time go by, with open ears."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if self.hear(max(0.0, left)) is None and left <= 0:
                return

    def attend(self, arg: str, _text: str, _old: str) -> None:
        """Until it has been told something since it last attended, at most that many seconds."""
        end = time.monotonic() + float(arg)
        while not self.told and (left := end - time.monotonic()) > 0:
            self.hear(left)
        self.told = 0

    def run(self) -> None:
        message = self.hear(None)
        while message is None or message["type"] != "work":
            message = self.hear(None)
        steps = message["steps"]
        assert isinstance(steps, list)
        for step in steps:
            self.idle(0)
            self.take(step)

    def take(self, step: Mapping[str, str]) -> None:
        steps: dict[str, Callable[[str, str, str], None]] = {
            "say": self.say,
            "write": self.write,
            "append": self.append,
            "replace": self.replace,
            "delete": self.delete,
            "run": self.execute,
            "wait": lambda arg, _text, _old: self.idle(float(arg)),
            "listen": self.attend,
            "ask": self.ask,
            "commit": self.commit,
            "fail": self.fail,
        }
        steps[step["kind"]](step["arg"], step["text"], step["old"])

    def say(self, arg: str, _text: str, _old: str) -> None:
        self.last = arg
        said("message", arg)

    def filled(self, text: str) -> bytes:
        """The text with the last answer in the place of `{answer}`."""
        return text.replace("{answer}", self.answer).encode()

    def write(self, arg: str, text: str, _old: str) -> None:
        file = place(arg)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.filled(text))
        said("file", f"wrote {arg}")

    def append(self, arg: str, text: str, _old: str) -> None:
        file = place(arg)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as out:
            out.write(self.filled(text))
        said("file", f"appended to {arg}")

    def replace(self, arg: str, text: str, old: str) -> None:
        file = place(arg)
        content = file.read_bytes()
        if not old or old.encode() not in content:
            raise Stop(f"{arg} does not hold the text to replace")
        file.write_bytes(content.replace(old.encode(), self.filled(text), 1))
        said("file", f"edited {arg}")

    def delete(self, arg: str, _text: str, _old: str) -> None:
        place(arg).unlink()
        said("file", f"deleted {arg}")

    def execute(self, arg: str, _text: str, _old: str) -> None:
        said("tool", f"$ {arg}")
        self.shell(arg)

    def shell(self, *line: str) -> None:
        command = ["/bin/sh", "-c", *line]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        ) as child:
            self.child = child
            self.end_child()
            assert child.stdout is not None
            for raw in child.stdout:
                said("output", raw.decode("utf-8", "replace").rstrip("\n"))
        self.child = None
        if self.stopping:
            raise Stop(self.stopping)
        if child.returncode:
            raise Stop(f"`{line[0]}` ended with {child.returncode}")

    def ask(self, arg: str, _text: str, _old: str) -> None:
        self.questions += 1
        tell("asked", number=self.questions, text=arg)
        while True:
            message = self.hear(None)
            if message is not None and message["type"] == "answer" and message["number"] == self.questions:
                self.answer = str(message["text"])
                said("message", f"answered: {self.answer}")
                return

    def commit(self, arg: str, _text: str, _old: str) -> None:
        self.shell('git add -A && git commit -q --no-verify -m "$1"', "sh", arg)
        said("tool", f"committed: {arg}")

    def fail(self, arg: str, _text: str, _old: str) -> None:
        raise Stop(arg)


def main() -> int:
    agent = Agent()
    threading.Thread(target=agent.listen, daemon=True).start()
    tell("started")
    try:
        agent.run()
    except KeyboardInterrupt:
        tell("failed", detail="interrupted")
        return 130
    except (Stop, OSError) as stop:
        tell("failed", detail=str(stop))
        return 1
    tell("finished", summary=agent.last)
    return 0


if __name__ == "__main__":
    # Straight out: the listening thread may hold standard input, and a clean-up of the interpreter would wait for it.
    code = main()
    sys.stdout.flush()
    os._exit(code)
