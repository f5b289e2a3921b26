"""Any agent that speaks the Agent Client Protocol (version 1) on its standard streams: the plan names its program.

What it reads and writes through us stays in its worktree; every leave that it asks for is decided by the rules of the
plan. Never: an agent's own extension that others do not have, but where the protocol has no word (a second prompt
while it works).
"""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from agents.raw import Raw, inner, items, number, text, whole
from agents.runtime import (
    Alive,
    Asked,
    Capabilities,
    FileChanged,
    Finished,
    Opened,
    Probe,
    Said,
    Session,
    SessionSpec,
    Spent,
    ToolFinished,
    ToolStarted,
    Typing,
    Wanted,
)
from agents.runtimes.acp_servers import described
from agents.runtimes.confined import Confined
from agents.runtimes.refusals import refused_as
from agents.runtimes.rpc import NOT_ALLOWED, NOT_SPOKEN, Refusal, Wire
from agents.runtimes.spoken import Speaker, Spoken, Voice
from agents.runtimes.tool_words import in_one_line
from state.failure import FailureKind
from state.transcript import EntryKind, Usage, usage_of

_PROTOCOL = 1
_QUIET = (
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_MAX_RETRIES", "4"),
    ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
)
"""What keeps known agents from calling home, and from trying a wrong key for minutes; others do not look at it."""
_LOGIN_WANTED = -32000
_LAST_WORD = 2000
_PATHS = ("file_path", "filePath", "filepath", "path", "abs_path")
_HARMLESS = frozenset({"read", "search", "execute", "fetch", "think"})
"""Kinds of tools of which a path does not mean that something is written there."""
_STOPS = {
    "max_tokens": FailureKind.BUDGET,
    "max_turn_requests": FailureKind.BUDGET,
    "refusal": FailureKind.MODEL,
    "cancelled": FailureKind.CANCELLED,
}


class AcpRuntime:
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks=True,
            steers=True,
            simulated=False,
            permits=True,
            resumes=True,
            counts=True,
            prices=True,
            models=True,
            interrupts=True,
            serves=True,
            note="an agent may offer less; one that takes no word while it works is told in a turn of its own",
        )

    async def probe(self) -> Probe:
        known = [
            name for name in ("claude-agent-acp", "codex-acp", "gemini", "opencode", "goose") if shutil.which(name)
        ]
        found = f"on the path: {', '.join(known)}" if known else "none of those known is on the path"
        return Probe(True, f"any program that the plan names; {found}")

    def open(self, spec: SessionSpec) -> Session:
        name = spec.command[0].rpartition("/")[2] if spec.command else "the agent"
        kept = ("CLAUDE_CONFIG_DIR", os.fspath(Path(spec.state or spec.scratch) / "claude"))
        quiet = tuple((key, value) for key, value in (*_QUIET, kept) if key not in spec.environment)
        return Spoken(Speaker(name, spec.command or ("",), quiet), spec, _Tongue(spec, name))


