"""Learns the weights of the structural merge from real conflicted files, and says how good they are, honestly.

    pip install lightgbm
    python -m bench.merge_train --corpora DIR --clones DIR --out conflict/merge/weights.json

Each repository is scored with weights that were learned from the others alone; the weights that are written are learned
from all. Never: network; a random number without its seed.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import lightgbm
import numpy as np
import numpy.typing as npt

from bench.merge_cases import Case, cases, judged
from bench.merge_score import listings
from conflict.merge.across import all_candidates
from conflict.merge.candidates import Candidate
from conflict.merge.contents import Declined, Texts, texts
from conflict.merge.features import about, around, numbers_of
from conflict.merge.lines import split_lines
from conflict.merge.rank import rank, trust_numbers, ways
from conflict.merge.remembered import settled
from conflict.merge.three import Stretch, stretches
from conflict.merge.tokens import words
from conflict.merge.veto import veto
from conflict.merge.weights import Forest, Tree
from conflict.merge.whole import MOST_CLASHES, joined

MOST_OF_ONE = 60
"""Clashes of one file that are learned from."""
COMMON = {
    "bagging_freq": 1, "max_bin": 63, "verbose": -1, "num_threads": 1, "force_row_wise": True,
}  # fmt: skip
CHOICE = COMMON | {
    "learning_rate": 0.07, "num_leaves": 24, "min_data_in_leaf": 40, "feature_fraction": 0.5, "bagging_fraction": 0.8,
    "lambda_l2": 5, "seed": 1,
}  # fmt: skip
TRUST = COMMON | {
    "objective": "binary", "learning_rate": 0.04, "num_leaves": 7, "min_data_in_leaf": 40, "feature_fraction": 0.4,
    "bagging_fraction": 0.7, "lambda_l2": 20,
}  # fmt: skip
ROUNDS_OF_CHOICE, ROUNDS_OF_TRUST = 170, 150
SEEDS_OF_TRUST = (2, 3, 4)

Floats: TypeAlias = "npt.NDArray[np.float64]"


@dataclass(slots=True)
class Rows:
    """Rows of numbers in groups: the candidates of one clash, or one result for a file. `size`, `repo` and `weight` are
    of the groups."""

    numbers: list[tuple[float, ...]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    repo: list[str] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)

    def without(self, repo: str) -> "tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64], Floats]":
        """Numbers and whether right, by row; sizes and weights, by group, of all repositories but one."""
        many = Counter(self.repo)
        groups = [number for number, of in enumerate(self.repo) if of != repo]
        sizes = np.array(self.size)
        rows = np.repeat([of != repo for of in self.repo], sizes)
        weights = np.array([self.weight[number] / many[self.repo[number]] ** 0.3 for number in groups])
        numbers = np.array(self.numbers, dtype=np.float32)[rows]
        return numbers, np.array(self.right)[rows], sizes[groups], weights / np.mean(weights)


def choice_of(rows: Rows, without: str) -> Forest:
    """The candidates of a clash against each other and against `none of them`, whose score is always 0."""
    numbers, right, sizes, weights = rows.without(without)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    weight = np.repeat(weights, sizes)

    def objective(scores: Floats, _: lightgbm.Dataset) -> tuple[Floats, Floats]:
        top = np.maximum(np.maximum.reduceat(scores, starts), 0)
        power = np.exp(scores - np.repeat(top, sizes))
        share = power / np.repeat(np.add.reduceat(power, starts) + np.exp(-top), sizes)
        known = np.where(right, share, 0)
        total = np.repeat(np.add.reduceat(known, starts), sizes)
        wanted = np.divide(known, total, out=np.zeros_like(known), where=total > 0)
        return (share - wanted) * weight, np.maximum(share * (1 - share), 1e-3) * weight

    data = lightgbm.Dataset(numbers, right.astype(np.int8))
    return Forest(tuple(_trees(lightgbm.train(CHOICE | {"objective": objective}, data, ROUNDS_OF_CHOICE))))


def trust_of(rows: Rows, without: str) -> Forest:
    """The mean of a few forests that differ in their seeds alone."""
    numbers, right, _, weights = rows.without(without)
    trees: list[Tree] = []
    for seed in SEEDS_OF_TRUST:
        data = lightgbm.Dataset(numbers, right.astype(np.int8), weight=weights)
        for columns, bounds, low, high, leaves in _trees(lightgbm.train(TRUST | {"seed": seed}, data, ROUNDS_OF_TRUST)):
            share = tuple(float(f"{leaf / len(SEEDS_OF_TRUST):.4g}") for leaf in leaves)
            trees.append((columns, bounds, low, high, share))
    return Forest(tuple(trees))


def _trees(booster: lightgbm.Booster) -> Iterator[Tree]:
    for info in booster.dump_model()["tree_info"]:
        columns: list[int] = []
        bounds: list[float] = []
        low: list[int] = []
        high: list[int] = []
        leaves: list[float] = []

        def walk(node: dict[str, object]) -> int:
            if "leaf_value" in node:
                leaves.append(float(f"{node['leaf_value']:.4g}"))  # noqa: B023
                return -len(leaves)  # noqa: B023
            place = len(columns)  # noqa: B023
            columns.append(int(str(node["split_feature"])))  # noqa: B023
            bounds.append(float(f"{node['threshold']:.6g}"))  # noqa: B023
            low.append(0)  # noqa: B023
            high.append(0)  # noqa: B023
            for side, name in ((low, "left_child"), (high, "right_child")):  # noqa: B023
                child = node[name]
                assert isinstance(child, dict)
                side[place] = walk(child)
            return place

        walk(info["tree_structure"])
        yield tuple(columns), tuple(bounds), tuple(low), tuple(high), tuple(leaves)


def parts_of(case: Case) -> tuple[Texts, list[Stretch[str]]] | None:
    read = texts(case.base, case.ours, case.theirs)
    if isinstance(read, Declined):
        return None
    parts = stretches(*(split_lines(text) for text in (read.base, read.ours, read.theirs)))
    clashes = sum(part.merged is None for part in parts)
    return (read, parts) if 0 < clashes <= MOST_CLASHES else None


def learn_from(case: Case, into: Rows) -> None:
    """A row for each candidate of each clash whose resolution can be found in what was committed."""
    found = parts_of(case)
    if found is None:
        return
    parts = found[1]
    human = split_lines(case.resolved.decode("utf-8", "replace").replace("\r\n", "\n"))
    file = around(parts, case.path)
    clashes = [part for part in parts if part.merged is None]
    by_clash = all_candidates(parts, case.path)
    for number, (clash, wanted) in enumerate(zip(clashes, settled(parts, human), strict=True)):
        if wanted is None or number >= MOST_OF_ONE:
            continue
        shared, known = about(clash, file, number), by_clash[number]
        right = words("".join(wanted))
        for one in known:
            into.numbers.append((*file.numbers, *shared.numbers, *numbers_of(one, clash, shared, len(known))))
            into.right.append(words("".join(one.lines)) == right and _stands(one, human))
        into.size.append(len(known))
        into.repo.append(case.repo)
        into.weight.append(min(len(clashes), MOST_OF_ONE) ** -0.5)


def _stands(one: Candidate, human: Sequence[str]) -> bool:
    """Whether what goes elsewhere is there."""
    text = "".join("".join(human).split())
    return all("".join("".join(edit.lines).split()) in text for edit in one.elsewhere)


def try_on(case: Case, choice: Forest, into: Rows) -> tuple[str, bool] | None:
    """What the first way that can stand comes to: its outcome, and whether it loses anything."""
    found = parts_of(case)
    if found is None:
        return None
    read, parts = found
    judge = veto(case.path, read.ours, read.theirs)
    for refused, chosen in enumerate(ways(rank(parts, case.path, choice))):
        text = joined(parts, chosen)
        if not judge(text):
            outcome = judged(read.encode(text), case)
            into.numbers.append(trust_numbers(chosen, refused))
            into.size.append(1)
            into.right.append(outcome == "same")
            into.repo.append(case.repo)
            into.weight.append(1.0)
            return outcome, any(one.loses for one in chosen)
    return None


def curve(total: int, answers: Sequence[tuple[float, str, bool]]) -> Iterator[str]:
    """`answers`: confidence, outcome, whether it loses anything."""
    for bound in (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
        given = [(outcome, lost) for confidence, outcome, lost in answers if confidence >= bound]
        same, kept = sum(outcome == "same" for outcome, _ in given), [outcome for outcome, lost in given if not lost]
        shares = (same, len(given) - same, kept.count("same"), len(kept) - kept.count("same"))
        yield f"| {bound} | " + " | ".join(f"{100 * share / total:.1f}" for share in shares) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--land", type=float, default=0.8)
    parser.add_argument("--propose", type=float, default=0.64)
    args = parser.parse_args()
    by_repo: dict[str, list[Case]] = defaultdict(list)
    rows = Rows()
    for listing, git_dir in listings(args.corpora, args.clones, []):
        for case in cases(listing, git_dir):
            by_repo[case.repo].append(case)
            learn_from(case, rows)
    tried = Rows()
    outcomes: list[tuple[str, bool]] = []
    for repo, files in by_repo.items():
        choice = choice_of(rows, repo)
        outcomes += [found for case in files if (found := try_on(case, choice, tried)) is not None]
    answers: list[tuple[float, str, bool]] = []
    for repo in by_repo:
        trust = trust_of(tried, repo)
        mine = [number for number, of in enumerate(tried.repo) if of == repo]
        answers += [(trust.probability(tried.numbers[number]), *outcomes[number]) for number in mine]
    print("| confidence from | same % | different % | nothing lost: same % | different % |\n|---|---|---|---|---|")
    print("\n".join(curve(sum(map(len, by_repo.values())), answers)))
    if args.out:
        forests = (choice_of(rows, ""), trust_of(tried, ""))
        args.out.write_text(written(forests[0], forests[1], args.land, args.propose), encoding="utf-8")
    return 0


def written(choice: Forest, trust: Forest, land: float, propose: float) -> str:
    lists = [
        "[\n" + ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in forest.trees) + "\n]"
        for forest in (choice, trust)
    ]
    return f'{{"land":{land},"propose":{propose},\n"choice":{lists[0]},\n"trust":{lists[1]}}}\n'


if __name__ == "__main__":
    sys.exit(main())
