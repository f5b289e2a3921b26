"""Codex as an agent: `codex app-server`, which is spoken to in JSON lines. (`codex exec` takes no word while it works,
tells what it has used at its end alone, and says why it gave up in words.)

It keeps itself in a sandbox of its own, which lets it write in the worktree and not into git's folder. Never: the
user's own configuration; what it needs is said on its command line and when a conversation is opened.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from agents.raw import Raw, inner, items, said, text, whole
from agents.runtime import (
    Alive,
    Capabilities,
    FileChanged,
    Finished,
    Opened,
    Probe,
    Retrying,
    Said,
    Served,
    Session,
    SessionSpec,
    Spent,
    ToolFinished,
    ToolStarted,
    Typing,
)
from agents.runtimes.refusals import refused_as
from agents.runtimes.rpc import NOT_SPOKEN, Refusal, Wire
from agents.runtimes.spoken import Speaker, Spoken, Voice
from agents.runtimes.tool_words import in_one_line
from state.failure import FailureKind
from state.transcript import EntryKind, usage_of

_LAST_WORD = 2000
_PROVIDER = "tianting"
_RETRIES = 4
_SERVER_START = 60
_TOLD = 500
_OPENAI = "https://api.openai.com/v1"
_KEYS = ("OPENAI_API_KEY", "CODEX_API_KEY")


class CodexRuntime:
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks=False,
            steers=True,
            simulated=False,
            counts=True,
            resumes=True,
            models=True,
            serves=True,
            interrupts=True,
            note="has a sandbox of its own; to ask and be asked, run it as an `acp` agent",
        )

    async def probe(self) -> Probe:
        found = shutil.which("codex")
        return Probe(True, found) if found else Probe(False, "no program `codex` is on the path")

    def open(self, spec: SessionSpec) -> Session:
        command = spec.command or ("codex",)
        home = Path(spec.state or spec.scratch) / "codex"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        variables = [] if "CODEX_HOME" in spec.environment else [("CODEX_HOME", os.fspath(home))]
        variables += [pair for one in spec.servers for pair in (*one.environment, *_shown(one))]
        return Spoken(Speaker("Codex", (*command, *_arguments(spec)), tuple(variables)), spec, _Tongue(spec))


def _arguments(spec: SessionSpec) -> list[str]:
    settings: dict[str, object] = {"check_for_update_on_startup": False}
    key = next((name for name in _KEYS if spec.environment.get(name)), "")
    if key:  # else it is logged in, in a CODEX_HOME that the plan names
        provider = {
            "name": _PROVIDER,
            "base_url": spec.environment.get("OPENAI_BASE_URL") or _OPENAI,
            "env_key": key,
            "wire_api": "responses",
            "request_max_retries": _RETRIES,
            "stream_max_retries": _RETRIES,
        }
        settings["model_provider"] = _PROVIDER
        settings |= {f"model_providers.{_PROVIDER}.{name}": value for name, value in provider.items()}
    for one in spec.servers:
        settings |= dict(_server(one))
    return ["app-server", *(part for name, value in settings.items() for part in ("-c", f"{name}={json.dumps(value)}"))]


def _server(one: Served) -> Iterator[tuple[str, object]]:
    """Values of variables are not said here, since the command line of a process is shown to everybody."""
    key = f"mcp_servers.{one.name}"
    if one.url:
        yield f"{key}.url", one.url
        yield from ((f"{key}.bearer_token_env_var", name) for name, _token in _shown(one))
    else:
        yield f"{key}.command", one.command[0]
        yield f"{key}.args", list(one.command[1:])
        yield f"{key}.env_vars", [name for name, _value in one.environment]
    # Else its first turn begins without the tools of a server that is slow to start, and does not say so.
    yield f"{key}.required", True
    yield f"{key}.startup_timeout_sec", _SERVER_START
    yield f"{key}.default_tools_approval_mode", "approve"


def _shown(one: Served) -> Iterator[tuple[str, str]]:
    if one.token:
        yield f"TIANTING_TOKEN_OF_{one.name.upper().replace('-', '_')}", one.token


@cache
def _sandboxed() -> bool:
    """Whether Codex's own sandbox works here: it takes the bubblewrap on the path, and fails on one older than 0.9."""
    found = shutil.which("bwrap")
    if found is None:
        return True
    told = subprocess.run((found, "--version"), capture_output=True, text=True, timeout=10, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)", told)
    return version is None or (int(version[1]), int(version[2])) >= (0, 9)


