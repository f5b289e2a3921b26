"""The commands that other programs speak to on their own wire: names, options and help.

Never: work.
"""

from pathlib import Path
from typing import Annotated

import typer

Repo = Annotated[Path, typer.Option("--repo", help="The repository; default: the one you are in.", show_default=False)]
Store = Annotated[str | None, typer.Option("--store", help="The ledger, as of `serve`.")]
Mqtt = Annotated[str | None, typer.Option("--mqtt", metavar="URL", help="The message broker, as of `serve`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HERE = Path()


def add_programs(app: typer.Typer) -> None:
    @app.command()
    def mcp(
        repo: Repo = HERE,
        url: Annotated[str | None, typer.Option("--url", help="The address of a server that leads the runs.")] = None,
        store: Store = None,
        mqtt: Mqtt = None,
    ) -> None:
        """Tianting as an MCP server on standard input and output, for a coding agent that launches and steers runs."""
        from orchestrator.cli.mcp import serve_mcp

        raise typer.Exit(serve_mcp(repo, url, store, mqtt))

    @app.command("model-server")
    def model_server(
        port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; 0 takes any free one.")] = 0,
        scripts: Annotated[Path | None, typer.Option("--scripts", help="A YAML file of named scripts.")] = None,
        key: Annotated[str, typer.Option("--key", help="Refuse every other key; default: take any.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """A scripted model on this machine, for real agent programs without a key: tests, demos, trying out."""
        from orchestrator.cli.model_server import serve_model

        raise typer.Exit(serve_model(port, scripts, key, as_json))
