"""The door, over a real server: who has no token learns nothing, and no other site's page can act through a browser."""

import asyncio
import logging
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboard.app import login_path
from dashboard.ports import Options
from tests.support.stage import PATIENCE, TOKEN, Stage, on_stage
from tests.support.story import Story, World

RUN = "/api/v1/runs/bookshop-1"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    world = World()
    await Story.begin(world)
    async with on_stage(world) as stage:
        yield stage


async def session(stage: Stage) -> dict[str, str]:
    """The Cookie header of a person who has opened the one-time link."""
    async with stage.client(None) as client:
        answer = await client.get(login_path(stage.app))
    assert answer.status_code == 200
    cookie = SimpleCookie(answer.headers["set-cookie"])
    return {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookie.items())}


async def refused(url: str, headers: dict[str, str]) -> int:
    """The status with which a socket is refused; whatever name the URL has, it is asked for on loopback."""
    port = urlsplit(url).port
    with pytest.raises(InvalidStatus) as raised:
        async with connect(url, additional_headers=headers, proxy=None, host="127.0.0.1", port=port):
            pass
    assert b'"code"' in (raised.value.response.body or b"")
    return raised.value.response.status_code


PATHS = [
    "/api/v1/runs",
    RUN,
    "/api/v1/runs/none",
    f"{RUN}/feed",
    "/api/v1/nothing",
    "/metrics",
    "/openapi.json",
    "/docs",
]


async def test_without_the_token_everything_looks_the_same(stage: Stage) -> None:
    async with stage.client(None) as client:
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            answers = [await client.get(path, headers=header) for path in PATHS]
            for answer in answers:
                assert (answer.status_code, answer.json()["code"]) == (401, "no-token")
                assert answer.headers["www-authenticate"].startswith("Bearer")
            assert len({answer.text for answer in answers}) == 1


async def test_without_the_token_a_socket_does_not_tell_whether_a_run_exists(stage: Stage) -> None:
    for run in ("bookshop-1", "none"):
        assert await refused(f"{stage.feed}/{run}/feed", {}) == 401
        assert await refused(f"{stage.feed}/{run}/feed", {"Authorization": "Bearer wrong"}) == 401


async def test_with_the_token_a_socket_says_what_is_wrong(stage: Stage) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert await refused(f"{stage.feed}/none/feed", bearer) == 404
    assert await refused(f"{stage.feed}/bookshop-1/feed?after=99", bearer) == 409
    assert await refused(f"{stage.feed}/bookshop-1/feed?after=x", bearer) == 422


async def test_health_needs_no_token_and_metrics_only_when_told(stage: Stage) -> None:
    async with stage.client(None) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz", headers={"Host": "10.1.2.3:7357"})).status_code == 200
        assert (await client.get("/metrics")).status_code == 401
    async with on_stage(World(), Options(tokens=(TOKEN,), open_metrics=True)) as other, other.client(None) as client:
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/api/v1/runs")).status_code == 401


async def test_without_any_token_nobody_comes_in() -> None:
    async with on_stage(World(), Options(tokens=("",))) as stage, stage.client(None) as client:
        for header in ("Bearer", "bearer x", "Bearer =", "x"):
            answer = await client.get("/api/v1/runs", headers={"Authorization": header})
            assert answer.status_code == 401


async def test_a_one_time_link_opens_a_session_once(stage: Stage) -> None:
    link = login_path(stage.app)
    async with stage.client(None) as client:
        first = await client.get(link)
        assert first.status_code == 200
        kept = first.headers["set-cookie"].lower()
        assert "httponly" in kept
        assert "samesite=strict" in kept
        assert "path=/" in kept
        assert (await client.get("/api/v1/runs")).status_code == 200
    async with stage.client(None) as stranger:
        assert (await stranger.get(link)).status_code == 401
        assert (await stranger.get("/api/v1/runs")).status_code == 401


async def test_a_link_is_not_used_up_by_what_is_no_window(stage: Stage) -> None:
    link = login_path(stage.app)
    async with stage.client(None) as client:
        for header in ({"Sec-Fetch-Dest": "image"}, {"Purpose": "prefetch"}):
            assert (await client.get(link, headers=header)).status_code == 403
        assert (await client.head(link)).status_code == 405
        assert (await client.get(link)).status_code == 200


