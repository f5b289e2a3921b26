"""Which heralds are wanted, as the environment says: `TIANTING_LOG`, `TIANTING_TRACES`, `TIANTING_WEBHOOK`. Without
these nothing is told to anybody.

Never: a library loaded that nobody asked for.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from orchestrator.heralds.address import NotAllowed, Target, read_target
from orchestrator.heralds.reader import Herald
from orchestrator.heralds.veil import Veil
from orchestrator.settings import Misuse
from state.ports import Clock

NO_OTEL = "traces need packages that are not installed: pip install 'tianting[otel]'"
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """`log` is None, or "" for standard error, or a file's path; `traces` the URL of an OTLP receiver, or ""."""

    log: str | None
    traces: str
    hook: Target | None
    secret: bytes = field(repr=False)


def read_wanted(environ: Mapping[str, str]) -> Wanted:
    """`Misuse` for what can not be meant, or can not be done here."""
    traces = environ.get("TIANTING_TRACES", "")
    if traces and (urlsplit(traces).scheme not in ("http", "https") or not urlsplit(traces).netloc):
        raise Misuse(
            f"TIANTING_TRACES is the URL of an OTLP receiver, such as http://127.0.0.1:4318/v1/traces, not {traces!r}"
        )
    if traces and (find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter") is None):
        raise Misuse(NO_OTEL)
    hook, secret = _hook(environ)
    return Wanted(_log(environ.get("TIANTING_LOG", "")), traces, hook, secret)


def _log(text: str) -> str | None:
    kind, colon, path = text.partition(":")
    if not text:
        return None
    if kind != "json" or (colon and not path):
        raise Misuse(f"TIANTING_LOG is json (to standard error) or json:FILE, not {text!r}")
    return path


def _hook(environ: Mapping[str, str]) -> tuple[Target | None, bytes]:
    url, file = environ.get("TIANTING_WEBHOOK", ""), environ.get("TIANTING_WEBHOOK_SECRET_FILE", "")
    if not url:
        return None, b""
    try:
        target = read_target(url)
        secret = Path(file).read_text("utf-8").strip() if file else environ.get("TIANTING_WEBHOOK_SECRET", "")
    except NotAllowed as error:
        raise Misuse(f"TIANTING_WEBHOOK can not be used: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"TIANTING_WEBHOOK_SECRET_FILE {file} can not be read: {error}") from error
    if len(secret) < _SHORTEST_SECRET:
        raise Misuse(
            f"a webhook needs a secret of {_SHORTEST_SECRET} characters at least, to sign what is sent: "
            "set TIANTING_WEBHOOK_SECRET or TIANTING_WEBHOOK_SECRET_FILE"
        )
    return target, secret.encode()


@dataclass(frozen=True, slots=True)
class Heralds:
    """What makes the heralds of a run. `stream` is where the log goes, None where there is none."""

    wanted: Wanted
    clock: Clock
    veil: Veil
    stream: TextIO | None

    def of_a_run(self, told: Callable[[str], None]) -> tuple[Herald, ...]:
        return tuple(self._made(told))

    def _made(self, told: Callable[[str], None]) -> Iterator[Herald]:
        if self.stream is not None:
            from orchestrator.heralds.journal import Journal

            yield Journal(self.stream, self.veil)
        if self.wanted.traces:
            import logging

            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            from orchestrator.heralds.traces import Traces

            # A receiver that is away is no news for a terminal; the structured log, if there is one, has it.
            logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
            yield Traces(OTLPSpanExporter(endpoint=self.wanted.traces), self.veil)
        if self.wanted.hook is not None:
            from orchestrator.heralds.webhook import Webhook

            yield Webhook(self.wanted.hook, self.wanted.secret, self.clock, self.veil, told)


@contextmanager
def open_heralds(environ: Mapping[str, str], clock: Clock) -> Iterator[Heralds]:
    """For as long as the block lasts; the log's file is appended to."""
    wanted, veil = read_wanted(environ), Veil(environ)
    with _stream(wanted.log) as stream:
        heralds = Heralds(wanted, clock, veil, stream)
        if stream is None:
            yield heralds
            return
        from orchestrator.heralds.journal import Journal, listen_to_libraries

        deaf = listen_to_libraries(Journal(stream, veil))
        try:
            yield heralds
        finally:
            deaf()


@contextmanager
def _stream(path: str | None) -> Iterator[TextIO | None]:
    if not path:
        yield None if path is None else sys.stderr
        return
    try:
        file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115
    except OSError as error:
        raise Misuse(f"TIANTING_LOG: {path} can not be written: {error.strerror}") from error
    with file:
        yield file
