"""Metrics count what the logs say, each event once, with labels that no plan can make grow without bound."""

from prometheus_client.parser import text_string_to_metric_families

from dashboard.follow import Follows
from dashboard.metrics import Metrics
from state import events as ev
from state.ids import AttemptId, BranchName, RoleName, RunId, TaskId, WindowId
from state.plan import Plan, TaskSpec, WindowSpec
from state.transcript import Usage
from tests.support.story import BASE, Story, World


def values(metrics: Metrics) -> dict[str, float]:
    """`name{label=value,…}` to value."""
    found = {}
    for family in text_string_to_metric_families(
        metrics.text(3, 1, {("merge", True): 9, ("merge", False): 1}).decode()
    ):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_metrics_are_fed_by_the_events_of_a_run() -> None:
    world, metrics = World(), Metrics()
    follows = Follows(world.store, world.clock, metrics)
    story = await Story.begin(world)
    await story.whole("schema")
    await story.dispatch("api")
    await story.fail("api")
    await story.dispatch("docs", window="docs-1")
    await follows.count_all()
    seen = values(metrics)
    assert seen["tianting_attempts_total{outcome=succeeded}"] == 1
    assert seen["tianting_attempts_total{outcome=verify}"] == 1
    assert seen["tianting_landings_total"] == 1
    assert seen["tianting_gate_seconds_count"] == 1
    assert seen["tianting_gate_seconds_sum"] == 1.5
    assert seen["tianting_tasks{status=LANDED}"] == 1
    assert seen["tianting_active_windows{role=docs}"] == 1
    assert seen["tianting_feed_clients"] == 3
    assert seen["tianting_lease_held"] == 1


async def test_what_agents_spend_is_counted_by_runtime_model_and_kind() -> None:
    world, metrics = World(), Metrics()
    follows = Follows(world.store, world.clock, metrics)
    story = await Story.begin(world)
    attempt, window = await story.dispatch("schema"), WindowId("backend-1")
    for model in ("large", "", *(f"made-up-{number}" for number in range(80))):
        usage = Usage(tokens=10, usd=0.5, input=6, output=3)
        await story.tell(ev.AttemptProgressed(TaskId("schema"), attempt, window, "", usage, model=model))
    await follows.count_all()
    seen = values(metrics)
    assert seen["tianting_tokens_total{kind=input,model=large,runtime=command}"] == 12
    assert seen["tianting_tokens_total{kind=untold,model=large,runtime=command}"] == 2
    assert seen["tianting_spent_usd_total{model=large,runtime=command}"] == 1.0
    told = [name for name in seen if name.startswith("tianting_spent_usd_total")]
    assert len(told) == 65, "models without end share a label"
    assert sum(seen[name] for name in told) == 41.0


async def test_an_event_is_counted_once_however_often_its_run_is_folded() -> None:
    world, metrics = World(), Metrics()
    follows = Follows(world.store, world.clock, metrics, kept=1)
    first = await Story.begin(world, "one")
    second = await Story.begin(world, "two")
    for story in (first, second):
        await story.whole("schema")
    for _ in range(3):
        for story in (first, second):
            await follows.of(story.run)
    await first.whole("api")
    await follows.count_all()
    seen = values(metrics)
    assert seen["tianting_landings_total"] == 3
    assert seen["tianting_attempts_total{outcome=succeeded}"] == 3
    assert seen["tianting_tasks{status=LANDED}"] == 3


async def test_a_run_that_ended_before_this_process_is_not_counted() -> None:
    world = World()
    old = await Story.begin(world, "old")
    await old.whole("schema")
    await old.finish("schema")
    world.clock.at += 10
    metrics = Metrics()
    follows = Follows(world.store, world.clock, metrics)
    await follows.of(old.run)
    await follows.count_all()
    seen = values(metrics)
    assert seen["tianting_landings_total"] == 0
    assert seen["tianting_tasks{status=LANDED}"] == 0


async def test_a_run_that_began_and_ended_between_two_looks_is_counted() -> None:
    world, metrics = World(), Metrics()
    follows = Follows(world.store, world.clock, metrics)
    await follows.count_all()
    story = await Story.begin(world)
    await story.whole("schema")
    await story.finish("schema")
    await follows.count_all()
    assert values(metrics)["tianting_landings_total"] == 1


async def test_a_conflict_is_counted_when_it_ends_by_kind_and_by_what_ended_it() -> None:
    world, metrics = World(), Metrics()
    follows = Follows(world.store, world.clock, metrics)
    story = await Story.begin(world)
    for task in ("schema", "docs"):
        window = "docs-1" if task == "docs" else "backend-1"
        await story.dispatch(task, window=window)
        candidate = await story.succeed(task, window=window)
        await story.conflict(task)
        await follows.of(story.run)
        if task == "schema":
            await story.resolve(task)
        else:
            await story.tell(ev.CandidateProbed(candidate, TaskId(task), BASE, BASE))
    await follows.of(story.run)
    seen = values(metrics)
    assert seen["tianting_conflicts_total{kind=text,rung=person}"] == 1
    assert seen["tianting_conflicts_total{kind=text,rung=gone}"] == 1


async def test_a_gate_that_did_not_run_has_no_time() -> None:
    world, metrics = World(), Metrics()
    story = await Story.begin(world)
    await story.dispatch("schema")
    candidate = await story.succeed("schema")
    await story.tell(
        ev.CandidateProbed(candidate, TaskId("schema"), BASE, BASE),
        ev.ChecksPassed(candidate, TaskId("schema"), BASE, 0.0, carried=True),
    )
    await Follows(world.store, world.clock, metrics).of(story.run)
    assert values(metrics)["tianting_gate_seconds_count"] == 0


async def test_roles_that_plans_make_up_do_not_make_labels_without_bound() -> None:
    world, metrics = World(), Metrics()
    names = [RoleName(f"role-{number}") for number in range(100)]
    plan = Plan(
        "many",
        tuple(TaskSpec(TaskId(f"t-{name}"), role=name) for name in names),
        windows=tuple(WindowSpec(name) for name in names),
    )
    held = await world.lease.take("run:many", "me", 10**9)
    assert held is not None
    story = Story(world, RunId("many"), held)
    await world.store.create(story.run, "many", "/srv", 0.0)
    order, main = tuple(range(100)), BranchName("main")
    await story.tell(ev.PlanAccepted(story.run, plan, "/srv", main, "refs/heads/main", BASE, tuple(names), order))
    for name in names:
        task = TaskId(f"t-{name}")
        await story.tell(ev.AttemptDispatched(task, AttemptId(f"{task}.1"), 1, WindowId(f"{name}-1"), BASE))
    await Follows(world.store, world.clock, metrics).of(story.run)
    roles = {key: value for key, value in values(metrics).items() if key.startswith("tianting_active_windows")}
    assert len(roles) == 33
    assert sum(roles.values()) == 100