async def test_a_person_logs_in_with_a_token_and_out_again(stage: Stage) -> None:
    origin = {"Origin": stage.url}
    async with stage.client(None) as client:
        page = await client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 401
        assert 'name="token"' in page.text
        assert (await client.post("/login", data={"token": "wrong"}, headers=origin)).status_code == 401
        assert (await client.post("/login", data={"token": TOKEN}, headers=origin)).status_code == 200
        assert (await client.get("/", headers={"Accept": "text/html"})).status_code == 200
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        assert (await client.post("/logout", headers=origin)).status_code == 303
        assert (await client.get("/api/v1/runs", headers={"Cookie": cookies})).status_code == 401


async def test_who_logs_out_follows_no_more(stage: Stage) -> None:
    """In another tab too; a program with the token goes on."""
    person, program = await session(stage), {"Authorization": f"Bearer {TOKEN}"}
    origin = {"Origin": stage.url}
    url = f"{stage.url.replace('http', 'ws')}{RUN}/feed"
    async with (
        connect(url, additional_headers=person | origin, proxy=None) as mine,
        connect(url, additional_headers=program, proxy=None) as other,
        stage.client(None) as client,
        client.stream("GET", f"{RUN}/feed", headers=person) as served,
    ):
        await asyncio.gather(mine.recv(), other.recv())
        lines = served.aiter_lines()
        while not (await anext(lines)).startswith("data:"):
            pass
        assert (await client.post("/logout", headers=person | origin)).status_code == 303
        async with asyncio.timeout(PATIENCE):
            async for _ in lines:
                pass
            with pytest.raises(ConnectionClosed) as closed:
                await mine.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        pong = await other.ping()
        async with asyncio.timeout(PATIENCE):
            await pong


async def test_cookies_of_two_servers_on_one_machine_do_not_meet(stage: Stage) -> None:
    async with on_stage(World()) as other:
        mine, theirs = await session(stage), await session(other)
    assert mine["Cookie"].split("=")[0] != theirs["Cookie"].split("=")[0]


async def test_a_name_that_was_bent_to_this_machine_is_refused(stage: Stage) -> None:
    async with stage.client() as client:
        for host in ("evil.example", "127.0.0.1.evil.example", "[::2]", "user@127.0.0.1", "127.0.0.1:7357:1"):
            answer = await client.get("/api/v1/runs", headers={"Host": host})
            assert (answer.status_code, answer.json()["code"]) == (403, "host")


async def test_the_names_of_this_machine_are_answered_to(stage: Stage) -> None:
    async with stage.client() as client:
        for host in (f"localhost:{stage.port}", "127.0.0.1", f"[::1]:{stage.port}", f"LOCALHOST:{stage.port}"):
            assert (await client.get("/api/v1/runs", headers={"Host": host})).status_code == 200


async def test_a_socket_under_a_bent_name_is_refused(stage: Stage) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    bent = f"ws://evil.example:{stage.port}/api/v1/runs/bookshop-1/feed"
    assert await refused(bent, bearer) == 403


