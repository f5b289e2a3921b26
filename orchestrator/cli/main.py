"""The command `tianting`: names, options and help of every command. What a command does is imported inside it, so that
`tianting --help` starts fast.

Never: work.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.merges import add_merges
from orchestrator.cli.programs import add_programs
from orchestrator.cli.screens import add_screens

app = typer.Typer(
    name="tianting",
    help="Take a plan and let many coding agents build it at the same time, each branch landed with its checks green.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plans = typer.Typer(
    name="plan",
    help="Check a plan, show what is foreseen of it, print its JSON Schema.",
    no_args_is_help=True,
)
app.add_typer(plans)
add_merges(app)
add_programs(app)
add_screens(app)

STORES = "sqlite:PATH, redis://HOST:PORT/DB, redis:embedded or memory:; default: inside the git folder."

Repo = Annotated[Path, typer.Option("--repo", help="The repository; default: the one you are in.", show_default=False)]
Store = Annotated[
    str | None,
    typer.Option("--store", help=STORES),
]
Mqtt = Annotated[
    str | None,
    typer.Option("--mqtt", metavar="URL", help="Tell this broker: mqtt://[USER:PASSWORD@]HOST[:PORT][?intents=on]."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="Port of the dashboard; the next free one when it is taken.")
]
Ladder = Annotated[str, typer.Option("--ladder", help="on, or off: stop at git's own merge.")]
NoDashboard = Annotated[bool, typer.Option("--no-dashboard", help="Do not serve the dashboard.")]
MaybeRun = Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id; default: the newest run.")]
OnRun = Annotated[str | None, typer.Option("--run", help="A run's id; default: the newest run.")]
TaskName = Annotated[str, typer.Argument(metavar="TASK", help="A task's id.")]
HERE = Path()
PORT = 7357


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("tianting"))
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del debug, version  # read by `main` and `_version`


@app.command()
def demo(
    port: Port = PORT,
    no_dashboard: NoDashboard = False,
    keep: Annotated[Path | None, typer.Option("--keep", help="Make the repository here and keep it.")] = None,
    agents: Annotated[bool, typer.Option("--agents", help="A second act, by real agent programs.")] = False,
) -> None:
    """The whole story on a throw-away repository, with simulated agents: no key, no server."""
    from orchestrator.cli.demo import run_demo

    raise typer.Exit(run_demo(port=port, dashboard=not no_dashboard, keep=keep, agents=agents))


@app.command()
def run(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan: a YAML or JSON file, - for standard input.")],
    repo: Repo = HERE,
    store: Store = None,
    mqtt: Mqtt = None,
    windows: Annotated[int | None, typer.Option("--windows", min=1, help="Windows at work at once.")] = None,
    ladder: Ladder = "on",
    port: Port = PORT,
    no_dashboard: NoDashboard = False,
    as_json: AsJson = False,
) -> None:
    """Launch a plan and stay with it."""
    from orchestrator.cli.lead import Showing, run_plan

    showing = Showing(port, not no_dashboard, as_json)
    raise typer.Exit(run_plan(plan, repo, store, windows, showing, mqtt, ladder))


@app.command()
def resume(
    run: MaybeRun = None,
    repo: Repo = HERE,
    store: Store = None,
    mqtt: Mqtt = None,
    port: Port = PORT,
    no_dashboard: NoDashboard = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped or crashed, or that is paused."""
    from orchestrator.cli.lead import Showing, resume_run

    raise typer.Exit(resume_run(run, repo, store, Showing(port, not no_dashboard, as_json), mqtt))


@app.command()
def land(
    refs: Annotated[list[str], typer.Argument(metavar="REF...", help="Branches, tags or commits, in order.")],
    repo: Repo = HERE,
    store: Store = None,
    trunk: Annotated[str | None, typer.Option("--trunk", help="The branch to land on; default: the current.")] = None,
    gate: Annotated[list[str] | None, typer.Option("--gate", help="A check to run before landing; repeatable.")] = None,
    ladder: Ladder = "on",
    as_json: AsJson = False,
) -> None:
    """Land existing branches, whoever made them, through the train; no agent is started."""
    from orchestrator.cli.land import land_refs

    raise typer.Exit(land_refs(refs, repo, store, trunk, gate or [], ladder, as_json))


@app.command()
def pause(run: MaybeRun = None, repo: Repo = HERE, store: Store = None) -> None:
    """Start and land nothing more; what is at work goes on."""
    from orchestrator.cli.steer import pause_run

    raise typer.Exit(pause_run(run, repo, store))


@app.command()
def cancel(
    run: MaybeRun = None,
    task: Annotated[str | None, typer.Option("--task", help="Cancel this task only.")] = None,
    repo: Repo = HERE,
    store: Store = None,
) -> None:
    """Cancel a run, or one task; the work done so far is kept in salvage."""
    from orchestrator.cli.steer import cancel_run

    raise typer.Exit(cancel_run(run, task, repo, store))


@app.command()
def retry(task: TaskName, run: OnRun = None, repo: Repo = HERE, store: Store = None) -> None:
    """Try a failed, cancelled or conflicted task again."""
    from orchestrator.cli.steer import retry_task

    raise typer.Exit(retry_task(task, run, repo, store))


