"""AutoGen as an agent: starts `agents/autogen/host.py` as a process of its own and speaks its JSON lines.

Never: AutoGen imported here; it is heavy, and what runs in a window does not run in this process.
"""

import importlib.util
import sys

from agents.raw import Raw, number, text, whole
from agents.runtime import (
    Alive,
    Asked,
    Capabilities,
    FileChanged,
    Finished,
    Opened,
    Probe,
    Retrying,
    Said,
    Session,
    SessionSpec,
    Spent,
    ToolFinished,
    ToolStarted,
    Typing,
    Wanted,
)
from agents.runtimes.spoken import Speaker, Spoken, Voice
from state.failure import FailureKind
from state.transcript import EntryKind, usage_of

HOST = (sys.executable, "-I", "-P", "-m", "agents.autogen.host")
_NEEDED = ("autogen_agentchat", "anthropic", "openai")


class AutogenRuntime:
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks=True,
            steers=True,
            simulated=False,
            permits=True,
            resumes=True,
            counts=True,
            models=True,
            interrupts=True,
            serves=True,
            note="money is told by OpenRouter alone",
        )

    async def probe(self) -> Probe:
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            return Probe(False, f"these Python packages are not there: {', '.join(missing)}")
        return Probe(True, "autogen-agentchat with our own model client")

    def open(self, spec: SessionSpec) -> Session:
        return Spoken(Speaker("the AutoGen agent", spec.command or HOST), spec, _Tongue(spec))


class _Tongue:
    def __init__(self, spec: SessionSpec) -> None:
        self._spec = spec
        self._open: set[int] = set()

    def begin(self, voice: Voice, prompt: str) -> None:
        spec = self._spec
        if not spec.model:
            voice.fail(
                FailureKind.ENVIRONMENT, "the plan names no model for this task; write `model: anthropic:NAME` or such"
            )
            return
        work = {"prompt": prompt, "model": spec.model, "state": spec.state, "resume": spec.resume, "turns": spec.turns}
        servers = [
            {"name": one.name, "command": one.command, "env": dict(one.environment), "url": one.url, "token": one.token}
            for one in spec.servers
        ]
        voice.send({"type": "work", **work, "servers": servers})

    def understand(self, voice: Voice, message: Raw) -> None:
        match text(message, "type"):
            case "opened":
                voice.tell(Opened(text(message, "session"), text(message, "model")))
            case "typing":
                voice.tell(Typing(text(message, "text")))
            case "said":
                voice.tell(Said(EntryKind.MESSAGE, text(message, "text")))
            case "tool":
                voice.tell(ToolStarted(text(message, "call"), text(message, "tool"), text(message, "detail")))
            case "result":
                voice.tell(ToolFinished(text(message, "call"), message.get("ok") is True, text(message, "output")))
            case "file":
                voice.tell(FileChanged(text(message, "path")))
            case "spent":
                read, write = whole(message, "read"), whole(message, "write")
                fresh, out = whole(message, "input"), whole(message, "output")
                voice.tell(Spent(usage_of(fresh, out, read, write, number(message, "usd")), text(message, "model")))
            case "retrying":
                voice.tell(Retrying(number(message, "after"), _kind(message), text(message, "detail")))
            case "asked" | "wanted" | "finished" | "failed":
                self._turning(voice, message)
            case _:
                voice.tell(Alive())

    def _turning(self, voice: Voice, message: Raw) -> None:
        """What waits for us, and what ends."""
        number = whole(message, "number")
        match text(message, "type"):
            case "asked":
                self._open.add(number)
                voice.tell(Asked(number, text(message, "text")))
            case "wanted":
                self._open.add(number)
                tool, detail, writes = text(message, "tool"), text(message, "detail"), text(message, "writes")
                voice.tell(Wanted(number, tool, detail, writes))
            case "finished":
                voice.end(Finished(text(message, "summary")))
            case _:
                voice.fail(_kind(message), text(message, "detail"))

    def steer(self, voice: Voice, text: str) -> bool:
        return voice.send({"type": "steer", "text": text})

    def answer(self, voice: Voice, number: int, text: str) -> bool:
        return self._back(voice, number, {"type": "answer", "number": number, "text": text})

    def decide(self, voice: Voice, number: int, allowed: bool, why: str) -> bool:
        return self._back(voice, number, {"type": "decide", "number": number, "allowed": allowed, "why": why})

    def _back(self, voice: Voice, number: int, message: Raw) -> bool:
        if number not in self._open:
            return False
        self._open.discard(number)
        return voice.send(message)

    def interrupt(self, voice: Voice, why: str) -> bool:
        return voice.send({"type": "interrupt", "why": why})


def _kind(message: Raw) -> FailureKind:
    try:
        return FailureKind(text(message, "kind"))
    except ValueError:
        return FailureKind.PROTOCOL
