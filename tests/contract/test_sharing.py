"""What runs of one repository share, over every body of the leases."""

from orchestrator.sharing import CLAIM_SECONDS, Sharing
from state import events as ev
from state.ids import Sha
from state.ports import Lease
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