@app.command()
def steer(
    task: TaskName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to tell the agent.")],
    run: OnRun = None,
    repo: Repo = HERE,
    store: Store = None,
) -> None:
    """Tell the agent of a task something while it works, or before its next attempt."""
    from orchestrator.cli.steer import steer_task

    raise typer.Exit(steer_task(task, text, run, repo, store))


@app.command()
def approve(task: TaskName, run: OnRun = None, repo: Repo = HERE, store: Store = None) -> None:
    """Approve a task that waits for it before it lands."""
    from orchestrator.cli.steer import approve_task

    raise typer.Exit(approve_task(task, run, repo, store))


@app.command()
def answer(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question's id, as `status` shows it.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The answer.")],
    run: OnRun = None,
    repo: Repo = HERE,
    store: Store = None,
) -> None:
    """Answer a question: an agent's, a conflict's, an approval's."""
    from orchestrator.cli.steer import answer_question

    raise typer.Exit(answer_question(question, text, run, repo, store))


@app.command()
def status(run: MaybeRun = None, repo: Repo = HERE, store: Store = None, as_json: AsJson = False) -> None:
    """Where a run stands, task by task, and why each one is held."""
    from orchestrator.cli.look import show_status

    raise typer.Exit(show_status(run, repo, store, as_json))


@app.command()
def log(
    run: MaybeRun = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
    since: Annotated[int, typer.Option("--since", min=0, help="Only events after this seq.")] = 0,
    repo: Repo = HERE,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """The events of a run."""
    from orchestrator.cli.look import show_log

    raise typer.Exit(show_log(run, follow, since, repo, store, as_json))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="TASK|RUN", help="A task of the newest run (or --run), or a run.")],
    report: Annotated[bool, typer.Option("--report", help="The integrated result of a run.")] = False,
    run: OnRun = None,
    repo: Repo = HERE,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """One task with its attempts and what its agent said, or one run; with --report what a run brought."""
    from orchestrator.cli.look import show_one

    raise typer.Exit(show_one(name, report, run, repo, store, as_json))


@app.command()
def runs(repo: Repo = HERE, store: Store = None, as_json: AsJson = False) -> None:
    """The runs of this repository, newest first."""
    from orchestrator.cli.look import show_runs

    raise typer.Exit(show_runs(repo, store, as_json))


@app.command()
def forget(
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Runs that have ended.")] = None,
    older_than: Annotated[str | None, typer.Option("--older-than", help="All that ended so long ago: 30d.")] = None,
    repo: Repo = HERE,
    store: Store = None,
) -> None:
    """Delete what is kept of runs that have ended; their commits and refs stay."""
    from orchestrator.cli.forget import forget_runs

    raise typer.Exit(forget_runs(runs or [], older_than, repo, store))


@app.command()
def conflicts(
    refs: Annotated[list[str], typer.Argument(metavar="REF REF...", help="Two or more branches, tags or commits.")],
    repo: Repo = HERE,
    as_json: AsJson = False,
) -> None:
    """Every conflict between these branches; no run is needed."""
    from orchestrator.cli.conflicts import show_conflicts

    raise typer.Exit(show_conflicts(refs, repo, as_json))


@app.command()
def serve(
    repo: Repo = HERE,
    host: Annotated[str, typer.Option("--host", help="Address to bind.")] = "127.0.0.1",
    port: Port = PORT,
    store: Store = None,
    mqtt: Mqtt = None,
) -> None:
    """Serve the dashboard and the API, and lead the runs launched through them."""
    from orchestrator.cli.serve import serve_house

    raise typer.Exit(serve_house(repo, host, port, store, mqtt))


@app.command()
def doctor(repo: Repo = HERE, as_json: AsJson = False) -> None:
    """What is installed, what works, and what to do about the rest."""
    from orchestrator.cli.doctor import show_doctor

    raise typer.Exit(show_doctor(repo, as_json))


@plans.command("check")
def plan_check(
    plan: Annotated[Path, typer.Argument(metavar="PLAN")], repo: Repo = HERE, as_json: AsJson = False
) -> None:
    """Check a plan; every fault at once, with file, line and column."""
    from orchestrator.cli.plan import check

    raise typer.Exit(check(plan, as_json))


@plans.command("show")
def plan_show(plan: Annotated[Path, typer.Argument(metavar="PLAN")], as_json: AsJson = False) -> None:
    """Order, waves, critical path, roles and foreseen overlaps of a plan."""
    from orchestrator.cli.plan import show as show_plan

    raise typer.Exit(show_plan(plan, as_json))


@plans.command("schema")
def plan_schema(as_json: AsJson = True) -> None:
    """The JSON Schema of the plan format, for editors."""
    del as_json  # it is JSON in any case
    from orchestrator.cli.plan import schema

    raise typer.Exit(schema())


def main() -> None:
    """The entry point: errors become one plain sentence and an exit code."""
    from orchestrator.cli import out
    from orchestrator.cli.guard import guarded

    out.open_streams(as_json="--json" in sys.argv)
    sys.exit(guarded(app, debug="--debug" in sys.argv))