class _Tongue:
    def __init__(self, spec: SessionSpec, name: str) -> None:
        self._spec = spec
        self._name = name
        self._wire = Wire()
        self._files = Confined(spec.worktree)
        self._session = ""
        self._prompt = ""
        self._queues = False
        self._loading = False
        self._turns = 0
        self._next: list[str] = []
        self._said: list[str] = []
        self._last = ""
        self._cost = 0.0
        self._tools: set[str] = set()
        self._numbers = 0
        self._leaves: dict[int, tuple[object, list[Raw]]] = {}
        self._questions: dict[int, tuple[object, str]] = {}

    # ------------------------------------------------------------------------------------------- from the beginning

    def begin(self, voice: Voice, prompt: str) -> None:
        self._prompt = prompt
        can = {"fs": {"readTextFile": True, "writeTextFile": True}, "elicitation": {"form": {}}}
        info = {"name": "tianting", "title": "Tianting", "version": version("tianting")}
        params = {"protocolVersion": _PROTOCOL, "clientCapabilities": can, "clientInfo": info}
        self._wire.request(voice, "initialize", params, self._greeted, self._refused)

    def _greeted(self, voice: Voice, result: Raw) -> None:
        spoken = whole(result, "protocolVersion")
        if spoken != _PROTOCOL:
            voice.fail(FailureKind.PROTOCOL, f"{self._name} speaks version {spoken} of the protocol, not {_PROTOCOL}")
            return
        can = inner(result, "agentCapabilities")
        self._queues = inner(can, "_meta", "claudeCode").get("promptQueueing") is True
        voice.tell(Alive())
        far = next((one.name for one in self._spec.servers if one.url), "")
        if far and inner(can, "mcpCapabilities").get("http") is not True:
            told = f"{self._name} takes no MCP server by its address, such as {far!r} of the plan; name its `roles`"
            voice.fail(FailureKind.ENVIRONMENT, told)
            return
        servers = [described(one) for one in self._spec.servers]
        params: dict[str, object] = {"cwd": self._spec.worktree, "mcpServers": servers}
        old = self._spec.resume
        method = "session/resume" if "resume" in inner(can, "sessionCapabilities") else "session/load"
        if old and (method == "session/resume" or can.get("loadSession") is True):
            self._loading = True  # what was said before is told again, and is in the transcript already
            params["sessionId"] = old
            self._wire.request(voice, method, params, self._reopened, self._refused)
        else:
            self._prompt = self._spec.whole if old else self._prompt
            self._wire.request(voice, "session/new", params, self._opened, self._refused)

    def _reopened(self, voice: Voice, result: Raw) -> None:
        self._loading = False
        self._opened(voice, {**result, "sessionId": self._spec.resume})

    def _opened(self, voice: Voice, result: Raw) -> None:
        self._session = text(result, "sessionId")
        option = next((one for one in items(result, "configOptions") if text(one, "category", "id") == "model"), {})
        model = self._spec.model or text(option, "currentValue")
        voice.tell(Opened(self._session, model, ""))
        if self._spec.model and option:
            params = {"sessionId": self._session, "configId": text(option, "id"), "value": self._spec.model}
            self._wire.request(voice, "session/set_config_option", params, self._ready, self._refused)
        else:
            self._ready(voice, {})

    def _ready(self, voice: Voice, _result: Raw) -> None:
        self._say(voice, self._prompt)

    def _say(self, voice: Voice, words: str) -> bool:
        self._turns += 1
        params = {"sessionId": self._session, "prompt": [{"type": "text", "text": words}]}
        return self._wire.request(voice, "session/prompt", params, self._turn_ended, self._refused)

    # ------------------------------------------------------------------------------------------------- what is heard

    def understand(self, voice: Voice, message: Raw) -> None:
        if self._wire.take(voice, message):
            return
        method, params, asked = text(message, "method"), inner(message, "params"), message.get("id")
        match method:
            case "session/update":
                self._update(voice, inner(params, "update"))
            case "session/request_permission":
                self._wanted(voice, asked, params)
            case "fs/read_text_file":
                self._read(voice, asked, params)
            case "fs/write_text_file":
                self._write(voice, asked, params)
            case "elicitation/create":
                self._asked(voice, asked, params)
            case _ if asked is not None:
                self._wire.refuse(voice, asked, NOT_SPOKEN, f"{method} is not spoken here")
            case _:
                voice.tell(Alive())

    def _update(self, voice: Voice, update: Raw) -> None:
        kind = text(update, "sessionUpdate")
        if self._loading:
            voice.tell(Alive())
            return
        if kind == "agent_message_chunk":
            piece = text(inner(update, "content"), "text")
            self._said.append(piece)
            voice.tell(Typing(piece))
            return
        if kind in ("tool_call", "tool_call_update"):
            self._flush(voice)
            self._tool(voice, update)
        elif kind == "usage_update":
            self._priced(voice, inner(update, "cost"))
        else:
            voice.tell(Alive())

    def _flush(self, voice: Voice) -> None:
        """A message is whole when something else follows."""
        words = "".join(self._said).strip()
        self._said.clear()
        if words:
            self._last = words
            voice.tell(Said(EntryKind.MESSAGE, words))

    def _tool(self, voice: Voice, update: Raw) -> None:
        call, status = text(update, "toolCallId"), text(update, "status")
        given = inner(update, "rawInput")
        if call not in self._tools and (given or status in ("in_progress", "completed", "failed")):
            self._tools.add(call)
            voice.tell(ToolStarted(call, text(update, "title", "kind") or "tool", in_one_line(given)))
        for block in items(update, "content"):
            if text(block, "type") == "diff" and status == "completed":
                voice.tell(FileChanged(text(block, "path")))
        if status in ("completed", "failed"):
            told = "\n".join(
                words for block in items(update, "content") if (words := text(inner(block, "content"), "text"))
            )
            voice.tell(ToolFinished(call, status == "completed", told or text(update, "rawOutput")))
        else:
            voice.tell(Alive())

    def _priced(self, voice: Voice, cost: Raw) -> None:
        """What the whole session has cost so far."""
        amount = number(cost, "amount")
        if text(cost, "currency") == "USD" and amount > self._cost:
            voice.tell(Spent(Usage(usd=amount - self._cost)))
            self._cost = amount
        else:
            voice.tell(Alive())

    # ------------------------------------------------------------------------------------------------- what it wants

    def _wanted(self, voice: Voice, asked: object, params: Raw) -> None:
        call = inner(params, "toolCall")
        self._numbers += 1
        self._leaves[self._numbers] = (asked, items(params, "options"))
        given = inner(call, "rawInput")
        place = next((text(one, "path") for one in items(call, "locations")), "") or text(given, *_PATHS)
        writes = "" if text(call, "kind") in _HARMLESS else place
        detail = in_one_line(given) or text(call, "title")
        voice.tell(Wanted(self._numbers, text(call, "kind", "title") or "tool", detail, writes))

    def decide(self, voice: Voice, number: int, allowed: bool, why: str) -> bool:
        if number not in self._leaves:
            return False
        asked, options = self._leaves.pop(number)
        kinds = ("allow_once", "allow_always") if allowed else ("reject_once", "reject_always")
        chosen = next((text(one, "optionId") for kind in kinds for one in options if text(one, "kind") == kind), "")
        outcome = {"outcome": "selected", "optionId": chosen} if chosen else {"outcome": "cancelled"}
        return self._wire.reply(voice, asked, {"outcome": outcome})

    def _asked(self, voice: Voice, asked: object, params: Raw) -> None:
        fields = inner(params, "requestedSchema", "properties")
        name = next(iter(fields), "answer")
        field = inner(fields, name)
        choices = field.get("enum")
        known = tuple(str(one) for one in choices) if isinstance(choices, list) else ()
        known = known or tuple(text(one, "const") for one in items(field, "oneOf") + items(field, "anyOf"))
        self._numbers += 1
        self._questions[self._numbers] = (asked, name)
        voice.tell(Asked(self._numbers, text(params, "message") or "The agent asks, but not what.", known))

    def answer(self, voice: Voice, number: int, text: str) -> bool:
        if number not in self._questions:
            return False
        asked, name = self._questions.pop(number)
        return self._wire.reply(voice, asked, {"action": "accept", "content": {name: text}})

    def _read(self, voice: Voice, asked: object, params: Raw) -> None:
        found = self._files.read(text(params, "path"), whole(params, "line"), whole(params, "limit"))
        if found is None:
            self._wire.refuse(voice, asked, NOT_ALLOWED, f"{text(params, 'path')} can not be read from this worktree")
        else:
            self._wire.reply(voice, asked, {"content": found})
        voice.tell(Alive())

    def _write(self, voice: Voice, asked: object, params: Raw) -> None:
        path = text(params, "path")
        why = self._files.write(path, text(params, "content"))
        if why:
            self._wire.refuse(voice, asked, NOT_ALLOWED, why)
            voice.tell(Said(EntryKind.ERROR, f"refused: {why}"))
        else:
            self._wire.reply(voice, asked, {})
            voice.tell(FileChanged(path))

    # ------------------------------------------------------------------------------------------------------- the end

    def _turn_ended(self, voice: Voice, result: Raw) -> None:
        self._turns -= 1
        self._flush(voice)
        used = inner(result, "usage")
        if used:
            voice.tell(Spent(_usage(used)))
        if self._next and self._say(voice, self._next.pop(0)):
            return
        if self._turns:
            voice.tell(Alive())
            return
        reason = text(result, "stopReason")
        if reason == "end_turn":
            voice.end(Finished(self._last[:_LAST_WORD]))
        else:
            voice.fail(
                _STOPS.get(reason, FailureKind.PROTOCOL), f"{self._name} ended its turn: {reason or 'unsaid why'}"
            )

    def _refused(self, voice: Voice, refusal: Refusal) -> None:
        self._flush(voice)
        login = refusal.code == _LOGIN_WANTED
        kind = FailureKind.AUTH if login else refused_as(refusal.code, refusal.data)
        told = " ".join(f"{refusal.message} {text(refusal.data, 'details', 'message')}".split())
        voice.fail(kind, f"{self._name} refused ({refusal.code}): {told[:500]}")

    def steer(self, voice: Voice, text: str) -> bool:
        """A second prompt where the agent queues them; else its turn is ended, and the next begins with the words."""
        if not self._session:
            return False
        if self._queues:
            return self._say(voice, text)
        self._next.append(text)
        return self._wire.notify(voice, "session/cancel", {"sessionId": self._session})

    def interrupt(self, voice: Voice, why: str) -> bool:
        self._next.clear()
        return bool(self._session) and self._wire.notify(voice, "session/cancel", {"sessionId": self._session})


def _usage(raw: Raw) -> Usage:
    return usage_of(
        whole(raw, "inputTokens"),
        whole(raw, "outputTokens"),
        whole(raw, "cachedReadTokens"),
        whole(raw, "cachedWriteTokens"),
    )
