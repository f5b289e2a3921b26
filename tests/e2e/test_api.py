"""The API over a real server: what is asked is answered, and every error is a problem with a stable code."""

import asyncio
import json
import re
from pathlib import Path

import httpx2
import pytest

from dashboard.app import create_app
from dashboard.ports import Options
from dashboard.serve import NoPort, listen, serve
from state import events as ev
from state.git.repository import GitRepository
from state.ids import AttemptId, CandidateId, IntentId, RunId, Seq, Sha, TaskId, gate_id
from state.intents import AnswerQuestion, LaunchRun, PauseRun
from state.plan import Plan, TaskSpec
from state.plan_text import parse_plan
from state.ports import MergeConflicted, StoreError
from state.transcript import Entry, EntryKind
from tests.support.plain_git import make, save, side
from tests.support.stage import PATIENCE, TOKEN, PaperFiles, PaperObjects, on_stage, ports_of
from tests.support.story import PlainForecast, Story, World, bookshop, sha

PLAN = "tianting: 1\nname: shop\ntasks:\n  - {id: a, run: 'true'}\n"


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:tianting:problem:{code}")
    assert body["title"]
    assert body["detail"]
    return body


async def test_a_run_is_listed_and_shown_with_its_seq() -> None:
    world = World()
    story = await Story.begin(world)
    await story.whole("schema")
    async with on_stage(world) as stage, stage.client() as client:
        listed = (await client.get("/api/v1/runs")).json()
        assert listed["total"] == 1
        assert {key: listed["runs"][0][key] for key in ("run", "status", "tasks", "landed")} == {
            "run": "bookshop-1", "status": "running", "tasks": 4, "landed": 1,
        }  # fmt: skip
        shown = (await client.get("/api/v1/runs/bookshop-1")).json()
        assert (shown["seq"], shown["led"], shown["counts"]["LANDED"]) == (story.last, True, 1)
        await story.dispatch("api")
        shown = (await client.get("/api/v1/runs/bookshop-1")).json()
        assert (shown["seq"], shown["counts"]["RUNNING"]) == (story.last, 1)
        await world.lease.release(story.held)
        assert not (await client.get("/api/v1/runs/bookshop-1")).json()["led"]


async def test_runs_that_ended_are_listed_as_they_ended() -> None:
    world = World()
    whole = await Story.begin(world, "whole")
    for task in ("schema", "api", "page", "docs"):
        await whole.whole(task)
    await whole.finish("schema", "api", "page", "docs")
    part = await Story.begin(world, "part")
    await part.whole("schema")
    await part.finish("schema")
    gone = await Story.begin(world, "gone")
    await gone.finish(cancelled=True)
    async with on_stage(world) as stage, stage.client() as client:
        runs = (await client.get("/api/v1/runs?limit=3")).json()["runs"]
    assert [(one["run"], one["status"], one["landed"]) for one in runs] == [
        ("gone", "cancelled", 0), ("part", "failed", 1), ("whole", "finished", 4),
    ]  # fmt: skip


