"""Claude Code as an agent: the program that comes with `claude-agent-sdk`, spoken to in its own stream of JSON lines.

The process is started by us, with the environment of the window and nothing of ours, which the SDK's own client would
hand on. Every use of a tool is asked for first, by a hook that the program calls, so that the rules of the plan hold
whatever the agent tries. Never: a verdict taken from `subtype`, which says "success" of an API that refused.
"""

import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from agents.folders import private_file
from agents.raw import Raw, inner, items, number, said, text, whole
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
from agents.runtimes.tool_words import in_one_line
from state.failure import FailureKind
from state.transcript import EntryKind, Usage, usage_of

_RETRIES = "4"
"""Tries at one request: the program's own ten go on for more than a minute even when the key is wrong."""
_QUIET = (
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("CLAUDE_CODE_ENTRYPOINT", "sdk-py"),
)
_GUARD = "guard"
_EDITS = frozenset({"Write", "Edit", "MultiEdit", "NotebookEdit"})
_ASKS = "AskUserQuestion"
_LAST_WORD = 2000


def program() -> str | None:
    """The `claude` to run: the one in the Python package, else the one on the path."""
    found = importlib.util.find_spec("claude_agent_sdk")
    if found is not None and found.origin is not None:
        bundled = Path(found.origin).parent / "_bundled" / "claude"
        if os.access(bundled, os.X_OK):
            return os.fspath(bundled)
    return shutil.which("claude")


class ClaudeRuntime:
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
        )

    async def probe(self) -> Probe:
        where = program()
        if where is None:
            return Probe(False, "neither the Python package claude-agent-sdk nor a program `claude` is there")
        return Probe(True, where)

    def open(self, spec: SessionSpec) -> Session:
        command = spec.command or ((found,) if (found := program()) else ("claude",))
        config = spec.state or spec.scratch
        variables = (*_QUIET, ("CLAUDE_CONFIG_DIR", os.fspath(Path(config) / "claude")))
        given = set(spec.environment)
        kept = tuple((name, value) for name, value in variables if name not in given)
        if "CLAUDE_CODE_MAX_RETRIES" not in given:
            kept = (*kept, ("CLAUDE_CODE_MAX_RETRIES", _RETRIES))
        return Spoken(Speaker("Claude Code", (*command, *_arguments(spec)), kept), spec, _Tongue(spec))


def _arguments(spec: SessionSpec) -> list[str]:
    said = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]
    said += ["--include-partial-messages", "--permission-mode", "default", "--permission-prompt-tool", "stdio"]
    # The user's own settings are not the plan's; MCP servers are those of the plan alone.
    said += ["--setting-sources=", "--strict-mcp-config"]
    if spec.servers:
        said += ["--mcp-config", _servers(spec)]
    if spec.model:
        said += ["--model", spec.model]
    if spec.turns is not None:
        said += ["--max-turns", str(spec.turns)]
    if spec.resume:
        said.append(f"--resume={spec.resume}")
    return said


def _servers(spec: SessionSpec) -> str:
    """A file, since the command line of a process is shown to everybody."""
    told: dict[str, object] = {}
    for one in spec.servers:
        if one.url:
            headers = {"Authorization": f"Bearer {one.token}"} if one.token else {}
            told[one.name] = {"type": "http", "url": one.url, "headers": headers}
        else:
            told[one.name] = {"command": one.command[0], "args": one.command[1:], "env": dict(one.environment)}
    return private_file(spec.scratch, "mcp.json", json.dumps({"mcpServers": told}))


