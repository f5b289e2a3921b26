"""`status`, `log`, `show`, `runs`: reading, with `--json` for programs.

Never: a change.
"""

import json
import sys
import time
from pathlib import Path

from dashboard.views import report_view, status_view, task_view
from orchestrator.cli.guard import DONE
from orchestrator.cli.house import the_run, with_house
from orchestrator.cli.narrate import Narrator
from orchestrator.compose import House
from orchestrator.recovery import load
from orchestrator.settings import Misuse
from scheduler.forecast import Foresight
from state import events as ev
from state.ids import AttemptId, RunId, Seq, TaskId
from state.run import RunState

PAGE = 1000


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def show_status(name: str | None, repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        run = await load(house.store, await the_run(house, name))
        view = status_view(run, Foresight(), house.clock.now())
        if as_json:
            _print_json(view)
            return DONE
        await _print_status(house, run)
        return DONE

    return with_house(repo, store, work)


async def _print_status(house: House, run: RunState) -> None:
    out = sys.stdout.write
    view = status_view(run, Foresight(), house.clock.now())
    holder = await house.lease.holder(f"run:{run.id}")
    led = f"led by {holder.holder}, lease until {_clock(holder.expires)}" if holder else "led by nobody"
    out(f"run {run.id}: {view['status']}, {led}{', simulated agents' if run.simulated else ''}\n")
    width = max((len(task["id"]) for task in view["tasks"]), default=0)
    for task in view["tasks"]:
        out(f"  {task['id']:<{width}}  {task['status']:<10}  {task['reason'] or ''}\n")
    for question in run.questions.values():
        out(f"waiting for you: tianting answer {question.id} … — {question.text}\n")
        if question.choices:
            out(f"  answers: {', '.join(question.choices)}\n")


def _clock(ts: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(ts))


def show_log(name: str | None, follow: bool, since: int, repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        run = await the_run(house, name)
        narrator = Narrator(as_json, run)
        after = Seq(since)
        async with house.bus.subscribe(run) as wakeups:
            while True:
                page = await house.store.read(run, after, PAGE)
                narrator(page)
                after = page[-1].seq if page else after
                over = any(isinstance(one.event, ev.RunFinished) for one in page)
                if (follow and over) or not (page or follow):
                    return DONE
                if not page:
                    await wakeups.wait(5.0)

    return with_house(repo, store, work)


def show_runs(repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        heads = await house.store.runs()
        if as_json:
            _print_json([{"run": one.run, "name": one.name, "created": one.created, "seq": one.seq} for one in heads])
            return DONE
        for one in heads:
            made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.created))
            sys.stdout.write(f"{one.run}  {made}  {one.name}  {one.seq} events\n")
        return DONE

    return with_house(repo, store, work)


def show_one(name: str, report: bool, run_name: str | None, repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        known = [head.run for head in await house.store.runs()]
        if run_name is None and (report or name in known):
            return await _show_run(house, await the_run(house, name), as_json)
        run = await load(house.store, await the_run(house, run_name))
        if TaskId(name) not in run.tasks:
            raise Misuse(f"run {run.id} has no task {name!r}; `tianting status {run.id}` lists them")
        return await _show_task(house, run, TaskId(name), as_json)

    return with_house(repo, store, work)


async def _show_run(house: House, name: RunId, as_json: bool) -> int:
    run = await load(house.store, name)
    if as_json:
        _print_json(report_view(run))
        return DONE
    from orchestrator.cli.report import print_report

    print_report(run)
    return DONE


async def _show_task(house: House, run: RunState, name: TaskId, as_json: bool) -> int:
    view = task_view(run, name, Foresight(), house.clock.now())
    attempts = [AttemptId(f"{name}.{number}") for number in range(1, run.tasks[name].attempts + 1)]
    said = {one: await house.store.entries(run.id, one, 0, 10_000) for one in attempts}
    if as_json:
        lines = {
            one: [{"ts": entry.ts, "kind": entry.kind, "text": entry.text, "simulated": entry.simulated}
                  for _, entry in entries]
            for one, entries in said.items()
        }  # fmt: skip
        _print_json({**view, "transcripts": lines})
        return DONE
    for key, value in view.items():
        if value not in (None, "", [], ()):
            sys.stdout.write(f"{key}: {value}\n")
    for one, entries in said.items():
        sys.stdout.write(f"--- {one}\n")
        for _, entry in entries:
            label = " (simulated)" if entry.simulated else ""
            sys.stdout.write(f"{_clock(entry.ts)} {entry.kind}{label}: {entry.text}\n")
    return DONE
