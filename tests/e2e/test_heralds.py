"""Structured logs, traces and webhooks of real runs, heard by a real receiver on loopback."""

import base64
import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.command import PATIENCE, Desk, one_sentence

SECRET = "a-secret-that-only-this-test-knows"
LEAK = "ghp_abcdefghijklmnopqrstuvwxyz0123"
PLAN = f"""name: small
tasks:
  - {{id: good, role: backend, run: "echo 1 > one.txt", approve: true}}
  - {{id: bad, role: backend, retries: 0, run: "echo {LEAK} >&2; exit 3"}}
"""


class Receiver:
    """Hears what is posted. The first `faults` requests to `/hook` are answered with that status instead."""

    def __init__(self, faults: list[int]) -> None:
        self.hooks: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.spans: list[Span] = []
        self.faults = faults
        receiver = self

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = 200
                if self.path == "/hook":
                    receiver.hooks.put(({key.lower(): value for key, value in self.headers.items()}, body))
                    status = receiver.faults.pop(0) if receiver.faults else 200
                else:
                    told = ExportTraceServiceRequest.FromString(body)
                    receiver.spans += [one for r in told.resource_spans for s in r.scope_spans for one in s.spans]
                self.send_response(status)
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
        self.port = self.server.server_port

    def next(self) -> tuple[dict[str, str], dict[str, object]]:
        """The next delivery that is taken; its signature is right."""
        headers, body = self.hooks.get(timeout=PATIENCE)
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{wanted}"
        return headers, json.loads(body)


@contextmanager
def receiving(*faults: int) -> Iterator[Receiver]:
    receiver = Receiver(list(faults))
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.make(tmp_path)


def test_a_run_is_told_in_logs_traces_and_webhooks(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with receiving(503) as receiver:
        env = desk.env(
            TIANTING_LOG=f"json:{log}",
            TIANTING_TRACES=f"http://127.0.0.1:{receiver.port}/v1/traces",
            TIANTING_WEBHOOK=f"http://127.0.0.1:{receiver.port}/hook",
            TIANTING_WEBHOOK_SECRET=SECRET,
        )
        leader = desk.start("run", desk.plan(PLAN), env=env)
        first, told = receiver.next()
        again, _ = receiver.next()
        assert first["webhook-id"] == again["webhook-id"], "what was not taken is sent again under its id"
        found = {str(told["type"]): told["data"]}
        _, told = receiver.next()
        found[str(told["type"])] = told["data"]
        assert set(found) == {"run.needs_you", "task.failed"}
        assert desk.tianting("approve", "good").code == 0
        _, ended = receiver.next()
        assert leader.end().code == 1
    assert (ended["type"], receiver.hooks.empty()) == ("run.failed", True)
    run = desk.runs()[0]
    assert isinstance(found["run.needs_you"], dict)
    assert isinstance(found["task.failed"], dict)
    assert {key: found["run.needs_you"][key] for key in ("run", "task", "about")} == {
        "run": run, "task": "good", "about": "approval",
    }  # fmt: skip
    assert (found["task.failed"]["task"], found["task.failed"]["kind"]) == ("bad", "exit")
    _check_log(log, run, desk)
    _check_spans(receiver.spans)


def _check_log(log: Path, run: str, desk: Desk) -> None:
    text = log.read_text("utf-8")
    assert LEAK not in text
    assert SECRET not in text
    lines = [json.loads(line) for line in text.splitlines()]
    events = [line for line in lines if line.get("run") == run]
    assert [line["seq"] for line in events] == [one["seq"] for one in desk.log()]
    [failed] = [line for line in events if line["event"] == "AttemptFailed"]
    assert (failed["level"], failed["task"], failed["attempt"]) == ("error", "bad", "bad.1")


def _check_spans(spans: list[Span]) -> None:
    assert len({span.trace_id for span in spans}) == 1
    by_id = {span.span_id: span for span in spans}
    named = {span.name: span for span in spans if span.name.startswith(("run ", "task "))}
    assert {"task good", "task bad"} < set(named)
    above = {
        (span.name, by_id[span.parent_span_id].name) for span in spans if span.name in ("attempt", "gate")
    }  # fmt: skip
    assert {("attempt", "task good"), ("attempt", "task bad")} <= above
    [whole] = [span for span in spans if not span.parent_span_id]
    assert whole.name.startswith("run ")
    assert by_id[named["task good"].parent_span_id] is whole
    for span in spans:
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    assert named["task bad"].status.code == 2
    assert named["task good"].status.code == 0
    assert LEAK not in str(spans)


def test_a_delivery_that_is_refused_or_led_elsewhere_is_given_up_and_said(desk: Desk) -> None:
    with receiving(301, 400) as receiver:
        env = desk.env(
            TIANTING_WEBHOOK=f"http://127.0.0.1:{receiver.port}/hook", TIANTING_WEBHOOK_SECRET=SECRET
        )  # fmt: skip
        told = desk.tianting("run", desk.plan("tasks: [{id: a, role: backend, retries: 0, run: 'exit 3'}]\n"), env=env)
        assert told.code == 1
        assert receiver.hooks.qsize() == 2, "no redirect was followed, nothing was tried twice"
    assert "was given up: the receiver answered 301" in told.out + told.err
    assert "was given up: the receiver answered 400" in told.out + told.err


def test_a_receiver_that_is_away_holds_up_no_run(desk: Desk) -> None:
    env = desk.env(
        TIANTING_WEBHOOK="http://127.0.0.1:1/", TIANTING_WEBHOOK_SECRET=SECRET,
        TIANTING_TRACES="http://127.0.0.1:1/v1/traces",
    )  # fmt: skip
    told = desk.tianting("run", desk.plan("tasks: [{id: a, role: backend, run: 'echo a > a.txt'}]\n"), env=env)
    assert told.code == 0
    assert "webhook: 1 could not be delivered in time" in told.out + told.err


def test_a_webhook_without_a_secret_starts_nothing(desk: Desk) -> None:
    plan = desk.plan("tasks: [{id: a, run: 'true'}]\n")
    told = desk.tianting("run", plan, env=desk.env(TIANTING_WEBHOOK="https://example.org/"))
    one_sentence(told, 2, "TIANTING_WEBHOOK_SECRET")
    assert not (desk.top / ".git" / "tianting" / "ledger.sqlite").exists() or desk.runs() == []
