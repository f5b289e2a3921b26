"""The API against its own description: no fault of ours and no answer that is not described, whatever is asked; and
nothing of it for who has no token."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from dashboard.app import describe
from dashboard.ports import Options
from tests.support.stage import PATIENCE, TOKEN, PaperFiles, on_stage
from tests.support.story import Story, World, sha

EXAMPLES = 15
PLAN = b"name: a\ntasks:\n  - {id: a, run: 'true'}\n"
REAL = {"run": ("bookshop-1",), "task": ("schema", "api"), "candidate": ("schema.1",), "commit": (sha("mdocs"),)}
FEED = "/api/v1/runs/{run}/feed"

load_all_checks()
PROMISES = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
        "response_headers_conformance",
    )
]  # fmt: skip
OPERATIONS = {
    found.ok().label: found.ok()
    for found in schemathesis.openapi.from_dict(describe()).get_all_operations()
    if isinstance(found, Ok)
}


@contextmanager
def served() -> Iterator[str]:
    """The address of a server with a run, in a thread of its own: schemathesis asks as `requests` does."""
    loop, told, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    address: list[str] = []

    async def work() -> None:
        world = World()
        story = await Story.begin(world)
        await story.dispatch("schema")
        await story.succeed("schema")
        await story.conflict("schema")
        await story.whole("docs")
        options = Options(tokens=(TOKEN,), can_launch=True, rates={})
        async with on_stage(world, options, files=PaperFiles(plan=PLAN)) as stage:
            address.append(stage.url)
            told.set()
            await stop.wait()

    def run() -> None:
        try:
            loop.run_until_complete(work())
        finally:
            told.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert told.wait(PATIENCE)
        assert address
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        loop.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_answer_is_described_and_none_is_a_fault_of_ours(server: str, label: str) -> None:
    operation = OPERATIONS[label]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        for name, real in REAL.items():
            if name in case.path_parameters and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(real))
        if operation.path == FEED:
            _ask_the_feed(case, server)
            return
        answer = case.call(base_url=server, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE)
        case.validate_response(answer, checks=PROMISES)  # type: ignore[arg-type]  # all of them are functions

    ask()


def _ask_the_feed(case: schemathesis.Case[Any], server: str) -> None:
    """A feed does not end: its head is looked at."""
    asked = case.as_transport_kwargs(base_url=server, headers={"Authorization": f"Bearer {TOKEN}"})
    with requests.request(**{**asked, "stream": True, "timeout": PATIENCE}) as answer:
        kind = answer.headers["content-type"].partition(";")[0]
        assert (answer.status_code // 100, kind) in {(2, "text/event-stream"), (4, "application/problem+json")}


def test_the_description_names_every_operation() -> None:
    paths = describe()["paths"]
    assert isinstance(paths, dict)
    assert len(OPERATIONS) == sum(len(one) for one in paths.values()) > 15


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_who_has_no_token_is_told_the_same_of_what_is_and_what_is_not(server: str, label: str) -> None:
    operation = OPERATIONS[label]
    if operation.path in ("/healthz", "/readyz"):
        return
    there = {name: real[0] for name, real in REAL.items()}
    gone = dict.fromkeys(REAL, "none-of-that-name")
    told = set()
    for names in (there, gone):
        for secret in ("", "wrong", TOKEN[:-1]):
            url = server + operation.path.format(**names)
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            answer = requests.request(operation.method, url, headers=headers, json={}, timeout=PATIENCE)
            told.add((answer.status_code, answer.text, answer.headers.get("content-type")))
    assert len(told) == 1
    assert {status for status, *_ in told} == {401}


OUTSIDE = [
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd",
    "..%5c..%5cetc%5cpasswd", "/etc/passwd", "%00", "app/../../app.py", "app/%2e%2e/%2e%2e/auth.py", "~root/.profile",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_what_is_served(server: str, path: str) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for before in ("/static/", "/static/app/", "/api/v1/runs/", "/api/v1/runs/bookshop-1/tasks/", "/"):
        request = requests.Request("GET", server, headers=bearer).prepare()
        request.url = f"{server}{before}{path}"  # as it is written, not as a client would tidy it up
        with requests.Session() as session:
            session.trust_env = False
            answer = session.send(request, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code < 500
        assert "root:" not in answer.text
        assert "import " not in answer.text
        assert answer.status_code in (400, 404) or "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "..", ".git/config", "a/../../secret", "\0"])
def test_no_plan_is_read_from_outside_of_the_work_tree(server: str, path: str) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(f"{server}/api/v1/runs", json={"path": path}, headers=bearer, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-plan")
