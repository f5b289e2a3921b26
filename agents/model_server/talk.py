"""A conversation as every wire format tells it, and the reply that the script has for it.

Never: a wire format, IO.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from zlib import crc32

from agents.model_server.script import Chooser, Fault, Script, Step, Tokens
from agents.model_server.tools import Call, Offered, call_for


class Who(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Turn:
    who: Who
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """`size` is the length of the whole request in bytes, `tail` that of its last turn: what a cache does not have."""

    model: str
    turns: Sequence[Turn]
    tools: Mapping[str, Offered]
    stream: bool
    size: int


@dataclass(frozen=True, slots=True)
class Reply:
    """`id` is the same for the same place in the same conversation: by it, faults that end are counted."""

    id: str
    say: str
    calls: tuple[Call, ...]
    fault: Fault | None
    pace: float
    tokens: Tokens


_FOLDERS = (
    re.compile(r"[Ww]orking directory:\s*`?([^\n`]+)"),
    re.compile(r"<cwd>([^<]+)</cwd>"),
    re.compile(r"\"cwd\":\s*\"([^\"]+)\""),
)
_WITHOUT_SCRIPT = Step(say="No script was asked for, so there is nothing to do.")
_AT_THE_END = Step(say="Done.")
_ASIDE = Step(say="A task")
"""For requests without tools: clients ask for a title, or whether the network is there."""


def reply_to(talk: Conversation, choose: Chooser) -> Reply:
    """The next reply; `ScriptFault` when the prompt asks for a script that there is not."""
    at, step, key = _place(talk, choose)
    place = f"{crc32(key.encode('utf-8', 'replace')):08x}_{at}"
    words = {"{cwd}": _folder(talk.turns), "{result}": _last_result(talk.turns)}
    calls = tuple(
        call_for(action, talk.tools, words, f"{place}_{number}") for number, action in enumerate(step.actions)
    )
    say = _filled(step.say, words)
    return Reply(place, say, calls, step.fault, step.pace, step.tokens or _counted(talk, say, calls))


def _place(talk: Conversation, choose: Chooser) -> tuple[int, Step, str]:
    if not talk.tools:
        return 0, _ASIDE, "aside"
    for place in range(len(talk.turns) - 1, -1, -1):
        turn = talk.turns[place]
        if turn.who is not Who.USER or (script := choose(turn.text)) is None:
            continue
        at = _replies(talk.turns[place + 1 :], script)
        key = f"{_folder(talk.turns)}:{turn.text}"
        return at, (script[at] if at < len(script) else _AT_THE_END), key
    return 0, _WITHOUT_SCRIPT, "none"


def _replies(turns: Sequence[Turn], script: Script) -> int:
    """How many replies of ours there were; one may come as several turns. A program that goes on after it was killed
    may put in a turn of its own, which the script did not say."""
    count = 0
    heard = [turn for turn in turns if turn.who is not Who.SYSTEM]
    for who, stretch in groupby(enumerate(heard), lambda numbered: numbered[1].who):
        if who is Who.ASSISTANT:
            said = list(stretch)
            end = said[-1][0] + 1
            called = end < len(heard) and heard[end].who is Who.TOOL
            count += _is_ours("".join(turn.text for _, turn in said).strip(), called, script[count : count + 1])
    return count


def _is_ours(text: str, called: bool, step: Script) -> bool:
    if called or not text or not step:
        return True
    known = step[0].say.strip()
    return not step[0].actions and ("{" in known or known in text or text in known)


def _folder(turns: Sequence[Turn]) -> str:
    for turn in turns:
        if turn.who in (Who.SYSTEM, Who.USER):
            for pattern in _FOLDERS:
                if found := pattern.search(turn.text):
                    return found[1].strip()
    return ""


def _last_result(turns: Sequence[Turn]) -> str:
    return next((turn.text for turn in reversed(turns) if turn.who is Who.TOOL), "")


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _counted(talk: Conversation, say: str, calls: Sequence[Call]) -> Tokens:
    """About four bytes a token, as a real model has; what an earlier request held is read from the cache."""
    total = max(1, talk.size // 4)
    earlier = any(turn.who is Who.ASSISTANT for turn in talk.turns)
    fresh = min(total, max(1, len(talk.turns[-1].text.encode()) // 4)) if earlier and talk.turns else total
    out = max(1, (len(say) + sum(len(call.arguments) for call in calls)) // 4)
    return Tokens(fresh, out, cache_read=total - fresh)
