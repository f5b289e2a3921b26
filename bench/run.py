"""`make bench`: `python -P bench/run.py [NAMES...] [--quick] [--repo PATH] [--json OUT]`.

Repositories and ledgers stand where temporary files do (`TMPDIR`). On ext4, a file that is made within minutes of many
others being deleted costs ten times as much: after a bench, or a test suite, wait before the next, or use a tmpfs.

Runs the benches one after the other, prints their tables, and writes all figures as one JSON file.
Never: an assertion about a time.
"""

import argparse
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.machine import look
from bench.report import Json, Options, Report, target_table
from bench.repositories import workplace

HERE = Path(__file__).resolve().parent
NAMES = (
    "startup", "agents", "landing", "end_to_end", "real_repository", "makespan", "overhead", "stores", "team", "feed",
    "api", "web", "radar",
)  # fmt: skip
"""Modules of this folder, each with `bench(options) -> Report`; those that make many files come first."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Tianting's benchmarks, beside their peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ({', '.join(NAMES)}); all by default")
    parser.add_argument("--quick", action="store_true", help="small and few: shows that they run, proves nothing")
    parser.add_argument("--repo", metavar="PATH", help="a clone of a real repository, for real_repository")
    parser.add_argument("--json", metavar="OUT", default=str(HERE / "results" / "latest.json"), help="where to write")
    parser.add_argument("--no-peers", action="store_true", help="do not install the engines to compare with")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return asked


def main(arguments: Sequence[str]) -> int:
    asked = parse(arguments)
    if not asked.no_peers:
        # Without them the benches still run, and say what is missing; the script has said why.
        subprocess.run([HERE / "setup_peers.sh"], check=False, timeout=1800)
    options = Options(quick=asked.quick, repo=asked.repo)
    machine = look()
    print(machine.line(), flush=True)
    results: dict[str, Json] = {}
    reports: list[Report] = []
    began = time.time()
    with workplace():
        for name in asked.names or NAMES:
            report: Report = importlib.import_module(f"bench.{name}").bench(options)
            reports.append(report)
            show(report)
            results[name] = {"targets": [target.data() for target in report.targets], **report.data}
    out = Path(asked.json)
    out.parent.mkdir(parents=True, exist_ok=True)
    everything = {"machine": machine.data(), "began": began, "quick": asked.quick, "benches": results}
    out.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    met = [target.met for report in reports for target in report.targets]
    print(
        f"\n{met.count(True)} targets met, {met.count(False)} not met, {met.count(None)} not measured; figures: {out}"
    )
    return 0


def show(report: Report) -> None:
    for table in report.tables:
        print(f"\n{table.text()}", flush=True)
    if report.targets:
        print(f"\n{target_table(report.targets).text()}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
