"""The promises of `Lease`, for every body."""

from tests.contract.bodies import Body, HandClock


async def test_a_held_lease_is_not_given_to_another(body: Body) -> None:
    mine = await body.lease.take("trunk:main", "me", 10.0)
    assert mine is not None
    assert (mine.name, mine.holder, mine.expires) == ("trunk:main", "me", 1_010.0)
    assert await body.other_lease.take("trunk:main", "you", 10.0) is None
    assert await body.other_lease.holder("trunk:main") == mine


async def test_leases_of_different_names_do_not_meet(body: Body) -> None:
    assert await body.lease.take("port:1", "me", 10.0) is not None
    assert await body.other_lease.take("port:2", "you", 10.0) is not None


async def test_the_holder_itself_takes_again_under_a_new_token(body: Body) -> None:
    first = await body.lease.take("x", "me", 10.0)
    second = await body.lease.take("x", "me", 10.0)
    assert first is not None
    assert second is not None
    assert second.token > first.token


async def test_a_released_lease_is_free_at_once(body: Body) -> None:
    mine = await body.lease.take("x", "me", 10.0)
    assert mine is not None
    await body.lease.release(mine)
    assert await body.lease.holder("x") is None
    assert await body.other_lease.take("x", "you", 10.0) is not None


async def test_an_expired_lease_is_free(body: Body, clock: HandClock) -> None:
    await body.lease.take("x", "me", 10.0)
    clock.time += 9.999
    assert await body.other_lease.take("x", "you", 10.0) is None
    clock.time += 0.001
    assert await body.lease.holder("x") is None
    assert await body.other_lease.take("x", "you", 10.0) is not None


async def test_renewing_extends_under_the_same_token(body: Body, clock: HandClock) -> None:
    mine = await body.lease.take("x", "me", 10.0)
    assert mine is not None
    clock.time += 8.0
    renewed = await body.lease.renew(mine, 10.0)
    assert renewed is not None
    assert (renewed.token, renewed.expires) == (mine.token, 1_018.0)
    clock.time += 8.0
    assert await body.other_lease.holder("x") == renewed


async def test_an_expired_lease_that_nobody_took_can_be_renewed(body: Body, clock: HandClock) -> None:
    mine = await body.lease.take("x", "me", 10.0)
    assert mine is not None
    clock.time += 100.0
    renewed = await body.lease.renew(mine, 10.0)
    assert renewed is not None
    assert await body.other_lease.holder("x") == renewed


async def test_a_lost_lease_is_neither_renewed_nor_released(body: Body, clock: HandClock) -> None:
    mine = await body.lease.take("x", "me", 10.0)
    assert mine is not None
    clock.time += 100.0
    yours = await body.other_lease.take("x", "you", 10.0)
    assert await body.lease.renew(mine, 10.0) is None
    await body.lease.release(mine)
    assert await body.lease.holder("x") == yours


async def test_a_released_lease_is_not_renewed(body: Body) -> None:
    mine = await body.lease.take("x", "me", 10.0)
    assert mine is not None
    await body.lease.release(mine)
    assert await body.lease.renew(mine, 10.0) is None
    assert await body.lease.holder("x") is None


async def test_a_renewed_lease_can_be_released_by_any_copy_of_it(body: Body) -> None:
    mine = await body.lease.take("x", "me", 10.0)
    assert mine is not None
    await body.lease.renew(mine, 50.0)
    await body.lease.release(mine)
    assert await body.lease.holder("x") is None


async def test_tokens_of_a_name_only_grow_through_release_and_expiry(body: Body, clock: HandClock) -> None:
    tokens = []
    for round_ in range(6):
        held = await body.lease.take("x", f"holder {round_}", 10.0)
        assert held is not None
        tokens.append(held.token)
        if round_ % 2:
            await body.lease.release(held)
        else:
            clock.time += 10.0
    assert tokens == sorted(set(tokens))


async def test_leases_are_listed_by_prefix_without_those_that_ended(body: Body, clock: HandClock) -> None:
    for name in ("port:9", "port:10", "port:8", "ports", "run:a", "port%", "port_"):
        await body.lease.take(name, "me", 10.0)
    eight = await body.lease.holder("port:8")
    assert eight is not None
    await body.lease.release(eight)
    assert [held.name for held in await body.other_lease.held_by("port:")] == ["port:10", "port:9"]
    assert len(await body.lease.held_by("")) == 6
    clock.time += 10.0
    assert await body.lease.held_by("port:") == []