class _Tongue:
    def __init__(self, spec: SessionSpec) -> None:
        self._spec = spec
        self._wire = Wire(heading=())
        self._prompt = ""
        self._thread = ""
        self._turn = ""
        self._model = ""
        self._last = ""
        self._unheard: list[str] = []
        self._told: Raw | None = None

    # ------------------------------------------------------------------------------------------- from the beginning

    def begin(self, voice: Voice, prompt: str) -> None:
        self._prompt = prompt
        if not _sandboxed():
            voice.tell(
                Said(EntryKind.ERROR, "Codex runs without its own sandbox: the bubblewrap here is too old for it")
            )
        info = {"name": "tianting", "title": "Tianting", "version": version("tianting")}
        self._wire.request(voice, "initialize", {"clientInfo": info}, self._greeted, self._refused)

    def _greeted(self, voice: Voice, _result: Raw) -> None:
        voice.tell(Alive())
        self._wire.notify(voice, "initialized", {})
        params: dict[str, object] = {
            "cwd": self._spec.worktree,
            "approvalPolicy": "never",
            "sandbox": "workspace-write" if _sandboxed() else "danger-full-access",
        }
        params |= {"model": self._spec.model} if self._spec.model else {}
        if self._spec.resume:
            params |= {"threadId": self._spec.resume, "excludeTurns": True}
            self._wire.request(voice, "thread/resume", params, self._opened, self._refused)
        else:
            self._wire.request(voice, "thread/start", params, self._opened, self._refused)

    def _opened(self, voice: Voice, result: Raw) -> None:
        thread = inner(result, "thread")
        self._thread = text(thread, "id")
        self._model = text(result, "model")
        voice.tell(Opened(self._thread, self._model, text(thread, "cliVersion")))
        self._say(voice, self._prompt)

    def _say(self, voice: Voice, words: str) -> None:
        params = {"threadId": self._thread, "input": _input(words)}
        self._wire.request(voice, "turn/start", params, self._begun_turn, self._refused)

    def _begun_turn(self, voice: Voice, result: Raw) -> None:
        self._turn = text(inner(result, "turn"), "id")
        voice.tell(Alive())

    def _refused(self, voice: Voice, refusal: Refusal) -> None:
        told = " ".join(refusal.message.split())[:_TOLD]
        voice.fail(FailureKind.MODEL, f"Codex refused ({refusal.code}): {told}")

    # ------------------------------------------------------------------------------------------------- what is heard

    def understand(self, voice: Voice, message: Raw) -> None:
        if self._wire.take(voice, message):
            return
        method, params, asked = text(message, "method"), inner(message, "params"), message.get("id")
        item = inner(params, "item")
        match method:
            case "item/agentMessage/delta":
                voice.tell(Typing(text(params, "delta")))
            case "item/started":
                self._begun(voice, item)
            case "item/completed":
                self._done(voice, item)
            case "thread/tokenUsage/updated":
                self._count(voice, params)
            case "error":
                self._error(voice, params)
            case "turn/completed":
                self._ended(voice, inner(params, "turn"))
            case _ if asked is not None and method:
                self._wire.refuse(voice, asked, NOT_SPOKEN, f"{method} is not answered here")
                voice.tell(Alive())
            case _:
                voice.tell(Alive())

    def _begun(self, voice: Voice, item: Raw) -> None:
        match text(item, "type"):
            case "commandExecution":
                voice.tell(ToolStarted(text(item, "id"), "command_execution", text(item, "command")))
            case "mcpToolCall":
                used = in_one_line(inner(item, "arguments"))
                voice.tell(ToolStarted(text(item, "id"), f"{text(item, 'server')}.{text(item, 'tool')}", used))
            case "webSearch":
                voice.tell(ToolStarted(text(item, "id"), "web_search", text(item, "query")))
            case _:
                voice.tell(Alive())

    def _done(self, voice: Voice, item: Raw) -> None:
        match text(item, "type"):
            case "agentMessage":
                self._last = text(item, "text")
                voice.tell(Said(EntryKind.MESSAGE, self._last))
            case "commandExecution":
                ok = whole(item, "exitCode") == 0 and text(item, "status") == "completed"
                voice.tell(ToolFinished(text(item, "id"), ok, text(item, "aggregatedOutput")))
            case "mcpToolCall":
                error = text(inner(item, "error"), "message")
                voice.tell(
                    ToolFinished(text(item, "id"), not error, error or said(inner(item, "result").get("content")))
                )
            case "fileChange":
                voice.tell(*(FileChanged(text(one, "path")) for one in items(item, "changes")), Alive())
            case _:
                voice.tell(Alive())

    def _count(self, voice: Voice, params: Raw) -> None:
        """What a request has used more than was told before. The sums are those of the whole conversation; what is
        told of a turn that is not ours was paid for by an earlier attempt."""
        usage = inner(params, "tokenUsage")
        now = inner(usage, "total")
        if not self._turn or text(params, "turnId") != self._turn:
            self._told = now
            voice.tell(Alive())
            return
        last = inner(usage, "last")

        def more(key: str) -> int:
            before = whole(now, key) - whole(last, key) if self._told is None else whole(self._told, key)
            return max(0, whole(now, key) - before)

        read, written = more("cachedInputTokens"), more("cacheWriteInputTokens")
        fresh = max(0, more("inputTokens") - read - written)
        self._told, used = now, usage_of(fresh, more("outputTokens"), read, written)
        voice.tell(Spent(used, self._model))

    def _error(self, voice: Voice, params: Raw) -> None:
        """One that it gives up at is told again with the end of the turn."""
        detail = " ".join(text(inner(params, "error"), "message").split())[:_TOLD]
        voice.tell(Retrying(0.0, FailureKind.MODEL, detail) if params.get("willRetry") is True else Alive())

    def _ended(self, voice: Voice, turn: Raw) -> None:
        if text(turn, "id") != self._turn:
            voice.tell(Alive())
            return
        match text(turn, "status"):
            case "completed" if self._unheard:
                words, self._unheard = "\n\n".join(self._unheard), []
                self._say(voice, words)
                voice.tell(Alive())
            case "completed":
                voice.end(Finished(self._last[:_LAST_WORD]))
            case "interrupted":
                voice.fail(FailureKind.CANCELLED, "Codex was interrupted")
            case _:
                error = inner(turn, "error")
                told = " ".join(text(error, "message").split())[:_TOLD]
                voice.fail(refused_as(error.get("codexErrorInfo")), f"Codex gave up: {told}")

    # ------------------------------------------------------------------------------------------------ what is told it

    def steer(self, voice: Voice, text: str) -> bool:
        """Into the turn that is under way; one that has just ended is followed by another with these words."""
        if not self._turn:
            return False
        self._unheard.append(text)

        def heard(voice: Voice, _result: Raw) -> None:
            if text in self._unheard:
                self._unheard.remove(text)
            voice.tell(Alive())

        def unheard(voice: Voice, _refusal: Refusal) -> None:
            voice.tell(Alive())

        params = {"threadId": self._thread, "expectedTurnId": self._turn, "input": _input(text)}
        return self._wire.request(voice, "turn/steer", params, heard, unheard)

    def answer(self, voice: Voice, number: int, text: str) -> bool:
        return False

    def decide(self, voice: Voice, number: int, allowed: bool, why: str) -> bool:
        return False

    def interrupt(self, voice: Voice, why: str) -> bool:
        if not self._turn:
            return False
        self._unheard.clear()
        params = {"threadId": self._thread, "turnId": self._turn}
        return self._wire.request(voice, "turn/interrupt", params, _nothing, _nothing_refused)


def _nothing(voice: Voice, _result: Raw) -> None:
    voice.tell(Alive())


def _nothing_refused(voice: Voice, _refusal: Refusal) -> None:
    voice.tell(Alive())


def _input(words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": words}]
