"""JSON-RPC over the lines of a program: requests out with what to do with their replies, requests in to be answered.

Never: a method of any one protocol.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agents.raw import Raw, inner, text, whole
from agents.runtimes.spoken import Voice

Reply = Callable[[Voice, Raw], None]
"""Takes the `result` of a request."""

NOT_SPOKEN = -32601
NOT_ALLOWED = -32602


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that a request of ours came to; `data` is what the program adds to it."""

    code: int
    message: str
    data: Raw


Refused = Callable[[Voice, Refusal], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    replied: Reply
    refused: Refused


class Wire:
    """Our side of the connection. `heading` stands in every message (`jsonrpc`, for those who want it)."""

    def __init__(self, heading: tuple[tuple[str, str], ...] = (("jsonrpc", "2.0"),)) -> None:
        self._heading = dict(heading)
        self._last = 0
        self._open: dict[int, _Waiting] = {}

    def request(self, voice: Voice, method: str, params: Raw, replied: Reply, refused: Refused) -> bool:
        self._last += 1
        self._open[self._last] = _Waiting(replied, refused)
        return voice.send({**self._heading, "id": self._last, "method": method, "params": params})

    def notify(self, voice: Voice, method: str, params: Raw) -> bool:
        return voice.send({**self._heading, "method": method, "params": params})

    def reply(self, voice: Voice, number: object, result: Raw | None) -> bool:
        return voice.send({**self._heading, "id": number, "result": result})

    def refuse(self, voice: Voice, number: object, code: int, why: str) -> bool:
        return voice.send({**self._heading, "id": number, "error": {"code": code, "message": why}})

    def take(self, voice: Voice, message: Raw) -> bool:
        """Whether it was the reply to a request of ours, which is dealt with then."""
        if "method" in message or not isinstance(message.get("id"), int):
            return False
        waiting = self._open.pop(whole(message, "id"), None)
        if waiting is None:
            return True
        if isinstance(message.get("error"), dict):
            error = inner(message, "error")
            waiting.refused(voice, Refusal(whole(error, "code"), text(error, "message"), inner(error, "data")))
        else:
            waiting.replied(voice, inner(message, "result"))
        return True
