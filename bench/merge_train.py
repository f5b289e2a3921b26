"""Learns the weights of the structural merge from real conflicted files, and says how good they are, honestly.

    pip install lightgbm
    python -m bench.merge_train --corpora DIR --clones DIR [--teach DIR] --out conflict/merge/weights.json

Repositories are dealt into folds; each is scored with a choice that was learned without its fold, and a confidence that
was learned without it. Those whose lists are in `--teach` (`bench.merge_lists` makes them) are learned from and not
scored. The weights that are written are learned from all. Never: network; a random number without its seed.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import lightgbm
import numpy as np
import numpy.typing as npt

from bench.merge_cases import Case, cases, judged
from bench.merge_score import listings
from conflict.merge.candidates import Candidate
from conflict.merge.contents import Declined, Texts, texts
from conflict.merge.lines import split_lines
from conflict.merge.paths import group_of
from conflict.merge.rank import rank, trust_numbers, ways, weigh
from conflict.merge.remembered import settled
from conflict.merge.three import Stretch, stretches
from conflict.merge.tokens import words
from conflict.merge.veto import veto
from conflict.merge.weights import Forest, Tree
from conflict.merge.whole import MOST_CLASHES, joined

MOST_BYTES = 250_000
LAND, PROPOSE = 0.8, 0.64
MOST_OF_ONE = 20
"""Clashes of one file that are learned from, the first of them."""
MOST_OF_A_TEACHER, GENERATED_OF_IT = 200, 0.12
"""Files of one repository that is learned from alone, and which share of them a program may have written."""
MOST_MATTER = 60
"""Clashes of one file above which each does not count for less."""
COMMON = {
    "bagging_freq": 1, "max_bin": 63, "verbose": -1, "num_threads": 1, "force_row_wise": True,
}  # fmt: skip
CHOICE = COMMON | {
    "learning_rate": 0.04, "num_leaves": 24, "min_data_in_leaf": 120, "feature_fraction": 0.3, "bagging_fraction": 0.7,
    "lambda_l2": 20, "seed": 1,
}  # fmt: skip
TRUST = COMMON | {
    "objective": "binary", "learning_rate": 0.04, "num_leaves": 7, "min_data_in_leaf": 40, "feature_fraction": 0.4,
    "bagging_fraction": 0.7, "lambda_l2": 20,
}  # fmt: skip
ROUNDS_OF_CHOICE, ROUNDS_OF_TRUST = 500, 150
FOLDS = 4
SEEDS_OF_TRUST = (2, 3, 4)

Floats: TypeAlias = "npt.NDArray[np.float64]"


@dataclass(slots=True)
class Rows:
    """Rows of numbers in groups: the candidates of one clash, or one result for a file. `size`, `repo` and `weight` are
    of the groups."""

    numbers: "list[npt.NDArray[np.float32]]" = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    repo: list[str] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)

    def without(self, repos: Collection[str]) -> "tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64], Floats]":
        """Numbers and whether right, by row; sizes and weights, by group, of all repositories but some."""
        many = Counter(of for of in self.repo if of not in repos)
        groups = [number for number, of in enumerate(self.repo) if of not in repos]
        sizes = np.array(self.size)
        rows = np.repeat([of not in repos for of in self.repo], sizes)
        weights = np.array([self.weight[number] / many[self.repo[number]] ** 0.3 for number in groups])
        numbers = np.array(self.numbers)[rows]
        return numbers, np.array(self.right)[rows], sizes[groups], weights / np.mean(weights)


def choice_of(rows: Rows, without: Collection[str]) -> Forest:
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


def trust_of(rows: Rows, without: Collection[str]) -> Forest:
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
                leaves.append(float(f"{node['leaf_value']:.3g}"))  # noqa: B023
                return -len(leaves)  # noqa: B023
            place = len(columns)  # noqa: B023
            columns.append(int(str(node["split_feature"])))  # noqa: B023
            bounds.append(float(f"{node['threshold']:.5g}"))  # noqa: B023
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
    known = weigh(parts, case.path)
    for clash, wanted in list(zip(known, settled(parts, human), strict=True))[:MOST_OF_ONE]:
        if wanted is None:
            continue
        right = words("".join(wanted))
        into.numbers += [np.array(row, dtype=np.float32) for row in clash.rows]
        into.right += [words("".join(one.lines)) == right and _stands(one, human) for one in clash.found]
        into.size.append(len(clash.found))
        into.repo.append(case.repo)
        into.weight.append(min(len(known), MOST_MATTER) ** -0.5)


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
            into.numbers.append(np.array(trust_numbers(chosen, refused), dtype=np.float32))
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


def each(total: Counter[str], answers: Sequence[tuple[str, float, str]], bound: float) -> Iterator[str]:
    """`answers`: repository, confidence, outcome. Each repository where a result needs this confidence, and where every
    file that can be is answered."""
    for repo, files in sorted(total.items()):
        mine = [(confidence, outcome) for of, confidence, outcome in answers if of == repo]
        sure = Counter(outcome == "same" for confidence, outcome in mine if confidence >= bound)
        shares = (sure[True], sure[False], sum(outcome == "same" for _, outcome in mine))
        yield f"| {repo} | {files} | " + " | ".join(f"{100 * share / files:.1f}" for share in shares) + " |"


def dealt(many: Counter[str]) -> list[list[str]]:
    """The repositories in folds of about as many files, the largest first."""
    folds: list[list[str]] = [[] for _ in range(FOLDS)]
    for repo, _ in sorted(many.items(), key=lambda pair: (-pair[1], pair[0])):
        min(folds, key=lambda fold: sum(many[one] for one in fold)).append(repo)
    return [fold for fold in folds if fold]


def taught(listing: Path, git_dir: Path) -> Iterator[Case]:
    """A few cases of a repository that is only learned from, in an order that says nothing."""
    generated = given = 0
    for case in sorted(cases(listing, git_dir), key=lambda one: sha256(f"{one.merge}{one.path}".encode()).digest()):
        written_by_program = group_of(case.path) == "generated"
        if written_by_program and generated >= GENERATED_OF_IT * MOST_OF_A_TEACHER:
            continue
        sides = (case.base, case.ours, case.theirs, case.resolved)
        if max(map(len, sides)) > MOST_BYTES or b"\n<<<<<<< " in b"\n" + case.resolved:
            continue
        generated, given = generated + written_by_program, given + 1
        yield case
        if given == MOST_OF_A_TEACHER:
            return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--teach", type=Path)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--land", type=float, default=LAND)
    parser.add_argument("--propose", type=float, default=PROPOSE)
    args = parser.parse_args()
    by_repo = {
        of[0].repo: of
        for listing, git_dir in listings(args.corpora, args.clones, [])
        if (of := list(cases(listing, git_dir)))
    }
    scored = list(by_repo)
    for listing, git_dir in listings(args.teach, args.clones, []) if args.teach else []:
        of = list(taught(listing, git_dir))
        if of and of[0].repo not in by_repo:
            by_repo[of[0].repo] = of
    rows = Rows()
    for of in by_repo.values():
        for case in of:
            learn_from(case, rows)
    tried = Rows()
    outcomes: list[tuple[str, bool]] = []
    for fold in dealt(Counter({repo: len(of) for repo, of in by_repo.items()})):
        choice = choice_of(rows, fold)
        tested = (case for repo in fold for case in by_repo[repo])
        outcomes += [found for case in tested if (found := try_on(case, choice, tried)) is not None]
    answers: list[tuple[float, str, bool]] = []
    of_repo: list[tuple[str, float, str]] = []
    for repo in scored:
        trust = trust_of(tried, [repo])
        mine = [number for number, of in enumerate(tried.repo) if of == repo]
        judgements = [(trust.probability(tried.numbers[number].tolist()), *outcomes[number]) for number in mine]
        answers += judgements
        of_repo += [(repo, confidence, outcome) for confidence, outcome, _ in judgements]
    print("| confidence from | same % | different % | nothing lost: same % | different % |\n|---|---|---|---|---|")
    files = Counter({repo: len(by_repo[repo]) for repo in scored})
    print("\n".join(curve(files.total(), answers)))
    print(f"\n| {args.propose} | files | same % | different % | all answered: same % |\n|---|---|---|---|---|")
    print("\n".join(each(files, of_repo, args.propose)))
    if args.out:
        forests = (choice_of(rows, ()), trust_of(tried, ()))
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
