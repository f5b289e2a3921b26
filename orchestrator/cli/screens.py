"""The name, options and help of `top`; a part of `main.py`, kept apart for its size alone.

Never: work.
"""

from pathlib import Path
from typing import Annotated

import typer


def add_screens(app: typer.Typer) -> None:
    app.command()(top)


def top(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id; default: the newest run.")] = None,
    repo: Annotated[
        Path, typer.Option("--repo", help="The repository; default: the one you are in.", show_default=False)
    ] = Path(),
    store: Annotated[
        str | None,
        typer.Option(
            "--store", help="sqlite:PATH, redis://HOST:PORT/DB, redis:embedded or memory:; default: in the git folder."
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Look through this server; its token is in TIANTING_TOKEN.")
    ] = None,
) -> None:
    """A run live on this terminal, and the keys to steer it."""
    from orchestrator.cli.top import show_top

    raise typer.Exit(show_top(run, repo, store, url))
