"""`status`, `log`, `show`, `runs`: reading, with `--json` for programs.

Never: a change.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.plain import to_json
from dashboard.views import StatusView, report_view, status_view
from orchestrator.cli.guard import DONE
from orchestrator.cli.house import NotBegun, opening, the_run, the_state, with_house
from orchestrator.cli.narrate import lines_of, simulated_in
from orchestrator.cli.out import one_line
from orchestrator.cli.report import how_to_answer, print_report
from orchestrator.cli.task import show_task
from orchestrator.cli.times import clock, day_and_clock
from orchestrator.cli.voice import Line
from orchestrator.compose import House
from orchestrator.settings import Misuse
from orchestrator.sharing import claims_in
from scheduler.forecast import Foresight
from state import events as ev
from state.ids import RunId, Seq, TaskId
from state.leases.holder import label_of, spoken
from state.ports import Held
from state.run import RunState

PAGE = 1000


def show_status(name: str | None, repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        run = await the_state(house, name)
        holder = await house.lease.holder(f"run:{run.id}")
        view = status_view(run, Foresight(), house.clock.now(), led=holder is not None)
        if as_json:
            _print([to_json(view)])
            return DONE
        _print([_headline(run, view, holder), *_table(run, view)])
        for question in run.questions.values():
            _print(how_to_answer(run, question, house.path))
        _print(await _locks(house, run))
        return DONE

    return with_house(repo, store, work, only_look=True)


def _headline(run: RunState, view: StatusView, holder: Held | None) -> str:
    head = f"run {run.id}: {view['status']}, {len(run.landed)} of {len(run.tasks)} landed on {run.branch}"
    if run.simulated:
        head += ", simulated agents"
    if holder is not None:
        return f"{head}; led by {spoken(holder.holder)}, lease until {clock(holder.expires)}"
    return head if run.finished else f"{head}; led by nobody: `tianting resume {run.id}` goes on"


async def _locks(house: House, run: RunState) -> list[str]:
    """Who holds what and until when: the leases of the repository, and what the work of this run claims alone."""
    claims = claims_in(house.home.name)
    held: list[tuple[str, str, str]] = []
    for one in await house.lease.held_by(""):
        other = label_of(one.holder) if one.name.startswith(claims) else ""
        if other != run.id:
            who = f"run {other}, {spoken(one.holder)}" if other else spoken(one.holder)
            held.append((one.name.replace(claims, "claim:", 1), who, f"until {clock(one.expires)}"))
    for task, globs in run.claims.items():
        held += [(f"claim:{glob}", f"task {task}", "until it has landed or left the train") for glob in globs]
    wide = [max((len(row[at]) for row in held), default=0) for at in range(2)]
    rows = [f"  {name:<{wide[0]}}  {holder:<{wide[1]}}  {until}" for name, holder, until in held]
    return ["locks:", *rows] if rows else []


def _table(run: RunState, view: StatusView) -> list[str]:
    """Columns that line up; on a terminal no line is longer than it is wide."""
    asked = {question.task for question in run.questions.values()}
    rows = [("TASK", "STATUS", "TRIES", "WINDOW", "WHY")]
    for task in view["tasks"]:
        why = "waiting for you" if task["id"] in asked else one_line(task["reason"] or "")
        rows.append((task["id"], task["status"], str(task["attempts"]), task["window"] or "-", why))
    wide = [max(len(row[at]) for row in rows) for at in range(4)]
    most = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return [_row(row, wide, most) for row in rows]


def _row(row: Sequence[str], wide: Sequence[int], most: int | None) -> str:
    task, status, tries, window, why = row
    cells = f"  {task:<{wide[0]}}  {status:<{wide[1]}}  {tries:>{wide[2]}}  {window:<{wide[3]}}  {why}".rstrip()
    return cells if most is None or len(cells) <= most else f"{cells[: most - 1]}…"


def _print(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def show_log(name: str | None, follow: bool, since: int, repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        run = await the_run(house, name)
        simulated = simulated_in(await opening(house, run))
        after = Seq(since)
        async with house.bus.subscribe(run) as wakeups:
            while True:
                page = await house.store.read(run, after, PAGE)
                _print_lines(lines_of(page, run, as_json, simulated))
                after = page[-1].seq if page else after
                if len(page) == PAGE:
                    continue
                if not follow or await _is_over(house, run, after):
                    return DONE
                if not page:
                    await wakeups.wait(5.0)

    return with_house(repo, store, work, only_look=True)


async def _is_over(house: House, run: RunId, after: Seq) -> bool:
    """Whether the last event has been seen and ended the run, so that nothing is to be waited for."""
    last = await house.store.last_seq(run)
    if after < last:
        return False
    newest = await house.store.read(run, Seq(last - 1), 1)
    return bool(newest) and isinstance(newest[0].event, ev.RunFinished)


def _print_lines(lines: Sequence[Line]) -> None:
    if sys.stdout.isatty() and any(line.style for line in lines):
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, markup=False, emoji=False)
        for line in lines:
            console.print(Text(line.text, style=line.style), soft_wrap=True)
    else:
        _print([line.text for line in lines])
    sys.stdout.flush()


def show_runs(repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        heads = await house.store.runs()
        if as_json:
            rows = [{"run": one.run, "name": one.name, "created": one.created, "seq": one.seq} for one in heads]
            _print([to_json(rows)])
            return DONE
        wide = max((len(one.run) for one in heads), default=0)
        for one in heads:
            _print([f"{one.run:<{wide}}  {day_and_clock(one.created)}  {one.seq:>6} events  {one_line(one.name)}"])
        return DONE

    try:
        return with_house(repo, store, work, only_look=True)
    except NotBegun:
        _print(["[]"] if as_json else [])
        return DONE


def show_one(name: str, report: bool, run_name: str | None, repo: Path, store: str | None, as_json: bool) -> int:
    async def work(house: House) -> int:
        run = await _meant(house, name, report, run_name)
        if run is not None:
            if as_json:
                _print([to_json(report_view(run))])
            else:
                print_report(run, house.path)
            return DONE
        within = await the_state(house, run_name)
        if TaskId(name) not in within.tasks:
            raise Misuse(
                f"run {within.id} has no task {name!r}, and there is no run of that name; "
                f"`tianting status {within.id}` and `tianting runs` list them"
            )
        _print(await show_task(house, within, TaskId(name), as_json))
        return DONE

    return with_house(repo, store, work, only_look=True)


async def _meant(house: House, name: str, report: bool, run_name: str | None) -> RunState | None:
    """The run that `show NAME` speaks of; None when it speaks of a task."""
    known = {head.run for head in await house.store.runs()}
    if run_name is not None:
        return None
    return await the_state(house, name) if report or name in known else None
