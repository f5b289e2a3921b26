"""`model-server`: the scripted model, served until somebody ends it.

Never: an address that others can reach.
"""

import asyncio
import json
import sys
from pathlib import Path

from agents.model_server.app import ScriptedModel
from agents.model_server.script import Script, ScriptFault, scripts_from
from agents.model_server.serve import serving
from orchestrator.cli.guard import DONE, endings
from orchestrator.settings import Misuse


def serve_model(port: int, scripts: Path | None, key: str, as_json: bool) -> int:
    model = ScriptedModel({} if scripts is None else _read(scripts), key)
    try:
        asyncio.run(_serve(model, port, as_json))
    except OSError as error:
        raise Misuse(f"port {port} can not be had: {error.strerror or error}; name another with --port") from error
    return DONE


def _read(path: Path) -> dict[str, Script]:
    try:
        return scripts_from(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} can not be read: {error}") from error
    except ScriptFault as fault:
        raise Misuse(str(fault)) from fault


async def _serve(model: ScriptedModel, port: int, as_json: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in endings():
        loop.add_signal_handler(number, ended.set)
    async with serving(model, port) as address:
        if as_json:
            told = json.dumps({"address": address})
        else:
            told = f"scripted model at {address} (Anthropic: {address}, OpenAI: {address}/v1); any key; Ctrl-C ends it"
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
        await ended.wait()