async def test_another_origin_can_neither_read_nor_act(stage: Stage) -> None:
    cookie, bearer = await session(stage), {"Authorization": f"Bearer {TOKEN}"}
    async with stage.client(None) as client:
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"):
            person = {**cookie, "Origin": origin}
            assert (await client.get("/api/v1/runs", headers=person)).json()["code"] == "origin"
            answer = await client.post(f"{RUN}/intents", json={"kind": "CancelRun"}, headers=person)
            assert (answer.status_code, answer.json()["code"]) == (403, "origin")
            assert await refused(f"{stage.feed}/bookshop-1/feed", person) == 403
            assert await refused(f"{stage.feed}/bookshop-1/feed", {**bearer, "Origin": origin}) == 403
    assert not await stage.world.store.pending("bookshop-1", 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_of_another_port_is_another_site(stage: Stage, site: str) -> None:
    person = {**await session(stage), "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    async with stage.client(None) as client:
        assert (await client.get(RUN, headers=person)).json()["code"] == "origin"
        arriving = {**person, "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
        assert (await client.get("/", headers=arriving)).status_code == 200


async def test_with_a_session_an_act_needs_an_origin_and_a_program_needs_none(stage: Stage) -> None:
    person = await session(stage)
    body = {"kind": "PauseRun"}
    async with stage.client(None) as client:
        assert (await client.post(f"{RUN}/intents", json=body, headers=person)).json()["code"] == "origin"
        own = {**person, "Origin": stage.url}
        assert (await client.post(f"{RUN}/intents", json=body, headers=own)).status_code == 202
        assert (await client.get(RUN, headers=person)).status_code == 200
    async with stage.client() as program:
        assert (await program.post(f"{RUN}/intents", json=body)).status_code == 202
    assert await refused(f"{stage.feed}/bookshop-1/feed", person) == 403
    async with connect(f"{stage.feed}/bookshop-1/feed", additional_headers=own, proxy=None):
        pass


async def test_who_asked_is_noted_as_a_person_or_a_program(stage: Stage) -> None:
    own = {**await session(stage), "Origin": stage.url}
    async with stage.client(None) as client:
        await client.post(f"{RUN}/intents", json={"kind": "PauseRun"}, headers=own)
    async with stage.client() as program:
        await program.post(f"{RUN}/intents", json={"kind": "PauseRun"})
    pending = await stage.world.store.pending("bookshop-1", 0)  # type: ignore[arg-type]
    assert [one.by for one in pending] == ["dashboard", "api"]


async def test_an_origin_of_the_options_is_let_in() -> None:
    world = World()
    await Story.begin(world)
    options = Options(tokens=(TOKEN,), origins=("https://court.example",), hosts=("Court.Example",))
    async with on_stage(world, options) as stage, stage.client() as client:
        headers = {"Host": "court.example", "Origin": "https://court.example"}
        assert (await client.post(f"{RUN}/intents", json={"kind": "PauseRun"}, headers=headers)).status_code == 202


async def test_guessing_is_slowed_down(stage: Stage) -> None:
    async with stage.client(None) as client:
        codes = [
            (await client.get("/api/v1/runs", headers={"Authorization": f"Bearer guess-{number}"})).status_code
            for number in range(12)
        ]
        assert codes == [401] * 10 + [429] * 2
        late = await client.get("/api/v1/runs", headers={"Authorization": f"Bearer {TOKEN}"})
        assert (late.status_code, late.headers["retry-after"]) == (429, "60")
        assert (await client.get(f"/login?once={TOKEN}")).status_code == 429
        stage.world.clock.at += 61
        assert (await client.get("/api/v1/runs", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200


async def test_a_session_goes_on_while_guessing_is_slowed_down(stage: Stage) -> None:
    person = await session(stage)
    async with stage.client(None) as client:
        for number in range(12):
            await client.get("/api/v1/runs", headers={"Authorization": f"Bearer guess-{number}"})
        assert (await client.get("/api/v1/runs", headers=person)).status_code == 200


async def test_every_answer_carries_the_security_headers(stage: Stage) -> None:
    async with stage.client() as client:
        for path in ("/", RUN, "/static/docs.js", "/login", "/healthz", "/api/v1/nothing"):
            assert_guarded((await client.get(path)).headers)


def assert_guarded(headers: httpx2.Headers) -> None:
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


async def test_a_refused_stranger_gets_them_too(stage: Stage) -> None:
    async with stage.client(None) as client:
        answer = await client.get("/", headers={"Accept": "text/html"})
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


async def test_no_secret_reaches_a_log_or_an_answer(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = login_path(stage.app)
    once = link.partition("=")[2]
    async with stage.client() as client:
        answers = [await client.get("/"), await client.get(RUN), await client.get("/api/v1/nothing")]
        async with connect(
            f"{stage.feed}/bookshop-1/feed", additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None
        ):
            pass
    async with stage.client(None) as client:
        answers.append(await client.get(link))
        answers.append(await client.get(link))
    served = [
        record for record in caplog.records if record.name.partition(".")[0] in ("uvicorn", "dashboard", "asyncio")
    ]
    logged = " ".join(record.getMessage() for record in served)
    for secret in (TOKEN, once):
        assert secret not in logged
        assert not any(secret in answer.text for answer in answers)
        assert secret not in repr(stage.app.state.room.options)


async def test_a_wrong_cookie_header_is_no_session(stage: Stage) -> None:
    async with stage.client(None) as client:
        for cookie in ("tianting=", f"tianting_{stage.port}=x", "\x7f=;;", "a=b; tianting_0=1"):
            answer = await client.get("/api/v1/runs", headers={"Cookie": cookie})
            assert answer.status_code in (400, 401)


def test_the_client_used_here_sends_no_origin_of_its_own() -> None:
    """Else the tests above would prove less than they say."""
    assert "origin" not in httpx2.AsyncClient().headers
