"""Time and memory of the structural merge on the worst of input: one fresh process a file, as a merge driver has it.

    python -m bench.merge_bounds [--case NAME]...

Prints one row a case: processor time of the merge alone, the peak of the whole process, and what became of the file.
Never: network; input that is not made from its own seed.
"""

import argparse
import codecs
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from conflict.merge.whole import Lane, merge_contents
from orchestrator.weights import shipped_weights

Sides = tuple[str, bytes, bytes, bytes]
"""Path, base, ours, theirs."""
SECONDS, MEGABYTES = 2.0, 500.0
_TEN = 10_000_000


def _source(seed: int, size: int) -> list[str]:
    dice = random.Random(seed)
    words = [f"name_{number}" for number in range(400)]
    lines: list[str] = []
    while size > 0:
        line = f"    {dice.choice(words)} = {dice.choice(words)}({dice.choice(words)}, {dice.randrange(10_000)})\n"
        lines.append(line)
        size -= len(line)
    return lines


def _edited(lines: list[str], seed: int, times: int, word: str) -> bytes:
    dice = random.Random(seed)
    out = list(lines)
    for _ in range(times):
        at = dice.randrange(len(out))
        out[at] = f"    {word}_{dice.randrange(1000)} = {dice.randrange(1000)}\n"
    return "".join(out).encode()


def _large(path: str, clashes: int) -> Sides:
    base = _source(1, _TEN)
    ours, theirs = list(base), list(base)
    for number in range(clashes):
        at = (number + 1) * len(base) // (clashes + 2)
        ours[at], theirs[at] = "    ours = 1\n", "    theirs = 2\n"
    return path, "".join(base).encode(), _edited(ours, 2, 300, "o"), _edited(theirs, 3, 300, "t")


def _replaced() -> Sides:
    sides = [_edited(_source(seed, _TEN), seed, 9, "w") for seed in (1, 2, 3)]
    return "a.txt", sides[0], sides[1], sides[2]


def _hunk(path: str, lines: int) -> Sides:
    def side(word: str) -> bytes:
        return "".join(f"{word} line {number}\n" for number in range(lines)).encode()

    return path, b"a\nb\n", b"a\n" + side("ours") + b"b\n", b"a\n" + side("theirs") + b"b\n"


def _alike(lines: int) -> Sides:
    """Few different lines, many times each: nothing to hold on to."""
    sides = []
    for seed in (1, 2, 3):
        dice = random.Random(seed)
        sides.append("".join(dice.choice(("a\n", "b\n", "}\n", "\n")) for _ in range(lines)).encode())
    return "a.js", sides[0], sides[1], sides[2]


def _nested(path: str, opening: str, closing: str, depth: int) -> Sides:
    def side(word: str) -> bytes:
        return f"{opening * depth}{word}{closing * depth}\n".encode()

    return path, side('"base"'), side('"ours"'), side('"theirs"')


def _wide(size: int) -> Sides:
    base = "".join(_source(1, size))
    ours, theirs = base.replace("name_7 ", "mine ", 40), base.replace("name_9 ", "other ", 40)
    base, ours, theirs = base + "x\n", ours + "y\n", theirs + "z\n"
    sides = [codecs.BOM_UTF16_LE + text.encode("utf-16-le") for text in (base, ours, theirs)]
    return "a.txt", sides[0], sides[1], sides[2]


def _one_line(size: int) -> Sides:
    return "a.min.js", b"base" * (size // 4), b"ours" * (size // 4), b"them" * (size // 4)


def _json(entries: int) -> Sides:
    def side(word: str) -> bytes:
        made = {f"key{number}": [word, {"n": number}] for number in range(entries)} | {word: 1}
        return json.dumps(made, indent=2).encode()

    return "a.json", side("base"), side("ours"), side("theirs")


def _many(clashes: int) -> Sides:
    def side(word: str) -> bytes:
        return "".join(f"def f{number}():\n    return {word}{number}\n\n\n" for number in range(clashes)).encode()

    return "a.py", side("base"), side("ours"), side("theirs")


CASES: dict[str, Callable[[], Sides]] = {
    "10 MB of text, 600 edits, 20 clashes": lambda: _large("a.txt", 20),
    "10 MB of Python, 600 edits, 20 clashes": lambda: _large("a.py", 20),
    "10 MB, all of it replaced by both": _replaced,
    "a hunk of 100,000 lines on either side": lambda: _hunk("a.txt", 100_000),
    "a hunk of 100,000 lines of Python": lambda: _hunk("a.py", 100_000),
    "a hunk of 4,000 lines on either side": lambda: _hunk("a.txt", 4_000),
    "100,000 lines that are all alike": lambda: _alike(100_000),
    "3,000 lines that are all alike": lambda: _alike(3_000),
    "JSON, 50,000 deep": lambda: _nested("a.json", "[", "]", 50_000),
    "Python, 50,000 deep": lambda: _nested("a.py", "(", ")", 50_000),
    "Python, 90 deep": lambda: _nested("a.py", "(", ")", 90),
    "YAML, 50,000 deep": lambda: _nested("a.yaml", "[", "]", 50_000),
    "10 MB of UTF-16": lambda: _wide(_TEN // 2),
    "a line of 8 MB": lambda: _one_line(8_000_000),
    "a line of 100 KB": lambda: _one_line(100_000),
    "JSON of 20,000 entries, all changed by both": lambda: _json(20_000),
    "80 clashes in functions": lambda: _many(80),
    "5,000 clashes in functions": lambda: _many(5_000),
    "binary": lambda: ("a.png", b"\0\1" * 4_000_000, b"\0\2" * 4_000_000, b"\0\3" * 4_000_000),
}


def _measured(name: str) -> int:
    weights, (path, base, ours, theirs) = shipped_weights(), CASES[name]()
    began = time.process_time()
    one = merge_contents(base, ours, theirs, path, weights, Lane.PROPOSE)
    seconds = time.process_time() - began
    what = "declined" if one.content is None else one.lane.value if one.clean else "left"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, "what": what, "why": one.why}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=list(CASES))
    parser.add_argument("--here", choices=list(CASES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here:
        return _measured(args.here)
    print("| file | seconds | MB | what became of it |\n|---|---|---|---|")
    missed = 0
    for name in args.case or CASES:
        command = [sys.executable, "-m", "bench.merge_bounds", "--here", name]
        done = subprocess.run(command, capture_output=True, check=True, timeout=600)
        one = json.loads(done.stdout)
        missed += one["seconds"] > SECONDS or one["megabytes"] > MEGABYTES
        print(f"| {name} | {one['seconds']:.2f} | {one['megabytes']:.0f} | {one['what']} {one['why']} |", flush=True)
    print(f"\n{missed} above {SECONDS:.0f} s or {MEGABYTES:.0f} MB.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
