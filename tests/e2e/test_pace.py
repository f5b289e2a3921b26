"""Rate limits over a real server: who asks too often is told to wait, and how long; nobody else waits for it."""

import pytest
from limits import parse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dashboard.app import login_path
from dashboard.pace import Kind
from dashboard.ports import Options
from tests.e2e.test_api import assert_problem
from tests.e2e.test_auth import session
from tests.support.stage import TOKEN, on_stage
from tests.support.story import Story, World

OTHER = "another-token-of-this-test"
RUN = "/api/v1/runs/bookshop-1"


def limited(**rates: str) -> Options:
    found = {Kind(name): parse(rate) for name, rate in rates.items()}
    return Options(tokens=(TOKEN, OTHER), can_launch=True, rates=found)


async def test_too_many_requests_are_told_how_long_to_wait() -> None:
    world = World()
    await Story.begin(world)
    async with on_stage(world, limited(read="3/day")) as stage, stage.client() as client:
        for _ in range(3):
            assert (await client.get(RUN)).status_code == 200
        told = await client.get(RUN)
        assert_problem(told, 429, "too-many-requests")
        assert 0 < int(told.headers["retry-after"]) <= 86_400
        assert (await client.get("/metrics")).text.count('tianting_rate_limited_total{kind="read"} 1.0') == 1


async def test_the_wait_is_of_one_token_and_one_route() -> None:
    world = World()
    await Story.begin(world)
    async with on_stage(world, limited(read="1/day", write="1/day")) as stage:
        async with stage.client() as client:
            assert (await client.get(RUN)).status_code == 200
            assert (await client.get("/api/v1/runs/none")).status_code == 429, "another run is not another route"
            assert (await client.get(f"{RUN}/train")).status_code == 200
            assert (await client.post(f"{RUN}/intents", json={"kind": "PauseRun"})).status_code == 202
            assert (await client.post(f"{RUN}/intents", json={"kind": "PauseRun"})).status_code == 429
            assert (await client.get("/healthz")).status_code == 200
        async with stage.client(OTHER) as client:
            assert (await client.get(RUN)).status_code == 200
        async with stage.client(None) as client:
            client.headers.update(await session(stage))
            assert (await client.get(RUN)).status_code == 200
            assert (await client.get(RUN)).status_code == 429
        async with stage.client("wrong") as client:
            assert (await client.get(RUN)).status_code == 401, "a stranger learns of no limit"


async def test_launches_have_a_rate_of_their_own() -> None:
    async with on_stage(World(), limited(launch="1/day")) as stage, stage.client() as client:
        plan = {"plan": "name: a\ntasks:\n  - {id: a, run: 'true'}\n"}
        assert (await client.post("/api/v1/runs", json=plan)).status_code == 202
        assert_problem(await client.post("/api/v1/runs", json=plan), 429, "too-many-requests")
        assert (await client.get("/api/v1/runs")).status_code == 200


async def test_a_socket_is_refused_that_comes_too_often() -> None:
    world = World()
    await Story.begin(world)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with on_stage(world, limited(feed="1/day")) as stage:
        url = f"{stage.feed}/bookshop-1/feed"
        async with connect(url, additional_headers=bearer, proxy=None) as socket:
            assert await socket.recv()
            with pytest.raises(InvalidStatus) as raised:
                async with connect(url, additional_headers=bearer, proxy=None):
                    pass
        assert raised.value.response.status_code == 429
        assert int(raised.value.response.headers["retry-after"]) > 0


async def test_the_login_is_limited_by_address_whatever_is_tried() -> None:
    async with on_stage(World(), limited(login="4/day")) as stage, stage.client(None) as client:
        for _ in range(4):  # the same wrong link again and again is one guess only
            assert (await client.get("/login?once=stale")).status_code == 401
        assert_problem(await client.get(login_path(stage.app)), 429, "too-many-requests")
        async with stage.client() as program:
            assert (await program.get("/api/v1/runs")).status_code == 200


async def test_without_limits_nothing_waits() -> None:
    async with on_stage(World(), Options(tokens=(TOKEN,), rates={})) as stage, stage.client() as client:
        for _ in range(50):
            assert (await client.get("/api/v1/runs")).status_code == 200
