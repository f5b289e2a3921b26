"""Codex as an agent: `codex exec`, which takes a prompt, works to its end and tells of it in JSON lines.

It keeps itself in a sandbox of its own, which lets it write in the worktree and not into git's folder. Never: the
user's own configuration; what it needs is said on its command line.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from agents.raw import Raw, inner, items, text, whole
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
)
from agents.runtimes.spoken import Speaker, Spoken, Voice
from agents.runtimes.tool_words import in_one_line
from state.failure import FailureKind
from state.transcript import EntryKind, usage_of

_LAST_WORD = 2000
_PROVIDER = "tianting"
_RETRIES = 4
_SERVER_START = 60


class CodexRuntime:
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks=False,
            steers=False,
            simulated=False,
            counts=True,
            resumes=True,
            models=True,
            serves=True,
            note="has a sandbox of its own; to be asked and steered, run it as an `acp` agent",
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
        return Spoken(Speaker("Codex", (*command, *_arguments(spec)), tuple(variables)), spec, _Tongue())


def _arguments(spec: SessionSpec) -> list[str]:
    settings: dict[str, object] = {"approval_policy": "never", "check_for_update_on_startup": False}
    if address := spec.environment.get("OPENAI_BASE_URL"):
        settings["model_provider"] = _PROVIDER
        settings[f"model_providers.{_PROVIDER}.name"] = _PROVIDER
        settings[f"model_providers.{_PROVIDER}.base_url"] = address
        settings[f"model_providers.{_PROVIDER}.env_key"] = "OPENAI_API_KEY"
        settings[f"model_providers.{_PROVIDER}.wire_api"] = "responses"
        settings[f"model_providers.{_PROVIDER}.request_max_retries"] = _RETRIES
        settings[f"model_providers.{_PROVIDER}.stream_max_retries"] = _RETRIES
    for one in spec.servers:
        settings |= dict(_server(one))
    said = ["exec", "--json", "--skip-git-repo-check", "-C", spec.worktree]
    said += ["-s", "workspace-write" if _sandboxed() else "danger-full-access"]
    for key, value in settings.items():
        said += ["-c", f"{key}={json.dumps(value)}"]
    if spec.model:
        said += ["-m", spec.model]
    return [*said, "resume", spec.resume, "-"] if spec.resume else [*said, "-"]


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
    def __init__(self) -> None:
        self._last = ""
        self._error = ""

    def begin(self, voice: Voice, prompt: str) -> None:
        if not _sandboxed():
            voice.tell(
                Said(EntryKind.ERROR, "Codex runs without its own sandbox: the bubblewrap here is too old for it")
            )
        if voice.program is not None:
            voice.program.write(prompt.encode("utf-8", "replace"))
            voice.program.end_input()  # one that has ended already tells by its end what was wrong

    def understand(self, voice: Voice, message: Raw) -> None:
        item = inner(message, "item")
        match text(message, "type"):
            case "thread.started":
                voice.tell(Opened(text(message, "thread_id")))
            case "item.started":
                self._begun(voice, item)
            case "item.completed":
                self._done(voice, item)
            case "error":
                self._error = text(message, "message")
                voice.tell(Retrying(0.0, FailureKind.MODEL, self._error[:300]))
            case "turn.completed":
                used = inner(message, "usage")
                cached = whole(used, "cached_input_tokens")
                voice.tell(Spent(usage_of(whole(used, "input_tokens") - cached, whole(used, "output_tokens"), cached)))
                voice.end(Finished(self._last[:_LAST_WORD]))
            case "turn.failed":
                told = text(inner(message, "error"), "message") or self._error
                voice.fail(FailureKind.MODEL, f"Codex gave up: {' '.join(told.split())[:500]}")
            case _:
                voice.tell(Alive())

    def _begun(self, voice: Voice, item: Raw) -> None:
        match text(item, "type"):
            case "command_execution" | "mcp_tool_call" | "web_search" as kind:
                voice.tell(ToolStarted(text(item, "id"), text(item, "tool") or kind, in_one_line(item)))
            case _:
                voice.tell(Alive())

    def _done(self, voice: Voice, item: Raw) -> None:
        match text(item, "type"):
            case "agent_message":
                self._last = text(item, "text")
                voice.tell(Said(EntryKind.MESSAGE, self._last))
            case "command_execution":
                ok = whole(item, "exit_code") == 0
                voice.tell(ToolFinished(text(item, "id"), ok, text(item, "aggregated_output")))
            case "file_change":
                voice.tell(*(FileChanged(text(one, "path")) for one in items(item, "changes")), Alive())
            case "error":
                voice.tell(Said(EntryKind.ERROR, text(item, "message")))
            case _:
                voice.tell(Alive())

    def steer(self, voice: Voice, text: str) -> bool:
        return False

    def answer(self, voice: Voice, number: int, text: str) -> bool:
        return False

    def decide(self, voice: Voice, number: int, allowed: bool, why: str) -> bool:
        return False

    def interrupt(self, voice: Voice, why: str) -> bool:
        return False
