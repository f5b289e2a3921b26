"""`merge-file` and `merge-driver`: the structural merge on its own, with no run and no repository.

Never: a file written that the merge declined; a result with markers and exit code 0.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

from conflict.merge.markers import Labels
from conflict.merge.weights import Weights
from conflict.merge.whole import Lane, merge_contents
from orchestrator.cli.guard import DONE, NOT_LANDED
from orchestrator.settings import Misuse
from orchestrator.weights import shipped_weights


def merge_file(sides: list[Path], path: str, lane: str) -> int:
    """Prints the merge; 0 clean, 1 conflicts are left, 2 no merge can be given."""
    if len(sides) != 3:
        raise Misuse("name three files, BASE OURS THEIRS, or give --batch and JSON lines on standard input")
    base, ours, theirs = map(_read, sides)
    labels = Labels(str(sides[0]), str(sides[1]), str(sides[2]))
    one = merge_contents(base, ours, theirs, path or str(sides[1]), shipped_weights(), _lane(lane), labels)
    if one.content is None:
        raise Misuse(f"{path or sides[1]} can not be merged: {one.why}")
    sys.stdout.buffer.write(one.content)
    return DONE if one.clean else NOT_LANDED


def merge_driver(sides: list[Path], path: str, size: int, lane: str) -> int:
    """Writes the merge over the second file, as git asks of a driver; 1 where conflicts are left. What is declined
    leaves that file as it was, which git then reports as a conflict."""
    base, ours, theirs = map(_read, sides)
    labels = Labels("base", "ours", "theirs", max(1, size))
    one = merge_contents(base, ours, theirs, path, shipped_weights(), _lane(lane), labels)
    if one.content is None:
        sys.stderr.write(f"tianting: {path} is left as it was: {one.why}\n")
        return NOT_LANDED
    if one.content != ours:
        _replace(sides[1], one.content)
    return DONE if one.clean else NOT_LANDED


def merge_batch(lane: str) -> int:
    """JSON lines in, JSON lines out, one for one and in order."""
    weights, wanted = shipped_weights(), _lane(lane)
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            sys.stdout.write(json.dumps(_answer(number, line, weights, wanted)) + "\n")
            sys.stdout.flush()
    return DONE


def _answer(number: int, line: bytes, weights: Weights, lane: Lane) -> dict[str, object]:
    asked = _asked(number, line)
    base, ours, theirs = (_bytes(str(asked[key])) for key in ("base", "ours", "theirs"))
    one = merge_contents(base, ours, theirs, str(asked.get("path", "")), weights, lane)
    rest = {key: value for key, value in asked.items() if key not in ("base", "ours", "theirs")}
    merged = None if one.content is None else one.content.decode("utf-8", "surrogatepass")
    return {
        **rest,
        "merged": merged,
        "clean": one.clean,
        "rung": one.rung.value,
        "lane": one.lane.value,
        "confidence": round(one.confidence, 4),
        "why": one.why,
    }


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _asked(number: int, line: bytes) -> dict[str, object]:
    where = f"line {number} of standard input"
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise Misuse(f"{where} is no JSON: {fault}") from fault
    if not isinstance(asked, dict):
        raise Misuse(f"{where} is no JSON object")
    for key in ("base", "ours", "theirs"):
        if not isinstance(asked.get(key), str):
            raise Misuse(f'{where} has no text "{key}"')
    return asked


def _lane(name: str) -> Lane:
    if name not in (Lane.LAND, Lane.PROPOSE):
        raise Misuse(f"--lane is land or propose, not {name!r}")
    return Lane(name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misuse(f"{path} can not be read: {error.strerror}") from error


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
    os.chmod(file.name, path.stat().st_mode & 0o7777)
    os.replace(file.name, path)
