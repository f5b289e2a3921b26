"""The promises of `Cache`, for every body, and what only the one in Redis can do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.kept import Cache
from state.stores.memory_cache import MemoryCache
from state.stores.redis_cache import RedisCache
from tests.contract.bodies import CACHES, links

Two = tuple[Cache, Cache]


@pytest.fixture(params=CACHES)
async def caches(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Two]:
    async with CACHES[request.param](folder) as two:
        yield two


async def settled(cache: Cache) -> None:
    """Until other processes can have it too."""
    if isinstance(cache, RedisCache):
        async with asyncio.timeout(30):
            await cache.told()


async def test_what_was_put_is_there_for_everybody_and_nothing_else_is(caches: Two) -> None:
    here, there = caches
    odd = b"\0\xff\r\n" * 99
    await here.put("merge", "k", odd)
    await settled(here)
    assert await here.get("merge", "k") == odd
    assert await there.get("merge", "k") == odd
    assert await there.get("plan", "k") is None
    assert await there.get("merge", "kk") is None


async def test_each_question_is_counted_by_whether_it_was_known(caches: Two) -> None:
    here, _ = caches
    await here.put("merge", "k", b"1")
    for key in ("k", "k", "x"):
        await here.get("merge", key)
    await here.get("plan", "k")
    assert dict(here.asked()) == {("merge", True): 2, ("merge", False): 1, ("plan", False): 1}


async def test_a_cache_in_memory_stays_within_its_bound_and_keeps_what_is_asked_for() -> None:
    cache = MemoryCache(most=100_000)
    await cache.put("merge", "asked", b"1" * 1000)
    for number in range(1000):
        await cache.put("merge", str(number), b"1" * 1000)
        assert await cache.get("merge", "asked") is not None
        assert cache.size <= 100_000
    await cache.put("merge", "huge", b"1" * 200_000)
    assert await cache.get("merge", "huge") is None
    assert await cache.get("merge", "0") is None
    assert await cache.get("merge", "999") is not None


async def test_a_cache_in_redis_stays_within_its_bound(redis_folder: Path) -> None:
    async with links(redis_folder, 1) as (link,):
        cache = RedisCache(link, most=10)
        async with cache.at_work():
            for number in range(30):
                await cache.put("merge", str(number), b"1")
                await settled(cache)
        kept = await link.client.keys("tianting:cache:*")
        assert len(kept) == 10
        assert await link.client.ttl("tianting:cache:merge:29") > 0, "and what nobody asks for ends by itself"


async def test_what_was_put_last_is_there_for_others_when_who_put_it_has_ended(redis_folder: Path) -> None:
    async with links(redis_folder, 2) as (one, other):
        ending = RedisCache(one)
        async with ending.at_work():
            for number in range(100):
                await ending.put("merge", str(number), b"1")
        assert len(await other.client.keys("tianting:cache:merge:*")) == 100


async def test_a_redis_that_is_away_is_a_cache_that_knows_nothing_and_is_not_waited_for(redis_folder: Path) -> None:
    async with links(redis_folder, 1) as (link,):
        cache = RedisCache(link)
        async with asyncio.timeout(30), cache.at_work():
            await link.client.client_pause(2_000, all=True)
            for number in range(200):  # each of which would wait, if those behind the first did
                assert await cache.get("merge", str(number)) is None
                await cache.put("merge", str(number), b"1")
                assert await cache.get("merge", str(number)) == b"1"
