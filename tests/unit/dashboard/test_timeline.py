"""What took time, as bars and spans."""

from dashboard.foresight import forecast_view
from dashboard.history import History
from dashboard.timeline import timeline_view
from scheduler.forecast import Foresight
from state.fold import apply
from state.ids import Seq
from state.run import RunState
from tests.support.story import HandClock, Story, World, bookshop


async def told(story: Story) -> tuple[RunState, History]:
    run, history = RunState(), History()
    for recorded in await story.world.store.read(story.run, Seq(0), 1000):
        apply(run, recorded)
        history.note(recorded)
    return run, history


async def test_an_attempt_is_a_bar_from_when_it_could_have_begun() -> None:
    clock = HandClock(100.0)
    story = await Story.begin(World(clock))
    clock.at = 110.0
    await story.dispatch("schema")
    clock.at = 130.0
    await story.succeed("schema")
    clock.at = 140.0
    await story.land("schema")
    clock.at = 155.0
    await story.dispatch("api")
    view = timeline_view(*await told(story))
    schema, api = view["bars"]
    assert (schema["ready"], schema["dispatched"], schema["ended"], schema["outcome"]) == (100, 110, 130, "succeeded")
    assert (api["ready"], api["dispatched"], api["ended"], api["outcome"]) == (140, 155, None, "live")
    assert view["landed"] == {"schema": 140}
    assert [(gate["task"], gate["seconds"], gate["passed"]) for gate in view["gates"]] == [("schema", 1.5, True)]
    assert view["ended"] is None


async def test_a_second_try_waits_from_the_end_of_the_first() -> None:
    clock = HandClock(100.0)
    story = await Story.begin(World(clock))
    await story.dispatch("schema")
    clock.at = 120.0
    await story.fail("schema", retry_at=125.0)
    clock.at = 126.0
    await story.dispatch("schema", 2)
    first, second = timeline_view(*await told(story))["bars"]
    assert (first["outcome"], first["ended"]) == ("verify", 120)
    assert (second["number"], second["ready"], second["dispatched"]) == (2, 125, 126)


async def test_a_conflict_is_a_clash_until_it_is_settled() -> None:
    story = await Story.begin(World())
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.conflict("schema")
    (clash,) = timeline_view(*await told(story))["clashes"]
    assert (clash["task"], clash["ended"], clash["settled"]) == ("schema", None, "")
    await story.resolve("schema")
    (clash,) = timeline_view(*await told(story))["clashes"]
    assert clash["settled"] == "resolved"


def test_what_is_foreseen_of_a_plan_names_waves_roles_and_the_critical_path() -> None:
    plan = bookshop()
    view = forecast_view(plan, Foresight().plan(plan))
    assert [sorted(wave) for wave in view["waves"]] == [["docs", "schema"], ["api"], ["page"]]
    assert view["critical_path"] == ["schema", "api", "page"]
    assert [(one["id"], one["simulated"]) for one in view["tasks"]][-1] == ("docs", True)
    assert view["tasks"][1]["needs"] == ["schema"]
    assert view["limit"] == plan.limits.windows