async def test_a_large_run_is_packed_for_who_takes_that_and_is_the_same() -> None:
    world = World()
    story = await Story.begin(world, plan=bookshop(200))
    async with on_stage(world) as stage, stage.client() as client:
        plain = await client.get("/api/v1/runs/bookshop-1", headers={"Accept-Encoding": "identity"})
        packed = await client.get("/api/v1/runs/bookshop-1", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
        assert packed.json() == plain.json()
        assert int(packed.headers["content-length"]) < len(plain.content) / 4
        await story.dispatch("schema")
        async with asyncio.timeout(20):  # what was packed before is not handed out for ever
            while packed.json()["seq"] != story.last:
                packed = await client.get("/api/v1/runs/bookshop-1", headers={"Accept-Encoding": "gzip"})


async def test_events_come_in_pages_without_gap_or_repeat() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    for number in range(700):
        await story.progress("schema", f"line {number}")
    async with on_stage(world) as stage, stage.client() as client:
        seqs, after = [], 0
        while True:
            page = (await client.get(f"/api/v1/runs/bookshop-1/events?after={after}&limit=300")).json()
            if not page["events"]:
                break
            assert page["last"] == story.last
            seqs += [one["seq"] for one in page["events"]]
            after = page["next"]
        assert seqs == list(range(1, story.last + 1))
        one = (await client.get("/api/v1/runs/bookshop-1/events?after=2&limit=1")).json()["events"][0]
        assert list(one) == ["seq", "ts", "run", "type", "task", "window", "data"]
        assert (one["type"], one["task"], one["window"]) == ("AttemptDispatched", "schema", "backend-1")


async def test_a_task_is_shown_with_its_attempts_its_diff_and_the_end_of_its_transcript() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    lines = [Entry(float(number), EntryKind.OUTPUT, f"line {number}") for number in range(1, 701)]
    await world.store.add(story.run, AttemptId("schema.1"), lines)
    await story.succeed("schema")
    async with on_stage(world) as stage, stage.client() as client:
        task = (await client.get("/api/v1/runs/bookshop-1/tasks/schema?lines=3")).json()
        assert [one["outcome"] for one in task["history"]] == ["succeeded"]
        assert (task["diff"]["head"], task["diff"]["cut"]) == (sha("schema"), False)
        assert f"+{sha('schema')}" in task["diff"]["text"]
        assert [one["no"] for one in task["transcript"]["lines"]] == [698, 699, 700]
        cut = (await client.get("/api/v1/runs/bookshop-1/tasks/schema?diff=20&lines=0")).json()
        assert (len(cut["diff"]["text"]), cut["diff"]["cut"], cut["transcript"]["lines"]) == (20, True, [])
        first = await client.get("/api/v1/runs/bookshop-1/tasks/schema/transcript?limit=2")
        assert [one["text"] for one in first.json()["lines"]] == ["line 1", "line 2"]
        answer = await client.get("/api/v1/runs/bookshop-1/tasks/schema/transcript?attempt=2")
        assert_problem(answer, 404, "unknown-attempt")


async def test_a_resolution_is_reviewed_with_the_diff_of_what_landed() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.conflict("schema")
    async with on_stage(world) as stage, stage.client() as client:
        assert [one["question"] for one in (await client.get("/api/v1/runs/bookshop-1/conflicts")).json()["open"]] == [
            "q1"
        ]
        train = (await client.get("/api/v1/runs/bookshop-1/train")).json()
        assert [(one["candidate"], one["conflicts"]) for one in train["train"]] == [("schema.1", 1)]
        await story.resolve("schema")
        (settled,) = (await client.get("/api/v1/runs/bookshop-1/conflicts?diffs=true")).json()["settled"]
        assert settled["resolution"]["how"] == "the lines of both"
        assert f"-{sha('schema')}\n+{sha('new')}" in settled["diff"]["text"]


async def test_the_three_sides_of_a_conflict_are_told_as_text(tmp_path: Path) -> None:
    make(tmp_path / "repo", {"a.txt": "one\n", "b.bin": "one\n", "gone.txt": "one\n"})
    theirs = side(tmp_path / "repo", "work", {"a.txt": "théirs\n", "b.bin": b"\0\1", "gone.txt": "theirs\n"})
    ours = save(tmp_path / "repo", {"a.txt": "ours and more\n", "b.bin": b"\0\2", "gone.txt": None})
    repository, world = GitRepository(str(tmp_path / "repo")), World()
    merged = await repository.merge(Sha(ours), Sha(theirs))
    assert isinstance(merged, MergeConflicted)
    story = await Story.begin(world)
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.tell(ev.ConflictFound(CandidateId("schema.1"), TaskId("schema"), Sha(ours), merged.conflicts))
    async with on_stage(world, objects=repository) as stage, stage.client() as client:
        address = "/api/v1/runs/bookshop-1/conflicts/schema.1/sides"
        told = (await client.get(address, params={"path": "a.txt", "limit": 7})).json()
        assert (told["task"], told["settled"], told["onto"]) == ("schema", "", ours)
        assert {name: (told[name]["text"], told[name]["cut"]) for name in ("base", "ours", "theirs")} == {
            "base": ("one\n", False), "ours": ("ours an", True), "theirs": ("théirs\n", False),
        }  # fmt: skip
        told = (await client.get(address, params={"path": "gone.txt"})).json()
        assert (told["base"]["text"], told["ours"], told["theirs"]["text"]) == ("one\n", None, "theirs\n")
        told = (await client.get(address, params={"path": "b.bin"})).json()
        assert (told["ours"]["text"], told["ours"]["mode"]) == (None, "100644")
        assert_problem(await client.get(address, params={"path": "c.txt"}), 404, "unknown-conflict")
        other = address.replace("schema.1", "schema.2")
        assert_problem(await client.get(other, params={"path": "a.txt"}), 404, "unknown-conflict")
        assert_problem(await client.get(address), 422, "invalid")
    await repository.close()


async def test_a_commit_that_the_repository_lost_costs_the_diff_and_not_the_answer() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    await story.succeed("schema")
    async with on_stage(world, objects=PaperObjects(Sha(sha("schema")))) as stage, stage.client() as client:
        task = (await client.get("/api/v1/runs/bookshop-1/tasks/schema")).json()
    assert (task["status"], task["diff"]) == ("PROPOSED", None)


async def test_an_intent_goes_into_the_inbox_and_wakes_who_leads() -> None:
    world = World()
    story = await Story.begin(world)
    async with on_stage(world) as stage, stage.client() as client, world.bus.subscribe(story.run) as bell:
        answer = await client.post("/api/v1/runs/bookshop-1/intents", json={"kind": "PauseRun"})
        assert (answer.status_code, answer.json()) == (202, {"run": "bookshop-1", "intent": 1, "led": True})
        assert await bell.wait(PATIENCE)
        (submitted,) = await world.store.pending(story.run, IntentId(0))
        assert (submitted.intent, submitted.by) == (PauseRun(), "api")


async def test_nonsense_is_refused_at_once_and_never_reaches_the_inbox() -> None:
    world = World()
    story = await Story.begin(world)
    refused = [
        ({"kind": "RetryTask", "task": "nobody"}, 404, "unknown-task"),
        ({"kind": "SteerTask", "task": "schema", "text": " "}, 422, "intent"),
        ({"kind": "AnswerQuestion", "question": "q9", "text": "x"}, 404, "unknown-question"),
        ({"kind": "DropCandidate", "candidate": "x"}, 404, "unknown-candidate"),
        ({"kind": "ReorderTrain", "order": ["x"]}, 404, "unknown-candidate"),
        ({"kind": "PauseRun", "extra": 1}, 422, "intent"),
        ({"kind": "RetryTask"}, 422, "intent"),
        ({"kind": "Nothing"}, 422, "intent"),
        ({"kind": "LaunchRun", "run": "x", "plan": PLAN, "source": "x"}, 422, "intent"),
        ([], 422, "invalid"),
    ]
    async with on_stage(world) as stage, stage.client() as client:
        for body, status, code in refused:
            assert_problem(await client.post("/api/v1/runs/bookshop-1/intents", json=body), status, code)
        assert_problem(await client.post("/api/v1/runs/none/intents", json={"kind": "PauseRun"}), 404, "unknown-run")
    assert not await world.store.pending(story.run, IntentId(0))


async def test_a_question_is_answered_through_the_api() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    await story.succeed("schema")
    await story.conflict("schema")
    async with on_stage(world) as stage, stage.client() as client:
        body = {"kind": "AnswerQuestion", "question": "q1", "text": "both"}
        assert (await client.post("/api/v1/runs/bookshop-1/intents", json=body)).status_code == 202
    (submitted,) = await world.store.pending(story.run, IntentId(0))
    assert submitted.intent == AnswerQuestion("q1", "both")  # type: ignore[arg-type]


async def test_a_plan_is_launched_and_its_run_is_there_before_anybody_leads_it() -> None:
    world = World()
    async with on_stage(world, files=PaperFiles(**{"plan.yaml": PLAN.encode()})) as stage, stage.client() as client:
        for body in ({"plan": PLAN}, {"path": "plan.yaml"}):
            answer = await client.post("/api/v1/runs", json=body)
            assert (answer.status_code, answer.json()["run"]) == (202, "shop-new")
            assert answer.headers["location"] == "/api/v1/runs/shop-new"
        waiting = (await client.get("/api/v1/runs/shop-new")).json()
        assert (waiting["run"], waiting["status"], waiting["seq"]) == ("shop-new", "launching", 0)
    launches = await world.store.launches(IntentId(0))
    assert [one.intent for _, one in launches] == [
        LaunchRun(RunId("shop-new"), PLAN, "plan"), LaunchRun(RunId("shop-new"), PLAN, "plan.yaml"),
    ]  # fmt: skip


async def test_every_fault_of_a_plan_is_told_at_once() -> None:
    world = World()
    bad = "tianting: 1\nname: shop\ntasks:\n  - {id: a, run: x, needs: [b]}\n  - {id: a, run: x, colour: red}\n"
    async with on_stage(world) as stage, stage.client() as client:
        body = assert_problem(await client.post("/api/v1/runs", json={"plan": bad}), 422, "plan")
        errors = body["errors"]
        assert isinstance(errors, list)
        assert len(errors) >= 3
        assert {"source", "line", "column", "message"} == set(errors[0])
    assert not await world.store.launches(IntentId(0))


async def test_what_can_not_be_launched_is_a_problem() -> None:
    world = World()
    async with on_stage(world, Options(tokens=(TOKEN,))) as stage, stage.client() as client:
        assert_problem(await client.post("/api/v1/runs", json={"plan": PLAN}), 409, "no-launcher")
    async with on_stage(world, files=PaperFiles(**{"odd.yaml": b"\xff"})) as stage, stage.client() as client:
        assert_problem(await client.post("/api/v1/runs", json={"path": "../secret"}), 404, "unknown-plan")
        assert_problem(await client.post("/api/v1/runs", json={"path": "odd.yaml"}), 422, "plan")
        assert_problem(await client.post("/api/v1/runs", json={"plan": PLAN, "path": "x"}), 422, "invalid")
        assert_problem(await client.post("/api/v1/runs", json={}), 422, "invalid")
        big = await client.post("/api/v1/runs", json={"plan": "x" * 9_000_000})
        assert_problem(big, 413, "too-large")


async def test_every_error_is_a_problem() -> None:
    world = World()
    await Story.begin(world)
    async with on_stage(world) as stage, stage.client() as client:
        assert_problem(await client.get("/api/v1/nothing"), 404, "not-found")
        assert_problem(await client.delete("/api/v1/runs"), 405, "method-not-allowed")
        assert_problem(await client.get("/api/v1/runs/none"), 404, "unknown-run")
        parts = ("events", "train", "conflicts", "tasks/x", "feed", "forecast", "timeline", "plan", "gates/x/output")
        for part in parts:
            assert_problem(await client.get(f"/api/v1/runs/none/{part}"), 404, "unknown-run")
        assert_problem(await client.get("/api/v1/runs/bookshop-1/tasks/none"), 404, "unknown-task")
        assert_problem(await client.get("/api/v1/runs/bookshop-1/gates/none/output"), 404, "unknown-gate")
        assert_problem(await client.get("/nothing-here", headers={"Accept": "application/json"}), 404, "not-found")
        assert_problem(await client.get("/api/v1/runs/bookshop-1/events?after=-1"), 422, "invalid")
        assert_problem(await client.get("/api/v1/runs/bookshop-1/feed?after=999"), 409, "ahead")
        broken = await client.post("/api/v1/runs", content=b"{", headers={"Content-Type": "application/json"})
        assert_problem(broken, 422, "invalid")
        assert_problem(await client.get("/static/../app.py"), 404, "not-found")
        assert_problem(await client.get("/static/%2e%2e%2fapp.py"), 404, "not-found")


class Unreadable:
    """A store whose disk has gone."""

    def __getattr__(self, name: str) -> object:
        async def fail(*_: object) -> object:
            raise StoreError("the ledger can not be read: the disk reports an error")

        return fail


async def test_a_store_that_can_not_be_read_makes_the_server_unready_and_not_dead() -> None:
    world = World()
    world.store = Unreadable()  # type: ignore[assignment]
    async with on_stage(world) as stage, stage.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert_problem(await client.get("/readyz"), 503, "store")
        assert_problem(await client.get("/api/v1/runs/x"), 503, "store")
        assert_problem(await client.get("/api/v1/runs/x/feed"), 503, "store")


async def test_a_log_that_can_not_be_followed_is_told_and_not_guessed() -> None:
    world = World()
    story = await Story.begin(world)
    await story.tell(ev.Landed("x.1", "x", sha("m"), sha("a"), sha("m"), "refs/heads/main"))  # type: ignore[arg-type]
    async with on_stage(world) as stage, stage.client() as client:
        body = assert_problem(await client.get("/api/v1/runs/bookshop-1"), 503, "store")
        assert "event 3 of run bookshop-1" in str(body["detail"])
        assert (await client.get("/api/v1/runs/bookshop-1/events")).json()["last"] == 3


class Crashing(PlainForecast):
    def remaining(self, run: object, now: float) -> float:
        raise RuntimeError("secret story of the inside")


async def test_a_bug_of_ours_tells_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    await Story.begin(world)
    async with on_stage(world, may_complain=True) as stage, stage.client() as client:
        object.__setattr__(stage.app.state.room.ports, "forecast", Crashing())
        body = assert_problem(await client.get("/api/v1/runs/bookshop-1"), 500, "bug")
        assert "secret story" not in json.dumps(body)
    assert "secret story" in caplog.text


async def test_the_description_of_the_api_names_every_route_and_needs_no_other_site() -> None:
    async with on_stage(World()) as stage, stage.client() as client:
        api = (await client.get("/openapi.json")).json()
        assert {path for path in api["paths"] if path.startswith("/api")} == {
            "/api/v1/runs", "/api/v1/runs/{run}", "/api/v1/runs/{run}/events", "/api/v1/runs/{run}/train",
            "/api/v1/runs/{run}/conflicts", "/api/v1/runs/{run}/conflicts/{candidate}/sides",
            "/api/v1/runs/{run}/tasks/{task}",
            "/api/v1/runs/{run}/tasks/{task}/transcript", "/api/v1/runs/{run}/intents", "/api/v1/runs/{run}/feed",
            "/api/v1/runs/{run}/forecast", "/api/v1/runs/{run}/timeline", "/api/v1/plans/check", "/api/v1/plans",
            "/api/v1/runs/{run}/conflicts/{candidate}/result", "/api/v1/runs/{run}/plan",
            "/api/v1/runs/{run}/gates/{commit}/output",
        }  # fmt: skip
        assert {"RunView", "TaskDetail", "Envelope", "ConflictsView"} <= set(api["components"]["schemas"])
        for path in ("/", "/docs", "/login", "/runs/bookshop-1"):
            page = await client.get(path)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert "//" not in page.text.replace("<!doctype", ""), path


async def test_files_are_served_with_a_tag_and_not_sent_twice() -> None:
    async with on_stage(World()) as stage, stage.client() as client:
        first = await client.get("/static/docs.js")
        assert first.headers["content-type"].startswith("text/javascript")
        again = await client.get("/static/docs.js", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_application_is_packed_kept_by_browsers_and_never_answered_for_a_missing_file() -> None:
    async with on_stage(World()) as stage, stage.client() as client:
        page = await client.get("/runs/bookshop-1/lanes")
        script = re.search(r"/static/app/assets/index-[\w-]+\.js", page.text)
        assert script is not None
        sent = await client.get(script[0])
        assert (sent.headers["content-encoding"], sent.status_code) == ("gzip", 200)
        assert "immutable" in sent.headers["cache-control"]
        plain = await client.get(script[0], headers={"Accept-Encoding": "identity"})
        assert plain.content == sent.content
        assert "content-encoding" not in plain.headers
        assert_problem(await client.get("/static/app/assets/gone.js"), 404, "not-found")
        assert_problem(await client.get("/static/app/built-from.txt"), 404, "not-found")


async def test_every_page_has_a_nonce_of_its_own_for_its_styles() -> None:
    async with on_stage(World()) as stage, stage.client() as client:
        nonces = set()
        for path in ("/", "/runs/bookshop-1"):
            page = await client.get(path)
            (nonce,) = re.findall(r"style-src 'self' 'nonce-([\w-]+)'", page.headers["content-security-policy"])
            assert f'nonce="{nonce}"' in page.text
            assert "__NONCE__" not in page.text
            nonces.add(nonce)
        assert len(nonces) == 2


async def test_a_run_says_what_was_foreseen_and_what_took_how_long() -> None:
    world = World()
    story = await Story.begin(world)
    await story.whole("schema")
    async with on_stage(world) as stage, stage.client() as client:
        foreseen = (await client.get("/api/v1/runs/bookshop-1/forecast")).json()
        assert [one["id"] for one in foreseen["tasks"]] == ["schema", "api", "page", "docs"]
        again = await client.get("/api/v1/runs/bookshop-1/forecast")
        assert again.json() == foreseen
        timeline = (await client.get("/api/v1/runs/bookshop-1/timeline")).json()
        assert [(bar["task"], bar["outcome"]) for bar in timeline["bars"]] == [("schema", "succeeded")]
        assert timeline["seq"] == story.last


async def test_what_a_gate_prints_is_read_on_from_any_line_and_whether_it_still_runs_is_told() -> None:
    world = World()
    story = await Story.begin(world)
    await story.dispatch("schema")
    candidate, commit = await story.succeed("schema"), sha("speculative")
    await story.tell(
        ev.CandidateProbed(candidate, TaskId("schema"), sha("base"), commit),
        ev.GateStarted(candidate, TaskId("schema"), commit),
    )
    lines = [Entry(1.0, EntryKind.OUTPUT, text) for text in ("one", "two", "three")]
    await world.store.add(story.run, gate_id(commit), lines)
    async with on_stage(world) as stage, stage.client() as client:
        address = f"/api/v1/runs/bookshop-1/gates/{commit}/output"
        told = (await client.get(f"{address}?after=1")).json()
        assert told["running"]
        assert [(one["no"], one["text"]) for one in told["lines"]] == [(2, "two"), (3, "three")]
        await story.tell(ev.ChecksPassed(candidate, TaskId("schema"), commit, 1.5))
        assert (await client.get(address)).json()["running"] is False


async def test_a_run_tells_the_plan_that_it_was_launched_with() -> None:
    world = World()
    plan = Plan("bookshop", (TaskSpec(TaskId("schema"), run="make schema"),))
    story = await Story.begin(world, plan=plan)
    async with on_stage(world) as stage, stage.client() as client:
        told = (await client.get("/api/v1/runs/bookshop-1/plan")).json()
        assert parse_plan(told["text"], "plan") == plan
        text = "tianting: 1\nname: bookshop  # as it was written\ntasks: []\n"
        await story.tell(ev.IntentAccepted(IntentId(1), "dashboard", LaunchRun(story.run, text, "plan")))
        assert (await client.get("/api/v1/runs/bookshop-1/plan")).json()["text"] == text


async def test_metrics_are_prometheus_text() -> None:
    world = World()
    story = await Story.begin(world)
    await story.whole("schema")
    async with on_stage(world) as stage, stage.client() as client:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        for line in ("tianting_landings_total 1.0", 'tianting_tasks{status="LANDED"} 1.0', "tianting_lease_held 1.0"):
            assert line in answer.text.splitlines()


async def test_a_taken_port_is_passed_over_and_none_is_said_in_a_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as beside:
            assert beside.getsockname()[1] > port
    with pytest.raises(NoPort, match="is no address"):
        listen("no-such-host.invalid", 7357)


async def test_the_server_ends_when_its_caller_is_cancelled() -> None:
    """Its lifespan too: a watcher that outlived the server would show as a task that was never awaited."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    app = create_app(ports_of(World()), Options(tokens=(TOKEN,)))
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve(app, "127.0.0.1", 0, lambda _, port: ready.set_result(port), asyncio.Event()))
        async with asyncio.timeout(PATIENCE):
            port = await ready
        serving.cancel()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert app.state.room.feeds._watchers is None


async def test_an_old_run_is_folded_again_when_it_was_let_go() -> None:
    world = World()
    stories = [await Story.begin(world, f"run-{number}") for number in range(20)]
    for story in stories:
        await story.dispatch("schema")
    async with on_stage(world) as stage, stage.client() as client:
        for story in stories * 2:
            shown = (await client.get(f"/api/v1/runs/{story.run}")).json()
            assert (shown["seq"], shown["counts"]["RUNNING"]) == (Seq(4), 1)
        assert len(stage.app.state.room.follows._runs) <= 16
