"""Scores the structural merge on real conflicted files, against what the developers of those projects committed.

    python -m bench.merge_score --corpora DIR --clones DIR [--repo owner/name]... [--weights FILE]

The table has git's union, wiggle (where it is installed) and plain rules beside it, on the same files.

Weights that were trained on a repository flatter themselves there: `bench.merge_train` prints the honest figures, each
repository scored with weights that never saw it. Never: network.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.merge_cases import Case, cases, clone_of, judged, unparsable
from bench.merge_rivals import Rival, rivals
from conflict.merge.paths import group_of
from conflict.merge.weights import Weights, read_weights
from conflict.merge.whole import Lane, merge_contents
from orchestrator.weights import shipped_weights


@dataclass(frozen=True, slots=True)
class Score:
    repo: str
    group: str
    half: str
    outcome: str
    """`same`, `order`, `different`, or `left`."""
    lane: Lane
    broken: bool
    seconds: float


def scored(case: Case, weights: Weights) -> Score:
    began = time.process_time()
    one = merge_contents(case.base, case.ours, case.theirs, case.path, weights, Lane.PROPOSE)
    seconds = time.process_time() - began
    done = one.content is not None and one.clean
    outcome = judged(one.content, case) if done and one.content is not None else "left"
    broken = done and one.content is not None and unparsable(one.content, case)
    return Score(case.repo, group_of(case.path), case.half, outcome, one.lane, broken, seconds)


def rivalled(case: Case, name: str, rival: Rival) -> Score:
    """What another way to merge comes to; it knows no lanes."""
    made = rival(case)
    outcome = "left" if made is None else judged(made, case)
    broken = made is not None and unparsable(made, case)
    return Score(name, group_of(case.path), case.half, outcome, Lane.ASK, broken, 0.0)


def table(scores: Sequence[Score], others: Sequence[Score] = ()) -> str:
    """Markdown: all files, the macro average, kinds of file, halves, repositories, and the lane `land`; `others` are
    other ways to merge the same files, each under its name."""
    rows = [
        "| files | n | same % | different % | left % | lane `land`: same % | different % |",
        "|---|---|---|---|---|---|---|",
    ]
    rows.append(_row("all", scores))
    repos = sorted({one.repo for one in scores})
    parts = [_shares([one for one in scores if one.repo == repo]) for repo in repos]
    mean = [statistics.mean(column) for column in zip(*parts, strict=True)]
    rows.append("| macro average | | " + " | ".join(f"{share:.1f}" for share in mean) + " |")
    rows += [_row(name, [one for one in scores if one.group == name]) for name in sorted({one.group for one in scores})]
    rows += [_row(f"half {name}", [one for one in scores if one.half == name]) for name in ("dev", "test")]
    rows += [_row(name, [one for one in scores if one.repo == name]) for name in repos]
    for name in sorted({one.repo for one in others}):
        some = [one for one in others if one.repo == name]
        rows.append(_row(f"{name}, {sum(one.broken for one in some)} that do not parse", some))
    times = sorted(one.seconds for one in scores)
    broken = sum(one.broken for one in scores)
    rows.append("")
    rows.append(
        f"Processor time: {1000 * statistics.median(times):.0f} ms median, "
        f"{1000 * times[int(len(times) * 0.99)]:.0f} ms at the 99th percentile, {1000 * times[-1]:.0f} ms at most; "
        f"{broken} results that do not parse."
    )
    return "\n".join(rows)


def _shares(scores: Sequence[Score]) -> tuple[float, ...]:
    many = max(1, len(scores))
    all_of = Counter(one.outcome for one in scores)
    sure = Counter(one.outcome for one in scores if one.lane is Lane.LAND)
    return tuple(
        100 * number / many
        for number in (
            all_of["same"],
            all_of["order"] + all_of["different"],
            all_of["left"],
            sure["same"],
            sure["order"] + sure["different"],
        )
    )


def _row(name: str, scores: Sequence[Score]) -> str:
    return f"| {name} | {len(scores)} | " + " | ".join(f"{share:.1f}" for share in _shares(scores)) + " |"


def listings(corpora: Path, clones: Path, only: Sequence[str]) -> list[tuple[Path, Path]]:
    """(list, git directory); what has no clone is named and left out."""
    found: list[tuple[Path, Path]] = []
    for listing in sorted(corpora.glob("conflicts-*.jsonl")):
        repo = json.loads(listing.read_text(encoding="utf-8").partition("\n")[0])["repo"]
        git_dir = clone_of(repo, clones)
        if only and repo not in only:
            continue
        if git_dir is None:
            print(f"{repo} is skipped: there is no clone of it in {clones}", file=sys.stderr)
            continue
        found.append((listing, git_dir))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--repo", action="append", default=[])
    parser.add_argument("--weights", type=Path)
    args = parser.parse_args()
    weights = read_weights(args.weights.read_text(encoding="utf-8")) if args.weights else shipped_weights()
    scores: list[Score] = []
    others: list[Score] = []
    with rivals() as known:
        for listing, git_dir in listings(args.corpora, args.clones, args.repo):
            for case in cases(listing, git_dir):
                scores.append(scored(case, weights))
                others += [rivalled(case, name, rival) for name, rival in known.items()]
    print(table(scores, others) if scores else "nothing to score")
    return 0


if __name__ == "__main__":
    sys.exit(main())
