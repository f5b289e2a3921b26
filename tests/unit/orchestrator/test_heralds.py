"""What leaves the process: without secrets, signed, and only to where it may go."""

import base64
import hashlib
import hmac
import io
import json
import logging
from collections.abc import Mapping

import pytest

from orchestrator.heralds.address import NotAllowed, Target, looked_up, read_target
from orchestrator.heralds.journal import Journal, LibraryLog
from orchestrator.heralds.veil import HIDDEN, Veil
from orchestrator.heralds.wanted import read_wanted
from orchestrator.heralds.webhook import Message, signature
from orchestrator.settings import Misuse
from state import events as ev
from state.failure import Failure, FailureKind
from state.ids import AttemptId, RunId, Seq, TaskId, WindowId
from state.run import RunState


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + "a1b2" * 6,
        "ghp_abcdefghijklmnopqrstuvwxyz0123",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "a-value-of-the-environment",
    ],
)
def test_a_secret_is_taken_out(secret: str) -> None:
    veil = Veil({"MY_API_KEY": "a-value-of-the-environment", "GIT_AUTHOR_NAME": "it said"})
    assert veil.over(f"it said {secret}, then left") == f"it said {HIDDEN}, then left"


def test_a_password_in_an_address_is_taken_out_and_the_rest_stays() -> None:
    veil = Veil({"SSH_AUTH_SOCK": "/run/agent"})
    assert veil.over("at redis://ann:hunter2@host:6379/0") == f"at redis://{HIDDEN}@host:6379/0"
    assert veil.over("Authorization: Bearer abcdefghijkl") == f"Authorization: Bearer {HIDDEN}"
    assert veil.over("task-skeleton /run/agent is fine") == "task-skeleton /run/agent is fine"


def test_a_line_names_run_task_and_attempt_and_holds_no_secret() -> None:
    stream = io.StringIO()
    failure = Failure(FailureKind.EXIT, "it printed ghp_abcdefghijklmnopqrstuvwxyz0123\nand died")
    event = ev.AttemptFailed(TaskId("a"), AttemptId("a.1"), WindowId("backend-1"), failure, None)
    recorded = ev.Recorded(Seq(7), 1.5, event)
    journal = Journal(stream, Veil({}))
    journal.take(RunId("r-1"), RunState(), recorded, fresh=False)
    assert stream.getvalue() == ""
    journal.take(RunId("r-1"), RunState(), recorded, fresh=True)
    [line] = stream.getvalue().splitlines()
    assert json.loads(line) == {
        "ts": "1970-01-01T00:00:01.500Z", "level": "error", "event": "AttemptFailed", "run": "r-1", "seq": 7,
        "task": "a", "attempt": "a.1", "window": "backend-1",
        "message": f"AttemptFailed: it printed {HIDDEN}\nand died",
    }  # fmt: skip


def test_what_a_library_complains_of_is_a_line_too() -> None:
    stream = io.StringIO()
    ear = LibraryLog(Journal(stream, Veil({"TOKEN": "very-secret-one"})))
    ear.handle(logging.LogRecord("lib", logging.WARNING, "x.py", 1, "no %s", ("very-secret-one",), None))
    told = json.loads(stream.getvalue())
    assert (told["level"], told["logger"], told["message"]) == ("warning", "lib", f"no {HIDDEN}")


def test_a_message_is_signed_over_its_id_its_time_and_its_body() -> None:
    message = Message("r-1.7", b'{"a":1}')
    wanted = hmac.new(b"s" * 16, b'r-1.7.1234.{"a":1}', hashlib.sha256).digest()
    assert signature(b"s" * 16, message, 1234) == "v1," + base64.b64encode(wanted).decode()


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org/a?b=1", Target("example.org", 443, "/a?b=1", tls=True, literal=False)),
        ("http://127.0.0.1:8080", Target("127.0.0.1", 8080, "/", tls=False, literal=True)),
        ("http://[::1]:8080/x", Target("::1", 8080, "/x", tls=False, literal=True)),
        ("https://10.0.0.1/x", Target("10.0.0.1", 443, "/x", tls=True, literal=True)),
    ],
)
def test_an_address_is_read(url: str, target: Target) -> None:
    assert read_target(url) == target


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/b", "http://example.org/", "http://10.0.0.1/", "https://ann:pw@example.org/", "https://a:99999/",
     "https://a/b c", "https://a/#b", "file:///etc/passwd", "https:///x"],
)  # fmt: skip
def test_an_address_that_can_not_be_meant_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed):
        read_target(url)


@pytest.mark.parametrize("host", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::ffff:169.254.169.254"])
def test_no_delivery_goes_to_a_link_local_address_or_to_many(host: str) -> None:
    with pytest.raises(NotAllowed, match="no webhook may go"):
        looked_up(Target(host, 443, "/", tls=True, literal=True))


def test_a_name_that_leads_inside_is_refused_but_the_address_itself_may_be_meant() -> None:
    with pytest.raises(NotAllowed, match="inside"):
        looked_up(Target("127.0.0.1", 443, "/", tls=True, literal=False))
    assert looked_up(Target("10.0.0.1", 443, "/", tls=True, literal=True)) == "10.0.0.1"
    assert looked_up(Target("127.0.0.1", 80, "/", tls=False, literal=True)) == "127.0.0.1"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TIANTING_LOG": "yaml"}, "TIANTING_LOG"),
        ({"TIANTING_TRACES": "localhost:4318"}, "TIANTING_TRACES"),
        ({"TIANTING_WEBHOOK": "http://example.org"}, "plain http"),
        ({"TIANTING_WEBHOOK": "https://example.org"}, "secret"),
        ({"TIANTING_WEBHOOK": "https://example.org", "TIANTING_WEBHOOK_SECRET": "short"}, "secret"),
        ({"TIANTING_WEBHOOK": "https://a.org", "TIANTING_WEBHOOK_SECRET_FILE": "/nowhere"}, "can not be read"),
    ],
)
def test_a_setting_that_can_not_be_meant_is_refused(environ: Mapping[str, str], words: str) -> None:
    with pytest.raises(Misuse, match=words):
        read_wanted(environ)


def test_nobody_is_told_unless_that_is_asked_for() -> None:
    wanted = read_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    assert (wanted.log, wanted.traces, wanted.hook) == (None, "", None)
