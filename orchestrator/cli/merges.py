"""The names, options and help of `merge-file` and `merge-driver`; a part of `main.py`, kept apart for its size alone.

Never: work.
"""

from pathlib import Path
from typing import Annotated

import typer

_Lane = Annotated[
    str, typer.Option("--lane", help="What a result must be fit for: land (sure, nothing lost) or propose.")
]


def add_merges(app: typer.Typer) -> None:
    app.command("merge-file")(merge_file)
    app.command("merge-driver")(merge_driver)


def merge_file(
    sides: Annotated[list[Path] | None, typer.Argument(metavar="BASE OURS THEIRS", help="The three sides.")] = None,
    path: Annotated[str, typer.Option("--path", help="The file's path in its repository; default: OURS.")] = "",
    batch: Annotated[bool, typer.Option("--batch", help="JSON lines from standard input, JSON lines out.")] = False,
    lane: _Lane = "propose",
) -> None:
    """Merge one file by its structure and print the result; exit code 1 where conflicts are left."""
    from orchestrator.cli.merging import merge_batch
    from orchestrator.cli.merging import merge_file as merge

    raise typer.Exit(merge_batch(lane) if batch else merge(sides or [], path, lane))


def merge_driver(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="The common ancestor's file: git's %O.")],
    ours: Annotated[Path, typer.Argument(metavar="OURS", help="Our file, where the result is written: git's %A.")],
    theirs: Annotated[Path, typer.Argument(metavar="THEIRS", help="Their file: git's %B.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="The path in the repository: git's %P.")],
    size: Annotated[int, typer.Option("--marker-size", help="Length of a conflict marker: git's %L.")] = 7,
    lane: _Lane = "land",
) -> None:
    """The same merge as a merge driver of git's; exit code 1 leaves a conflict to git."""
    from orchestrator.cli.merging import merge_driver as merge

    raise typer.Exit(merge([base, ours, theirs], path, size, lane))
