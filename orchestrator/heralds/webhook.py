"""Tells one address when a person is needed, when a task has failed and when a run has ended: JSON, signed as
https://www.standardwebhooks.com describes, tried a bounded number of times.

Never: a delivery that the run waits for, a queue without end, a body that holds more than who asks what.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.heralds.address import NotAllowed, Target, looked_up
from orchestrator.heralds.veil import Veil
from state import events as ev
from state.ids import RunId
from state.ports import Clock
from state.run import RunState

TRIES = 5
FIRST_REST, LONGEST_REST = 1.0, 30.0
PATIENCE = 10.0
QUEUE = 256
_OK = range(200, 300)
_WORTH_ANOTHER = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same in every try, so that a receiver can tell a repeat."""

    id: str
    body: bytes


def signature(secret: bytes, message: Message, timestamp: int) -> str:
    """The header `webhook-signature`."""
    signed = b".".join((message.id.encode(), str(timestamp).encode(), message.body))
    return f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}"


@dataclass(slots=True)
class Webhook:
    """One run's deliveries, in order. `told` gets a line when one was given up."""

    target: Target
    secret: bytes = field(repr=False)
    clock: Clock
    veil: Veil
    told: Callable[[str], None]
    rest: float = FIRST_REST
    _queue: deque[Message] = field(default_factory=deque)
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _why: str = "the receiver is slow"

    def take(self, run: RunId, before: RunState, recorded: ev.Recorded, *, fresh: bool) -> None:
        if not fresh:
            return
        told = _told(before, recorded)
        if told is None:
            return
        kind, data = told
        body = {"type": kind, "timestamp": recorded.ts, "data": {"run": run, "name": before.plan.name, **data}}
        text = self.veil.over(json.dumps(body, ensure_ascii=False))
        if len(self._queue) >= QUEUE:
            self._queue.popleft()
            self.told("webhook: too many wait; the oldest is given up")
        self._queue.append(Message(f"{run}.{recorded.seq}", text.encode("utf-8", "backslashreplace")))
        self._more.set()

    async def work(self) -> None:
        while True:
            while self._queue:
                self._idle.clear()
                await self._deliver(self._queue[0])
                self._queue.popleft()
            self._idle.set()
            self._more.clear()
            await self._more.wait()

    async def close(self) -> None:
        try:
            if self._queue:
                self._idle.clear()
                await self._idle.wait()
        finally:
            if self._queue:
                self.told(f"webhook: {len(self._queue)} could not be delivered in time: {self._why}")

    async def _deliver(self, message: Message) -> None:
        rest = self.rest
        for at in range(TRIES):
            if at:
                await asyncio.sleep(rest)
                rest = min(2 * rest, LONGEST_REST)
            if not await self._tried(message):
                return
        self.told(f"webhook: {message.id} was given up: {self._why}")

    async def _tried(self, message: Message) -> bool:
        """Whether it is worth another try; one that is not, and was not taken, is told."""
        timestamp = int(self.clock.now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "tianting",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self.secret, message, timestamp),
        }
        try:
            status = await asyncio.to_thread(post, self.target, message.body, headers)
        except NotAllowed as error:
            self.told(f"webhook: {message.id} was given up: {error}")
            return False
        except (OSError, http.client.HTTPException) as error:
            self._why = str(error) or type(error).__name__
            return True
        self._why = f"the receiver answered {status}"
        if status in _OK or status in _WORTH_ANOTHER:
            return status not in _OK
        self.told(f"webhook: {message.id} was given up: {self._why}")
        return False


def _told(before: RunState, recorded: ev.Recorded) -> tuple[str, dict[str, object]] | None:
    """The type of the message and what it says; None for what nobody need be told."""
    match recorded.event:
        case ev.QuestionAsked(question=question, task=task):
            asked = {"question": question.id, "about": question.about.value, "text": question.text}
            return "run.needs_you", {**asked, "task": task, "choices": list(question.choices)}
        case (
            ev.AttemptFailed(task=task, failure=failure, retry_at=None)
            | ev.CandidateDropped(task=task, failure=failure, retry_at=None)
        ) if task is not None:
            return "task.failed", {"task": task, "kind": failure.kind.value, "detail": failure.detail}
        case ev.RunFinished(landed=landed, cancelled=cancelled, trunk_after=trunk):
            whole = len(landed) == len(before.tasks)
            status = "cancelled" if cancelled else "finished" if whole else "failed"
            counted = {"status": status, "landed": len(landed), "tasks": len(before.tasks), "trunk": trunk}
            return f"run.{'finished' if whole or cancelled else 'failed'}", counted
        case _:
            return None


def post(target: Target, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer; nothing of it is read but that, and no redirect is followed."""
    address = looked_up(target)
    connection = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE)
    raw = socket.create_connection((address, target.port), PATIENCE)
    try:
        connection.sock = _secured(raw, target) if target.tls else raw
        connection.request("POST", target.path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
        raw.close()


def _secured(raw: socket.socket, target: Target) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
