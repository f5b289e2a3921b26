"""What runs of one repository share, over every body of the leases."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.sharing import CLAIM_SECONDS, Sharing
from state import events as ev
from state.ids import Sha
from state.ports import Held, Lease
from tests.contract.bodies import Body, HandClock
from tests.support.playbook import Playbook, plan, start, task

PLAN = plan(task("schema", exclusive=("db/**",)), "other")
DOOR = PLAN.credential_of(PLAN.windows[0].role)


MOVED = ev.TrunkMoved(Sha("T"), Sha("U"))


class Side:
    """One of the runs, as far as it shares anything."""

    def __init__(self, name: str, lease: Lease, clock: HandClock) -> None:
        self.book = Playbook(PLAN)
        self.sharing = Sharing(lease, clock, self.book.run, PLAN, f"host:boot:1:2:{name}", "place", self.moved)
        self.trunk: ev.TrunkMoved | None = None
        self.told: list[ev.Event] = []

    async def moved(self) -> ev.TrunkMoved | None:
        return self.trunk

    async def claim(self, *globs: str) -> str:
        return await self.sharing.claim(globs, self.told.append)

    async def look(self) -> None:
        await self.sharing.look(self.told.append)


def both(body: Body, clock: HandClock) -> tuple[Side, Side]:
    return Side("one", body.lease, clock), Side("two", body.other_lease, clock)


async def test_of_two_runs_one_claims_what_meets_and_the_other_learns_who(body: Body, clock: HandClock) -> None:
    one, after = both(body, clock)
    assert await one.claim("db/**", "schema.sql") == ""
    assert (
        await after.claim("docs/**", "db/migrations/**") == "db/migrations/** is claimed by run one of this repository"
    )
    assert after.told == [ev.ClaimsElsewhere((("db/**", "one"), ("schema.sql", "one")))]
    assert await after.claim("docs/**") == ""
    assert len(after.told) == 1


@dataclass
class Paused:
    """Leases by way of a process that is paused, once, just before it takes a claim. `meanwhile`: what happens then."""

    lease: Lease
    meanwhile: Callable[[], Awaitable[None]] | None

    async def take(self, name: str, holder: str, ttl: float) -> Held | None:
        if self.meanwhile is not None and name.startswith("claim:"):
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return await self.lease.take(name, holder, ttl)

    async def renew(self, held: Held, ttl: float) -> Held | None:
        return await self.lease.renew(held, ttl)

    async def release(self, held: Held) -> None:
        await self.lease.release(held)

    async def holder(self, name: str) -> Held | None:
        return await self.lease.holder(name)

    async def held_by(self, prefix: str) -> list[Held]:
        return await self.lease.held_by(prefix)


async def test_who_was_paused_between_looking_and_claiming_looks_again(body: Body, clock: HandClock) -> None:
    after = Side("two", body.other_lease, clock)

    async def meanwhile() -> None:
        clock.time += 60.0
        assert await after.claim("db/migrations/**") == ""

    one = Side("one", Paused(body.lease, meanwhile), clock)
    assert await one.claim("docs/**", "db/**") == "db/** is claimed by run two of this repository"
    assert [held.name for held in await body.lease.held_by("claim:")] == ["claim:place:db/migrations/**"]


async def test_who_was_paused_and_is_in_nobodys_way_has_its_claim(body: Body, clock: HandClock) -> None:
    after = Side("two", body.other_lease, clock)

    async def meanwhile() -> None:
        clock.time += 60.0
        assert await after.claim("web/**") == ""

    one = Side("one", Paused(body.lease, meanwhile), clock)
    assert await one.claim("db/**") == ""
    assert await after.claim("db/schema.sql") == "db/schema.sql is claimed by run one of this repository"


async def test_a_claim_is_free_as_soon_as_its_run_gives_it_back(body: Body, clock: HandClock) -> None:
    one, after = both(body, clock)
    await one.claim("db/**")
    assert await after.claim("db/**") != ""
    await one.sharing.release()
    after.trunk = MOVED
    await after.look()
    assert after.told[1:] == [MOVED, ev.ClaimsElsewhere(())]
    assert await after.claim("db/**") == ""


async def test_a_claim_lasts_while_its_task_has_it_and_no_longer(body: Body, clock: HandClock) -> None:
    one, after = both(body, clock)
    one.book << start("schema")
    await one.claim("db/**")
    for _ in range(4):
        clock.time += CLAIM_SECONDS / 2
        await one.look()
    assert await after.claim("db/**") != ""
    one.book.run.claims.clear()
    await one.look()
    assert await after.claim("db/**") == ""


async def test_who_is_gone_for_long_has_lost_its_claim(body: Body, clock: HandClock) -> None:
    one, after = both(body, clock)
    one.book << start("schema")
    await one.claim("db/**")
    clock.time += CLAIM_SECONDS
    assert await after.claim("db/**") == ""
    await one.look()
    assert one.told[-1] == ev.ClaimsElsewhere((("db/**", "two"),))


async def test_a_run_that_goes_on_claims_again_what_its_work_claims(body: Body, clock: HandClock) -> None:
    one, after = both(body, clock)
    one.book << start("schema")
    await one.sharing.arrive(one.told.append)
    assert await after.claim("db/**") != ""
    assert one.told == []


async def test_a_door_that_one_run_found_closed_is_closed_to_all_who_show_the_same(
    body: Body, clock: HandClock
) -> None:
    one, after = both(body, clock)
    one.book.hear(ev.QuotaClosed(DOOR, clock.time + 60.0, "429"))
    await one.look()
    await after.look()
    assert after.told == [ev.QuotaClosed(DOOR, clock.time + 60.0, "run one has met the provider's limit")]
    after.book.hear(*after.told)
    await after.look()
    assert len(after.told) == 1
    clock.time += 60.0
    after.book.hear(ev.QuotaOpened(DOOR))
    await after.look()
    assert len(after.told) == 1