class _Tongue:
    def __init__(self, spec: SessionSpec) -> None:
        self._spec = spec
        self._numbers = 0
        self._requests = 0
        self._open: dict[int, tuple[str, Raw]] = {}
        self._model = ""
        self._cost = 0.0

    def begin(self, voice: Voice, prompt: str) -> None:
        hooks = {"PreToolUse": [{"matcher": None, "hookCallbackIds": [_GUARD], "timeout": 86_400}]}
        self._request(voice, {"subtype": "initialize", "hooks": hooks})
        self._user(voice, prompt)

    def _request(self, voice: Voice, request: Mapping[str, object]) -> bool:
        self._requests += 1
        return voice.send({"type": "control_request", "request_id": f"r{self._requests}", "request": request})

    def _user(self, voice: Voice, content: str) -> bool:
        message = {"role": "user", "content": content}
        return voice.send({"type": "user", "message": message, "parent_tool_use_id": None, "session_id": ""})

    def understand(self, voice: Voice, message: Raw) -> None:
        match text(message, "type"):
            case "system":
                self._system(voice, message)
            case "stream_event":
                self._stream(voice, inner(message, "event"))
            case "assistant":
                self._assistant(voice, inner(message, "message"))
            case "user":
                self._results(voice, message)
            case "control_request":
                self._asked(voice, text(message, "request_id"), inner(message, "request"))
            case "rate_limit_event":
                self._limited(voice, inner(message, "rate_limit_info"))
            case "result":
                self._result(voice, message)
            case _:
                voice.tell(Alive())

    def _system(self, voice: Voice, message: Raw) -> None:
        match text(message, "subtype"):
            case "init":
                self._model = text(message, "model")
                voice.tell(Opened(text(message, "session_id"), self._model, text(message, "claude_code_version")))
                down = [text(one, "name") for one in items(message, "mcp_servers") if text(one, "status") == "failed"]
                if down:
                    voice.fail(FailureKind.ENVIRONMENT, f"the MCP server {', '.join(down)} of the plan does not answer")
            case "api_retry":
                self._retry(voice, message)
            case _:
                voice.tell(Alive())

    def _retry(self, voice: Voice, message: Raw) -> None:
        status, word = whole(message, "error_status"), text(message, "error")
        kind = _class_of(status)
        detail = f"the provider answered {status or word or 'nothing'}"
        if kind is FailureKind.AUTH:
            voice.fail(kind, f"{detail}: this window has no valid credential for it")
            return
        voice.tell(Retrying(number(message, "retry_delay_ms") / 1000, kind, detail))

    def _stream(self, voice: Voice, event: Raw) -> None:
        match text(event, "type"):
            case "message_start":
                self._spent(voice, inner(event, "message", "usage"), text(inner(event, "message"), "model"), begun=True)
            case "message_delta":
                self._spent(voice, inner(event, "usage"), "", begun=False)
            case "content_block_delta":
                piece = text(inner(event, "delta"), "text")
                voice.tell(Typing(piece) if piece else Alive())
            case _:
                voice.tell(Alive())

    def _spent(self, voice: Voice, usage: Raw, model: str, *, begun: bool) -> None:
        """What goes in is told when a reply begins, what comes out when it ends."""
        self._model = model or self._model
        told = _usage(usage) if begun else usage_of(0, whole(usage, "output_tokens"))
        if begun:
            told = usage_of(told.input, 0, told.cache_read, told.cache_write)
        voice.tell(Spent(told, self._model))

    def _assistant(self, voice: Voice, message: Raw) -> None:
        for block in items(message, "content"):
            match text(block, "type"):
                case "text" if words := text(block, "text"):
                    voice.tell(Said(EntryKind.MESSAGE, words))
                case "tool_use":
                    tool, given = text(block, "name"), inner(block, "input")
                    voice.tell(ToolStarted(text(block, "id"), tool, in_one_line(given)))
                case _:
                    voice.tell(Alive())

    def _results(self, voice: Voice, message: Raw) -> None:
        for block in items(inner(message, "message"), "content"):
            if text(block, "type") == "tool_result":
                ok = block.get("is_error") is not True
                voice.tell(ToolFinished(text(block, "tool_use_id"), ok, said(block.get("content"))))
        if path := text(inner(message, "tool_use_result"), "filePath"):
            voice.tell(FileChanged(path))

    def _asked(self, voice: Voice, request: str, asked: Raw) -> None:
        match text(asked, "subtype"):
            case "hook_callback":
                self._guard(voice, request, inner(asked, "input"))
            case "can_use_tool" if text(asked, "tool_name") == _ASKS:
                self._questions_of(voice, request, inner(asked, "input"))
            case "can_use_tool":
                # The hook has allowed it already; the program asks again where its own rules would refuse.
                self._reply(voice, request, {"behavior": "allow", "updatedInput": inner(asked, "input")})
            case kind:
                response = {"subtype": "error", "request_id": request, "error": f"{kind} is not spoken here"}
                voice.send({"type": "control_response", "response": response})

    def _guard(self, voice: Voice, request: str, use: Raw) -> None:
        tool, given = text(use, "tool_name"), inner(use, "tool_input")
        if tool == _ASKS:
            self._reply(voice, request, {})
            return
        self._numbers += 1
        self._open[self._numbers] = (request, given)
        writes = text(given, "file_path", "notebook_path") if tool in _EDITS else ""
        voice.tell(Wanted(self._numbers, tool, in_one_line(given), writes))

    def _questions_of(self, voice: Voice, request: str, given: Raw) -> None:
        """Several questions may come at once; they are asked as one, and the one answer is given to each."""
        self._numbers += 1
        self._open[self._numbers] = (request, given)
        asked = items(given, "questions")
        words = "\n".join(text(one, "question") for one in asked) or "The agent asks, but not what."
        choices = [text(choice, "label") for choice in items(asked[0], "options")] if len(asked) == 1 else []
        voice.tell(Asked(self._numbers, words, tuple(choices)))

    def _reply(self, voice: Voice, request: str, response: Mapping[str, object]) -> bool:
        told = {"subtype": "success", "request_id": request, "response": response}
        return voice.send({"type": "control_response", "response": told})

    def _limited(self, voice: Voice, info: Raw) -> None:
        if text(info, "status") == "rejected":
            voice.tell(Retrying(0.0, FailureKind.QUOTA, "the provider's limit for this credential is reached"))
        else:
            voice.tell(Alive())

    def _result(self, voice: Voice, message: Raw) -> None:
        cost = number(message, "total_cost_usd")
        if cost > self._cost:
            voice.tell(Spent(Usage(usd=cost - self._cost), self._model))
            self._cost = cost
        words = text(message, "result")
        if message.get("is_error") is not True:
            voice.end(Finished(words[:_LAST_WORD]))
            return
        reason = text(message, "terminal_reason") or text(message, "subtype")
        status = whole(message, "api_error_status")
        kind = _ENDS.get(reason, FailureKind.EXIT)
        if kind is FailureKind.MODEL or status:
            kind = _class_of(status)
        told = words or said(message.get("errors")) or reason or "no reason was given"
        voice.fail(kind, f"Claude Code gave up ({reason}): {' '.join(told.split())[:500]}")

    def steer(self, voice: Voice, text: str) -> bool:
        return self._user(voice, text)

    def answer(self, voice: Voice, number: int, text: str) -> bool:
        request, given = self._open.pop(number, ("", {}))
        if not request:
            return False
        answers = dict.fromkeys(_asked_words(given), text)
        return self._reply(voice, request, {"behavior": "allow", "updatedInput": {**given, "answers": answers}})

    def decide(self, voice: Voice, number: int, allowed: bool, why: str) -> bool:
        request, _given = self._open.pop(number, ("", {}))
        if not request:
            return False
        verdict = {"permissionDecision": "allow" if allowed else "deny", "permissionDecisionReason": why}
        return self._reply(voice, request, {"hookSpecificOutput": {"hookEventName": "PreToolUse", **verdict}})

    def interrupt(self, voice: Voice, why: str) -> bool:
        return self._request(voice, {"subtype": "interrupt"})


def _asked_words(given: Raw) -> list[str]:
    return [text(one, "question") for one in items(given, "questions")]


_ENDS = {
    "api_error": FailureKind.MODEL,
    "max_turns": FailureKind.BUDGET,
    "budget_exhausted": FailureKind.BUDGET,
    "aborted_streaming": FailureKind.CANCELLED,
    "aborted_tools": FailureKind.CANCELLED,
    "sandbox_required_unavailable": FailureKind.ENVIRONMENT,
}


def _class_of(status: int) -> FailureKind:
    """What an HTTP status of a provider means."""
    if status in (401, 403):
        return FailureKind.AUTH
    return FailureKind.QUOTA if status == 429 else FailureKind.MODEL


def _usage(raw: Raw) -> Usage:
    return usage_of(
        whole(raw, "input_tokens"),
        whole(raw, "output_tokens"),
        whole(raw, "cache_read_input_tokens"),
        whole(raw, "cache_creation_input_tokens"),
    )
